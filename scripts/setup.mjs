// Makes a fresh machine ready, by itself: for the build, and for the browsers that are named, `node scripts/setup.mjs
// chromium firefox webkit`. What is already there is left alone, so running it again costs about a second.

import { main, Stop } from "./toolchain.mjs";
import { rust } from "./setup/rust.mjs";
import { wasmTarget } from "./setup/wasm-target.mjs";
import { cargoTools } from "./setup/cargo-tools.mjs";
import { chromium } from "./setup/chromium.mjs";
import { firefoxBrowser } from "./setup/firefox.mjs";
import { webkit } from "./setup/webkit.mjs";
import { npmDependencies } from "./setup/npm.mjs";

const BROWSERS = { chromium, firefox: firefoxBrowser, webkit };

await main(async () => {
  const browsers = process.argv.slice(2);
  const unknown = browsers.find((name) => !Object.hasOwn(BROWSERS, name));
  if (unknown) throw new Stop(`No browser "${unknown}". There are ${Object.keys(BROWSERS).join(", ")}.`);

  await rust();
  await wasmTarget();
  await cargoTools({ forFirefox: browsers.includes("firefox") });
  for (const name of browsers) await BROWSERS[name]();
  await npmDependencies();
});

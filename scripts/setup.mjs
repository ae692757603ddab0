// Makes a fresh machine ready, by itself: for the build, and for tests in what is named, `node scripts/setup.mjs
// chromium firefox webkit environments`. What is already there is left alone, so running it again costs about a second.

import { main, Stop } from "./toolchain.mjs";
import { rust } from "./setup/rust.mjs";
import { wasmTarget } from "./setup/wasm-target.mjs";
import { cargoTools } from "./setup/cargo-tools.mjs";
import { chromium } from "./setup/chromium.mjs";
import { firefoxBrowser } from "./setup/firefox.mjs";
import { webkit } from "./setup/webkit.mjs";
import { environments } from "./setup/environments.mjs";
import { npmDependencies } from "./setup/npm.mjs";

const FOR_TESTS = { chromium, firefox: firefoxBrowser, webkit, environments };

await main(async () => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.find((name) => !Object.hasOwn(FOR_TESTS, name));
  if (unknown) throw new Stop(`No step "${unknown}". There are ${Object.keys(FOR_TESTS).join(", ")}.`);

  await rust();
  await wasmTarget();
  await cargoTools({ forFirefox: wanted.includes("firefox") });
  await npmDependencies();
  for (const name of wanted) await FOR_TESTS[name]();
});

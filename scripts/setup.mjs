// Makes a fresh machine ready, by itself: for the build and the demo, and with `--tests` for the tests too, which need
// more browsers. What is already there is left alone, so running it again costs about a second.

import { main } from "./toolchain.mjs";
import { rust } from "./setup/rust.mjs";
import { wasmTarget } from "./setup/wasm-target.mjs";
import { cargoTools } from "./setup/cargo-tools.mjs";
import { chromium } from "./setup/chromium.mjs";
import { firefoxBrowser } from "./setup/firefox.mjs";
import { webkit } from "./setup/webkit.mjs";
import { npmDependencies } from "./setup/npm.mjs";

const forTests = process.argv.includes("--tests");

await main(async () => {
  await rust();
  await wasmTarget();
  await cargoTools({ forTests });
  await chromium();
  if (forTests) await firefoxBrowser();
  if (forTests) await webkit();
  await npmDependencies();
});

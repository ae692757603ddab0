// Makes a fresh machine ready to build and test, by itself. What is already there is left alone, so running
// it again costs about a second.

import { main } from "./toolchain.mjs";
import { rust } from "./setup/rust.mjs";
import { wasmTarget } from "./setup/wasm-target.mjs";
import { wasmTools } from "./setup/wasm-tools.mjs";
import { chromium } from "./setup/chromium.mjs";
import { npmDependencies } from "./setup/npm.mjs";

await main(async () => {
  await rust();
  await wasmTarget();
  await wasmTools();
  await chromium();
  await npmDependencies();
});

// The entry for browsers and bundlers: the wasm is fetched from beside this file, when the first store is opened.

import { loadWasmFrom } from "./wasm.js";

loadWasmFrom(() => new URL("../wasm/burrow_bg.wasm", import.meta.url));

export * from "./index.js";

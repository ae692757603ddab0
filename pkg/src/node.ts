// The entry for Node, Deno and Bun: the wasm is read from the disk, when the first store is opened.

import { readFile } from "node:fs/promises";
import { loadWasmFrom } from "./wasm.js";

loadWasmFrom(() => readFile(new URL("../wasm/burrow_bg.wasm", import.meta.url)));

export * from "./index.js";

// The entry for browsers and bundlers: the wasm is fetched from beside this file.

import bindings from "../wasm/bindings.js";
import { entry } from "./entry.js";

export const { deleteStore, init, newId, openStore } = entry({
  bindings,
  wasm: () => new URL("../wasm/burrow_bg.wasm", import.meta.url),
});

export * from "./index.js";

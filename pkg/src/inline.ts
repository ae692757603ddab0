// The entry for places that cannot load a second file, and for dev servers, which move the JavaScript away from it: the wasm is
// in here, as base64.

import { entry } from "./entry.js";
import { wasm } from "./inlined.js";

export const { deleteStore, init, newId, openStore } = entry(wasm);

export * from "./index.js";

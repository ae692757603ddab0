// The entry for places that cannot load a second file, and for dev servers, which move the JavaScript away from it: the wasm is
// in here, as base64.

import base64 from "../wasm/base64.js";
import bindings from "../wasm/bindings.js";
import { entry } from "./entry.js";
import { inlined } from "./inlined.js";

export const { deleteStore, init, newId, openStore } = entry({ bindings, wasm: inlined(base64) });

export { BurrowError } from "./error.js";

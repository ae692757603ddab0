// The entry for places that cannot load a second file: the wasm is in here, as base64.

import base64 from "../wasm/base64.js";
import { entry } from "./entry.js";

export const { init, newId, openStore } = entry(() =>
  Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0)),
);

export * from "./index.js";

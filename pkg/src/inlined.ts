// The wasm, as it is in the JavaScript.

import base64 from "../wasm/base64.js";

/** Its bytes. */
export const wasm = (): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));

// The wasm, as it is in the JavaScript.

/** Its bytes, once they are asked for. */
export const inlined = (base64: string) => (): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));

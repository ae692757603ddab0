// The wasm, as it is in the JavaScript.

/** A function that decodes the base64 of the wasm. In a loop, since `Uint8Array.from` takes ten times as long. */
export const inlined = (base64: string) => (): Uint8Array<ArrayBuffer> => {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
};

// Bytes as text, in parts: a call takes only so many arguments.

/** A multiple of 3 and of 4. */
const PART = 12288;

/** The bytes in base64. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PART) {
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + PART)));
  }
  return text;
}

/** The bytes of a text in base64; throws where it is none. */
export function fromBase64(text: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < text.length; at += PART) {
    parts.push(Uint8Array.from(atob(text.slice(at, at + PART)), (character) => character.charCodeAt(0)));
  }
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}

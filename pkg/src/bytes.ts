// Bytes from what a caller passes: a view or a whole buffer, shared or resizable ones too, of any realm.

import { invalid } from "./error.js";
import { described } from "./json.js";

const TypedArray = Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array;

/**
 * A plain view of the bytes. Which they are the platform says: what an object tells of its own length counts for nothing. The
 * module copies them before the call returns, so what is committed is what they are now.
 */
export function bytes(argument: string, value: unknown): Uint8Array {
  try {
    return ArrayBuffer.isView(value)
      ? viewed(value)
      : new Uint8Array(new DataView(value as ArrayBuffer).buffer);
  } catch (cause) {
    const got = described(value);
    throw invalid(argument, `expected bytes that can be read, a Uint8Array for example, got ${got}`, cause);
  }
}

function viewed(view: ArrayBufferView): Uint8Array {
  const isTyped = own(TypedArray, Symbol.toStringTag, view) !== undefined;
  // Throws where a detached or shrunken buffer would look like an empty one.
  if (isTyped) TypedArray.keys.call(view as Uint8Array);
  const of = isTyped ? TypedArray : DataView.prototype;
  return new Uint8Array(
    own(of, "buffer", view) as ArrayBuffer,
    own(of, "byteOffset", view) as number,
    own(of, "byteLength", view) as number,
  );
}

/** What the platform's own getter says of the view. */
function own(prototype: object, name: PropertyKey, view: ArrayBufferView): unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)?.get?.call(view);
}

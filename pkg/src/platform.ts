// What burrow uses of the platform, as it was when this was loaded. Test tools put fakes in the place of timers, and a call
// that waits for one of those never ends; and jsdom leaves out what Node has.

/** Of Node's `Buffer`, which some environments have that lack `TextDecoder`. */
interface BufferConstructor {
  from(text: string): Uint8Array;
  from(buffer: ArrayBufferLike, offset: number, length: number): { toString(encoding: "utf8"): string };
}

const { Buffer } = globalThis as { Buffer?: BufferConstructor };

class NodeDecoder {
  decode(bytes?: Uint8Array): string {
    return bytes && Buffer
      ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")
      : "";
  }
}

class NodeEncoder {
  encode(text: string): Uint8Array {
    return Buffer ? Buffer.from(text) : new Uint8Array();
  }
}

const { setTimeout } = globalThis;

/**
 * Does the work after some time. `undefined` where it never will: at its module level a Cloudflare Worker has no timers
 * (https://developers.cloudflare.com/workers/runtime-apis/handlers/).
 */
export function setTimer(work: () => void, milliseconds: number): ReturnType<typeof setTimeout> | undefined {
  try {
    return setTimeout(work, milliseconds);
  } catch {
    return undefined;
  }
}

export const clearTimer = globalThis.clearTimeout;

/** Does the work when what runs now has come to its end. Nothing can fake the language's own `await`. */
export async function soon(work: () => void): Promise<void> {
  await undefined;
  work();
}

/** What the bindings of the module find under these names, in the place of the globals. */
export const platform = {
  setTimeout,
  queueMicrotask: soon,
  TextDecoder: globalThis.TextDecoder ?? (Buffer && NodeDecoder),
  TextEncoder: globalThis.TextEncoder ?? (Buffer && NodeEncoder),
};

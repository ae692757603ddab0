// A store as a stream, a stream into a store, and the look at everything: each a step at a time, as the module gives it.

import type { RawSteps, RawStore } from "../wasm/bindings.js";
import { bytes } from "./bytes.js";
import { invalid, unreadable } from "./error.js";
import { Handle } from "./handle.js";
import { described } from "./json.js";
import type {
  Chunk,
  Finding,
  Imported,
  ImportOptions,
  ImportSource,
  Verified,
  VerifyOptions,
} from "./types-moving.js";
import * as wire from "./wire.js";

/** The most bytes that are given to the module at once. */
const CHUNK = 2 ** 20;

/** The most findings that are kept. */
export const FINDINGS = 1000;

/** Work of the store's, and the function that does its next step, which gives `Step`. */
function begun<Step>(
  store: Handle<RawStore>,
  begin: (raw: RawStore) => RawSteps,
): [next: (bytes?: Uint8Array) => Promise<Step>, free: () => void] {
  store.openness.check();
  const { instance, openness } = store;
  const steps = new Handle(instance, openness, store.run(begin));
  const next = (bytes?: Uint8Array): Promise<Step> =>
    steps.call((raw, bytes) => raw.next(bytes) as Promise<Step>, bytes);
  const free = (): void => {
    if (!instance.ended) steps.run((raw) => raw.free());
  };
  return [next, free];
}

/** What the store holds, read when it is asked for. */
export function exported(store: Handle<RawStore>): ReadableStream<Chunk> {
  const [next, free] = begun<Chunk | undefined>(store, (raw) => raw.export());
  return new ReadableStream(
    {
      async pull(controller) {
        const chunk = await next();
        if (chunk) return controller.enqueue(chunk);
        free();
        controller.close();
      },
      cancel: free,
    },
    // Nothing is read before somebody takes it.
    { highWaterMark: 0 },
  );
}

/** Takes an export into the store. */
export async function imported(
  store: Handle<RawStore>,
  source: ImportSource,
  options: ImportOptions,
): Promise<Imported> {
  const given = wire.options("options", options, ["overwrite", "onProgress"]);
  const { overwrite = false } = given;
  const onProgress = listener(given.onProgress);
  const chunks = iterated(source);
  const [next, free] = begun<[records: number, written: number]>(store, (raw) => raw.import(overwrite));
  try {
    let bytes = 0;
    for await (const chunk of chunks) {
      for (const part of parts(chunk)) {
        const [records, written] = await next(part);
        bytes += part.byteLength;
        onProgress({ records, written, bytes });
      }
    }
    const [records, written] = await next();
    return { records, written };
  } finally {
    free();
  }
}

/** Reads everything. */
export async function verified(store: Handle<RawStore>, options: VerifyOptions): Promise<Verified> {
  const { quarantine, onProgress: told } = wire.options("options", options, ["quarantine", "onProgress"]);
  const onProgress = listener(told);
  const [next, free] = begun<string | undefined>(store, (raw) => raw.verify(quarantine));
  const verified: Verified = { records: 0, problems: 0, findings: [] };
  try {
    for (let json; (json = await next()) !== undefined;) {
      const { records, findings } = JSON.parse(json) as { records: number; findings: Finding[] };
      verified.records = records;
      verified.problems += findings.length;
      verified.findings.push(...findings.slice(0, FINDINGS - verified.findings.length));
      onProgress({ records, problems: verified.problems });
    }
  } finally {
    free();
  }
  return verified;
}

/** What is called with the progress, given or not. */
export function listener<Progress>(
  value: ((progress: Progress) => void) | undefined,
): (progress: Progress) => void {
  if (value === undefined) return () => {};
  if (typeof value === "function") return value;
  throw invalid("options.onProgress", `expected a function, got ${described(value)}`);
}

/** The bytes in parts: as many as the module is to hold at once. */
function* parts(chunk: unknown): Generator<Uint8Array> {
  const view = bytes("source", chunk);
  for (let at = 0; at < view.byteLength; at += CHUNK) yield view.subarray(at, at + CHUNK);
}

/** The chunks of a source. */
function iterated(source: unknown): AsyncIterable<unknown> | Iterable<unknown> {
  let chunks;
  try {
    chunks = chunksOf(source);
  } catch (cause) {
    throw unreadable("source", cause);
  }
  if (chunks) return chunks;
  throw invalid("source", `expected a stream, an iterable or a blob of bytes, got ${described(source)}`);
}

function chunksOf(source: unknown): AsyncIterable<unknown> | Iterable<unknown> | undefined {
  if (ArrayBuffer.isView(source)) return [source];
  const tag: unknown = Object.prototype.toString.call(source);
  if (tag === "[object ArrayBuffer]" || tag === "[object SharedArrayBuffer]") {
    return [new Uint8Array(source as ArrayBuffer)];
  }
  if (typeof source === "object" && source !== null) {
    if ("stream" in source && typeof source.stream === "function") {
      return streamed((source as Blob).stream());
    }
    // Not every browser's streams can be iterated over.
    if ("getReader" in source) return streamed(source as ReadableStream<unknown>);
    const { [Symbol.asyncIterator]: each, [Symbol.iterator]: eachAtOnce } = source as Partial<
      AsyncIterable<unknown> & Iterable<unknown>
    >;
    if (typeof (each ?? eachAtOnce) === "function") return source as AsyncIterable<unknown>;
  }
  return undefined;
}

async function* streamed(stream: ReadableStream<unknown>): AsyncGenerator<unknown, void> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Where it was left before its end, whoever fills it is told; that there is nobody is no error of the import.
    reader.cancel().catch(() => {});
    reader.releaseLock();
  }
}

// What crosses between `connect` and `serve`: a line of JSON, and after it the bytes that the line names, in their order. What callers
// pass crosses as it is, right or wrong: only the module at the other end checks it, so errors are the same everywhere.

import { bytes } from "./bytes.js";
import { BurrowError, invalid } from "./error.js";
import { described } from "./json.js";

/** The form of the messages: another is refused. In the first, answers did not say what they answer. */
export const VERSION = 2;

/** The most calls in one message. */
export const CALLS = 100;

/** The most bytes of a message that asks: an object at the edge has 128 MB for everything, and a snapshot takes up to three times its size. */
export const LONGEST = 32 * 2 ** 20;

/** The calls about one mob, which the first argument names. Each can be made under a claim on the mob. */
export const OF_MOB = [
  ...["getLabels", "listLabels", "getCursor", "releaseMob", "deleteMob"],
  ...["setLabels", "deleteLabels", "patchLabels", "compareAndSetLabels"],
  ...["setCursor", "advanceCursor", "compareAndSetCursor"],
] as const;

/** The calls of a store, those about a mob included. */
export const OF_STORE = [
  ...OF_MOB,
  ...["selectLabels", "mobs", "runtimes", "runtimesIn", "claimMob"],
  ...["sessionById", "oauthFlows", "status", "flush", "contents", "quarantined", "deleteQuarantined"],
  ...["persistOauthFlows", "replaceOauthFlows"],
  // Does nothing; as it counts as a write, no batch of its client that is older will be carried out after it.
  "fence",
] as const;

/** What is asked of a runtime, under a claim or not. */
export const OF_RUNTIME = [
  ...["session", "receipt", "receipts", "lastReceipt", "runs", "inputs", "inputIds", "input"],
  ...["state", "ops", "recover", "counts"],
  ...["commitBoundary", "commitSession", "persistInput", "transition", "persistOps", "claim", "release"],
  ...["prune", "delete", "deleteRun"],
] as const;

/** Whatever crosses. */
export type Name = (typeof OF_STORE | typeof OF_RUNTIME)[number];

/** Those that only read: to carry one out twice does no harm. */
const READS: readonly string[] = [
  ...["getLabels", "listLabels", "selectLabels", "getCursor", "mobs", "runtimes", "runtimesIn"],
  ...["sessionById", "oauthFlows", "status", "flush", "contents", "quarantined"],
  ...["session", "receipt", "receipts", "lastReceipt", "runs", "inputs", "inputIds", "input"],
  ...["state", "ops", "recover", "counts"],
] as const satisfies readonly Name[];

/** Those that may take several transactions, and go on from where they were when they are carried out again. */
export const IN_STEPS: readonly string[] = ["prune", "delete"] satisfies Name[];

/** Whether a call may write. */
export function writes({ call }: Pick<Call, "call">): boolean {
  return !READS.includes(call);
}

/** One call as it crosses. */
export interface Call {
  /** Its name. */
  call: string;
  /** The runtime that it is about, where it is about one. */
  runtime?: string;
  /** The claim that it is made under, as text. */
  claim?: string;
  /** The arguments of the call. */
  args: Packed[];
}

/** Calls that are carried out in their order; a client's batches are numbered, and one is sent again under the same number. */
export interface Batch {
  /** The form of the message. */
  version: number;
  /** The id of the client that asks: random. */
  client: string;
  /** Which of the client's batches this is. */
  batch: number;
  /** The calls. */
  calls: Call[];
}

/** A value in JSON. What JSON has not is an object with one member. */
export type Packed =
  | null
  | boolean
  | number
  | string
  | Packed[]
  | { bigint: string }
  | { bytes: number }
  | { number: string }
  | { other: string };

/** What `serve` answers: to whom, to which batch, and how the first calls of it went, or all. */
export interface Answers extends Pick<Batch, "client" | "batch"> {
  /** In the order of the calls. */
  answers: object[];
}

/** Puts values into JSON, and their bytes aside. */
export class Packer {
  readonly #parts: Uint8Array[] = [];
  /** How many bytes were put aside. */
  size = 0;
  /** How long the text is that was put into the JSON. */
  text = 0;

  /** A value as JSON has it; `undefined` is `null`. */
  pack(value: unknown): Packed {
    switch (typeof value) {
      case "undefined":
        return null;
      case "boolean":
        return value;
      case "string":
        this.text += value.length;
        return value;
      case "number":
        return Number.isFinite(value) && !Object.is(value, -0) ? value : { number: shown(value) };
      case "bigint":
        return { bigint: String(BigInt.asIntN(66, value) === value ? value : -1n) };
      default:
        return this.#object(value);
    }
  }

  /** An answer as JSON has it: a value, or an array of them. */
  packAll(value: unknown): Packed {
    return Array.isArray(value) ? value.map((item) => this.pack(item)) : this.pack(value);
  }

  #object(value: unknown): Packed {
    const part = bytesIn(value);
    if (!part) return { other: described(value) };
    this.#parts.push(part);
    this.size += part.byteLength;
    return { bytes: part.byteLength };
  }

  /** The message. */
  message(head: object): Uint8Array<ArrayBuffer> {
    const line = new TextEncoder().encode(`${JSON.stringify(head)}\n`);
    const message = new Uint8Array(line.length + this.size);
    message.set(line);
    let at = line.length;
    for (const part of this.#parts) {
      message.set(part, at);
      at += part.byteLength;
    }
    return message;
  }
}

function shown(number: number): string {
  return Object.is(number, -0) ? "-0" : String(number);
}

/** The bytes of what is bytes that can be read. */
export function bytesIn(value: unknown): Uint8Array | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  try {
    return bytes("", value);
  } catch {
    return undefined;
  }
}

const NEW_LINE = 10;

/** Takes a message apart, whoever wrote it; `unpack` is to be called for its values in their order. */
export class Unpacker {
  /** The JSON of the first line, parsed. */
  readonly head: unknown;
  readonly #message: Uint8Array;
  #at: number;

  constructor(message: Uint8Array) {
    const end = message.indexOf(NEW_LINE);
    const line = end === -1 ? message : message.subarray(0, end);
    try {
      this.head = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line));
    } catch (cause) {
      throw malformed("expected a line of JSON in UTF-8", cause);
    }
    this.#message = message;
    this.#at = end === -1 ? message.length : end + 1;
  }

  /** An answer as it was before. */
  unpackAll(value: unknown): unknown {
    return Array.isArray(value) ? value.map((item) => this.unpack(item)) : this.unpack(value);
  }

  /** A value as it was before. */
  unpack(value: unknown): unknown {
    if (value === null) return undefined;
    if (Array.isArray(value)) throw malformed("an array where a value is expected");
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
    const [[tag, inner] = [], another] = Object.entries(value ?? {}) as [string?, unknown?][];
    if (another !== undefined) throw malformed("expected an object with one member");
    if (tag === "bytes" && Number.isSafeInteger(inner)) return this.#bytes(inner as number);
    if (typeof inner === "string") {
      if (tag === "bigint" && /^-?\d{1,20}$/.test(inner)) return BigInt(inner);
      if (tag === "number") return Number(inner);
      if (tag === "other") return stranger(inner);
    }
    throw malformed(`there is no value such as ${described(value)}`);
  }

  #bytes(length: number): Uint8Array {
    if (length < 0 || this.#at + length > this.#message.length) {
      throw malformed("it names bytes that it has not");
    }
    const begin = this.#at;
    this.#at += length;
    return this.#message.subarray(begin, this.#at);
  }

  /** Refuses what is left over. */
  end(): void {
    if (this.#at !== this.#message.length) throw malformed("it has bytes that it does not name");
  }
}

/** A value that no call takes, and that errors describe as the caller's. */
function stranger(description: string): unknown {
  if (description === "null") return null;
  if (description === "an array") return [];
  const constructor = (): void => {};
  Object.defineProperty(constructor, "name", { value: description.replace("an object of type ", "") });
  return { constructor };
}

/** @internal What is no message. */
export function malformed(reason: string, cause?: unknown): BurrowError {
  return invalid("request", reason, cause);
}

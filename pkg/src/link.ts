// The way to an edge service: what calls bring goes there in batches, one after the other, and each is sent again until it is answered or
// its time is over. The service knows a batch that it has carried out by its number.

import { answersIn, failed } from "./answer.js";
import { BurrowError } from "./error.js";
import {
  type Batch,
  bytesIn,
  type Call,
  CALLS,
  LONGEST,
  type Name,
  Packer,
  VERSION,
  writes,
} from "./message.js";
import { clearTimer, setTimer, soon } from "./platform.js";

/** From so many bytes on, what is called further goes with the next batch. */
const BATCH = 2 ** 20;

/** How long to wait before the service is asked again: at first, and at most. */
export const PAUSES = { first: 100, longest: 2000 };

/** Where the service is, what it lets in, and how long a call is tried, in milliseconds. */
export interface Place {
  url: URL;
  token: string;
  timeout: number;
}

/** What is called, and of whom. */
interface Called extends Pick<Call, "runtime" | "claim"> {
  call: Name;
}

/** A call that waits for its answer. */
interface Waiting extends Called {
  args: unknown[];
  size: number;
  resolve: (answer: unknown) => void;
  reject: (error: unknown) => void;
}

const FENCE: Waiting = { call: "fence", args: [], size: 0, resolve() {}, reject() {} };

export class Link {
  readonly place: Place;
  readonly #client = randomHex();
  readonly #waiting: Waiting[] = [];
  #batch = 0;
  #isSending = false;
  /** Whether a batch was given up that may still be on its way: it must not arrive after what is called next. */
  #isUnsettled = false;

  constructor(place: Place) {
    this.place = place;
  }

  /** Makes a call. Calls of one turn of the event loop go together, and each is carried out after those before it. */
  call(of: Called, args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // Copied now, so that the caller may use its buffers again at once.
      const kept = args.map((arg) => bytesIn(arg)?.slice() ?? arg);
      const size = kept.reduce((sum: number, arg) => sum + sizeOf(arg), 0);
      this.#waiting.push({ ...of, args: kept, size, resolve, reject });
      if (this.#isSending) return;
      this.#isSending = true;
      void soon(() => void this.#sendAll());
    });
  }

  /** Asks for a part of the service by a request of its own, once. */
  async fetch(part: string, init: RequestInit, milliseconds: number): Promise<Response> {
    const aborting = new AbortController();
    let timer;
    // Not every platform ends a request, or the reading of its answer, when it is aborted.
    const overdue = new Promise<never>((_, reject) => {
      const end = (): void => {
        const reason = new Error(`no answer in ${milliseconds} ms`);
        aborting.abort(reason);
        reject(reason);
      };
      timer = setTimer(end, Math.max(1, milliseconds));
    });
    try {
      return await Promise.race([this.#fetch(part, { ...init, signal: aborting.signal }), overdue]);
    } finally {
      clearTimer(timer);
    }
  }

  async #fetch(part: string, init: RequestInit): Promise<Response> {
    const { url, token } = this.place;
    const response = await fetch(new URL(part, url), {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${token}` },
      cache: "no-store",
      credentials: "omit",
      // A redirect would send the token to another server.
      redirect: "error",
    });
    const body = await response.arrayBuffer();
    return new Response(body.byteLength > 0 ? body : null, response);
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const calls = this.#next();
      const left = await this.#send(calls);
      this.#waiting.unshift(...left);
    }
    this.#isSending = false;
  }

  #next(): Waiting[] {
    if (this.#isUnsettled) this.#waiting.unshift(FENCE);
    let size = 0;
    let count = 0;
    for (const call of this.#waiting) {
      if (count === CALLS || (count > 0 && size + call.size > BATCH)) break;
      size += call.size;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  /** Sends a batch and settles its calls; returns those that the service leaves for the next. Never rejects. */
  async #send(calls: Waiting[]): Promise<Waiting[]> {
    let mayHaveArrived = false;
    try {
      const [asked, body] = this.#message(calls);
      // Text may be longer than it was counted.
      if (body.byteLength > LONGEST && calls.length > 1) return await this.#sendEach(calls);
      if (body.byteLength > LONGEST) throw tooLarge(body.byteLength);
      const answers = await again(this.place.timeout, async (milliseconds) => {
        try {
          const response = await this.fetch("calls", { method: "POST", headers: BYTES, body }, milliseconds);
          return await answersIn(response, asked, calls);
        } catch (error) {
          mayHaveArrived ||= !(error instanceof BurrowError) || error.code === "OutcomeUnknown";
          throw error;
        }
      });
      if (calls[0] === FENCE) this.#isUnsettled = false;
      for (const [i, { error, value }] of answers.entries()) {
        if (error) calls[i]?.reject(error);
        else calls[i]?.resolve(value);
      }
      return calls.slice(answers.length);
    } catch (error) {
      this.#isUnsettled ||= mayHaveArrived && calls.some(writes);
      for (const call of calls) call.reject(failed(error, mayHaveArrived && writes(call)));
      return [];
    }
  }

  async #sendEach(calls: Waiting[]): Promise<Waiting[]> {
    for (const call of calls) await this.#send([call]);
    return [];
  }

  #message(calls: Waiting[]): [asked: Batch, body: Uint8Array<ArrayBuffer>] {
    this.#batch += 1;
    const packer = new Packer();
    const packed = calls.map(({ call, runtime, claim, args }) => ({
      call,
      ...(runtime !== undefined && { runtime }),
      ...(claim !== undefined && { claim }),
      args: args.map((arg) => packer.pack(arg)),
    }));
    const batch: Batch = { version: VERSION, client: this.#client, batch: this.#batch, calls: packed };
    return [batch, packer.message(batch)];
  }
}

const BYTES = { "content-type": "application/octet-stream" };

/**
 * Tries until it succeeds, is refused for good, or the time is over. One attempt may take half of the time, so that one that hangs is
 * not the only one.
 */
export async function again<T>(
  timeout: number,
  attempt: (milliseconds: number) => Promise<T>,
  isOver = (): boolean => false,
): Promise<T> {
  const end = Date.now() + timeout;
  for (let pause = PAUSES.first; ; pause = Math.min(2 * pause, PAUSES.longest)) {
    try {
      return await attempt(Math.min(timeout / 2, end - Date.now()));
    } catch (error) {
      const isFinal = error instanceof BurrowError && !error.retryable;
      if (isFinal || isOver() || Date.now() + pause >= end) throw error;
    }
    await paused(pause);
  }
}

/** Waits so long at most: a random part of it, so that clients do not all come at once when the service is back. */
export function paused(pause: number): Promise<void> {
  return new Promise((resolve) => {
    if (setTimer(resolve, pause * (0.5 + Math.random() / 2)) === undefined) resolve();
  });
}

function tooLarge(size: number): BurrowError {
  const message = `too large: the call has ${size} bytes, and what a service is asked at once may have ${LONGEST}`;
  return new BurrowError("TooLarge", message);
}

function sizeOf(value: unknown): number {
  return typeof value === "string" ? value.length : ArrayBuffer.isView(value) ? value.byteLength : 0;
}

/** An id that nobody else has. */
export function randomHex(): string {
  const random = new Uint8Array(16);
  try {
    crypto.getRandomValues(random);
  } catch (cause) {
    // Cloudflare's Workers refuse outside a request (https://developers.cloudflare.com/workers/runtime-apis/web-crypto/).
    const retryable = typeof globalThis.crypto === "object";
    const why = retryable
      ? "this environment gives no random values now; call it again within a request"
      : "this environment has no crypto.getRandomValues, which a store elsewhere needs";
    throw new BurrowError("Unsupported", `unsupported: ${why}`, { retryable, cause });
  }
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

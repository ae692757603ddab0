// An object of the module's, with the instance that it lives in and the store that it belongs to.

import { BurrowError, type ErrorCode } from "./error.js";
import type { Instance } from "./instance.js";
import { Line } from "./line.js";
import type { LastError } from "./types-lifetime.js";

/** The errors that say what is wrong with a call, or that somebody else was first. */
const OF_CALLERS: readonly ErrorCode[] = [
  ...(["InvalidInput", "IllegalTransition", "SessionKeyMismatch", "Unsupported", "TooLarge"] as const),
  ...(["Conflict", "Fenced", "Closed", "NotFound", "Unauthorized"] as const),
];

/** Where this is no page, `closed` could only be somebody's on a prototype. */
function isFrameGone(): boolean {
  const isPage = Object.prototype.hasOwnProperty.call(globalThis, "closed");
  return isPage && (globalThis as { closed?: unknown }).closed === true;
}

/** Whether a store is open, and the calls under way on it: all handles of one store share this. */
export class Openness {
  readonly line = new Line();
  /** The last error that tells something of the store, and not of what its caller asked. */
  lastError: LastError | undefined;
  /** Called with the id of each runtime that was written to, in a store with `retention`. */
  wrote: ((runtime: string) => void) | undefined;
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /**
   * Refuses what comes after `close`, and what another page calls after the one that the store belongs to has gone: nothing would
   * ever be told there that it is done (https://html.spec.whatwg.org/multipage/webappapis.html#check-if-we-can-run-script).
   */
  check(): void {
    if (this.#closing) throw new BurrowError("Closed", "closed: this store was closed; open it again");
    if (isFrameGone())
      throw new BurrowError(
        "Closed",
        "closed: the page or frame that opened this store is gone; open it in another",
      );
  }

  /** Counts a call until it settles. */
  during<T>(call: Promise<T>): Promise<T> {
    this.#underWay.add(call);
    const settled = (): unknown => this.#underWay.delete(call);
    call.then(settled, (error: unknown) => {
      settled();
      this.failed(error);
    });
    return call;
  }

  /** How many calls are under way. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Notes an error, if it is the store's. */
  failed(error: unknown): void {
    if (!(error instanceof BurrowError) || OF_CALLERS.includes(error.code)) return;
    const { code, message } = error;
    this.lastError = { code, message, at: new Date() };
  }

  /** Refuses what comes from now on, and lets go once all that came before has settled. */
  close(letGo: () => Promise<void> | undefined): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#underWay).then(letGo);
    return this.#closing;
  }
}

/** What a handle needs of an instance: `connect` has one that is elsewhere. */
export type Host = Pick<Instance, "call" | "ended" | "onEnd" | "run">;

/** What holds an object of the module's. */
export class Handle<Raw> {
  /** The instance that the object lives in. */
  readonly instance: Host;
  /** Whether its store is open. */
  readonly openness: Openness;
  readonly #raw: Raw;

  constructor(instance: Host, openness: Openness, raw: Raw) {
    this.instance = instance;
    this.openness = openness;
    this.#raw = raw;
  }

  /** Does something with the object at once. */
  run<T>(work: (raw: Raw) => T): T {
    return this.instance.run(() => work(this.#raw));
  }

  /** Calls the object with the strings and bytes that the call brings, and awaits its answer. */
  call<Brought extends unknown[], T>(
    work: (raw: Raw, ...brought: Brought) => Promise<T>,
    ...brought: Brought
  ): Promise<T> {
    this.openness.check();
    const begin = (args: Brought): Promise<T> => this.instance.call(() => work(this.#raw, ...args));
    return this.openness.during(this.openness.line.through(brought, begin));
  }
}

// The turns of a sealed store's calls: each begins after those before it, also where those have yet to be sealed.

import type { Host } from "./handle.js";

/** Calls in their order. */
export class Turns {
  readonly #host: Host;
  /** Settles when the last call that had to wait has begun; `undefined` where none waits. */
  #last: Promise<unknown> | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Begins a call in its turn: at once, where nobody waits. */
  next<T>(call: () => Promise<T>): Promise<T> {
    return this.#last ? this.prepared(Promise.resolve(), call) : call();
  }

  /** Begins a call in its turn, with what is made ready from now on. */
  prepared<Ready, T>(ready: Promise<Ready>, call: (ready: Ready) => Promise<T>): Promise<T> {
    // It may fail before its turn comes.
    ready.catch(() => {});
    return this.#take(async () => {
      const prepared = await ready;
      // In an object, since who waits for the turn does not wait for the answer.
      return { answer: this.#host.run(() => call(prepared)) };
    }).then(({ answer }) => answer);
  }

  /** Begins a call in its turn, and lets nobody begin before it has ended. */
  alone<T>(call: () => Promise<T>): Promise<T> {
    return this.#take(call);
  }

  #take<T>(turn: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const taken = (async () => {
      await before;
      return turn();
    })();
    const last = taken
      .catch(() => {})
      .then(() => {
        if (this.#last === last) this.#last = undefined;
      });
    this.#last = last;
    return taken;
  }
}

// An object of the module's, with the instance that it lives in.

import type { Instance } from "./instance.js";

/** What holds an object of the module's. */
export class Handle<Raw> {
  /** The instance that the object lives in. */
  readonly instance: Instance;
  readonly #raw: Raw;

  constructor(instance: Instance, raw: Raw) {
    this.instance = instance;
    this.#raw = raw;
  }

  /** Does something with the object at once. */
  run<T>(work: (raw: Raw) => T): T {
    return this.instance.run(() => work(this.#raw));
  }

  /** Calls the object and awaits its answer. */
  call<T>(work: (raw: Raw) => Promise<T>): Promise<T> {
    return this.instance.call(() => work(this.#raw));
  }
}

// One instance of the WebAssembly module, and its end.
//
// An exception that leaves the module (a panic, a trap, an overflowing stack) has cut Rust off half-way: locks stay
// taken, the stack pointer is off. Nothing in that instance can be trusted any more. So every door into it is guarded:
// the first such exception ends the instance, what was under way rejects with `Poisoned`, and a store opened afterwards
// gets an instance, and bindings, of its own.

import type { Bindings } from "../wasm/bindings.js";
import { bytes } from "./bytes.js";
import { BurrowError, explained, said, translated } from "./error.js";
import { described } from "./json.js";
import { platform, setTimer, soon } from "./platform.js";
import type { JsDatabase } from "./sqlite.js";

/** How long a call may wait until somebody looks after it. */
const LOOK_AFTER_MS = 1000;

/** Makes a set of bindings over what they are given of the platform. */
export type MakeBindings<B extends Bindings> = (platform: object) => B;

/** An instance of the module. */
export class Instance<B extends Bindings = Bindings> {
  /** Its bindings, for use within `run` and `call`. */
  readonly bindings: B;
  readonly #onEnd: () => void;
  readonly #underWay = new Set<(reason: BurrowError) => void>();
  /** What the module holds open in the browser: it keeps the list itself. */
  readonly #openResources = new Set<object>();
  /** What was thrown out of the module. It is noted first: to end takes more stack than there may be left. */
  #fault: { cause: unknown } | undefined;
  #exports: WebAssembly.Exports = {};
  #end: BurrowError | undefined;
  /** How many calls into the module are on the stack. */
  #depth = 0;
  #watched = false;

  private constructor(makeBindings: MakeBindings<B>, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.bindings = makeBindings({
      ...platform,
      described,
      bytes,
      burrowOpenResources: this.#openResources,
    });
  }

  /** Makes an instance; `onEnd` is told when it has come to a bad end. */
  static async of<B extends Bindings>(
    module: WebAssembly.Module,
    makeBindings: MakeBindings<B>,
    onEnd: () => void,
  ): Promise<Instance<B>> {
    const instance = new Instance(makeBindings, onEnd);
    const { exports } = await WebAssembly.instantiate(module, instance.bindings.__wbg_imports);
    instance.#exports = exports;
    const guarded = instance.#guarded(exports);
    // wasm-bindgen's own names, of the one version that `scripts/bindings.mjs` builds with.
    instance.bindings.__wbg_set_wasm(guarded);
    (guarded[instance.bindings.__wbg_start] as () => void)();
    return instance;
  }

  /** Whether the instance has come to its end. */
  get ended(): boolean {
    return this.#fault !== undefined;
  }

  /** Does something with the module at once. */
  run<T>(work: () => T): T {
    this.#alive();
    try {
      return work();
    } catch (failure) {
      throw translated(failure);
    } finally {
      // What the bindings make of an answer that never came is no answer, and no error of its own.
      this.#alive();
    }
  }

  /** Calls the module and awaits its answer, or the instance's end. Every rejection is a `BurrowError`. */
  call<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // By then there is stack enough to end, whatever the caller has left of it now.
      void soon(() => this.#endIfFaulty());
      const answer = this.run(work);
      this.#underWay.add(reject);
      this.#watchOver();
      answer.then(
        (value) => {
          this.#underWay.delete(reject);
          resolve(value);
        },
        async (failure: unknown) => {
          this.#underWay.delete(reject);
          reject(await explained(failure));
        },
      );
    });
  }

  /** Calls `listener` when the instance has ended, until the returned function is called. */
  onEnd(listener: (reason: BurrowError) => void): () => void {
    if (this.#end) listener(this.#end);
    else this.#underWay.add(listener);
    return () => this.#underWay.delete(listener);
  }

  #alive(): void {
    this.#endIfFaulty();
    if (this.#end) throw this.#end;
  }

  /** The exports, each of which ends the instance when something is thrown out of it. */
  #guarded(exports: WebAssembly.Exports): WebAssembly.Exports {
    const guard =
      (f: Export): Export =>
      (...args) => {
        this.#depth += 1;
        try {
          const answer = f(...args);
          this.#depth -= 1;
          return answer;
        } catch (cause) {
          this.#depth -= 1;
          this.#fault ??= { cause };
          this.#endIfFaulty();
          return NOTHING;
        }
      };
    return mapFunctions(exports, guard);
  }

  /**
   * Looks, while calls are under way, whether the browser stopped a script inside the module ("stop this script", a debugger):
   * nothing is thrown then, no `finally` runs, and whoever waits would wait for ever.
   */
  #watchOver(): void {
    if (this.#watched) return;
    this.#watched = true;
    const timer: { unref?(): void } | number | undefined = setTimer(() => {
      this.#watched = false;
      // No call is on the stack of a timer.
      if (this.#depth > 0) {
        this.#fault ??= { cause: new Error("the browser stopped a script in the middle of it") };
        this.#endIfFaulty();
      } else if (this.#underWay.size > 0) {
        this.#watchOver();
      }
    }, LOOK_AFTER_MS);
    if (typeof timer === "object") timer.unref?.();
    if (timer === undefined) this.#watched = false;
  }

  /** Ends what has a fault. Should the stack overflow on the way, the next one to come goes through all of it again. */
  #endIfFaulty(): void {
    if (!this.#fault || this.#end) return;
    const { cause } = this.#fault;
    const end = new BurrowError(
      "Poisoned",
      `burrow failed and had to stop: ${said(cause)}; ` +
        "open a store again, and load what you were writing to see whether it was committed",
      { cause },
    );
    // The browser's events, timers and finalizers that are still to come for this instance find nobody at home.
    this.bindings.__wbg_set_wasm(mapFunctions(this.#exports, () => () => NOTHING));
    for (const resource of this.#openResources) letGo(resource);
    for (const tell of this.#underWay) tell(end);
    this.#onEnd();
    this.#end = end;
    this.#underWay.clear();
  }
}

/** Ends what the instance held open in the browser: half a transaction must not be committed. */
function letGo(resource: object): void {
  if ("onupgradeneeded" in resource) {
    const request = resource as IDBOpenDBRequest;
    request.onupgradeneeded = () => request.transaction?.abort();
    request.onsuccess = () => request.result.close();
  } else if ("abort" in resource) {
    try {
      (resource as IDBTransaction).abort();
    } catch {
      // It has ended already, or was sent to be committed, whole.
    }
  } else {
    (resource as IDBDatabase | BroadcastChannel | JsDatabase).close();
  }
}

/** An answer with nothing in it, in the one form that the bindings can take for any. */
const NOTHING: readonly unknown[] = [];

type Export = (...args: unknown[]) => unknown;

function mapFunctions(exports: WebAssembly.Exports, map: (f: Export) => Export): WebAssembly.Exports {
  return Object.fromEntries(
    Object.entries(exports).map(([name, value]) => [
      name,
      typeof value === "function" ? map(value as Export) : value,
    ]),
  );
}

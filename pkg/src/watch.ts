// Watching a store: a listener, or an async iterator.

import { type BurrowError, invalid } from "./error.js";
import type { RawStore } from "../wasm/bindings.js";
import type { Handle } from "./handle.js";
import type { Change, WatchScope } from "./types.js";
import * as wire from "./wire.js";

/** Calls `listener` with every change in scope until the returned function is called. */
export function watch(
  store: Handle<RawStore>,
  scope: WatchScope,
  listener: (change: Change) => void,
): () => void {
  const { mob, runtime } = named(scope);
  store.openness.check();
  const told = (change: string): void => {
    void callingBack(() => listener(JSON.parse(change) as Change));
  };
  const given = typeof listener === "function" ? told : listener;
  let watching: { free(): void } | undefined = store.run((raw) => raw.watch(mob, runtime, given));
  return () => {
    watching?.free();
    watching = undefined;
  };
}

/** A listener's own failure is not the commit's, and ends no process; that of one that is asynchronous neither. */
export async function callingBack(listener: () => unknown): Promise<void> {
  try {
    await listener();
  } catch (error) {
    const { process, reportError } = globalThis as Partial<typeof globalThis>;
    // Node, Deno and Bun would end at an error that is reported as nobody's.
    if (process?.versions?.node === undefined && reportError !== undefined) reportError(error);
    else console.error(error);
  }
}

/** Every change in scope, until the loop over them ends, or the instance does; `onEnd` is told then. */
export function changes(
  store: Handle<RawStore>,
  scope: WatchScope,
  onEnd: () => void,
): Required<AsyncIterableIterator<Change, undefined>> {
  const waiting: Change[] = [];
  const asking: (() => void)[] = [];
  let ended = false;
  let broken: BurrowError | undefined;
  const wakeAll = (): void => {
    for (const wake of asking.splice(0)) wake();
  };
  const unwatch = watch(store, scope, (change) => {
    waiting.push(change);
    wakeAll();
  });
  const forget = store.instance.onEnd((reason) => {
    broken = reason;
    wakeAll();
  });
  const end = (): Promise<IteratorReturnResult<undefined>> => {
    ended = true;
    unwatch();
    forget();
    wakeAll();
    onEnd();
    return Promise.resolve({ done: true, value: undefined });
  };
  return {
    async next() {
      while (!ended) {
        const change = waiting.shift();
        if (change) return { done: false, value: change };
        if (broken) {
          void end();
          throw broken;
        }
        await new Promise<void>((resolve) => asking.push(resolve));
      }
      return end();
    },
    return: end,
    throw: async (error: unknown) => {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** What the scope names: nothing, for all, only where it is empty. A typing error must not widen a watch. */
function named(scope: WatchScope): { mob: string | undefined; runtime: string | undefined } {
  const [mob, runtime] = [undefined, undefined];
  const members: { mob?: string; runtime?: string } = wire.options("scope", scope, ["mob", "runtime"]);
  if ("mob" in members && "runtime" in members) {
    throw invalid("scope", "expected { mob }, { runtime }, or {} for everything");
  }
  if ("mob" in members) return { mob: wire.given(members.mob), runtime };
  return "runtime" in members ? { mob, runtime: wire.given(members.runtime) } : { mob, runtime };
}

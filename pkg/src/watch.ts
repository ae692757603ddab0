// Watching a store: a listener, or an async iterator.

import type { RawStore } from "../wasm/burrow.js";
import { invalid } from "./error.js";
import type { Change, ChangeKind, WatchScope } from "./types.js";
import * as wire from "./wire.js";

/** Calls `listener` with every change in scope until the returned function is called. */
export function watch(raw: RawStore, scope: WatchScope, listener: (change: Change) => void): () => void {
  if (typeof listener !== "function") throw invalid("listener", "expected a function");
  const { mob, runtime } = wire.object("scope", scope);
  if (mob !== undefined && runtime !== undefined)
    throw invalid("scope", "expected a mob or a runtime, not both");
  const told = (
    ofMob: string | undefined,
    run: string | undefined,
    ofRuntime: string | undefined,
    kinds: ChangeKind[],
  ): void => {
    try {
      listener(change(ofMob, run, ofRuntime, kinds));
    } catch (error) {
      // A listener's own failure is not the commit's: it is reported as if it had been thrown on its own.
      queueMicrotask(() => {
        throw error;
      });
    }
  };
  let watching: { free(): void } | undefined = raw.watch(
    mob === undefined ? undefined : wire.id("scope.mob", mob),
    runtime === undefined ? undefined : wire.id("scope.runtime", runtime),
    told,
  );
  return () => {
    watching?.free();
    watching = undefined;
  };
}

/** Every change in scope, until the loop over them ends. */
export function changes(raw: RawStore, scope: WatchScope): AsyncIterableIterator<Change> {
  const waiting: Change[] = [];
  let wake: (() => void) | undefined;
  let ended = false;
  const unwatch = watch(raw, scope, (change) => {
    waiting.push(change);
    wake?.();
  });
  const end = (): Promise<IteratorReturnResult<undefined>> => {
    ended = true;
    unwatch();
    wake?.();
    return Promise.resolve({ done: true, value: undefined });
  };
  return {
    async next() {
      while (!ended) {
        const change = waiting.shift();
        if (change) return { done: false, value: change };
        await new Promise<void>((resolve) => (wake = resolve));
      }
      return end();
    },
    return: end,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function change(
  mob: string | undefined,
  run: string | undefined,
  runtime: string | undefined,
  kinds: ChangeKind[],
): Change {
  if (runtime !== undefined) return { runtime, kinds };
  return run === undefined ? { mob: mob ?? "", kinds } : { mob: mob ?? "", run, kinds };
}

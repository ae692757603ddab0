// Pruning by itself, in idle time: a runtime at a time, each in small transactions, between which calls go first.

import type { RawStore } from "../wasm/bindings.js";
import { invalid } from "./error.js";
import type { Handle } from "./handle.js";
import { described } from "./json.js";
import type { Retention } from "./types-lifetime.js";
import * as wire from "./wire.js";

/** Resolves when there is nothing else to do. */
export type Idle = () => Promise<void>;

/** How long nothing was asked of a store that is idle, where no browser says so, in milliseconds. */
const QUIET = 100;

/** What is pruned. */
export type Policy = readonly [keepReceipts?: number, keepTerminalInputs?: number, olderThan?: number];

/** The policy that an option asks for, checked before anything is opened. */
export function policyOf(value: Retention | undefined): Policy | undefined {
  if (value === undefined) return undefined;
  const names = ["keepReceipts", "keepTerminalInputs", "olderThan"] as const;
  const given = wire.options("options.retention", value, [...names]);
  const policy = names.map((name) => {
    const number = given[name];
    if (number === undefined || (Number.isSafeInteger(number) && number >= 0)) return number;
    throw invalid(`options.retention.${name}`, `expected a whole number, got ${described(number)}`);
  });
  if (policy.every((number) => number === undefined)) {
    throw invalid(
      "options.retention",
      "expected what to prune: keepReceipts, keepTerminalInputs or olderThan",
    );
  }
  return policy as unknown as Policy;
}

/**
 * Prunes by the policy until the store is closed: at first all runtimes, then those that this store writes to. An error is noted as the store's
 * last, and its runtime left alone until it changes again. The returned function ends it.
 */
export function retain(store: Handle<RawStore>, policy: Policy, idle: Idle = whenIdle): () => void {
  const { openness, instance } = store;
  const changed = new Set<string>();
  let wake: (() => void) | undefined;
  let isEnded = false;
  openness.wrote = (runtime) => {
    changed.add(runtime);
    wake?.();
  };
  void run();
  return () => {
    isEnded = true;
    openness.wrote = undefined;
    wake?.();
  };

  async function run(): Promise<void> {
    for (let after: string | undefined; await turn();) {
      const [id] = await nextTo(after);
      if (id === undefined) break;
      await prune(id);
      after = id;
    }
    while (!isEnded) {
      if (changed.size === 0) await new Promise<void>((resolve) => (wake = resolve));
      wake = undefined;
      for (const id of [...changed]) if (await turn()) await prune(id);
    }
  }

  /** Waits until nothing is asked of the store; `false` where it has ended. */
  async function turn(): Promise<boolean> {
    do await idle();
    while (!isEnded && openness.underWay > 0);
    isEnded ||= instance.ended;
    return !isEnded;
  }

  /** The next runtime, if there is one. */
  async function nextTo(after: string | undefined): Promise<string[]> {
    try {
      return await store.call((raw) => raw.runtimes(after, 1, undefined));
    } catch (error) {
      openness.failed(error);
      return [];
    }
  }

  async function prune(id: string): Promise<void> {
    const [keepReceipts, keepTerminalInputs, olderThan] = policy;
    const before = olderThan === undefined ? undefined : Math.max(Date.now() - olderThan, 0);
    let isWhole = true;
    // Its own call is under way; where there is another, or the store is to close, the rest is for another time.
    const goOn = (): boolean => (isWhole = !isEnded && openness.underWay <= 1);
    changed.delete(id);
    try {
      const runtime = store.run((raw) => raw.runtime(id));
      try {
        await store.call(() => runtime.prune(keepReceipts, keepTerminalInputs, before, undefined, goOn));
      } finally {
        if (!instance.ended) runtime.free();
      }
    } catch (error) {
      openness.failed(error);
    }
    if (!isWhole) changed.add(id);
  }
}

/** When the browser says so; elsewhere after a while, for which no process stays alive. */
function whenIdle(): Promise<void> {
  return new Promise((resolve) => {
    const { requestIdleCallback } = globalThis as { requestIdleCallback?: (work: () => void) => unknown };
    if (requestIdleCallback) return void requestIdleCallback(resolve);
    const timer: unknown = setTimeout(resolve, QUIET);
    (timer as { unref?: () => void }).unref?.();
  });
}

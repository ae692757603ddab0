// Keeps what is shown up to date: it is loaded again after each commit that concerns it, whichever tab made it.

import type { Change, ChangeKind, Store } from "burrow-store";
import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";

/** Hears of every commit while the page is looked at. */
export class Live {
  /** The store that the console shows. */
  readonly store: Store;
  readonly #listeners = new Set<(change?: Change) => void>();
  #unwatch: (() => void) | undefined;

  constructor(store: Store) {
    this.store = store;
    const look = (): void => (document.visibilityState === "visible" ? this.#comeBack() : this.#leave());
    document.addEventListener("visibilitychange", look);
    // A watch would keep the page out of the back/forward cache, so it ends before the page goes there.
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", look);
    look();
  }

  /** The listener gets each commit, or nothing when the page came back and may have missed some. */
  listen(listener: (change?: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Some commits may not have been told. */
  missed(): void {
    this.#tell();
  }

  #leave(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  #comeBack(): void {
    if (this.#unwatch) return;
    this.#unwatch = this.store.watch({}, (change) => this.#tell(change));
    this.#tell();
  }

  #tell(change?: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** The store that the console shows. */
export const Opened = createContext<{ store: Store; live: Live } | undefined>(undefined);

/** The store that the console shows, for the components within it. */
export function useStore(): { store: Store; live: Live } {
  const opened = useContext(Opened);
  if (!opened) throw new Error("no store is open here");
  return opened;
}

/** What was loaded last, and why the load after it failed, if it did. Neither is there before the first one ends. */
export interface Loaded<T> {
  value?: T;
  error?: unknown;
}

/**
 * Loads now, and again after each commit that concerns it; `inputs` are what `load` depends on besides. Commits that
 * come during a load are answered by one more.
 */
export function useLive<T>(
  load: (store: Store) => Promise<T>,
  concerns: (change: Change) => boolean,
  inputs: readonly unknown[] = [],
): Loaded<T> {
  const { store, live } = useStore();
  const [loaded, setLoaded] = useState<Loaded<T>>({});
  useEffect(() => {
    let ended = false;
    let loading = false;
    let stale = false;
    const reload = async (): Promise<void> => {
      stale = true;
      if (loading) return;
      loading = true;
      while (stale && !ended) {
        stale = false;
        const next = await load(store).then(
          (value) => () => ({ value }),
          (error: unknown) => (last: Loaded<T>) => ({ ...last, error }),
        );
        if (!ended) setLoaded(next);
      }
      loading = false;
    };
    const unlisten = live.listen((change) => {
      if (!change || concerns(change)) void reload();
    });
    void reload();
    return () => {
      ended = true;
      unlisten();
    };
  }, [store, live, ...inputs]);
  return loaded;
}

/** Whether a commit wrote this part of a runtime. */
export function ofRuntime(id: string, kind: ChangeKind): (change: Change) => boolean {
  return ({ runtime, kinds }) => runtime === id && kinds.includes(kind);
}

/** The first items of a listing, and whether there are more of them: ask for one more than is shown. */
export function firstOf<T>(items: T[], shown: number): { items: T[]; more: boolean } {
  return { items: items.slice(0, shown), more: items.length > shown };
}

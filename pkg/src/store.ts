// Opening a store, and what belongs to no one runtime: labels and cursors.

import type { RawStore } from "../wasm/burrow.js";
import { BurrowError, invalid, settled } from "./error.js";
import { Runtime } from "./runtime.js";
import type {
  Change,
  Durability,
  FoundSession,
  Labels,
  LabelScope,
  LabelsEntry,
  PageOptions,
  SelectedLabels,
  WatchScope,
} from "./types.js";
import { wasm } from "./wasm.js";
import { changes, watch } from "./watch.js";
import * as wire from "./wire.js";

/** How to open a store. */
export interface OpenOptions {
  /** The database's name within the origin. Default: `"burrow"`. */
  name?: string | undefined;
  /** When a commit is called complete. Default: `"strict"`, flushed to the disk. */
  durability?: Durability | undefined;
  /**
   * Where to keep things. Default: IndexedDB, and memory only where the environment has no IndexedDB by design
   * (Node, edge workers). A browser without IndexedDB is an error, never a silent fall-back.
   */
  backend?: "indexeddb" | "memory" | undefined;
}

/**
 * Opens a store; the first call loads the WebAssembly module.
 *
 * Rejects with `Unsupported` where there is no IndexedDB, `Blocked` when another tab holds an older version open,
 * `SchemaTooNew` for a database of a newer burrow, and `LoadFailed` when the module does not load.
 */
export async function openStore(options: OpenOptions = {}): Promise<Store> {
  const {
    name = "burrow",
    durability = "strict",
    backend = defaultBackend(),
  } = wire.object("options", options);
  const database = wire.id("options.name", name);
  const relaxed = wire.oneOf("options.durability", durability, ["strict", "relaxed"]) === "relaxed";
  const kind = wire.oneOf("options.backend", backend, ["indexeddb", "memory"]);
  const module = await wasm();
  return new Store(
    kind === "memory" ? module.openMemory() : await settled(module.openIndexedDb(database, relaxed)),
  );
}

/** A new id, UUID version 7: ids sort by the time they were made. */
export async function newId(): Promise<string> {
  return (await wasm()).newId();
}

function defaultBackend(): "indexeddb" | "memory" {
  if ("indexedDB" in globalThis) return "indexeddb";
  if (hasNoDatabaseByDesign()) return "memory";
  throw new BurrowError(
    "Unsupported",
    'this environment has no IndexedDB, and nothing was asked for in its place; pass { backend: "memory" } ' +
      "to keep everything in memory, where it ends with the page",
  );
}

function hasNoDatabaseByDesign(): boolean {
  const { process, navigator } = globalThis as {
    process?: { versions?: { node?: string } };
    navigator?: { userAgent?: string };
  };
  return process?.versions?.node !== undefined || navigator?.userAgent === "Cloudflare-Workers";
}

/** An open store. A resolved promise means committed; a rejection other than `OutcomeUnknown`, that nothing was written. */
export class Store {
  readonly #raw: RawStore;
  readonly #watches = new Set<() => void>();

  /** @internal */
  constructor(raw: RawStore) {
    this.#raw = raw;
  }

  /** The place of one runtime. Any non-empty string is an id, `rt:session:<uuid>` for a session's. */
  runtime(id: string): Runtime {
    return new Runtime(this.#raw, wire.id("id", id));
  }

  /** Replaces all labels of a mob or run; an empty set clears them. */
  async setLabels(scope: LabelScope, labels: Labels): Promise<void> {
    await settled(this.#raw.call("setLabels", [...parts(scope), wire.labelsToJson("labels", labels)]));
  }

  /** The labels of a mob or run; an empty object where there are none. */
  async getLabels(scope: LabelScope): Promise<Labels> {
    return wire.labelsFromJson(await settled(this.#raw.call("getLabels", [...parts(scope)])));
  }

  /** Removes the labels of a mob or run and resolves with what they were. */
  async deleteLabels(scope: LabelScope): Promise<Labels> {
    return wire.labelsFromJson(await settled(this.#raw.call("deleteLabels", [...parts(scope)])));
  }

  /** The mob's own labels, where it has any, then those of each of its runs, in the order of the run ids. */
  async listLabels(mob: string): Promise<LabelsEntry[]> {
    const rows = wire.entriesFromJson(await settled(this.#raw.call("listLabels", [wire.id("mob", mob)])));
    return rows.map(({ mob: _, ...entry }) => entry);
  }

  /** How far the mob's events have been read; `undefined` where that was never set. */
  async getCursor(mob: string): Promise<bigint | undefined> {
    return settled(this.#raw.call("getCursor", [wire.id("mob", mob)]));
  }

  /** Sets how far the mob's events have been read, exact up to 2^64-1. */
  async setCursor(mob: string, cursor: bigint): Promise<void> {
    await settled(this.#raw.call("setCursor", [wire.id("mob", mob), wire.u64("cursor", cursor)]));
  }

  /**
   * Labelled mobs and runs that meet a selector in the syntax of Kubernetes: `env=dev,repo in (a,b),!canary`.
   * They come in the order of their ids.
   */
  async selectLabels(selector: string): Promise<SelectedLabels[]> {
    return wire.entriesFromJson(await settled(this.#raw.call("selectLabels", [wire.text("selector", selector)])));
  }

  /** A page of the ids of mobs that have labels, labelled runs or a cursor. */
  async mobs(page: PageOptions = {}): Promise<string[]> {
    return settled(this.#raw.call("mobs", [...wire.page(page)]));
  }

  /** A page of the ids of runtimes that hold anything. */
  async runtimes(page: PageOptions = {}): Promise<string[]> {
    return settled(this.#raw.call("runtimes", [...wire.page(page)]));
  }

  /** The latest snapshot that was committed with this session key, and the runtime that holds it. */
  async sessionById(sessionId: string): Promise<FoundSession | undefined> {
    const id = wire.id("sessionId", sessionId);
    const runtime = await settled(this.#raw.call("sessionHolder", [id]));
    if (runtime === undefined) return undefined;
    const session = await settled(this.#raw.call("sessionOf", [runtime, id]));
    return session && { runtime, session };
  }

  /** A stable name of the durable store, `indexeddb:<origin>/<name>`; `undefined` where nothing is durable. */
  get authorityKey(): string | undefined {
    return this.#raw.authorityKey();
  }

  /** The snapshot of the OAuth flows under way, byte for byte. */
  async oauthFlows(): Promise<Uint8Array | undefined> {
    return settled(this.#raw.call("oauthFlows", []));
  }

  /** Replaces the snapshot of the OAuth flows under way. */
  async persistOauthFlows(flows: Uint8Array): Promise<void> {
    await settled(this.#raw.call("persistOauthFlows", [wire.bytes("flows", flows)]));
  }

  /**
   * Replaces the snapshot of the OAuth flows by what `update` makes of it, as one atomic step: no other tab writes in
   * between. `update` is synchronous and may be called again when the transaction must start over. What it throws is
   * what this rejects with, and nothing is changed.
   */
  async updateOauthFlows(update: (stored: Uint8Array | undefined) => Uint8Array): Promise<void> {
    if (typeof update !== "function") throw invalid("update", "expected a function");
    let thrown: { error: unknown } | undefined;
    const caught = (stored: Uint8Array | undefined): Uint8Array | undefined => {
      thrown = undefined;
      try {
        return wire.bytes("what update returns", update(stored));
      } catch (error) {
        thrown = { error };
        return undefined;
      }
    };
    await settled(this.#raw.call("updateOauthFlows", [caught])).catch((failure: unknown) => {
      throw thrown ? thrown.error : failure;
    });
  }

  /**
   * Answers a JSON-RPC 2.0 request or batch, given and returned as JSON text: the methods `mobkit/mob_labels/*`,
   * `mobkit/run_labels/*`, `mobkit/labels/*` and `mobkit/subscription_cursor/*`. `undefined` where there is nothing to
   * answer. Requests that name no `mob_id` are about `mob`.
   */
  async rpc(request: string, mob?: string): Promise<string | undefined> {
    return settled(
      this.#raw.rpc(wire.text("request", request), mob === undefined ? undefined : wire.id("mob", mob)),
    );
  }

  /**
   * Calls `listener` with every commit in scope from now on, until the returned function is called: those of every tab
   * and worker of the origin, each once, after it is committed, and those of one tab in their order. A store in memory
   * tells its own commits.
   *
   * A commit whose tab ends before it could tell is not told, and a suspended page misses what happens meanwhile: load
   * what you need when you begin and when you come back (`pageshow`), and go on from there.
   */
  watch(scope: WatchScope, listener: (change: Change) => void): () => void {
    const unwatch = watch(this.#raw, scope, listener);
    this.#watches.add(unwatch);
    return () => {
      this.#watches.delete(unwatch);
      unwatch();
    };
  }

  /** As `watch`, for `for await`: the changes wait until they are taken, and leaving the loop ends the watch. */
  changes(scope: WatchScope): AsyncIterableIterator<Change> {
    const end = (): void => void iterator.return();
    const iterator = changes(this.#raw, scope, () => this.#watches.delete(end));
    this.#watches.add(end);
    return iterator;
  }

  /**
   * Closes the store. Transactions that have begun finish; what comes later rejects with `Closed`, and so may a call of
   * this very moment. Watches end.
   */
  close(): void {
    this.#raw.close();
    for (const end of this.#watches) end();
    this.#watches.clear();
  }
}

function parts(scope: LabelScope): [mob: string, run: string | undefined] {
  const { mob, run } = wire.object("scope", scope);
  return [wire.id("scope.mob", mob), run === undefined ? undefined : wire.id("scope.run", run)];
}

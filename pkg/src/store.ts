/// <reference lib="esnext.disposable" preserve="true" />
// An open store.

import type { RawStore } from "../wasm/bindings.js";
import { bytes } from "./bytes.js";
import { BurrowError, invalid } from "./error.js";
import { Handle } from "./handle.js";
import { Metadata } from "./metadata.js";
import { ClaimedMob } from "./mob.js";
import { quarantinedFromJson } from "./quarantine.js";
import { Runtime } from "./runtime.js";
import { exported, imported, verified } from "./moving.js";
import { resealed } from "./resealing.js";
import type {
  Bytes,
  Change,
  FoundSession,
  PageOptions,
  RuntimesOptions,
  SelectedLabels,
  Status,
  WatchScope,
} from "./types.js";
import { type Policy, retain } from "./retention.js";
import type { Contents, DeleteMobOptions, StatusOptions } from "./types-lifetime.js";
import type {
  Chunk,
  Imported,
  ImportOptions,
  ImportSource,
  Quarantined,
  Verified,
  VerifyOptions,
} from "./types-moving.js";
import type { Resealed, ResealOptions } from "./types-seal.js";
import { originStorage } from "./storage.js";
import { changes, watch } from "./watch.js";
import * as wire from "./wire.js";

/** @internal Where `serve` finds a store's handle, in whichever copy of the package. */
export const HANDLE = Symbol.for("burrow-store.handle");

/** Functions of the engine that only some stores have. */
interface Hooks {
  closed?: Promise<void>;
  flush?: () => Promise<void>;
}

/**
 * An open store. A resolved promise means committed; a rejection other than `OutcomeUnknown` and `Poisoned`, that nothing
 * was written. It has private members, as its runtimes and claims have: a `Proxy` around one cannot call it.
 */
export class Store extends Metadata implements Disposable, AsyncDisposable {
  readonly #handle: Handle<RawStore>;
  readonly #kind: Pick<Status, "backend" | "durability">;
  /** Resolves when the database is let go, where that takes a while. */
  readonly #closed: Promise<void> | undefined;
  readonly #flush: (() => Promise<void>) | undefined;
  readonly #watches = new Set<() => void>();

  /** @internal */
  constructor(
    handle: Handle<RawStore>,
    { retention, ...kind }: Pick<Status, "backend" | "durability"> & { retention?: Policy | undefined },
    { closed, flush }: Hooks = Object.create(null) as Hooks,
  ) {
    super(handle);
    this.#handle = handle;
    this.#kind = kind;
    this.#closed = closed;
    this.#flush = flush;
    if (retention) this.#watches.add(retain(handle, retention));
  }

  /** @internal */
  get [HANDLE](): unknown {
    return this.#handle;
  }

  /** The place of one runtime. Any non-empty string is an id, `rt:session:<uuid>` for a session's. */
  runtime(id: string): Runtime {
    const { instance, openness } = this.#handle;
    const raw = this.#handle.run((store) => store.runtime(id));
    return new Runtime(new Handle(instance, openness, raw), id);
  }

  /**
   * Takes ownership of a mob, its labels, those of its runs and its cursor, and so ends every claim on it before this one: a write
   * through an older claim rejects with `Fenced`, however late it arrives, and writes nothing. Writing without a claim stays possible.
   */
  async claimMob(mob: string): Promise<ClaimedMob> {
    const { instance, openness } = this.#handle;
    const claim = await this.#handle.call((raw) => raw.claimMob(mob));
    return new ClaimedMob(new Handle(instance, openness, claim), mob);
  }

  /**
   * Labelled mobs and runs that meet a selector in the syntax of Kubernetes: `env=dev,repo in (a,b),!canary`.
   * They come in the order of their ids.
   */
  async selectLabels(selector: string): Promise<SelectedLabels[]> {
    return wire.entriesFromJson(await this.#handle.call((raw) => raw.selectLabels(selector)));
  }

  /** A page of the ids of mobs that have labels, labelled runs or a cursor. */
  async mobs(page: PageOptions = {}): Promise<string[]> {
    return this.#handle.call((raw) => raw.mobs(...wire.page(page)));
  }

  /** A page of the ids of runtimes that hold anything, or of those that are in a state: `{ state: "running" }`. */
  async runtimes(options: RuntimesOptions = {}): Promise<string[]> {
    const { state, ...page } = wire.options("page", options, ["state", ...wire.PAGE]);
    if (state === undefined) return this.#handle.call((raw) => raw.runtimes(...wire.page(page)));
    return this.#handle.call((raw) => raw.runtimesIn(state, ...wire.page(page)));
  }

  /**
   * The latest snapshot of the runtime that last committed one with this session key, and the runtime's id; `undefined` where that
   * snapshot is another session's by now. Once that runtime is deleted, the session is not found under another that had it before.
   */
  async sessionById(sessionId: string): Promise<FoundSession | undefined> {
    const found = await this.#handle.call((raw) => raw.sessionById(sessionId));
    return found && { runtime: found[0], session: found[1] };
  }

  /**
   * Deletes a mob's labels, those of all its runs, and its cursor, in one transaction, and ends every claim on it. With `runtimeLabel`, the key of a label, it first
   * deletes the runtimes that the labels of the mob and its runs name under this key, each as `runtime.delete()` does; should
   * that be cut off, the labels are still there, and the call can be made again.
   */
  async deleteMob(mob: string, options: DeleteMobOptions = {}): Promise<void> {
    const { runtimeLabel } = wire.options("options", options, ["runtimeLabel"]);
    if (runtimeLabel !== undefined) {
      if (typeof runtimeLabel !== "string") throw invalid("options.runtimeLabel", "expected a string");
      const named = (await this.listLabels(mob)).map(({ labels }) => labels[runtimeLabel]);
      for (const id of new Set(named)) if (id) await this.runtime(id).delete();
    }
    await this.#handle.call((raw) => raw.deleteMob(mob));
  }

  /** A stable name of the durable store, `indexeddb:<origin>/<name>`,
   * `sqlite:<path>` or `durable-object:<id>`; `undefined` where nothing is durable. */
  get authorityKey(): string | undefined {
    return this.#handle.run((raw) => raw.authorityKey());
  }

  /**
   * The truth about the store: where it keeps things, how safely, how much room there is, and the last error that said something of it.
   * That costs no look into it. `{ contents: true }` has it counted, which costs what there is.
   */
  async status(options: StatusOptions = {}): Promise<Status> {
    const { openness } = this.#handle;
    openness.check();
    const reopens = this.#handle.run((raw) => raw.reopens());
    const dataLost = this.#handle.run((raw) => raw.dataLost());
    const nowhere = { persisted: undefined, usage: undefined, quota: undefined };
    const storage = this.#kind.backend === "indexeddb" ? await originStorage() : nowhere;
    const { lastError } = openness;
    return { ...this.#kind, ...storage, dataLost, reopens, lastError, ...(await this.contentsFor(options)) };
  }

  /** @internal What is counted only where that is asked for. */
  protected async contentsFor(options: StatusOptions): Promise<{ contents?: Contents }> {
    const { contents = false } = wire.options("options", options, ["contents"]);
    if (typeof contents !== "boolean") throw invalid("options.contents", "expected a boolean");
    if (!contents) return {};
    return { contents: JSON.parse(await this.#handle.call((raw) => raw.contents())) as Contents };
  }

  /**
   * Asks the browser never to evict the origin's data by itself (`navigator.storage.persist()`); resolves with whether it agreed. Call it
   * when the user does something: some browsers ask them. Files and Durable Objects are evicted by nobody: `true`.
   *
   * Rejects with `Unsupported` in memory, and where the browser cannot be asked: in a worker, or over plain HTTP.
   */
  async persist(): Promise<boolean> {
    this.#handle.openness.check();
    const { backend } = this.#kind;
    if (backend === "memory") {
      throw new BurrowError("Unsupported", "unsupported: persist: this store is in memory and ends with it");
    }
    if (backend !== "indexeddb") return true;
    const { navigator } = globalThis as { navigator?: { storage?: Partial<StorageManager> } };
    if (navigator?.storage?.persist) return navigator.storage.persist();
    throw new BurrowError(
      "Unsupported",
      "unsupported: persist: a browser is asked from a page, over HTTPS, and not from a worker",
    );
  }

  /**
   * Resolves when all that was committed before is on the disk. With strict durability each commit's own promise says so already, but
   * for a Durable Object's, which holds back what it sends until then, and not what it does within.
   *
   * Rejects with `Unsupported` where nothing says when that is: with relaxed durability, and in memory.
   */
  async flush(): Promise<void> {
    this.#handle.openness.check();
    const { durability } = this.#kind;
    if (durability !== "strict") {
      throw new BurrowError("Unsupported", `unsupported: flush: the store's durability is "${durability}"`);
    }
    await this.#flush?.();
  }

  /** The snapshot of the OAuth flows under way, byte for byte. */
  async oauthFlows(): Promise<Uint8Array | undefined> {
    return this.#handle.call((raw) => raw.oauthFlows());
  }

  /** Replaces the snapshot of the OAuth flows under way. */
  async persistOauthFlows(flows: Bytes): Promise<void> {
    await this.#handle.call((raw, bytes) => raw.persistOauthFlows(bytes), flows);
  }

  /**
   * Replaces the snapshot of the OAuth flows by what `update` makes of it, as one atomic step: no other tab writes in
   * between. `update` is synchronous and may be called again when the transaction must start over. What it throws is
   * what this rejects with, and nothing is changed.
   */
  async updateOauthFlows(update: (stored: Uint8Array | undefined) => Bytes): Promise<void> {
    let thrown: { error: unknown } | undefined;
    const caught = (stored: Uint8Array | undefined): Uint8Array => {
      thrown = undefined;
      try {
        const flows: unknown = update(stored);
        // Where it is asynchronous it is refused, and what it comes to is nobody's.
        Promise.resolve(flows).catch(() => {});
        return bytes("what update returns", flows);
      } catch (error) {
        thrown = { error };
        throw error;
      }
    };
    const given = typeof update === "function" ? caught : update;
    await this.#handle
      .call((raw) => raw.updateOauthFlows(given))
      .catch((failure: unknown) => {
        throw thrown ? thrown.error : failure;
      });
  }

  /**
   * Answers a JSON-RPC 2.0 request or batch, given and returned as JSON text: the methods `mobkit/mob_labels/*` and
   * `mobkit/run_labels/*` of mobkit, and `burrow/labels/*`, `burrow/cursor/*` and `burrow/runtime/*`. `undefined` where there is nothing to answer.
   * Requests that name no `mob_id` are about `mob`. An error of the store has its `code`, `retryable` and `argument` in `data`.
   */
  async rpc(request: string, mob?: string): Promise<string | undefined> {
    return this.#handle.call((raw, text) => raw.rpc(text, mob), request);
  }

  /**
   * Calls `listener` with every commit in scope from now on, until the returned function is called: those of every tab
   * and worker of the origin, each once, after it is committed, and those of one store in their order. A store in memory
   * tells its own commits.
   *
   * A commit whose tab ends before it could tell is not told, and a suspended page misses what happens meanwhile: load
   * what you need when you begin and when you come back (`pageshow`), and go on from there.
   */
  watch(scope: WatchScope, listener: (change: Change) => void): () => void {
    const unwatch = watch(this.#handle, scope, listener);
    this.#watches.add(unwatch);
    return () => {
      this.#watches.delete(unwatch);
      unwatch();
    };
  }

  /** As `watch`, for `for await`: the changes wait until they are taken, and leaving the loop ends the watch. */
  changes(scope: WatchScope): AsyncIterableIterator<Change> {
    const end = (): void => void iterator.return();
    const iterator = changes(this.#handle, scope, () => this.#watches.delete(end));
    this.#watches.add(end);
    return iterator;
  }

  /**
   * All that the store holds, as lines of JSON in UTF-8 that `import` reads, from and into any engine: every record byte for byte. It is
   * read while it is taken, a few pages at a time: `new Response(stream)`, `stream.pipeTo(…)`, `Readable.fromWeb(stream)`.
   *
   * Each record is whole; for a copy of one moment nobody may write while it is made. The stream fails with `Decode` at a record that
   * cannot be read: `verify` finds all of them.
   */
  export(): ReadableStream<Chunk> {
    return exported(this.#handle);
  }

  /**
   * Takes what a store has exported into this one, beside what it has, and resolves with how many records that were. Each is checked
   * before it is written. A record that is there already, byte for byte, is passed over: so an import that ended early is completed by
   * another one of the same file.
   *
   * Rejects with `Conflict` at a record that differs from the stored one, unless told to `overwrite`; with `InvalidInput` at a line that
   * is damaged, and at the end of a file that was cut off; with `SchemaTooNew` for the file of a newer burrow. What was committed
   * before stays.
   */
  async import(source: ImportSource, options: ImportOptions = {}): Promise<Imported> {
    return imported(this.#handle, source, options);
  }

  /**
   * Reads everything and resolves with what is damaged, and with what receipts and sessions name that is not there. It changes nothing,
   * unless it is told to set damaged records aside: `{ quarantine: true }`.
   */
  async verify(options: VerifyOptions = {}): Promise<Verified> {
    return verified(this.#handle, options);
  }

  /** A page of the damaged records that `verify` has set aside, each as it was. */
  async quarantined(page: Omit<PageOptions, "order"> = {}): Promise<Quarantined[]> {
    const { after, limit } = wire.options("page", page, ["after", "limit"]);
    const [, most] = wire.page({ limit });
    return quarantinedFromJson(await this.#handle.call((raw) => raw.quarantined(after, most)));
  }

  /** Deletes a record that was set aside, for good. Where there is none, nothing happens. */
  async deleteQuarantined(id: string): Promise<void> {
    await this.#handle.call((raw) => raw.deleteQuarantined(id));
  }

  /**
   * Seals everything under the current key of `seal`: what is sealed under a former one and, with `unsealed: "read"`, what was never sealed.
   * Each record is replaced by itself, and only if nobody has written it meanwhile; watchers are told nothing. What ends early goes on
   * when it is called again.
   *
   * Where nobody seals under a former key any more, a call that resolves with `resealed: 0` and `problems: 0` says that none is needed.
   */
  async reseal(options: ResealOptions = {}): Promise<Resealed> {
    return resealed(this.#handle, options);
  }

  /**
   * Closes the store. What was called before finishes, on claimed runtimes too, and resolves or rejects as ever; what comes later
   * rejects with `Closed`, and so does what is many calls and in the middle of them: `verify`, `import`, `export`, `reseal`, `deleteMob`
   * with `runtimeLabel`. Watches end at once, and iterators over changes are done. Resolves when nothing is under way any
   * more and the database is let go, and never rejects; closing again is the same closing.
   */
  close(): Promise<void> {
    for (const end of this.#watches) end();
    this.#watches.clear();
    const { instance, openness } = this.#handle;
    return openness.close(() => {
      if (!instance.ended) this.#handle.run((raw) => raw.close());
      return this.#closed;
    });
  }

  /** Closes the store at the end of a `using` block, which does not wait for it. */
  [Symbol.dispose](): void {
    void this.close();
  }

  /** Closes the store at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

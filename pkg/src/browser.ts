// The entry for browsers and bundlers: the wasm is fetched from beside this file. The other entries export the same, and its
// declarations are those of them all.

import bindings from "../wasm/bindings.js";
import { entry } from "./entry.js";
import type { Store } from "./store.js";
import type { OpenOptions, WasmSource } from "./types.js";

const functions = entry({ bindings, wasm: () => new URL("../wasm/burrow_bg.wasm", import.meta.url) });

/**
 * Loads the WebAssembly module now, instead of with the first call that needs it: to have it ready, or to say where it
 * comes from. Calling it again, or while it loads, is the same load; one that failed can be tried again.
 *
 * Rejects with `LoadFailed` when the module does not load, and with `InvalidInput` for a source that can be none.
 */
export function init(source?: WasmSource): Promise<void> {
  return functions.init(source);
}

/**
 * Opens a store; the first call loads the WebAssembly module.
 *
 * Rejects with `Unsupported` where there is no IndexedDB, `Blocked` when another tab holds an older version open,
 * `SchemaTooNew` for a database of a newer burrow, `ForeignDatabase` for one of somebody else's, `DataLost`, once, where the browser
 * has thrown away what it held, `Unopenable` where the browser cannot read its own files, and `LoadFailed` when the module does
 * not load.
 */
export function openStore(options?: OpenOptions): Promise<Store> {
  return functions.openStore(options);
}

/**
 * Deletes the database of that name with all that it holds, so that the next `openStore` begins anew: at a logout, for
 * example. Stores that have it open, here and in other tabs, are `Deleted` from then on. Where there is no such
 * database, nothing happens.
 *
 * Rejects with `ForeignDatabase` for a database of somebody else's, which is left alone; with `Blocked` when another tab does
 * not let go of it; with `Unopenable` where the browser cannot read its own files; with `Unsupported` where there is no IndexedDB.
 */
export function deleteStore(name: string): Promise<void> {
  return functions.deleteStore(name);
}

/**
 * A new id, UUID version 7: ids sort by the time they were made.
 *
 * Rejects with `Unsupported` where there are no random values: without `crypto`, and, retryable, at the module level of a
 * Cloudflare Worker.
 */
export function newId(): Promise<string> {
  return functions.newId();
}

export { BurrowError, type ErrorCode, type ErrorData, type ErrorDetails } from "./error.js";
export type { Metadata } from "./metadata.js";
export type { ClaimedMob } from "./mob.js";
export type { ClaimedRuntime, Runtime } from "./runtime.js";
export type { Store } from "./store.js";
export type {
  Boundary,
  BoundaryCommit,
  Bytes,
  Change,
  ChangeKind,
  Durability,
  DurableObjectStorage,
  FoundSession,
  Input,
  InputState,
  InputStateChange,
  Json,
  LabelPatch,
  LabelScope,
  Labels,
  LabelsEntry,
  MobChange,
  NewInput,
  OpenOptions,
  OpsSnapshot,
  Order,
  PageOptions,
  Receipt,
  RuntimeChange,
  RuntimesOptions,
  RuntimeState,
  SelectedLabels,
  SqliteHandle,
  Status,
  TerminalOutcome,
  Transition,
  WasmSource,
  WatchScope,
} from "./types.js";
export type {
  Contents,
  Counts,
  DeleteMobOptions,
  InputsOptions,
  LastError,
  Pruned,
  PruneOptions,
  Recovered,
  Retention,
  StatusOptions,
} from "./types-lifetime.js";
export type {
  Chunk,
  Finding,
  Imported,
  ImportOptions,
  ImportProgress,
  ImportSource,
  Quarantined,
  Verified,
  VerifyOptions,
} from "./types-moving.js";
export type { Resealed, ResealOptions, Seal, SealKey } from "./types-seal.js";

// What every entry exports. The functions are made by the entry itself, which knows where its wasm is; here they
// are described once for all.

import type { Store } from "./store.js";
import type { OpenOptions, WasmSource } from "./types.js";

/**
 * Loads the WebAssembly module now, instead of with the first call that needs it: to have it ready, or to say where it
 * comes from. Calling it again, or while it loads, is the same load; one that failed can be tried again.
 *
 * Rejects with `LoadFailed` when the module does not load, and with `InvalidInput` for a source that can be none.
 */
export declare function init(source?: WasmSource): Promise<void>;

/**
 * Opens a store; the first call loads the WebAssembly module.
 *
 * Rejects with `Unsupported` where there is no IndexedDB, `Blocked` when another tab holds an older version open,
 * `SchemaTooNew` for a database of a newer burrow, `ForeignDatabase` for one of somebody else's, `DataLost`, once, where the browser
 * has thrown away what it held, `Unopenable` where the browser cannot read its own files, and `LoadFailed` when the module does
 * not load.
 */
export declare function openStore(options?: OpenOptions): Promise<Store>;

/**
 * Deletes the database of that name with all that it holds, so that the next `openStore` begins anew: at a logout, for
 * example. Stores that have it open, here and in other tabs, are `Deleted` from then on. Where there is no such
 * database, nothing happens.
 *
 * Rejects with `ForeignDatabase` for a database of somebody else's, which is left alone; with `Blocked` when another tab does
 * not let go of it; with `Unopenable` where the browser cannot read its own files; with `Unsupported` where there is no IndexedDB.
 */
export declare function deleteStore(name: string): Promise<void>;

/**
 * A new id, UUID version 7: ids sort by the time they were made.
 *
 * Rejects with `Unsupported` where there are no random values: without `crypto`, and, retryable, at the module level of a
 * Cloudflare Worker.
 */
export declare function newId(): Promise<string>;

export { BurrowError, type ErrorCode, type ErrorData, type ErrorDetails } from "./error.js";
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
  Counts,
  DeleteMobOptions,
  InputsOptions,
  Pruned,
  PruneOptions,
  Recovered,
} from "./types-lifetime.js";
export type {
  Chunk,
  Finding,
  Imported,
  ImportOptions,
  ImportProgress,
  ImportSource,
  Verified,
  VerifyOptions,
} from "./types-moving.js";
export type { Seal, SealKey } from "./types-seal.js";

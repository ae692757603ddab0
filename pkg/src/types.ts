// The shapes that cross the API. Receipts and inputs have the member names of their stored JSON.

import type { Contents, LastError, Retention } from "./types-lifetime.js";
import type { Seal } from "./types-seal.js";

/**
 * A JSON value of the runtime's own. A whole number beyond ±(2^53-1) is a `bigint`, so that it keeps its digits; any `bigint` is
 * written as its digits. Every other number is a double, as always in JavaScript.
 */
export type Json = null | boolean | number | bigint | string | Json[] | { [member: string]: Json };

/** When a commit is called complete: once flushed to the disk, or once the operating system has it. */
export type Durability = "strict" | "relaxed";

/** How to open a store. */
export interface OpenOptions {
  /** The database's name within the origin; `"burrow-new-log"` is reserved. Default: `"burrow"`. */
  name?: string | undefined;
  /**
   * When a commit is called complete. Default: `"strict"`, flushed to the disk. In memory nothing is durable: to ask for either
   * is `Unsupported`.
   */
  durability?: Durability | undefined;
  /**
   * Where to keep things. Default: IndexedDB, and memory only where the environment has no IndexedDB by design
   * (Node, edge workers). A browser without IndexedDB is an error, never a silent fall-back.
   */
  backend?: "indexeddb" | "memory" | undefined;
  /**
   * How many bytes a store in memory may hold, up to 2 ** 31; each record counts with 200 more than its key and its own. Default:
   * 1 GiB, and 64 MiB in edge workers, which have 128 MB for everything. What does not fit is `QuotaExceeded`. For IndexedDB,
   * whose room the browser gives, it is `Unsupported`.
   */
  memoryLimit?: number | undefined;
  /**
   * With IndexedDB: how many milliseconds a call may wait for the browser and for other tabs, `openStore` too; 10,000 by default.
   * Then it rejects: with `Blocked` where nothing of it was sent to be committed, and nothing will be, else with `OutcomeUnknown`.
   * In memory, where no call waits, it is `Unsupported`.
   */
  timeout?: number | undefined;
  /**
   * In Node, Deno and Bun: the SQLite file to keep things in, made if it does not exist. Processes may share it. A relative path is
   * meant from where the process is at the call. It is a path as the file system has it: `":memory:"` and `file:…` are `InvalidInput`.
   */
  path?: string | undefined;
  /** In Node, Deno and Bun: an open handle of node:sqlite, bun:sqlite or better-sqlite3, to keep things in its database. */
  database?: SqliteHandle | undefined;
  /** In a Durable Object with SQLite: `ctx.storage`, to keep things in the object. */
  storage?: DurableObjectStorage | undefined;
  /**
   * Keeps snapshots, OAuth flows and inputs' payloads under AES-GCM; ids, receipts, labels, cursors, states and the operation
   * registry stay readable. A record sealed under another key rejects with `WrongKey`. Without it nothing is sealed or opened.
   */
  seal?: Seal | undefined;
  /**
   * Prunes every runtime by itself while nothing is asked of the store: all of them after it was opened, and those that it writes to
   * afterwards. What fails is `status().lastError`. Closing the store ends it. Default: nothing is pruned by itself.
   */
  retention?: Retention | undefined;
}

/** What a store needs of the storage of a Durable Object. */
export interface DurableObjectStorage {
  /** The object's SQLite. */
  sql: {
    /** Runs a statement. */
    exec(query: string, ...bindings: (string | Uint8Array)[]): { raw(): Iterable<unknown[]> };
  };
  /** Runs a function in a transaction. */
  transactionSync<T>(closure: () => T): T;
  /** Resolves when what was written is on the disk. */
  sync(): Promise<void>;
}

/** An open database of node:sqlite, bun:sqlite or better-sqlite3. It stays the program's, which closes it after the store. */
export interface SqliteHandle {
  /** Prepares a statement. */
  prepare(sql: string): object;
}

/** Bytes that a caller passes: a view or a whole buffer, shared or resizable ones too, of any realm. */
export type Bytes = ArrayBufferView | ArrayBufferLike;

/**
 * Where the WebAssembly module comes from: its bytes, an address to fetch it from, a response (or the promise of one,
 * from `fetch`) that carries it, or the module already compiled.
 */
export type WasmSource =
  ArrayBuffer | ArrayBufferView | URL | string | Response | Promise<Response> | (Module & object);

// A program for Node may be compiled without the DOM's types, and then has no name for it.
type Module = typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } } ? M : never;

/** The truth about a store, from `store.status()`. */
export interface Status {
  /** Where it keeps things. */
  backend: "indexeddb" | "memory" | "sqlite" | "durable-object";
  /** When a commit is called complete; `"none"` where nothing outlives the page or process. */
  durability: Durability | "none";
  /**
   * Whether the browser has promised to keep the origin's data (`navigator.storage.persist()`); where it has not, it may
   * evict them when space runs out. `undefined` where it does not tell, and in memory.
   */
  persisted: boolean | undefined;
  /** Bytes that the origin uses, as the browser estimates. `undefined` where it does not tell, and in memory. */
  usage: number | undefined;
  /** Bytes that the origin may use, as the browser estimates. `undefined` where it does not tell, and in memory. */
  quota: number | undefined;
  /**
   * When the browser said that it had lost what this database held, and a new one was made in its place: an ISO 8601 date.
   * `undefined` where it never did.
   */
  dataLost: string | undefined;
  /** How often the connection to the database was lost and opened again. */
  reopens: number;
  /** The last error of this store since it was opened that told something of it: not what was wrong with a call, or a `Conflict`. */
  lastError: LastError | undefined;
  /** How much there is, where that was asked for. */
  contents?: Contents;
}

/** A set of labels. Any string is a key, any string a value. */
export type Labels = Record<string, string>;

/** What labels hang on: a mob, or one run of it. */
export interface LabelScope {
  /** The mob's id. */
  mob: string;
  /** The id of one of its runs; absent: the mob itself. */
  run?: string | undefined;
}

/** One scope of a mob and its labels; `run` is absent for the mob's own. */
export interface LabelsEntry {
  /** The run's id. */
  run?: string;
  /** All its labels. */
  labels: Labels;
}

/** One labelled mob, or one labelled run of a mob. */
export interface SelectedLabels extends LabelsEntry {
  /** The mob's id. */
  mob: string;
}

/** A change to some labels of a set; the others stay as they are. */
export interface LabelPatch {
  /** The labels to add or to overwrite. */
  set?: Labels | undefined;
  /** The keys of the labels to remove; those that are not there are ignored. */
  remove?: string[] | undefined;
}

/** The order of a listing: by the ids, from the least or from the greatest. Ids of version 7 begin with their time. */
export type Order = "ascending" | "descending";

/** Which part of a listing: what comes after an item, the last of the page before. */
export interface PageOptions<After = string> {
  /** The last item of the page before; absent: the first page. */
  after?: After | undefined;
  /** At most so many items. Default: 100. */
  limit?: number | undefined;
  /** Default: `ascending`. */
  order?: Order | undefined;
}

/** Which runtimes are listed. */
export interface RuntimesOptions extends PageOptions {
  /** Only those whose committed state is this one. */
  state?: RuntimeState | undefined;
}

/** A session found by its id. */
export interface FoundSession {
  /** The id of the runtime that holds it. */
  runtime: string;
  /** The latest snapshot, byte for byte. */
  session: Uint8Array;
}

/** What of a mob or runtime a commit wrote. */
export type ChangeKind = "labels" | "cursor" | "session" | "receipt" | "inputs" | "state" | "ops" | "claim";

/** A commit about a mob or one of its runs. */
export interface MobChange {
  /** The mob's id. */
  mob: string;
  /** The run's id, where it was about one. */
  run?: string;
  runtime?: never;
  /** What it wrote. */
  kinds: ChangeKind[];
}

/** A commit about a runtime. */
export interface RuntimeChange {
  /** The runtime's id. */
  runtime: string;
  mob?: never;
  run?: never;
  /** What it wrote. */
  kinds: ChangeKind[];
}

/** One commit, as its watchers see it: what it was about and what it wrote, never the payload. */
export type Change = MobChange | RuntimeChange;

/** Which commits a watcher wants to see: those about a mob and its runs, about a runtime, or with `{}` all. */
export type WatchScope =
  { mob: string; runtime?: never } | { runtime: string; mob?: never } | Record<string, never>;

/**
 * The operation registry of a runtime. Members that burrow does not know are kept; see `Receipt` for how to write them.
 */
export interface OpsSnapshot {
  /** The registry's own. */
  epoch_id: string;
  /** The registry's own. */
  authority_state: Json;
  /** The registry's own. */
  operation_specs: Json;
  /** The registry's own. */
  completion_entries: Json;
  /** How far each side has come in the stream of completed operations. */
  cursors: {
    /** What the agent has applied. */
    agent_applied_cursor: bigint;
    /** What the runtime has seen. */
    runtime_observed_seq: bigint;
    /** What the runtime has put into the conversation. */
    runtime_last_injected_seq: bigint;
  };
}

/** The state of a runtime. */
export type RuntimeState =
  "initializing" | "idle" | "attached" | "running" | "retired" | "stopped" | "destroyed";

/** Where in a run a boundary lies. */
export type Boundary = "immediate" | "run_start" | "run_checkpoint";

/**
 * Proof that a run reached a boundary. Members that burrow does not know are kept, at every depth. A runtime that has some
 * names their type, `Receipt & { trace: string }`: every call takes it, and a typing error in a literal is still told.
 */
export interface Receipt {
  /** UUID. */
  run_id: string;
  /** Which kind of boundary. */
  boundary: Boundary;
  /** UUIDs of the inputs that this boundary took in, in order. */
  contributing_input_ids: string[];
  /** SHA-256 of the conversation at this point, in hex. */
  conversation_digest?: string;
  /** Messages in the conversation at this point. */
  message_count: bigint;
  /** The boundary's place in its run. */
  sequence: bigint;
}

/** Where an input stands; the last four are terminal. */
export type InputState =
  | "accepted"
  | "queued"
  | "staged"
  | "applied"
  | "applied_pending_consumption"
  | "consumed"
  | "superseded"
  | "coalesced"
  | "abandoned";

/** How an input ended. */
export type TerminalOutcome =
  | { outcome_type: "consumed" }
  | {
      outcome_type: "superseded";
      /** The UUID of the input that took its place. */
      superseded_by: string;
    }
  | {
      outcome_type: "coalesced";
      /** The UUID of the input that it went into. */
      aggregate_id: string;
    }
  | {
      outcome_type: "abandoned";
      /** Why, in the runtime's own form. */
      reason: Json;
    };

/** One step in an input's history. */
export interface InputStateChange {
  /** RFC 3339. */
  timestamp: string;
  /** Where it stood. */
  from: InputState;
  /** Where it went. */
  to: InputState;
  /** Why. */
  reason?: string;
}

/** One queued input. Members that burrow does not know are kept; see `Receipt` for how to write them. */
export interface Input {
  /** UUID, best version 7 (`newId()`): inputs are listed in the order of their ids. */
  input_id: string;
  /** Where it stands. */
  current_state: InputState;
  /** The runtime's policy decision on it. */
  policy?: Json;
  /** The runtime's reading of it. */
  runtime_semantics?: Json;
  /** How it ended, in a terminal state. */
  terminal_outcome?: TerminalOutcome;
  /** Whether it must survive: the runtime's own rule, to which burrow gives no meaning. */
  durability?: "durable" | "ephemeral" | "derived";
  /** The sender's key against doing the same twice. */
  idempotency_key?: string;
  /** How often a run took it up, up to 2^32-1. */
  attempt_count: number;
  /** How often it was recovered after a restart, up to 2^32-1. */
  recovery_count: number;
  /** What has happened to it, oldest first. */
  history: InputStateChange[];
  /** What it can be made again from. */
  reconstruction_source?: Json;
  /** The input itself, in the runtime's own form. */
  persisted_input?: Json;
  /** UUID of the run that last took it up. */
  last_run_id?: string;
  /** The boundary of that run. */
  last_boundary_sequence?: bigint;
  /** RFC 3339. */
  created_at: string;
  /** RFC 3339. */
  updated_at: string;
}

/** Members that are 0 or empty where they are left out. */
type Defaulted = "attempt_count" | "recovery_count" | "history";

/** An input as it is given to be stored: what nothing has happened to needs no counts and no history. */
export type NewInput = Omit<Input, Defaulted> & Partial<Pick<Input, Defaulted>>;

/** What a run boundary commits, all or none. */
export interface BoundaryCommit {
  /** Says which boundary it is. */
  receipt: Receipt;
  /** The session's new snapshot, kept byte for byte; absent: the last one stays. */
  session?: Bytes | undefined;
  /** Inputs that change with it. */
  inputs?: readonly NewInput[] | undefined;
  /** The session's UUID; must be the `id` in the snapshot, with which it is given. */
  sessionKey?: string | undefined;
}

/** A lifecycle step, and the inputs that change with it. */
export interface Transition {
  /** The state that the step was decided in. */
  from: RuntimeState;
  /** The state that it leads to. */
  to: RuntimeState;
  /** Inputs that change with it. */
  inputs?: readonly NewInput[] | undefined;
}

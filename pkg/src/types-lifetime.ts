// What recovery, pruning and deleting take and give.

import type { ErrorCode } from "./error.js";
import type { Input, InputState, OpsSnapshot, PageOptions, Receipt, RuntimeState } from "./types.js";

/** Which inputs of a runtime are listed. */
export interface InputsOptions extends PageOptions {
  /** Only inputs that have not ended, in ascending order. Default: false. */
  live?: boolean | undefined;
  /** At most so many. Default: all. */
  limit?: number | undefined;
}

/** All that a runtime goes on from. */
export interface Recovered {
  /** The lifecycle state; `"initializing"` where no step was ever committed. */
  state: RuntimeState;
  /** The latest session snapshot. */
  session: Uint8Array | undefined;
  /** The inputs that have not ended. */
  inputs: Input[];
  /** The receipt of the latest boundary. */
  lastReceipt: Receipt | undefined;
  /** The operation registry. */
  ops: OpsSnapshot | undefined;
  /** The epoch of the latest claim; 0 where there was none. */
  epoch: bigint;
}

/** How much there is of a runtime. */
export interface Counts {
  /** The inputs that have not ended, by their state; states without any are left out. */
  liveInputs: Partial<Record<InputState, number>>;
  /** The inputs that have ended. */
  terminalInputs: number;
  /** The receipts. */
  receipts: number;
  /** The runs that have receipts. */
  runs: number;
  /** The bytes of the session snapshot. */
  sessionBytes: number;
}

/** What is to be pruned of a runtime. With `before` alone, receipts and terminal inputs both are. */
export interface PruneOptions {
  /** Prunes receipts, but not the latest ones, so many of the runtime. */
  keepReceipts?: number | undefined;
  /** Prunes terminal inputs, but not the latest ones, so many of the runtime. */
  keepTerminalInputs?: number | undefined;
  /**
   * Only what was made before: a date, or milliseconds since 1970. When a run and an input were made is in their ids, of version 7;
   * what has an id of another version stays.
   */
  before?: Date | number | undefined;
  /** Counts what would be pruned, and prunes nothing. Default: false. */
  dryRun?: boolean | undefined;
}

/** How much was pruned. */
export interface Pruned {
  /** Receipts. */
  receipts: number;
  /** Terminal inputs. */
  inputs: number;
}

/** How a mob is deleted. */
export interface DeleteMobOptions {
  /** The key of a label whose values, on the mob and its runs, are the ids of runtimes to delete too. */
  runtimeLabel?: string | undefined;
}

/** Options of `status`. */
export interface StatusOptions {
  /**
   * How much there is of everything. It costs what there is: rows are counted without being read, and each claim is read. Default: false.
   */
  contents?: boolean | undefined;
}

/** An error that told something of the store. */
export interface LastError {
  /** Its code. */
  code: ErrorCode;
  /** What it said. */
  message: string;
  /** When it came. */
  at: Date;
}

/** How much there is in a store. */
export interface Contents {
  /** The runtimes that have a lifecycle state. */
  runtimes: number;
  /** The inputs of all runtimes, terminal ones too. */
  inputs: number;
  /** The receipts of all runtimes. */
  receipts: number;
  /** The mobs and runs that have labels. */
  labelled: number;
  /** The runtimes whose deletion has begun and not ended. */
  deletions: number;
  /** The damaged records that were set aside. */
  quarantined: number;
  /** The claims that were not released; whoever made one may be gone. */
  openClaims: number;
  /** The oldest of them: the runtime or mob, and since when, in milliseconds since 1970. */
  oldestClaim?: { runtime?: string; mob?: string; since: number };
}

/** What is pruned of every runtime, by itself, in idle time. With `olderThan` alone, receipts and terminal inputs both are. */
export interface Retention {
  /** Prunes receipts, but not the latest ones, so many of each runtime. */
  keepReceipts?: number | undefined;
  /** Prunes terminal inputs, but not the latest ones, so many of each runtime. */
  keepTerminalInputs?: number | undefined;
  /** Only what was made longer ago than so many milliseconds: see `PruneOptions.before`. */
  olderThan?: number | undefined;
}

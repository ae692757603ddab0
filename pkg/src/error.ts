// What can go wrong. Whatever the code but `OutcomeUnknown` and `Poisoned`, nothing of the operation was written.

import { originStorage } from "./storage.js";

/** What a program can tell apart. */
export type ErrorCode =
  /** An argument is not of the form that the operation takes; `argument` names it. */
  | "InvalidInput"
  /** The lifecycle has no such step. */
  | "IllegalTransition"
  /** The store holds something else than the caller saw: load it again and decide anew. */
  | "Conflict"
  /** Somebody else has claimed the runtime since: claim it again, load its state and decide anew. */
  | "Fenced"
  /** A snapshot's `id` is not the session key that it was committed under. */
  | "SessionKeyMismatch"
  /** A stored record cannot be read. It was left as it is. */
  | "Decode"
  /**
   * The disk or the origin's quota is full; `usage` and `quota` say how full. Reads and deletes still work: delete
   * something, or ask for persistent storage.
   */
  | "QuotaExceeded"
  /** The engine could not write; `cause` says why. */
  | "WriteFailed"
  /** The engine could not read; `cause` says why. */
  | "ReadFailed"
  /**
   * The connection was lost after the commit was sent, and could not be had again to ask: the operation is committed
   * whole or not at all. Load what it was about and see.
   */
  | "OutcomeUnknown"
  /** Another tab holds the database with an older version. */
  | "Blocked"
  /** A newer burrow wrote the database. Nothing was changed. */
  | "SchemaTooNew"
  /** The database holds what somebody else keeps there. Nothing was changed. */
  | "ForeignDatabase"
  /** The database was deleted, moved or replaced under the open store. */
  | "Deleted"
  /** The store was closed, by the caller or by the browser. */
  | "Closed"
  /** This environment cannot do what was asked. */
  | "Unsupported"
  /** What the operation needs to exist does not. */
  | "NotFound"
  /** The WebAssembly module did not load; `cause` says why. */
  | "LoadFailed"
  /**
   * burrow failed in the middle of something, and stopped: `cause` says how, and is worth a report. A write that was
   * under way is committed whole or not at all. Every store opened before is dead; open it again, which needs no reload.
   */
  | "Poisoned"
  /** A defect in burrow itself: please report it. */
  | "Internal";

/** What else an error may tell. */
export interface ErrorDetails {
  /** Default: false. */
  retryable?: boolean | undefined;
  /** The argument at fault. */
  argument?: string | undefined;
  /** The table of an unreadable record. */
  table?: string | undefined;
  /** The key of an unreadable record. */
  key?: string | undefined;
  /** Bytes that the origin uses. */
  usage?: number | undefined;
  /** Bytes that the origin may use. */
  quota?: number | undefined;
  /** What it came of. */
  cause?: unknown;
}

// The same in every copy of the package, so that an error is known by whichever copy is asked.
const BRAND = Symbol.for("burrow-store.BurrowError");

/**
 * Every error that burrow rejects with. Unless its code is `OutcomeUnknown` or `Poisoned`, nothing of the operation was
 * written. `instanceof` knows it whichever entry or copy of the package it comes from.
 */
export class BurrowError extends Error {
  override readonly name = "BurrowError";
  /** What went wrong, for programs: stable across versions. */
  readonly code: ErrorCode;
  /** Whether the same call, made again unchanged, may succeed. */
  readonly retryable: boolean;
  /** The argument at fault, where there is one: `receipt.sequence`, for example. */
  readonly argument?: string;
  /** The table of an unreadable record, with `Decode`. */
  readonly table?: string;
  /** The key of an unreadable record, as `[column, column]`, with `Decode`. */
  readonly key?: string;
  /** Bytes that the origin uses, with `QuotaExceeded`, where the browser tells. */
  readonly usage?: number;
  /** Bytes that the origin may use, with `QuotaExceeded`, where the browser tells. */
  readonly quota?: number;

  /** Makes one as burrow does, for tests of what a program does about it. */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.retryable = details.retryable ?? false;
    if (details.argument !== undefined) this.argument = details.argument;
    if (details.table !== undefined) this.table = details.table;
    if (details.key !== undefined) this.key = details.key;
    if (details.usage !== undefined) this.usage = details.usage;
    if (details.quota !== undefined) this.quota = details.quota;
  }

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true });
  }

  /** Whether it is an error of burrow's, of this copy of the package or another. */
  static override [Symbol.hasInstance](value: unknown): value is BurrowError {
    if (this !== BurrowError) return Function.prototype[Symbol.hasInstance].call(this, value) as boolean;
    return typeof value === "object" && value !== null && BRAND in value;
  }
}

/** @internal An argument that is not of the form the operation takes. */
export function invalid(argument: string, reason: string, cause?: unknown): BurrowError {
  const details = cause === undefined ? { argument } : { argument, cause };
  return new BurrowError("InvalidInput", `invalid input: ${argument}: ${reason}`, details);
}

/** @internal What the module rejected with, as the `BurrowError` that callers see. */
export async function explained(failure: unknown): Promise<unknown> {
  if (!isFailure(failure)) return failure;
  const { usage, quota } = failure.code === "QuotaExceeded" ? await originStorage() : {};
  return new BurrowError(failure.code, failure.message, { ...failure, usage, quota });
}

/** What the module rejects with. */
interface Failure extends ErrorDetails {
  code: ErrorCode;
  message: string;
}

function isFailure(value: unknown): value is Failure {
  return typeof value === "object" && value !== null && "code" in value && "retryable" in value;
}

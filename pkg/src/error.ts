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
  /** What was asked for is more than one answer holds: ask for less, a page or the ids and then each record by its id. */
  | "TooLarge"
  /** A stored record cannot be read. It was left as it is. */
  | "Decode"
  /** A stored record is sealed under a key that the store was not opened with. It was left as it is. */
  | "WrongKey"
  /**
   * The disk, the origin's quota or a store's `memoryLimit` is full; of the origin's, `usage` and `quota` say how full. Reads and
   * deletes still work: delete something, or ask for persistent storage. On a disk that is full an SQLite file of less than 1 MiB, or one
   * with a snapshot of more than some MiB in its log, has no room for a delete: free something else there first.
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
  /** The browser threw away what the database held: told once. A new, empty one was made; open the store again. */
  | "DataLost"
  /**
   * The database's files are damaged or cannot be opened, and to try again is not known to help: restart the browser, or
   * begin anew by clearing the site's data, in the browser's settings or with the response header `Clear-Site-Data`.
   */
  | "Unopenable"
  /** The store was closed, by the caller or by the browser. */
  | "Closed"
  /** An edge service does not let this token, or this origin, in. Nothing was done. */
  | "Unauthorized"
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

/** An error as plain data, from `error.toJSON()`: it passes through JSON, `postMessage` and logs as it is. */
export interface ErrorData extends Omit<ErrorDetails, "cause"> {
  /** `"BurrowError"`. */
  name: string;
  /** What went wrong, for programs. */
  code: ErrorCode;
  /** What went wrong, for people. */
  message: string;
  /** What it came of: an error by its `name` and `message`, anything else as a string. */
  cause?: { name: string; message: string } | ErrorData | string;
}

// The same in every copy of the package, so that an error is known by whichever copy is asked.
const BRAND = Symbol.for("burrow-store.BurrowError");

/** An object without what its prototype has. */
function ownOf<T extends object>(object: T): T {
  return Object.assign(Object.create(null), object) as T;
}

/** A member as it would be if it was assigned. */
const MEMBER = ownOf({ configurable: true, enumerable: true, writable: true });

const DETAILS = ["argument", "table", "key", "usage", "quota"] as const;

/**
 * Every error that burrow rejects with. Unless its code is `OutcomeUnknown` or `Poisoned`, nothing of the operation was
 * written. `instanceof` knows it whichever entry or copy of the package it comes from.
 */
export class BurrowError extends Error {
  /** `"BurrowError"`. */
  declare readonly name: "BurrowError";
  /** What went wrong, for programs: stable across versions. */
  readonly code: ErrorCode;
  /** Whether the same call, made again unchanged, may succeed. */
  readonly retryable: boolean;
  /** The argument at fault, where there is one: `receipt.sequence`, for example. */
  declare readonly argument?: string;
  /** The table of an unreadable record, with `Decode` and `WrongKey`. */
  declare readonly table?: string;
  /** The key of an unreadable record, as `[column, column]`, with `Decode` and `WrongKey`. */
  declare readonly key?: string;
  /** Bytes that the origin uses, with `QuotaExceeded`, where the browser tells. */
  declare readonly usage?: number;
  /** Bytes that the origin may use, with `QuotaExceeded`, where the browser tells. */
  declare readonly quota?: number;

  /** Makes one as burrow does, for tests of what a program does about it. */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    // Its own members, and nothing that was put on the prototype of all.
    const { cause, retryable = false, ...others } = ownOf(details);
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryable;
    for (const name of DETAILS) {
      const { [name]: value } = ownOf(others);
      if (value !== undefined) Object.defineProperty(this, name, ownOf({ ...MEMBER, value }));
    }
    carry(this);
  }

  /** The error as plain data, which `BurrowError.from` makes an error again. */
  toJSON(): ErrorData {
    const { name, code, message, retryable, cause } = this;
    const own = ownOf<ErrorDetails>(this);
    const details = DETAILS.filter((name) => own[name] !== undefined).map(
      (name) => [name, own[name]] as const,
    );
    const data: ErrorData = { name, code, message, retryable, ...Object.fromEntries(details) };
    return cause === undefined ? data : { ...data, cause: causeData(cause) };
  }

  /**
   * The error that was sent through `structuredClone`, `postMessage` or JSON, as it was before; `undefined` for what was never
   * an error of burrow's. A clone of the error itself has lost its `cause` in browsers that drop it; `toJSON()` keeps it.
   */
  static from(value: unknown): BurrowError | undefined {
    try {
      return restored(value);
    } catch {
      // Its getters throw, or it is a proxy that was revoked.
      return undefined;
    }
  }

  /** @internal */
  get [BRAND](): true {
    return true;
  }

  /** Whether it is an error of burrow's, of this copy of the package or another. */
  static override [Symbol.hasInstance](value: unknown): value is BurrowError {
    if (this !== BurrowError) return Function.prototype[Symbol.hasInstance].call(this, value) as boolean;
    // Read, and not asked for by `in`: a proxy that claims to have every member is none. Nor is one that was revoked.
    try {
      return typeof value === "object" && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
    } catch {
      return false;
    }
  }
}

// Not a member of each error, which would be printed with it. Where `Error.prototype` is frozen, it cannot be assigned.
Object.defineProperty(BurrowError.prototype, "name", ownOf({ ...MEMBER, value: "BurrowError" }));

// Of an error that they clone, platforms keep name, message and stack, and lose all other members
// (https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializeinternal). So the stack ends with them; in
// Firefox, which keeps a stack of its own, the name of the file does.
interface Traces {
  stack?: unknown;
  fileName?: unknown;
}

const CARRIED = /\n? *\[burrow (\{.*\})\]$/;

function carry(error: BurrowError): void {
  const traces = error as Traces;
  const { name: _, message: __, cause: ___, ...data } = error.toJSON();
  const text = `[burrow ${JSON.stringify(ownOf(data))}]`;
  if (typeof traces.fileName === "string") traces.fileName += text;
  else if (typeof traces.stack === "string") traces.stack += `\n    ${text}`;
}

function carried({ stack, fileName }: Traces): Partial<ErrorData> | undefined {
  for (const trace of [stack, fileName]) {
    const [, json] = (typeof trace === "string" && CARRIED.exec(trace)) || [];
    if (json !== undefined) return JSON.parse(json) as Partial<ErrorData>;
  }
  return undefined;
}

function restored(value: unknown): BurrowError | undefined {
  if (value instanceof BurrowError) return value;
  if (typeof value !== "object" || value === null) return undefined;
  const { name, message, cause } = value as { name?: unknown; message?: unknown; cause?: unknown };
  const data = name === "BurrowError" ? (value as Partial<ErrorData>) : carried(value);
  if (typeof data?.code !== "string" || typeof message !== "string") return undefined;
  return new BurrowError(data.code, message, { ...data, cause: causeFrom(cause) });
}

/** Whatever somebody throws may be a cause. */
function causeData(cause: unknown): NonNullable<ErrorData["cause"]> {
  try {
    if (cause instanceof BurrowError) return cause.toJSON();
    if (!isError(cause)) return String(cause);
    return { name: String(cause.name), message: String(cause.message) };
  } catch {
    return UNREADABLE;
  }
}

const UNREADABLE = "an error that cannot be read";

/** @internal What an error says, whatever was thrown. */
export function said(cause: unknown): string {
  try {
    return cause instanceof Error ? String(cause.message) : String(cause);
  } catch {
    return UNREADABLE;
  }
}

function causeFrom(cause: unknown): unknown {
  if (typeof cause !== "object" || cause === null || isError(cause)) return BurrowError.from(cause) ?? cause;
  const { name, message } = cause as { name?: unknown; message?: unknown };
  if (typeof name !== "string" || typeof message !== "string") return cause;
  return (
    BurrowError.from(cause) ??
    Object.defineProperty(new Error(message), "name", ownOf({ ...MEMBER, value: name }))
  );
}

/** Of this realm or another; a `DOMException` too, which older browsers do not count among the errors. */
function isError(value: unknown): value is Error {
  // Not by a regular expression: V8 ends the process where it has to compile one and there is hardly any stack left.
  return ["[object Error]", "[object DOMException]"].includes(Object.prototype.toString.call(value));
}

/** @internal An argument that is not of the form the operation takes. */
export function invalid(argument: string, reason: string, cause?: unknown): BurrowError {
  const details = cause === undefined ? { argument } : { argument, cause };
  return new BurrowError("InvalidInput", `invalid input: ${argument}: ${reason}`, details);
}

/** @internal An argument that threw when it was read: getters, `toJSON` and the traps of a proxy are the caller's. */
export function unreadable(argument: string, cause: unknown): BurrowError {
  return invalid(argument, "it cannot be read: an error was thrown", cause);
}

/** @internal What the module threw or rejected with, as the `BurrowError` that callers see. */
export function translated(failure: unknown, storage: Pick<ErrorDetails, "usage" | "quota"> = {}): unknown {
  return isFailure(failure)
    ? new BurrowError(failure.code, failure.message, { ...failure, ...storage })
    : failure;
}

/** @internal The same, with how full the origin's storage is where that is what failed: the browser's own error is the cause. */
export async function explained(failure: unknown): Promise<unknown> {
  const isFull = isFailure(failure) && failure.code === "QuotaExceeded" && failure.cause !== undefined;
  return translated(failure, isFull ? await originStorage() : {});
}

/** What the module rejects with. */
interface Failure extends ErrorDetails {
  code: ErrorCode;
  message: string;
}

function isFailure(value: unknown): value is Failure {
  // A value that is an Error already was translated, or is the caller's own.
  return (
    typeof value === "object" &&
    value !== null &&
    !(value instanceof Error) &&
    "code" in value &&
    "retryable" in value
  );
}

// SQLite files and open handles, in Node, Deno and Bun.

import { realpathSync, rmSync, statSync, type BigIntStats, type Stats } from "node:fs";
import { resolve, sep } from "node:path";
import { BurrowError, invalid, said } from "./error.js";
import { described } from "./json.js";
import { setTimer } from "./platform.js";
import { giveUpReserve, keepReserve } from "./reserve.js";
import type { Opened, Opening, ServerInstance } from "./server.js";
import { SqliteDatabase, type Connection, type Files } from "./sqlite.js";
import type { Durability } from "./types.js";

/** How long a call waits for another process to finish its transaction. */
const BUSY_MS = 5000;

/** While a file is opened: how long one attempt waits for a lock, and how long until the next one. */
const ATTEMPT_MS = 50;
const PAUSE_MS = 10;

/**
 * Opens the database in a file, which is made if it does not exist. A file that is refused is left as it is. A relative path is meant
 * from where the process is now.
 */
export function openFile(path: unknown, durability?: Durability): Opening {
  const file = checked(path);
  return (instance) => attempts(instance, file, durability);
}

async function attempts(
  instance: ServerInstance,
  file: string,
  durability: Durability = "strict",
): Promise<Opened> {
  const connect = library();
  const deadline = performance.now() + BUSY_MS;
  for (;;) {
    try {
      return inReserve(file, () => attempt(instance, connect, file, durability));
    } catch (error) {
      const isBlocked = error instanceof BurrowError && error.code === "Blocked";
      if (!isBlocked || performance.now() >= deadline) throw error;
      await new Promise<void>((again) => setTimer(again, PAUSE_MS) ?? again());
    }
  }
}

/** Opens a file, which takes some room: where the disk is full, that which is kept back. */
function inReserve(file: string, open: () => Opened): Opened {
  try {
    return open();
  } catch (error) {
    const isFull = error instanceof BurrowError && error.code === "QuotaExceeded";
    if (!isFull || !giveUpReserve(file)) throw error;
    const opened = open();
    keepReserve(realpathSync(file));
    return opened;
  }
}

function checked(path: unknown): string {
  if (typeof path !== "string") throw invalid("options.path", `expected a string, got ${described(path)}`);
  if (path === "") throw invalid("options.path", "expected the name of a file, got an empty string");
  if (path === ":memory:") throw invalid("options.path", 'for a store in memory, pass { backend: "memory" }');
  if (path.startsWith("file:")) {
    const make = "node:url's `fileURLToPath` makes one of an address";
    throw invalid("options.path", `expected a path, got ${described(path)}; ${make}`);
  }
  if (path.includes("\0")) throw invalid("options.path", "a path has no NUL character in it");
  if (/[\ud800-\udfff]/u.test(path)) throw invalid("options.path", "the string holds a lone surrogate");
  const isFolder = path.endsWith("/") || path.endsWith(sep);
  if (isFolder) throw invalid("options.path", `${quoted(path)} names a folder; name a file in it`);
  // Absolute, so that SQLite does not take `:memory:` or `file:…` for something other than a file.
  return resolve(path);
}

function attempt(instance: ServerInstance, connect: Connect, file: string, durability: Durability): Opened {
  const before = found(file);
  const isNew = !before || before.size === 0n;
  const examined = isNew ? undefined : examine(instance, connect, file);
  let database: SqliteDatabase | undefined;
  try {
    database = connected(connect, file, false);
    const canonical = realpathSync(file);
    if (!isNew && identity(canonical) !== examined) {
      throw new BurrowError("Blocked", `blocked: ${quoted(file)} was replaced by another file just now`, {
        retryable: true,
      });
    }
    const opening = database;
    const raw = instance.run(() => instance.bindings.openSqlite(opening, `sqlite:${canonical}`, durability));
    database.files = filesOf(canonical);
    database.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
    return { raw, kind: { backend: "sqlite", durability }, closed: database.closed };
  } catch (error) {
    database?.close();
    if (!before && !(error instanceof BurrowError && error.code === "Blocked")) removeIfEmpty(file);
    throw error;
  }
}

/** The file at a path, `undefined` where there is none; anything else is refused. */
function found(file: string): BigIntStats | undefined {
  const found = stat(file);
  if (found?.isDirectory()) throw invalid("options.path", `${quoted(file)} is a folder; name a file in it`);
  if (found && !found.isFile()) {
    throw invalid("options.path", `${quoted(file)} is a device or a pipe; name a file`);
  }
  if (found) refuseSecondName(found, file);
  else checkFolder(file, resolve(file, ".."));
  return found;
}

/** SQLite keeps the log beside the name that it is given, so what is committed under one of two names is not found under the other. */
function refuseSecondName({ nlink }: BigIntStats, file: string): void {
  if (nlink <= 1n) return;
  const what = `${quoted(file)} has ${nlink} names (hard links), and what is committed under one is lost under another`;
  throw new BurrowError("Unsupported", `unsupported: ${what}; copy the file, and remove the other names`);
}

function checkFolder(file: string, folder: string): void {
  const found = stat(folder);
  if (!found) {
    const what = `cannot create ${quoted(file)}: there is no folder ${quoted(folder)}; create it first`;
    throw new BurrowError("NotFound", `not found: ${what}`);
  }
  if (!found.isDirectory()) {
    throw invalid("options.path", `${quoted(folder)} is a file, so ${quoted(file)} cannot be in it`);
  }
}

/** The entry that a path leads to, if any. */
function stat(file: string): BigIntStats | undefined {
  try {
    return statSync(file, { bigint: true, throwIfNoEntry: false });
  } catch (cause) {
    const { code } = cause as { code?: unknown };
    // So say some platforms of a file within a file.
    if (code === "ENOTDIR") return undefined;
    const what = `${quoted(file)}: opening: ${String(cause)}; this process must be able to reach the file's folder`;
    throw new BurrowError("Unsupported", `unsupported: ${what}`, { cause });
  }
}

/**
 * Refuses a file that is not burrow's, on a connection that changes nothing, and tells which file it was. SQLite would checkpoint
 * and remove a log that another process left, but through a connection that only reads.
 */
function examine(instance: ServerInstance, connect: Connect, file: string): string | undefined {
  const canonical = realpathSync(file);
  const hasLog = (statSync(`${canonical}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  const database = connected(connect, canonical, hasLog);
  try {
    instance.run(() => instance.bindings.isCurrentSqlite(database));
    return identity(canonical);
  } finally {
    database.close();
  }
}

type Connect = (file: string, readOnly: boolean) => Connection;

function connected(connect: Connect, file: string, readOnly: boolean): SqliteDatabase {
  let handle;
  try {
    handle = connect(file, readOnly);
  } catch (cause) {
    throw new BurrowError(
      "Unsupported",
      `unsupported: ${quoted(file)}: opening: ${said(cause)}; this process must be able to write the file and its folder, where ` +
        "SQLite keeps its log",
      { cause },
    );
  }
  const database = new SqliteDatabase(quoted(file), handle, true);
  database.run(`PRAGMA busy_timeout = ${ATTEMPT_MS}`);
  return database;
}

/** Where each of these libraries is, its name is a module of the platform's. */
interface Modules {
  "node:sqlite"?: { DatabaseSync: new (file: string, options: { readOnly: boolean }) => Connection };
  "bun:sqlite"?: { Database: new (file: string, options: object) => Connection };
}

function library(): Connect {
  const { process } = globalThis as {
    process?: {
      version?: string;
      getBuiltinModule?: <Name extends keyof Modules>(name: Name) => Modules[Name] | undefined;
    };
  };
  const bun = "Bun" in globalThis ? process?.getBuiltinModule?.("bun:sqlite") : undefined;
  if (bun) {
    return (file, readOnly) =>
      new bun.Database(file, readOnly ? { readonly: true } : { readwrite: true, create: true });
  }
  const node = process?.getBuiltinModule?.("node:sqlite");
  if (node) return (file, readOnly) => new node.DatabaseSync(file, { readOnly });
  throw new BurrowError(
    "Unsupported",
    `unsupported: options.path: this Node, ${process?.version ?? "of an unknown version"}, has no node:sqlite: use Node 22.13 or ` +
      "newer, or pass { database } with a handle of better-sqlite3",
  );
}

/** Opens a store over a handle that the program has opened, and that stays the program's. */
export function openHandle(handle: unknown, durability?: Durability): Opening {
  return async (instance) => opened(instance, handle, durability);
}

function opened(instance: ServerInstance, handle: unknown, durability?: Durability): Opened {
  const file = fileOf(handle);
  const canonical = file === "" ? undefined : realpathSync(file);
  if (canonical !== undefined) refuseSecondName(statSync(canonical, { bigint: true }), canonical);
  if (canonical === undefined && durability !== undefined) {
    throw new BurrowError(
      "Unsupported",
      "unsupported: nothing is durable in a database in memory, and durability was asked for by name; leave it out if that will do",
    );
  }
  const name = canonical === undefined ? "a database in memory" : quoted(canonical);
  const key = canonical === undefined ? undefined : `sqlite:${canonical}`;
  const inForce = canonical === undefined ? undefined : (durability ?? "strict");
  return inReserve(file, () => {
    const database = new SqliteDatabase(name, handle as Connection, false);
    const raw = instance.run(() => instance.bindings.openSqlite(database, key, inForce));
    if (canonical !== undefined) database.files = filesOf(canonical);
    return { raw, kind: { backend: "sqlite", durability: inForce ?? "none" }, closed: database.closed };
  });
}

/** The file that a handle has open, empty where it is none. */
function fileOf(handle: unknown): string {
  let rows: unknown[][];
  try {
    rows = new SqliteDatabase("", handle as Connection, false).run("PRAGMA database_list");
  } catch (cause) {
    throw invalid("options.database", `${HANDLES}, got ${described(handle)}`, cause);
  }
  const main = rows.find(([, name]) => name === "main");
  if (typeof main?.[2] !== "string") throw invalid("options.database", HANDLES);
  return main[2];
}

const HANDLES = "expected an open database of node:sqlite, bun:sqlite or better-sqlite3";

/**
 * The files of an open database. SQLite does not notice that those it has open are renamed, removed or replaced: what it commits then
 * is found by nobody. So all three are compared, with every transaction.
 */
function filesOf(canonical: string): Files {
  const opened = [canonical, `${canonical}-wal`, `${canonical}-shm`].map((file) => ({
    file,
    is: identity(file),
  }));
  let length = 0;
  return {
    lost() {
      length = 0;
      for (const { file, is } of opened) {
        const found = statSync(file, { throwIfNoEntry: false });
        length += found?.size ?? 0;
        const now = identityOf(found);
        if (now === is) continue;
        const what = now === undefined ? "was removed or moved" : "was replaced by another";
        return `${quoted(file)} ${what} while the database was open, which this store cannot use any more`;
      }
      return undefined;
    },
    reserve: {
      get length() {
        return length;
      },
      keep: (most) => keepReserve(canonical, most),
      giveUp: () => giveUpReserve(canonical),
    },
  };
}

/** Identifies the file behind a path. */
function identity(file: string): string | undefined {
  return identityOf(statSync(file, { throwIfNoEntry: false }));
}

/** On Windows there is nothing to compare: what SQLite has open can be neither removed nor renamed there. */
function identityOf(found: Stats | undefined): string | undefined {
  if (sep === "\\") return "";
  return found && `${found.dev}:${found.ino}`;
}

/** Removes a file that SQLite made and nothing was written to. One that stays does no harm. */
function removeIfEmpty(file: string): void {
  try {
    if (statSync(file, { throwIfNoEntry: false })?.size === 0) rmSync(file);
  } catch {
    // It may not be removed.
  }
}

function quoted(file: string): string {
  return JSON.stringify(file);
}

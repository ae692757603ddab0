// A synchronous SQLite of the platform's, as the module calls it.

/** How long emptying the log waits for others. */
const EMPTYING_MS = 10;

/** A parameter of a statement; a number is the text of its digits. */
export type Parameter = string | Uint8Array;

/** Runs a prepared statement and gives the rows that it returns. */
export type Run = (parameters: Parameter[]) => unknown[][];

/** An open database. `src/engine/sql/javascript.rs` says what each member is for. */
export interface JsDatabase {
  readonly name: string;
  readonly splits: boolean;
  prepare(sql: string): Run;
  transaction(write: boolean, body: () => boolean): void;
  lost(): string | undefined;
  readonly reserve: JsReserve | undefined;
  emptyLog(): boolean;
  code(error: unknown): number | undefined;
  close(): void;
}

/** The file that keeps room on the disk. */
export interface JsReserve {
  readonly length: number;
  keep(length: number): boolean;
  giveUp(): void;
}

/** What becomes of a database's files. */
export interface Files {
  lost(): string | undefined;
  readonly reserve: JsReserve;
}

/** The interface that node:sqlite, bun:sqlite and better-sqlite3 have in common. */
export interface Connection {
  prepare(sql: string): Statement;
  close(): void;
}

interface Statement {
  all(...parameters: Parameter[]): unknown[];
  /** Node's. */
  setReturnArrays?(enabled: boolean): void;
  /** Bun's. */
  values?(...parameters: Parameter[]): unknown[][] | null;
  finalize?(): void;
  /** better-sqlite3's. */
  reader?: boolean;
  raw?(enabled: boolean): unknown;
  run(...parameters: Parameter[]): unknown;
}

/** A database that a library of the platform's has open. */
export class SqliteDatabase implements JsDatabase {
  readonly name: string;
  readonly splits = false;
  /** Resolves once it is let go. */
  readonly closed: Promise<void>;
  /** Set once they are all there; a database in memory has none. */
  files: Files | undefined;
  readonly #handle: Connection;
  readonly #isOurs: boolean;
  readonly #statements: Statement[] = [];
  readonly #prepared = new Map<string, Run>();
  #isClosed!: () => void;

  /** A handle that is not ours is not closed. */
  constructor(name: string, handle: Connection, isOurs: boolean) {
    this.name = name;
    this.#handle = handle;
    this.#isOurs = isOurs;
    this.closed = new Promise((resolve) => (this.#isClosed = resolve));
  }

  prepare(sql: string): Run {
    let prepared = this.#prepared.get(sql);
    if (!prepared) {
      const statement = this.#handle.prepare(sql);
      this.#statements.push(statement);
      prepared = runOf(statement);
      this.#prepared.set(sql, prepared);
    }
    return prepared;
  }

  transaction(write: boolean, body: () => boolean): void {
    this.run(write ? "BEGIN IMMEDIATE" : "BEGIN");
    let commits = false;
    try {
      commits = body();
      if (commits) this.run("COMMIT");
    } catch (error) {
      this.#rollBack();
      throw error;
    }
    if (!commits) this.#rollBack();
  }

  lost(): string | undefined {
    return this.files?.lost();
  }

  get reserve(): JsReserve | undefined {
    return this.files?.reserve;
  }

  emptyLog(): boolean {
    if (!this.files) return false;
    const waits = Number(this.run("PRAGMA busy_timeout")[0]?.[0]);
    try {
      // Otherwise each call on a full disk would wait for another's reader as long as for a writer.
      this.run(`PRAGMA busy_timeout = ${EMPTYING_MS}`);
      const isBlocked = this.run("PRAGMA wal_checkpoint(TRUNCATE)")[0]?.[0];
      return Number(isBlocked) === 0;
    } catch {
      return false;
    } finally {
      this.run(`PRAGMA busy_timeout = ${waits}`);
    }
  }

  /** Runs a statement without parameters. */
  run(sql: string): unknown[][] {
    return this.prepare(sql)([]);
  }

  code(error: unknown): number | undefined {
    const { errcode, code } = error as { errcode?: unknown; code?: unknown };
    return typeof errcode === "number" ? errcode : codeNamed(String(code));
  }

  close(): void {
    // Bun's close leaves a file open whose statements are not finalized.
    for (const statement of this.#statements) statement.finalize?.();
    this.#statements.length = 0;
    this.#prepared.clear();
    if (this.#isOurs) this.#handle.close();
    this.#isClosed();
  }

  #rollBack(): void {
    try {
      this.run("ROLLBACK");
    } catch {
      // SQLite itself has rolled back: after some errors it does.
    }
  }
}

/** How a statement is run. */
function runOf(statement: Statement): Run {
  // Bun's; of the others each has a method that it lacks.
  if (statement.values) return (parameters) => statement.values?.(...parameters) ?? [];
  if (statement.raw && !statement.reader) {
    return (parameters) => {
      statement.run(...parameters);
      return [];
    };
  }
  statement.raw?.(true);
  statement.setReturnArrays?.(true);
  return (parameters) => statement.all(...parameters).map(cells);
}

/** A row; an older Node has no arrays, but objects in the order of the columns. */
function cells(row: unknown): unknown[] {
  return Array.isArray(row) ? row : Object.values(row as object);
}

/** The code whose name is in a text. */
export function codeNamed(text: string): number | undefined {
  return CODES[/\bSQLITE_(IOERR_SHMSIZE|[A-Z]+)/.exec(text)?.[1] ?? ""];
}

/** The codes that the module tells apart (https://sqlite.org/rescode.html). */
const CODES: Record<string, number> = {
  BUSY: 5,
  LOCKED: 6,
  READONLY: 8,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  TOOBIG: 18,
  NOTADB: 26,
  IOERR_SHMSIZE: 4874,
};

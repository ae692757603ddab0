// A store in a Durable Object's own SQLite.

import { BurrowError, invalid } from "./error.js";
import { described } from "./json.js";
import type { Opened, Opening, ServerInstance } from "./server.js";
import { codeNamed, type JsDatabase, type Run } from "./sqlite.js";
import type { DurableObjectStorage, Durability } from "./types.js";

/** Opens a store in the storage of the Durable Object that this code runs in. */
export function openStorage(storage: unknown, durability?: Durability): Opening {
  return async (instance) => opened(instance, storage, durability);
}

function opened(instance: ServerInstance, storage: unknown, durability?: Durability): Opened {
  const database = new ObjectDatabase(checked(storage));
  if (durability === "relaxed") {
    throw new BurrowError(
      "Unsupported",
      "unsupported: options.durability: a Durable Object's is strict, always",
    );
  }
  const raw = instance.run(() => instance.bindings.openSqlite(database, undefined, undefined));
  return {
    raw,
    kind: { backend: "durable-object", durability: "strict" },
    closed: database.closed,
    flush: () => database.storage.sync(),
  };
}

function checked(storage: unknown): DurableObjectStorage {
  const { sql, transactionSync } = (storage ?? {}) as Partial<DurableObjectStorage>;
  if (typeof sql?.exec !== "function" || typeof transactionSync !== "function") {
    throw invalid(
      "options.storage",
      `expected \`ctx.storage\` of a Durable Object, got ${described(storage)}`,
    );
  }
  try {
    sql.exec("SELECT 1");
  } catch (cause) {
    throw new BurrowError(
      "Unsupported",
      `unsupported: options.storage: ${String(cause)}; this class of Durable Objects has no SQLite: name it under ` +
        "`new_sqlite_classes` in its migration",
      { cause },
    );
  }
  return storage as DurableObjectStorage;
}

/** Thrown out of a transaction so that the storage undoes it. */
const ROLL_BACK = Symbol("roll back");

/** The storage, as the module calls it. */
export class ObjectDatabase implements JsDatabase {
  readonly name = "the Durable Object's storage";
  readonly splits = true;
  readonly reserve = undefined;
  readonly storage: DurableObjectStorage;
  /** Resolves once it is let go. */
  readonly closed: Promise<void>;
  #isClosed!: () => void;

  constructor(storage: DurableObjectStorage) {
    this.storage = storage;
    this.closed = new Promise((resolve) => (this.#isClosed = resolve));
  }

  /** Always false: an object cannot reach the platform's log. */
  emptyLog(): boolean {
    return false;
  }

  prepare(sql: string): Run {
    return (parameters) => [...this.storage.sql.exec(sql, ...parameters).raw()];
  }

  /** Reads need no transaction: nobody else runs between statements that follow each other. */
  transaction(write: boolean, body: () => boolean): void {
    if (!write) {
      body();
      return;
    }
    try {
      this.storage.transactionSync(() => {
        if (!body()) throw ROLL_BACK;
      });
    } catch (error) {
      if (error !== ROLL_BACK) throw error;
    }
  }

  lost(): undefined {
    return undefined;
  }

  /** The platform's errors have SQLite's code at the end of their message. */
  code(error: unknown): number | undefined {
    return codeNamed(String(error));
  }

  close(): void {
    this.#isClosed();
  }
}

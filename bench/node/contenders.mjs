// burrow in an SQLite file in Node, and the same written by hand: WAL, `synchronous=FULL`, `BEGIN IMMEDIATE`, statements prepared once.

import { createRequire } from "node:module";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "../../pkg/dist/node.js";

const environments = new URL("../../tests/packaging/environments/package.json", import.meta.url);
const BetterSqlite3 = createRequire(environments)("better-sqlite3");

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS receipts (
    runtime_id TEXT NOT NULL, run_id TEXT NOT NULL, sequence INTEGER NOT NULL, receipt_json BLOB NOT NULL,
    PRIMARY KEY (runtime_id, run_id, sequence));
  CREATE TABLE IF NOT EXISTS inputs (
    runtime_id TEXT NOT NULL, input_id TEXT NOT NULL, state_json BLOB NOT NULL, PRIMARY KEY (runtime_id, input_id));
  CREATE TABLE IF NOT EXISTS sessions (runtime_id TEXT PRIMARY KEY, snapshot BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS cursors (mob_id TEXT PRIMARY KEY, value TEXT NOT NULL);`;

const bytes = (value) => Buffer.from(JSON.stringify(value));
const value = (row, name) => (row === undefined ? undefined : row[name]);

/** By hand, on a library: without a check that a receipt is new, of what is stored, or of a claim. */
function byHand(connect) {
  return async (file) => {
    const database = connect(file);
    database.exec(SCHEMA);
    const prepare = (sql) => database.prepare(sql);
    const begin = prepare("BEGIN IMMEDIATE");
    const commit = prepare("COMMIT");
    const put = {
      receipt: prepare("INSERT INTO receipts VALUES (?, ?, ?, ?)"),
      input: prepare(
        "INSERT INTO inputs VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET state_json = excluded.state_json",
      ),
      session: prepare(
        "INSERT INTO sessions VALUES (?, ?) ON CONFLICT DO UPDATE SET snapshot = excluded.snapshot",
      ),
      cursor: prepare("INSERT INTO cursors VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"),
    };
    const session = prepare("SELECT snapshot FROM sessions WHERE runtime_id = ?");
    const inputs = prepare("SELECT state_json FROM inputs WHERE runtime_id = ? ORDER BY input_id");
    const receipt = prepare(
      "SELECT receipt_json FROM receipts WHERE runtime_id = ? AND run_id = ? AND sequence = ?",
    );
    const cursor = prepare("SELECT value FROM cursors WHERE mob_id = ?");
    const within = (work) => {
      begin.run();
      work();
      commit.run();
    };
    const parsed = (text) => JSON.parse(Buffer.from(text).toString());
    const write = (runtime, boundary) => {
      put.receipt.run(runtime, boundary.receipt.run_id, boundary.receipt.sequence, bytes(boundary.receipt));
      put.session.run(runtime, boundary.session);
      for (const input of boundary.inputs) put.input.run(runtime, input.input_id, bytes(input));
    };
    return {
      boundary: async (runtime, boundary) => within(() => write(runtime, boundary)),
      boundaries: async (boundaries) =>
        within(() => boundaries.forEach(([runtime, boundary]) => write(runtime, boundary))),
      input: async (runtime, input) => within(() => put.input.run(runtime, input.input_id, bytes(input))),
      setCursor: async (mob, at) => within(() => put.cursor.run(mob, String(at))),
      session: async (runtime) => new Uint8Array(value(session.get(runtime), "snapshot")),
      inputs: async (runtime) => inputs.all(runtime).map((row) => parsed(row.state_json)),
      receipt: async (runtime, run, sequence) =>
        parsed(value(receipt.get(runtime, run, sequence), "receipt_json")),
      cursor: async (mob) => Number(value(cursor.get(mob), "value")),
      close: () => database.close(),
    };
  };
}

/** burrow, over its published API. */
function burrow(options) {
  return async (file) => {
    const { opened, close = () => {} } = options(file);
    const store = await openStore(opened);
    return {
      boundary: (runtime, commit) => store.runtime(runtime).commitBoundary(commit),
      input: (runtime, input) => store.runtime(runtime).persistInput(input),
      setCursor: (mob, cursor) => store.setCursor(mob, cursor),
      session: (runtime) => store.runtime(runtime).session(),
      inputs: (runtime) => store.runtime(runtime).inputs(),
      receipt: (runtime, run, sequence) => store.runtime(runtime).receipt(run, sequence),
      cursor: (mob) => store.getCursor(mob),
      async close() {
        await store.close();
        close();
      },
    };
  };
}

/** The first is who the ratios are to. */
export const contenders = [
  { name: "better-sqlite3 by hand", u64: Number, open: byHand((file) => new BetterSqlite3(file)) },
  { name: "node:sqlite by hand", u64: Number, open: byHand((file) => new DatabaseSync(file)) },
  { name: "burrow, path", u64: BigInt, open: burrow((path) => ({ opened: { path } })) },
  {
    name: "burrow, better-sqlite3",
    u64: BigInt,
    open: burrow((file) => {
      const database = new BetterSqlite3(file);
      return { opened: { database }, close: () => database.close() };
    }),
  },
];

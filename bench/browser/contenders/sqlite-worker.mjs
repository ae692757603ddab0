// The worker behind `sqlite.mjs`: a database in the OPFS pool, in WAL mode, its statements prepared once.

import sqlite3InitModule from "@sqlite.org/sqlite-wasm";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS receipts (
    runtime_id TEXT, run_id TEXT, sequence INTEGER, json TEXT, PRIMARY KEY (runtime_id, run_id, sequence)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS inputs (
    runtime_id TEXT, input_id TEXT, json TEXT, PRIMARY KEY (runtime_id, input_id)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS sessions (runtime_id TEXT PRIMARY KEY, snapshot BLOB);
  CREATE TABLE IF NOT EXISTS cursors (mob_id TEXT PRIMARY KEY, cursor INTEGER) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS labels (
    mob_id TEXT, run_id TEXT, json TEXT, PRIMARY KEY (mob_id, run_id)
  ) WITHOUT ROWID;
`;

const STATEMENTS = {
  begin: "BEGIN IMMEDIATE",
  commit: "COMMIT",
  rollback: "ROLLBACK",
  putReceipt: "INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?)",
  putInput: "INSERT OR REPLACE INTO inputs VALUES (?, ?, ?)",
  putSession: "INSERT OR REPLACE INTO sessions VALUES (?, ?)",
  putCursor: "INSERT OR REPLACE INTO cursors VALUES (?, ?)",
  putLabels: "INSERT OR REPLACE INTO labels VALUES (?, ?, ?)",
  inputs: "SELECT json FROM inputs WHERE runtime_id = ? ORDER BY input_id",
  session: "SELECT snapshot FROM sessions WHERE runtime_id = ?",
  receipt: "SELECT json FROM receipts WHERE runtime_id = ? AND run_id = ? AND sequence = ?",
  cursor: "SELECT cursor FROM cursors WHERE mob_id = ?",
  labels: "SELECT * FROM labels",
  select: "SELECT * FROM labels WHERE json ->> ? = ?",
};

let pool, db, statements;

const methods = {
  async open(name, durability) {
    const sqlite3 = await sqlite3InitModule();
    // The pool locks its files, so each database gets one of its own.
    pool = await sqlite3.installOpfsSAHPoolVfs({ name: `pool of ${name}`, directory: `/${name}` });
    db = new pool.OpfsSAHPoolDb("/bench.sqlite3");
    // Without shared memory WAL wants the file to itself.
    db.exec("PRAGMA locking_mode = EXCLUSIVE");
    const mode = db.selectValue("PRAGMA journal_mode = WAL");
    if (mode !== "wal") throw new Error(`journal_mode stays ${mode}`);
    db.exec(`PRAGMA synchronous = ${durability === "strict" ? "FULL" : "NORMAL"}`);
    db.exec(SCHEMA);
    const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, db.prepare(sql)]);
    statements = Object.fromEntries(prepared);
  },
  boundary(runtime, { receipt, session, inputs }) {
    run("begin");
    try {
      if (session) run("putSession", runtime, session);
      for (const input of inputs) methods.input(runtime, input);
      run("putReceipt", runtime, receipt.run_id, receipt.sequence, JSON.stringify(receipt));
      run("commit");
    } catch (error) {
      run("rollback");
      throw error;
    }
  },
  input: (runtime, input) => run("putInput", runtime, input.input_id, JSON.stringify(input)),
  setCursor: (mob, cursor) => run("putCursor", mob, cursor),
  setLabels: ({ mob, run: id, labels }) => run("putLabels", mob, id ?? "", JSON.stringify(labels)),
  inputs: (runtime) => rows("inputs", runtime).map((json) => JSON.parse(json)),
  session: (runtime) => rows("session", runtime)[0],
  receipt: (runtime, run, sequence) => JSON.parse(rows("receipt", runtime, run, sequence)[0]),
  cursor: (mob) => rows("cursor", mob)[0],
  labels: () => entries(allRows("labels")),
  select: (key, value) => entries(allRows("select", key, value)),
  close() {
    for (const statement of Object.values(statements)) statement.finalize();
    db.close();
    pool.pauseVfs();
  },
};

function run(name, ...values) {
  const statement = statements[name];
  if (values.length > 0) statement.bind(values);
  statement.stepReset();
}

/** The first column of each row. */
function rows(name, ...values) {
  return allRows(name, ...values).map(([first]) => first);
}

function allRows(name, ...values) {
  const statement = statements[name];
  if (values.length > 0) statement.bind(values);
  const found = [];
  while (statement.step()) found.push(statement.get([]));
  statement.reset();
  return found;
}

function entries(found) {
  return found.map(([mob, run, json]) => ({ mob, run, labels: JSON.parse(json) }));
}

onmessage = async ({ data: { call, method, args } }) => {
  try {
    postMessage({ call, value: await methods[method](...args) });
  } catch (error) {
    postMessage({ call, error: String(error?.stack ?? error) });
  }
};

//! SQLite in a file: by hand on rusqlite, and burrow; all in WAL mode with `synchronous=FULL`.

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use burrow::{LogicalRuntimeId, RunBoundaryReceipt, RunId, SqliteRuntimeStore, StoredInputState};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use super::{
    contender::{Boundary, Contender},
    rounds::{Lane, Rounds},
    workloads::{AtOnce, Boundaries, Inputs, Load},
};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS receipts (
        runtime_id TEXT NOT NULL, run_id TEXT NOT NULL, sequence INTEGER NOT NULL, receipt_json BLOB NOT NULL,
        PRIMARY KEY (runtime_id, run_id, sequence));
    CREATE TABLE IF NOT EXISTS inputs (
        runtime_id TEXT NOT NULL, input_id TEXT NOT NULL, state_json BLOB NOT NULL,
        PRIMARY KEY (runtime_id, input_id));
    CREATE TABLE IF NOT EXISTS sessions (runtime_id TEXT PRIMARY KEY, snapshot BLOB NOT NULL);";

/// Runs the workloads on SQLite and prints their table.
pub fn run(rounds: &Rounds, inputs: usize) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let files = Files { folder, made: Default::default() };
    let kept = "rusqlite, one connection kept open";
    let per_call = "rusqlite, one opened per call";
    let burrow = "burrow on SQLite";

    println!("On SQLite, in a file:\n");
    rounds.print(vec![
        (
            "W1 boundary commit",
            20,
            vec![
                Lane::new(kept, Boundaries::new(files.kept())),
                Lane::new(per_call, Boundaries::new(files.per_call())),
                Lane::new(burrow, Boundaries::new(files.burrow())),
            ],
        ),
        (
            "W1 of 16 tasks at once, each",
            4,
            vec![
                Lane::new(kept, AtOnce::new(files.kept())),
                Lane::new(per_call, AtOnce::new(files.per_call())),
                Lane::new(burrow, AtOnce::new(files.burrow())),
            ],
        ),
        (
            "W2 one input",
            20,
            vec![
                Lane::new(kept, Inputs::new(files.kept())),
                Lane::new(per_call, Inputs::new(files.per_call())),
                Lane::new(burrow, Inputs::new(files.burrow())),
            ],
        ),
        (
            "W4 load inputs",
            1,
            vec![
                Lane::new(kept, Load::new(files.kept(), inputs)),
                Lane::new(per_call, Load::new(files.per_call(), inputs)),
                Lane::new(burrow, Load::new(files.burrow(), inputs)),
            ],
        ),
    ]);
}

/// New databases, on the disk that the project is on: a folder for temporary files may be in memory.
struct Files {
    folder: TempDir,
    made: std::cell::Cell<usize>,
}

impl Files {
    fn next(&self) -> PathBuf {
        self.made.set(self.made.get() + 1);
        self.folder.path().join(format!("{}.sqlite", self.made.get()))
    }

    fn kept(&self) -> Kept {
        Kept(Mutex::new(create(&self.next())))
    }

    fn per_call(&self) -> PerCall {
        let path = self.next();
        create(&path);
        PerCall(path)
    }

    fn burrow(&self) -> SqliteRuntimeStore {
        pollster::block_on(SqliteRuntimeStore::open(self.next())).unwrap()
    }
}

/// A new database. It stays in write-ahead mode; to ask for that again while others are at work may fail.
fn create(path: &Path) -> Connection {
    let connection = open(path);
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    connection.execute_batch(SCHEMA).unwrap();
    connection
}

fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(60)).unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection
}

/// One connection, which callers share behind a mutex.
struct Kept(Mutex<Connection>);

/// A connection opened for each call, as meerkat's own store does.
struct PerCall(PathBuf);

trait Connected: Send + Sync + 'static {
    fn with<T>(&self, body: impl FnOnce(&mut Connection) -> T) -> T;
}

impl Connected for Kept {
    fn with<T>(&self, body: impl FnOnce(&mut Connection) -> T) -> T {
        body(&mut self.0.lock().unwrap())
    }
}

impl Connected for PerCall {
    fn with<T>(&self, body: impl FnOnce(&mut Connection) -> T) -> T {
        body(&mut open(&self.0))
    }
}

impl<C: Connected> Contender for C {
    const BLOCKS: bool = true;

    async fn boundary(&self, runtime: &LogicalRuntimeId, Boundary { session, receipt, inputs }: Boundary) {
        self.with(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
            let put = "INSERT OR REPLACE INTO sessions VALUES (?1, ?2)";
            let session = &*session.session_snapshot;
            transaction.prepare_cached(put).unwrap().execute(params![runtime.as_str(), session]).unwrap();
            for input in &inputs {
                put_input(&transaction, runtime, input);
            }
            let put = "INSERT INTO receipts VALUES (?1, ?2, ?3, ?4)";
            let json = serde_json::to_vec(&receipt).unwrap();
            let key = (runtime.as_str(), receipt.run_id.to_string(), receipt.sequence.cast_signed());
            transaction.prepare_cached(put).unwrap().execute(params![key.0, key.1, key.2, json]).unwrap();
            transaction.commit().unwrap();
        });
    }

    async fn input(&self, runtime: &LogicalRuntimeId, input: &StoredInputState) {
        self.with(|connection| put_input(connection, runtime, input));
    }

    async fn inputs(&self, runtime: &LogicalRuntimeId) -> Vec<StoredInputState> {
        self.with(|connection| {
            let get = "SELECT state_json FROM inputs WHERE runtime_id = ?1 ORDER BY input_id";
            let mut prepared = connection.prepare_cached(get).unwrap();
            let mut rows = prepared.query([runtime.as_str()]).unwrap();
            let mut inputs = Vec::new();
            while let Some(row) = rows.next().unwrap() {
                inputs.push(parsed(row));
            }
            inputs
        })
    }

    async fn session(&self, runtime: &LogicalRuntimeId) -> Option<Vec<u8>> {
        self.with(|connection| {
            let get = "SELECT snapshot FROM sessions WHERE runtime_id = ?1";
            connection.query_row(get, [runtime.as_str()], |row| row.get(0)).optional().unwrap()
        })
    }

    async fn receipt(&self, runtime: &LogicalRuntimeId, run: &RunId, sequence: u64) -> Option<RunBoundaryReceipt> {
        self.with(|connection| {
            let get = "SELECT receipt_json FROM receipts WHERE runtime_id = ?1 AND run_id = ?2 AND sequence = ?3";
            let key = params![runtime.as_str(), run.to_string(), sequence.cast_signed()];
            connection.query_row(get, key, |row| Ok(parsed(row))).optional().unwrap()
        })
    }
}

fn put_input(connection: &Connection, runtime: &LogicalRuntimeId, input: &StoredInputState) {
    let put = "INSERT OR REPLACE INTO inputs VALUES (?1, ?2, ?3)";
    let json = serde_json::to_vec(input).unwrap();
    let row = params![runtime.as_str(), input.input_id.to_string(), json];
    connection.prepare_cached(put).unwrap().execute(row).unwrap();
}

/// The JSON in the first column.
fn parsed<T: DeserializeOwned>(row: &rusqlite::Row<'_>) -> T {
    serde_json::from_slice(row.get_ref(0).unwrap().as_bytes().unwrap()).unwrap()
}

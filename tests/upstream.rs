//! Databases that meerkat-runtime 0.6 and mobkit 0.6 have written: every row is read, and what burrow writes beside
//! them has their form.
#![cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod samples;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use burrow::{
    InputId, LogicalRuntimeId, MetadataStoreError, PersistentMetadataStore, RunBoundary, RunBoundaryReceipt, RunId,
    RuntimeState, RuntimeStore, RuntimeStoreError, SessionDelta, SessionId, SqliteRuntimeStore, store::schema::TABLES,
};
use rusqlite::{Connection, OpenFlags, types::Value as Cell};
use samples::{queued, runtime};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::TempDir;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/upstream-0.6");

/// The rows that the database has, as JSON.
fn expected(table: &str) -> Vec<Value> {
    let json = std::fs::read(format!("{FIXTURE}.json")).unwrap();
    let all: BTreeMap<String, Value> = serde_json::from_slice(&json).unwrap();
    all[table].as_array().unwrap().clone()
}

fn copy() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("upstream.sqlite");
    std::fs::copy(format!("{FIXTURE}.sqlite"), &path).unwrap();
    (folder, path)
}

fn receipt(sequence: u64) -> RunBoundaryReceipt {
    RunBoundaryReceipt::new(RunId::new(), RunBoundary::RunStart, sequence)
}

fn snapshot(text: &str) -> SessionDelta {
    SessionDelta::new(text.as_bytes())
}

fn id<T: DeserializeOwned>(row: &Value, member: &str) -> T {
    serde_json::from_value(row[member].clone()).unwrap()
}

fn rows(connection: &Connection, sql: &str) -> Vec<Vec<Cell>> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|i| row.get(i)).collect()).unwrap();
    rows.map(rusqlite::Result::unwrap).collect()
}

fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    let text = |row: Vec<Cell>| match row.into_iter().next() {
        Some(Cell::Text(text)) => text,
        other => panic!("{other:?}"),
    };
    rows(connection, sql).into_iter().map(text).collect()
}

fn upstream_tables() -> Vec<String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(format!("{FIXTURE}.sqlite"), flags).unwrap();
    texts(&connection, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
}

fn columns(connection: &Connection, table: &str) -> Vec<String> {
    texts(connection, &format!("SELECT name FROM pragma_table_info('{table}')"))
}

#[tokio::test]
async fn every_input_is_read() {
    let (_folder, path) = copy();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let inputs = expected("input_states");
    assert_eq!(inputs.len(), 36);
    let mut by_runtime: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for row in &inputs {
        let stored = store.load_input_state(&id(row, "runtime_id"), &id(row, "input_id")).await.unwrap().unwrap();
        assert_eq!(serde_json::to_value(stored).unwrap(), row["state"]);
        by_runtime.entry(id(row, "runtime_id")).or_default().push(row["state"].clone());
    }
    for (id, mut states) in by_runtime {
        states.sort_by_key(|state| state["input_id"].to_string());
        let stored = store.load_input_states(&runtime(&id)).await.unwrap();
        assert_eq!(serde_json::to_value(stored).unwrap(), Value::Array(states), "{id}");
    }
}

#[tokio::test]
async fn every_receipt_is_read() {
    let (_folder, path) = copy();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let receipts = expected("receipts");
    assert_eq!(receipts.len(), 18);
    for row in receipts {
        let (runtime, run, sequence) = (id(&row, "runtime_id"), id(&row, "run_id"), id(&row, "sequence"));
        let stored = store.load_boundary_receipt(&runtime, &run, sequence).await.unwrap();
        assert_eq!(serde_json::to_value(stored.unwrap()).unwrap(), row["receipt"]);
    }
}

#[tokio::test]
async fn every_snapshot_and_state_is_read() {
    let (_folder, path) = copy();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let (snapshots, states) = (expected("session_snapshots"), expected("runtime_states"));
    assert_eq!((snapshots.len(), states.len()), (3, 3));
    for row in snapshots {
        let stored = store.load_session_snapshot(&id(&row, "runtime_id")).await.unwrap().unwrap();
        assert_eq!(stored, row["snapshot"].as_str().unwrap().as_bytes());
    }
    for row in states {
        let stored = store.load_runtime_state(&id(&row, "runtime_id")).await.unwrap();
        assert_eq!(stored, Some(id(&row, "state")));
    }
}

#[tokio::test]
async fn every_operation_registry_and_oauth_flow_is_read() {
    let (_folder, path) = copy();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let (registries, flows) = (expected("ops_lifecycle"), expected("oauth"));
    assert_eq!((registries.len(), flows.len()), (3, 1));
    for row in registries {
        let stored = store.load_ops_lifecycle(&id(&row, "runtime_id")).await.unwrap().unwrap();
        assert_eq!(serde_json::to_value(stored).unwrap(), row["snapshot"]);
    }
    let stored = store.load_auth_oauth_flow_snapshot().await.unwrap().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&stored).unwrap(), flows[0]["state"]);
}

/// Nothing of the file is left unread: each table's rows are as many as the tests above have read.
#[tokio::test]
async fn every_runtime_and_mob_is_listed() {
    let (_folder, path) = copy();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let runtimes = ["agent-2", "rt:session:01a20127-b8d0-74b9-87d6-01d881759474", "агент-ß/ポチ"];
    assert_eq!(store.list_runtimes(None, 10).await.unwrap(), runtimes.map(runtime));
    assert_eq!(store.list_mobs(None, 10).await.unwrap(), ["mob-a", "mob-b", "mob-broken", "моб"]);
    let mut receipts = 0;
    for id in runtimes.map(runtime) {
        assert_eq!(store.list_runs(&id, None, 10).await.unwrap().len(), 2);
        receipts += store.list_receipts(&id, None, 100).await.unwrap().len();
    }
    assert_eq!(receipts, expected("receipts").len());
}

#[tokio::test]
async fn every_cursor_is_read() {
    let (_folder, path) = copy();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let mut read = Vec::new();
    for row in expected("mobkit_metadata") {
        let [mob, key, value] = [0, 1, 2].map(|i| row[i].as_str().unwrap().to_owned());
        assert_eq!(key, "subscription_cursor");
        match store.get_subscription_cursor(&mob).await {
            Ok(cursor) => assert_eq!(cursor.unwrap().to_string(), value),
            Err(MetadataStoreError::Decode { table, key, reason }) => {
                assert_eq!((&*mob, &*value), ("mob-broken", "not a number"));
                assert_eq!((table, &*key), ("mobkit_metadata", "[mob-broken, subscription_cursor]"));
                assert!(reason.contains("not a number"), "{reason}");
            }
            other => panic!("{mob}: {other:?}"),
        }
        read.push(value);
    }
    assert_eq!(read, ["42", "18446744073709551615", "not a number", "0"]);
}

#[tokio::test]
async fn opening_changes_no_row_and_no_table() {
    let (_folder, path) = copy();
    let dump = || {
        let connection = Connection::open(&path).unwrap();
        let table = |table: &String| {
            // All but the index of live inputs, and the column of sums with its triggers, of which upstream knows nothing.
            let made_by = format!(
                "SELECT replace(sql, ', burrow_sum BLOB', '') FROM sqlite_master \
                 WHERE tbl_name = '{table}' AND name NOT LIKE 'burrow_%'"
            );
            let columns = columns(&connection, table).into_iter().filter(|column| column != "burrow_sum");
            let columns = columns.collect::<Vec<_>>().join(", ");
            let made_by = rows(&connection, &made_by);
            (made_by, rows(&connection, &format!("SELECT {columns} FROM {table} ORDER BY rowid")))
        };
        upstream_tables().iter().map(table).collect::<Vec<_>>()
    };
    let before = dump();
    SqliteRuntimeStore::open(&path).await.unwrap();
    assert_eq!(dump(), before);
}

/// A new file's tables have the names, columns, types, constraints and keys of upstream's.
#[tokio::test]
async fn our_tables_are_made_as_upstreams_are() {
    let (folder, upstream) = copy();
    let new = folder.path().join("new.sqlite");
    SqliteRuntimeStore::open(&new).await.unwrap();
    let (upstream, new) = (Connection::open(upstream).unwrap(), Connection::open(new).unwrap());
    let shared: Vec<_> =
        TABLES.into_iter().map(|table| table.name).filter(|name| !name.starts_with("burrow_")).collect();
    assert_eq!(shared.len(), 7);
    for table in shared {
        let info = format!("SELECT * FROM pragma_table_info('{table}') WHERE name <> 'burrow_sum'");
        assert!(!columns(&upstream, table).is_empty(), "{table}");
        assert_eq!(rows(&new, &info), rows(&upstream, &info), "{table}");
    }
}

#[tokio::test]
async fn what_we_write_has_the_form_of_what_upstream_wrote() {
    let (_folder, path) = copy();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let connection = Connection::open(&path).unwrap();
    let storage_classes = || {
        let mut all = BTreeMap::new();
        for table in upstream_tables() {
            for column in columns(&connection, &table) {
                let sql = format!("SELECT DISTINCT typeof({column}) FROM {table} ORDER BY 1");
                all.insert(format!("{table}.{column}"), texts(&connection, &sql));
            }
        }
        all
    };
    let form = || {
        let info = |table: &String| rows(&connection, &format!("SELECT * FROM pragma_table_info('{table}')"));
        upstream_tables().iter().map(info).collect::<Vec<_>>()
    };
    let sessions = || rows(&connection, "SELECT * FROM sessions ORDER BY rowid");
    let count = |table: &str| rows(&connection, &format!("SELECT rowid FROM {table}")).len();
    let (classes_before, form_before, sessions_before) = (storage_classes(), form(), sessions());
    assert!(classes_before.values().all(|classes| classes.len() == 1), "{classes_before:?}");
    assert_eq!(classes_before["runtime_boundary_receipts.sequence"], ["integer"]);

    let key = SessionId::new();
    let id = LogicalRuntimeId::for_session(key);
    let session = snapshot(&format!(r#"{{"id":"{key}"}}"#));
    store.atomic_apply(&id, Some(session), receipt((1 << 63) - 1), vec![queued(), queued()], Some(key)).await.unwrap();
    let step = RuntimeState::Initializing.step(RuntimeState::Idle).unwrap();
    store.commit_machine_lifecycle(&id, step, &[queued()]).await.unwrap();
    store.set_subscription_cursor("new mob", u64::MAX).await.unwrap();
    let registry = store.load_ops_lifecycle(&runtime("agent-2")).await.unwrap().unwrap();
    store.persist_ops_lifecycle(&id, &registry).await.unwrap();
    // And over rows of upstream's.
    store.persist_ops_lifecycle(&runtime("agent-2"), &registry).await.unwrap();
    store.update_auth_oauth_flow_snapshot(Box::new(|flows| Ok(flows.unwrap().to_vec()))).await.unwrap();
    store.set_subscription_cursor("mob-a", 43).await.unwrap();
    let theirs = runtime("агент-ß/ポチ");
    let input = store.load_input_states(&theirs).await.unwrap().remove(0);
    store.persist_input_state(&theirs, &input).await.unwrap();
    store.commit_session_snapshot(&theirs, snapshot("{}")).await.unwrap();
    let step = RuntimeState::Idle.step(RuntimeState::Running).unwrap();
    store.commit_machine_lifecycle(&runtime("agent-2"), step, &[]).await.unwrap();

    let counts = ["runtime_input_states", "runtime_boundary_receipts", "runtime_session_snapshots"].map(count);
    assert_eq!((counts, count("runtime_states"), count("mobkit_metadata")), ([39, 19, 4], 4, 5));
    assert_eq!((count("runtime_ops_lifecycle"), count("runtime_auth_oauth_flow_state")), (4, 1));
    assert_eq!(storage_classes(), classes_before);
    assert_eq!(form(), form_before);
    assert_eq!(sessions(), sessions_before);
}

/// SQLite has no integer above 2^63-1; upstream clamps there, so that two rows meet.
#[tokio::test]
async fn a_sequence_that_no_integer_can_hold_is_a_blob_and_sorts_last() {
    let folder = tempfile::tempdir().unwrap();
    let path: &Path = &folder.path().join("new.sqlite");
    let store = SqliteRuntimeStore::open(path).await.unwrap();
    let first = receipt(0);
    let sequences = [0, (1 << 63) - 1, 1 << 63, u64::MAX - 255, u64::MAX];
    for sequence in sequences.into_iter().rev() {
        let receipt = RunBoundaryReceipt { sequence, ..first.clone() };
        store.atomic_apply(&runtime("r"), None, receipt, vec![], None).await.unwrap();
    }
    let connection = Connection::open(path).unwrap();
    let stored = rows(&connection, "SELECT sequence FROM runtime_boundary_receipts ORDER BY 1");
    let blob = |number: u64| Cell::Blob(number.to_be_bytes().to_vec());
    let expected = [Cell::Integer(0), Cell::Integer(i64::MAX), blob(1 << 63), blob(u64::MAX - 255), blob(u64::MAX)]
        .map(|c| vec![c]);
    assert_eq!(stored, expected);
}

/// All that there is, page by page up to the first that is short.
async fn pages<T: Clone>(limit: u32, page: impl AsyncFn(Option<&T>) -> Result<Vec<T>, RuntimeStoreError>) -> Vec<T> {
    let mut all: Vec<T> = Vec::new();
    loop {
        let found = page(all.last()).await.unwrap();
        let last = found.len() < limit as usize;
        all.extend(found);
        if last {
            return all;
        }
    }
}

/// Nobody makes such rows through burrow; upstream's own stores take any text, and SQLite takes anything.
#[tokio::test]
async fn ids_that_are_none_hide_no_others_from_listings() {
    let (_folder, path) = copy();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let runtimes = store.list_runtimes(None, 10).await.unwrap();
    let mobs = store.list_mobs(None, 10).await.unwrap();
    let id = runtimes[0].clone();
    let (runs, inputs) =
        (store.list_runs(&id, None, 100).await.unwrap(), store.list_inputs(&id, None, 100).await.unwrap());
    let receipts = store.list_receipts(&id, None, 100).await.unwrap();
    assert_eq!((runtimes.len(), mobs.len(), runs.len(), inputs.len(), receipts.len()), (3, 4, 2, 12, 6));
    let mut damage = String::new();
    for key in ["''", "x''", "x'00FF'", "NULL", "NULL"] {
        damage +=
            &format!("INSERT INTO runtime_session_snapshots (runtime_id, session_snapshot) VALUES ({key}, x'7B7D');");
        damage += &format!("INSERT INTO runtime_states VALUES ({key}, x'2269646C6522');");
        damage += &format!("INSERT INTO runtime_ops_lifecycle VALUES ({key}, x'7B7D');");
        if key != "NULL" {
            damage += &format!("INSERT OR IGNORE INTO runtime_input_states VALUES ({key}, {key}, x'7B7D');");
            damage += &format!("INSERT OR IGNORE INTO runtime_boundary_receipts VALUES ({key}, {key}, 0, x'7B7D');");
            damage += &format!("INSERT OR IGNORE INTO mobkit_metadata VALUES ({key}, {key}, '');");
            damage += &format!("INSERT OR IGNORE INTO burrow_labels VALUES ({key}, {key}, x'7B7D');");
        }
    }
    // Before, between and behind the ids that are some.
    let between = |id: String| format!("{id}-not");
    let (run, input) = (between(runs[0].to_string()), between(inputs[5].to_string()));
    for key in
        ["'', 0".to_owned(), "'0', 0".to_owned(), format!("'{run}', 7"), "'~', -1".to_owned(), "x'00', 0".to_owned()]
    {
        damage += &format!("INSERT INTO runtime_boundary_receipts VALUES ('{id}', {key}, x'7B7D');");
    }
    for key in [
        "''".to_owned(),
        "'0'".to_owned(),
        "'1'".to_owned(),
        format!("'{input}'"),
        "'~'".to_owned(),
        "x'00'".to_owned(),
    ] {
        damage += &format!("INSERT INTO runtime_input_states VALUES ('{id}', {key}, x'7B7D');");
    }
    Connection::open(&path).unwrap().execute_batch(&damage).unwrap();

    for limit in [1, 2, 3, 5, 100] {
        let all = pages(limit, async |after: Option<&LogicalRuntimeId>| store.list_runtimes(after, limit).await).await;
        assert_eq!(all, runtimes, "{limit}");
        let all = pages(limit, async |after: Option<&String>| store.list_mobs(after.map(String::as_str), limit).await);
        assert_eq!(all.await, mobs, "{limit}");
        let all = pages(limit, async |after: Option<&RunId>| store.list_runs(&id, after, limit).await).await;
        assert_eq!(all, runs, "{limit}");
        let all = pages(limit, async |after: Option<&InputId>| store.list_inputs(&id, after, limit).await).await;
        assert_eq!(all, inputs, "{limit}");
    }
    // A receipt that cannot be read is named, so that the next page can begin behind it.
    let run = runs[0];
    let raw = Connection::open(&path).unwrap();
    raw.execute(
        "UPDATE runtime_boundary_receipts SET receipt_json = x'7B7D' WHERE run_id = ?1 AND sequence = 1",
        [run.to_string()],
    )
    .unwrap();
    for limit in [1, 2, 100] {
        let (mut all, mut after, mut unreadable) = (Vec::new(), None, 0);
        loop {
            match store.list_receipts(&id, after.as_ref().map(|(run, sequence)| (run, *sequence)), limit).await {
                Ok(found) => {
                    let Some(last) = found.last() else { break };
                    after = Some((last.run_id, last.sequence));
                    all.extend(found);
                }
                Err(error) => {
                    assert!(error.to_string().contains(&format!("[{id}, {run}, 1]")), "{error}");
                    // One by one up to it.
                    if let Ok(found) = store.list_receipts(&id, after.as_ref().map(|(run, s)| (run, *s)), 1).await {
                        after = Some((found[0].run_id, found[0].sequence));
                        all.extend(found);
                    } else {
                        after = Some((run, 1));
                        unreadable += 1;
                    }
                }
            }
        }
        assert_eq!((all.len(), unreadable), (receipts.len() - 1, 1), "{limit}");
        assert!(all.iter().all(|receipt| receipts.contains(receipt)), "{limit}");
    }
}

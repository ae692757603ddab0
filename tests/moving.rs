//! Export, import and verification of SQLite files: those of upstream, and damaged ones.
#![cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};

use burrow::{
    InMemoryRuntimeStore, RuntimeStore, RuntimeStoreError, SqliteRuntimeStore, Store,
    engine::Engine,
    store::{Imported, OnConflict},
};
use rusqlite::Connection;
use tempfile::TempDir;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/upstream-0.6.sqlite");

fn copy() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("upstream.sqlite");
    std::fs::copy(FIXTURE, &path).unwrap();
    (folder, path)
}

async fn exported(store: &Store<impl Engine>) -> Result<String, RuntimeStoreError> {
    let (mut export, mut text) = (store.export(), String::new());
    while let Some(lines) = export.next().await? {
        text += &lines;
    }
    Ok(text)
}

async fn imported(store: &Store<impl Engine>, file: &str) -> Imported {
    let mut import = store.import(OnConflict::Refuse);
    import.write(file.as_bytes()).await.unwrap();
    import.finish().await.unwrap()
}

/// What is wrong in a file, and how many records it has.
async fn verified(path: &Path) -> (Vec<String>, u64) {
    let store = SqliteRuntimeStore::open(path).await.unwrap();
    let (mut verify, mut found) = (store.verify(), Vec::new());
    while let Some(findings) = verify.next().await.unwrap() {
        found.extend(
            findings.into_iter().map(|finding| format!("{} {}: {}", finding.table, finding.key, finding.problem)),
        );
    }
    (found, verify.records())
}

fn counted(path: &Path, tables: &[&str]) -> i64 {
    let connection = Connection::open(path).unwrap();
    let count = |table: &&str| -> i64 {
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    tables.iter().map(count).sum()
}

/// What mobkit's own test has written there.
const BROKEN: &str =
    "mobkit_metadata [mob-broken, subscription_cursor]: expected a number up to 2^64-1, found \"not a number\"";

const TABLES: [&str; 7] = [
    "runtime_input_states",
    "runtime_boundary_receipts",
    "runtime_session_snapshots",
    "runtime_states",
    "runtime_ops_lifecycle",
    "runtime_auth_oauth_flow_state",
    "mobkit_metadata",
];

#[tokio::test]
async fn a_database_of_upstreams_moves_and_every_row_with_it() {
    let (folder, path) = copy();
    let upstream = SqliteRuntimeStore::open(&path).await.unwrap();
    let file = exported(&upstream).await.unwrap();
    let memory = InMemoryRuntimeStore::new();
    let moved = imported(&memory, &file).await;
    assert_eq!(moved.written, counted(&path, &TABLES) as u64);
    assert!(moved.written > 20);
    assert_eq!(exported(&memory).await.unwrap(), file);
    let new = folder.path().join("new.sqlite");
    let store = SqliteRuntimeStore::open(&new).await.unwrap();
    imported(&store, &exported(&memory).await.unwrap()).await;
    assert_eq!(exported(&store).await.unwrap(), file);
    for id in upstream.list_runtimes(None, 100).await.unwrap() {
        assert_eq!(store.load_input_states(&id).await.unwrap(), upstream.load_input_states(&id).await.unwrap());
        assert_eq!(store.load_session_snapshot(&id).await.unwrap(), upstream.load_session_snapshot(&id).await.unwrap());
    }
    // Upstream would read in the new file what it has written in its own.
    for table in TABLES {
        let all = |path: &Path| -> Vec<Vec<rusqlite::types::Value>> {
            let connection = Connection::open(path).unwrap();
            let mut select = connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2")).unwrap();
            // The sums are new ones.
            let columns = select.column_names().filter(|column| *column != "burrow_sum").count();
            let rows = select.query_map([], |row| (0..columns).map(|i| row.get(i)).collect()).unwrap();
            rows.map(rusqlite::Result::unwrap).collect()
        };
        assert_eq!(all(&new), all(&path), "{table}");
    }
}

#[tokio::test]
async fn a_database_of_upstreams_is_read_whole() {
    let (_folder, path) = copy();
    let (found, records) = verified(&path).await;
    assert_eq!(found, [BROKEN]);
    assert_eq!(records, counted(&path, &TABLES) as u64);
}

#[tokio::test]
async fn what_is_damaged_in_a_file_is_found_and_left_as_it_is() {
    let (_folder, path) = copy();
    drop(SqliteRuntimeStore::open(&path).await.unwrap());
    let before = counted(&path, &TABLES);
    let many: String =
        (0..40).map(|i| format!("INSERT INTO runtime_states VALUES (x'{i:02X}FF', x'2269646C6522');")).collect();
    let damage = format!(
        "INSERT INTO runtime_states VALUES (NULL, x'2269646C6522');
         INSERT INTO runtime_states VALUES ('', x'2269646C6522');
         INSERT INTO runtime_states VALUES ('asleep', x'2261736C65657022');
         {many}
         UPDATE runtime_input_states SET state_json = x'FF' WHERE rowid = 3;
         INSERT INTO mobkit_metadata VALUES ('damaged', 'subscription_cursor', 'seven');
         INSERT INTO burrow_labels VALUES ('damaged', '', x'7B2261223A317D');
         INSERT INTO burrow_claims VALUES ('damaged', '1');
         INSERT INTO burrow_sessions VALUES ('no uuid', 'damaged');
         INSERT INTO burrow_sessions VALUES ('01a20127-b8f1-725e-bae9-39a85b9ab50a', 'nobody');"
    );
    Connection::open(&path).unwrap().execute_batch(&damage).unwrap();
    let (found, records) = verified(&path).await;
    assert_eq!(records, before as u64 + 48);
    assert_eq!(found.len(), 50, "{found:#?}");
    for (place, problem) in [
        ("runtime_states [NULL]", "its key column runtime_id: expected TEXT, found NULL"),
        ("runtime_states []", "its id is empty"),
        ("runtime_states [asleep]", "unknown variant"),
        ("runtime_states [x'27FF']", "its key column runtime_id: expected TEXT, found a BLOB"),
        ("runtime_input_states [", "utf-8"),
        ("mobkit_metadata [damaged, subscription_cursor]", "expected a number"),
        ("burrow_labels [damaged, ]", "a: expected a string"),
        ("burrow_claims [damaged]", "expected an epoch and a token"),
        ("burrow_sessions [no uuid]", "is a UUID"),
        (
            "burrow_sessions [01a20127-b8f1-725e-bae9-39a85b9ab50a]",
            "the snapshot of the runtime nobody, which it names, is not there",
        ),
    ] {
        assert!(found.iter().any(|line| line.starts_with(place) && line.contains(problem)), "{place}: {found:#?}");
    }
    assert_eq!(verified(&path).await.0, found);
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    assert_eq!(exported(&store).await.unwrap_err().code(), "Decode");
}

/// What the last receipt of each of the three runtimes names, two inputs, is looked for in upstream's file too.
#[tokio::test]
async fn an_input_that_a_receipt_names_is_missed() {
    let (_folder, path) = copy();
    Connection::open(&path).unwrap().execute("DELETE FROM runtime_input_states", []).unwrap();
    let (found, _) = verified(&path).await;
    let (missed, others): (Vec<_>, Vec<_>) =
        found.iter().partition(|line| line.contains("which it names, is not there"));
    assert_eq!((missed.len(), others), (6, vec![&BROKEN.to_owned()]), "{found:#?}");
}

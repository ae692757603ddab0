//! SQLite files that are somebody else's, and all others that are refused: nothing in them is changed, and nothing is left
//! beside them.
#![cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use burrow::{PersistentMetadataStore, RuntimeStoreError, SqliteRuntimeStore};
use rusqlite::Connection;
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sqlite");
    (folder, path)
}

/// Every file of a folder, with what is in it. The index of a log is memory that processes share, not data.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let is_index = path.to_str().unwrap().ends_with("-shm");
        let bytes = if is_index { Vec::new() } else { fs::read(&path).unwrap() };
        (path, bytes)
    };
    fs::read_dir(folder).unwrap().map(file).collect()
}

async fn refused(folder: &Path, path: &Path) -> String {
    let before = contents(folder);
    let error = SqliteRuntimeStore::open(path).await.map(drop).unwrap_err();
    assert!(contents(folder) == before, "{error}: {:?}", contents(folder).keys());
    let RuntimeStoreError::ForeignDatabase(message) = &error else { panic!("{error:?}") };
    assert!(error.to_string().contains("nothing was changed, give another name or path"), "{error}");
    assert!(!error.is_retryable());
    message.clone()
}

const THEIRS: [(&str, &str); 9] = [
    ("CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL); INSERT INTO orders VALUES (1, 2.5)", "(orders)"),
    ("CREATE TABLE sessions (id TEXT PRIMARY KEY, user TEXT)", "(sessions)"),
    ("CREATE VIEW today AS SELECT 1", "(today)"),
    ("CREATE VIEW broken AS SELECT * FROM nowhere", "(broken)"),
    ("CREATE TABLE runtime_states (id INTEGER PRIMARY KEY, name TEXT)", "\"runtime_states\""),
    ("CREATE TABLE Runtime_States (runtime_id TEXT, runtime_state_json BLOB)", "\"runtime_states\""),
    ("CREATE VIEW mobkit_metadata AS SELECT 1", "\"mobkit_metadata\""),
    ("CREATE TABLE burrow_schema (name TEXT)", "\"burrow_schema\""),
    (
        "CREATE TABLE runtime_states (runtime_id TEXT PRIMARY KEY, runtime_state_json BLOB NOT NULL);
         CREATE TABLE burrow_labels (label TEXT)",
        "\"burrow_labels\"",
    ),
];

#[tokio::test]
async fn a_database_with_other_tables_or_other_columns_is_refused_untouched() {
    for (theirs, named) in THEIRS {
        for mode in ["DELETE", "WAL"] {
            let (folder, path) = folder();
            Connection::open(&path).unwrap().execute_batch(&format!("PRAGMA journal_mode = {mode}; {theirs}")).unwrap();
            let message = refused(folder.path(), &path).await;
            assert!(message.contains(named), "{message}");
        }
    }
}

#[tokio::test]
async fn a_database_that_its_owner_has_open_is_refused_untouched() {
    for mode in ["DELETE", "WAL"] {
        let (folder, path) = folder();
        let owner = Connection::open(&path).unwrap();
        owner
            .execute_batch(&format!("PRAGMA journal_mode = {mode}; CREATE TABLE t (x); INSERT INTO t VALUES (1)"))
            .unwrap();
        refused(folder.path(), &path).await;
        owner.execute_batch("INSERT INTO t VALUES (2)").unwrap();
        refused(folder.path(), &path).await;
        assert_eq!(owner.query_row("SELECT sum(x) FROM t", [], |row| row.get::<_, i64>(0)).unwrap(), 3);
    }
}

/// A killed process leaves a log. It is its owner's to recover, with the index or without.
#[tokio::test]
async fn a_log_that_the_owner_left_stays_as_it_is() {
    for kept in [["-wal", "-shm"].as_slice(), &["-wal"]] {
        let (folder, path) = folder();
        let owner = Connection::open(folder.path().join("open.sqlite")).unwrap();
        owner.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)").unwrap();
        for suffix in kept.iter().chain(&[""]) {
            fs::copy(folder.path().join(format!("open.sqlite{suffix}")), format!("{}{suffix}", path.display()))
                .unwrap();
        }
        drop(owner);
        fs::remove_file(folder.path().join("open.sqlite")).unwrap();
        refused(folder.path(), &path).await;
        let count =
            Connection::open(&path).unwrap().query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0));
        assert_eq!(count.unwrap(), 1);
    }
}

/// A log of our own, left in the same way, is recovered.
#[tokio::test]
async fn a_log_that_burrow_left_is_recovered() {
    let (folder, path) = folder();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    store.set_subscription_cursor("m", 7).await.unwrap();
    let copy = folder.path().join("copy.sqlite");
    for suffix in ["", "-wal"] {
        fs::copy(format!("{}{suffix}", path.display()), format!("{}{suffix}", copy.display())).unwrap();
    }
    let copy = SqliteRuntimeStore::open(copy).await.unwrap();
    assert_eq!(copy.get_subscription_cursor("m").await.unwrap(), Some(7));
}

#[tokio::test]
async fn many_tables_are_named_in_part() {
    let (folder, path) = folder();
    let owner = Connection::open(&path).unwrap();
    for n in 0..20 {
        owner.execute_batch(&format!("CREATE TABLE t{n:02} (x)")).unwrap();
    }
    let message = refused(folder.path(), &path).await;
    assert!(message.contains("(t00, t01, t02, t03, t04, t05, t06, t07, …)"), "{message}");
}

/// Upstream's file may hold other components' tables, and its session store may have made it.
#[tokio::test]
async fn tables_of_others_beside_ours_are_left_alone() {
    let upstream = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/upstream-0.6.sqlite");
    let sessions: String = Connection::open(upstream)
        .unwrap()
        .query_row("SELECT sql FROM sqlite_master WHERE name = 'sessions'", [], |row| row.get(0))
        .unwrap();
    let with_ours = "CREATE TABLE orders (id INTEGER PRIMARY KEY);
                     CREATE TABLE mobkit_metadata (mob_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
                                                   PRIMARY KEY (mob_id, key))";
    for beside in [&*sessions, with_ours] {
        let (_folder, path) = folder();
        Connection::open(&path).unwrap().execute_batch(beside).unwrap();
        let store = SqliteRuntimeStore::open(&path).await.unwrap();
        store.set_subscription_cursor("m", 1).await.unwrap();
        drop(store);
        SqliteRuntimeStore::open(&path).await.unwrap();
    }
}

#[tokio::test]
async fn a_path_that_is_refused_leaves_nothing_behind() {
    let (folder, path) = folder();
    fs::write(folder.path().join("file"), "").unwrap();
    let before = contents(folder.path());
    let missing = folder.path().join("missing/app.sqlite");
    let mut paths =
        vec![missing, folder.path().into(), folder.path().join("file/app.sqlite"), "a\0b".into(), "".into()];
    paths.push(PathBuf::from(format!("{}/", path.display())));
    #[cfg(unix)]
    paths.push("/dev/null".into());
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        // The path is Unicode, the folder that it leads to is not.
        let unnamed = folder.path().join(std::ffi::OsStr::from_bytes(b"\xFF"));
        fs::create_dir(&unnamed).unwrap();
        std::os::unix::fs::symlink(&unnamed, folder.path().join("link")).unwrap();
        assert_eq!(
            SqliteRuntimeStore::open(folder.path().join("link/app.sqlite")).await.unwrap_err().code(),
            "InvalidInput"
        );
        assert_eq!(fs::read_dir(&unnamed).unwrap().count(), 0);
        fs::remove_file(folder.path().join("link")).unwrap();
        fs::remove_dir(&unnamed).unwrap();
    }
    for path in paths {
        let error = SqliteRuntimeStore::open(&path).await.map(drop).expect_err(&format!("{path:?}"));
        assert!(!error.is_retryable(), "{path:?}: {error}");
        assert!(contents(folder.path()) == before, "{path:?}: {error}");
    }
    #[cfg(unix)]
    assert!(!Path::new("/dev/null-wal").exists());
}

//! SQLite files: which are opened, which are refused and how, and what becomes of a damaged record.
#![cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod samples;

use std::{
    fs,
    path::{Path, PathBuf},
};

use burrow::{
    InputId, PersistentMetadataStore, RuntimeState, RuntimeStore, RuntimeStoreError, SessionDelta, SqliteRuntimeStore,
    engine::{Engine, sql::Sqlite},
    store::schema::TABLES,
};
use rusqlite::Connection;
use samples::{queued, runtime};
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("burrow.sqlite");
    (folder, path)
}

async fn refused(path: impl AsRef<Path>) -> RuntimeStoreError {
    let error = SqliteRuntimeStore::open(path).await.map(drop).unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    error
}

fn invalid_path(error: RuntimeStoreError) -> String {
    let RuntimeStoreError::InvalidInput { argument, reason } = error else { panic!("{error:?}") };
    assert_eq!(argument, "path");
    reason
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_as_it_is() {
    let (folder, path) = folder();
    let text = "A letter to a friend, and no database at all. ".repeat(100);
    fs::write(&path, &text).unwrap();
    let error = refused(&path).await;
    let RuntimeStoreError::Unsupported(message) = &error else { panic!("{error:?}") };
    assert!(message.contains(path.to_str().unwrap()) && message.contains("not a database"), "{message}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_folder_is_refused() {
    let (folder, _) = folder();
    let reason = invalid_path(refused(folder.path()).await);
    assert!(reason.contains(folder.path().to_str().unwrap()) && reason.contains("is a folder"), "{reason}");
}

/// Each name would have a log of its own.
#[cfg(unix)]
#[tokio::test]
async fn a_file_with_two_names_is_refused_under_both() {
    let (folder, path) = folder();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    store.set_subscription_cursor("m", 1).await.unwrap();
    let other = folder.path().join("other.sqlite");
    fs::hard_link(&path, &other).unwrap();
    for name in [&path, &other] {
        let error = refused(name).await;
        let RuntimeStoreError::Unsupported(message) = &error else { panic!("{error:?}") };
        assert!(message.contains("2 names (hard links)"), "{message}");
    }
    // The store that has the file open goes on.
    store.set_subscription_cursor("m", 2).await.unwrap();
    drop(store);
    fs::remove_file(&other).unwrap();
    assert_eq!(SqliteRuntimeStore::open(&path).await.unwrap().get_subscription_cursor("m").await.unwrap(), Some(2));
}

#[tokio::test]
async fn a_file_in_a_folder_that_is_not_there_is_refused() {
    let (folder, _) = folder();
    let missing = folder.path().join("missing");
    let error = refused(missing.join("burrow.sqlite")).await;
    let RuntimeStoreError::NotFound(message) = &error else { panic!("{error:?}") };
    assert!(message.contains(missing.to_str().unwrap()) && message.contains("create it"), "{message}");
}

#[tokio::test]
async fn a_path_that_can_name_no_file_is_refused() {
    let (_folder, file) = folder();
    fs::write(&file, "").unwrap();
    assert!(invalid_path(refused(file.join("burrow.sqlite")).await).contains("is a file"));
    assert!(invalid_path(refused("").await).contains("empty"));
    assert!(invalid_path(refused("a\0b").await).contains("NUL"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_path_that_is_not_unicode_is_refused() {
    use std::os::unix::ffi::OsStrExt;

    assert!(invalid_path(refused(std::ffi::OsStr::from_bytes(b"\xFF")).await).contains("Unicode"));
}

#[tokio::test]
async fn an_empty_file_becomes_a_database() {
    let (_folder, path) = folder();
    fs::write(&path, "").unwrap();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    store.set_subscription_cursor("m", 1).await.unwrap();
    assert_eq!(store.get_subscription_cursor("m").await.unwrap(), Some(1));
}

/// Whoever runs the tests may be root, to whom no file is read-only: a process of nobody's tries, from a copy of this
/// program where nobody can reach it.
#[cfg(unix)]
#[test]
fn what_may_not_be_written_is_refused_at_once() {
    use std::os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    };

    if let Some(path) = std::env::var_os("BURROW_READ_ONLY") {
        let error = pollster::block_on(refused(&path));
        let RuntimeStoreError::Unsupported(message) = &error else { panic!("{error:?}") };
        assert!(message.contains(Path::new(&path).to_str().unwrap()) && message.contains("writ"), "{message}");
        return;
    }
    let (folder, in_folder) = folder();
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let files = ["file", "current", "log", "old", "absent"].map(|name| folder.path().join(name).join("burrow.sqlite"));
    for file in &files {
        fs::create_dir(file.parent().unwrap()).unwrap();
    }
    let [file, current, log, old, absent] = &files;
    for path in [file, current, log] {
        drop(pollster::block_on(SqliteRuntimeStore::open(path)).unwrap());
    }
    // A log that a killed process left.
    let open = Connection::open(log).unwrap();
    open.execute_batch("PRAGMA wal_checkpoint; INSERT INTO mobkit_metadata VALUES ('m', 'k', 'v')").unwrap();
    fs::copy(log.with_extension("sqlite-wal"), folder.path().join("kept")).unwrap();
    drop(open);
    fs::rename(folder.path().join("kept"), log.with_extension("sqlite-wal")).unwrap();
    let of_upstream = "CREATE TABLE runtime_states (runtime_id TEXT PRIMARY KEY, runtime_state_json BLOB NOT NULL)";
    Connection::open(old).unwrap().execute_batch(of_upstream).unwrap();
    for path in [current, log, old] {
        allow(path, 0o666);
    }
    allow(file, 0o444);
    allow(file.parent().unwrap(), 0o777);
    for path in [current, log, old, absent] {
        allow(path.parent().unwrap(), 0o555);
    }
    allow(folder.path(), 0o755);
    let program = in_folder.with_extension("exe");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    allow(&program, 0o755);
    for path in &files {
        let mut child = std::process::Command::new(&program);
        child.args(["--exact", "what_may_not_be_written_is_refused_at_once", "--nocapture"]);
        child.current_dir("/").env("BURROW_READ_ONLY", path);
        if fs::metadata(&program).unwrap().uid() == 0 {
            child.uid(65534).gid(65534);
        }
        let output = child.output().unwrap();
        assert!(output.status.success(), "{path:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    for path in [current, log, old, absent] {
        allow(path.parent().unwrap(), 0o755);
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_nothing_is_changed() {
    let (_folder, path) = folder();
    drop(SqliteRuntimeStore::open(&path).await.unwrap());
    let newer = "DROP TABLE burrow_labels; UPDATE burrow_schema SET version = 4; PRAGMA journal_mode = DELETE";
    Connection::open(&path).unwrap().execute_batch(newer).unwrap();
    let before = fs::read(&path).unwrap();
    let error = refused(&path).await;
    let RuntimeStoreError::SchemaTooNew(message) = &error else { panic!("{error:?}") };
    assert!(message.contains("version 4"), "{message}");
    assert!(fs::read(&path).unwrap() == before);

    Connection::open(&path).unwrap().execute_batch("UPDATE burrow_schema SET version = 'two'").unwrap();
    let error = refused(&path).await;
    assert!(matches!(error, RuntimeStoreError::Decode { table: "burrow_schema", .. }), "{error:?}");
}

#[tokio::test]
async fn a_file_opened_again_holds_everything() {
    let (_folder, path) = folder();
    let (id, input) = (runtime("агент-ß/ポチ"), queued());
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    store.commit_session_snapshot(&id, SessionDelta::new(vec![7; 300_000])).await.unwrap();
    let step = RuntimeState::Initializing.step(RuntimeState::Idle).unwrap();
    store.commit_machine_lifecycle(&id, step, std::slice::from_ref(&input)).await.unwrap();
    store.set_subscription_cursor("m", u64::MAX).await.unwrap();
    store.close();
    let closed = store.load_runtime_state(&id).await;
    assert!(matches!(closed, Err(RuntimeStoreError::Closed(_))), "{closed:?}");
    let closed = store.commit_session_snapshot(&id, SessionDelta::new(*b"late")).await;
    assert!(matches!(closed, Err(RuntimeStoreError::Closed(_))), "{closed:?}");
    store.close();

    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    assert!(store.load_session_snapshot(&id).await.unwrap() == Some(vec![7; 300_000]));
    assert_eq!(store.load_runtime_state(&id).await.unwrap(), Some(RuntimeState::Idle));
    assert_eq!(store.load_input_states(&id).await.unwrap(), [input]);
    assert_eq!(store.get_subscription_cursor("m").await.unwrap(), Some(u64::MAX));
}

#[cfg(unix)]
#[tokio::test]
async fn the_authority_key_is_the_files_canonical_path() {
    let (folder, path) = folder();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(folder.path(), &link).unwrap();
    let expected = Some(format!("sqlite:{}", fs::canonicalize(folder.path()).unwrap().join("burrow.sqlite").display()));
    assert_eq!(Sqlite::open(&path, &TABLES).await.unwrap().authority_key(), expected);
    assert_eq!(Sqlite::open(link.join("./burrow.sqlite"), &TABLES).await.unwrap().authority_key(), expected);
    assert_eq!(Sqlite::in_memory(&TABLES).await.unwrap().authority_key(), None);
}

/// A record damaged behind our back harms only who asks for it, and is not lost.
#[tokio::test]
async fn a_damaged_record_fails_its_own_load_only() {
    let (_folder, path) = folder();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let raw = Connection::open(&path).unwrap();
    let (id, sound) = (runtime("r"), queued());
    store.persist_input_state(&id, &sound).await.unwrap();
    let damages = ["x'7B7D'", "x'FF'", "'not json'", "7", "1.5", "CAST(x'FF' AS TEXT)"];
    for damage in damages {
        let damaged = queued();
        store.persist_input_state(&id, &damaged).await.unwrap();
        let of_it = format!("WHERE input_id = '{}'", damaged.input_id);
        raw.execute_batch(&format!("UPDATE runtime_input_states SET state_json = {damage} {of_it}")).unwrap();
        let stored = || {
            let sql = format!("SELECT typeof(state_json) || hex(state_json) FROM runtime_input_states {of_it}");
            raw.query_row(&sql, [], |row| row.get::<_, String>(0)).unwrap()
        };
        let before = stored();
        let expected_key = format!("[r, {}]", damaged.input_id);
        for error in [
            store.load_input_state(&id, &damaged.input_id).await.map(drop).unwrap_err(),
            store.load_input_states(&id).await.map(drop).unwrap_err(),
        ] {
            let RuntimeStoreError::Decode { table, key, .. } = &error else { panic!("{damage}: {error:?}") };
            assert_eq!((*table, key), ("runtime_input_states", &expected_key), "{damage}");
        }
        assert_eq!(store.load_input_state(&id, &sound.input_id).await.unwrap().as_ref(), Some(&sound));
        assert_eq!(stored(), before, "{damage}");
        raw.execute_batch(&format!("DELETE FROM runtime_input_states {of_it}")).unwrap();
    }
    assert_eq!(store.load_input_states(&id).await.unwrap(), [sound]);
}

/// SQLite says of such a file that it is malformed, and will say so again.
#[tokio::test]
async fn a_damaged_file_is_unopenable_and_not_worth_a_retry() {
    let (_folder, path) = folder();
    let (id, snapshot) = (runtime("r"), vec![7; 300_000]);
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    store.commit_session_snapshot(&id, SessionDelta::new(snapshot.clone())).await.unwrap();
    drop(store);
    let sound = fs::read(&path).unwrap();
    let damaged = |from: usize| {
        let mut bytes = sound.clone();
        bytes[from..].fill(0x5A);
        fs::write(&path, &bytes).unwrap();
        bytes
    };

    let bytes = damaged(100);
    let error = refused(&path).await;
    assert!(matches!(error, RuntimeStoreError::Unopenable { .. }) && !error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains(".recover"), "{error}");
    assert!(fs::read(&path).unwrap() == bytes);

    // Its schema can be read, and pages of the snapshot cannot.
    let tail = sound.len() - 200_000;
    damaged(tail);
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let error = store.load_session_snapshot(&id).await.unwrap_err();
    assert!(matches!(error, RuntimeStoreError::Unopenable { .. }) && !error.is_retryable(), "{error:?}");

    fs::write(&path, &sound).unwrap();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    assert!(store.load_session_snapshot(&id).await.unwrap() == Some(snapshot));
}

/// Nobody writes such a key; it must not bring down what does not ask for it.
#[tokio::test]
async fn a_damaged_key_fails_the_load_of_its_record_only() {
    let (_folder, path) = folder();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let (id, sound) = (runtime("r"), queued());
    store.persist_input_state(&id, &sound).await.unwrap();
    Connection::open(&path)
        .unwrap()
        .execute_batch("INSERT INTO runtime_input_states VALUES ('r', x'00', x'7B7D')")
        .unwrap();
    let error = store.load_input_states(&id).await.map(drop).unwrap_err();
    let RuntimeStoreError::Decode { key, reason, .. } = &error else { panic!("{error:?}") };
    assert!(key == "[r, x'00']" && reason.contains("input_id: expected TEXT, found a BLOB"), "{error}");
    assert_eq!(store.list_inputs(&id, None, 1).await.unwrap(), [sound.input_id]);
    assert_eq!(store.load_input_state(&id, &sound.input_id).await.unwrap(), Some(sound));
    assert_eq!(store.load_input_state(&id, &InputId::new()).await.unwrap(), None);
}

/// Meerkat writes JSON as BLOBs; `sqlite3` and others write it as TEXT.
#[tokio::test]
async fn json_that_was_written_as_text_is_read() {
    let (_folder, path) = folder();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let input = queued();
    store.persist_input_state(&runtime("r"), &input).await.unwrap();
    let as_text = "UPDATE runtime_input_states SET state_json = CAST(state_json AS TEXT);
                   INSERT INTO runtime_session_snapshots (runtime_id, session_snapshot) VALUES ('r', '{\"id\":\"ポチ\"}')";
    Connection::open(&path).unwrap().execute_batch(as_text).unwrap();
    assert_eq!(store.load_input_states(&runtime("r")).await.unwrap(), [input]);
    let snapshot = store.load_session_snapshot(&runtime("r")).await.unwrap();
    assert_eq!(snapshot.as_deref(), Some("{\"id\":\"ポチ\"}".as_bytes()));
}

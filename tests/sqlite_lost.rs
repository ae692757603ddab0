//! SQLite files that are removed, replaced or moved under an open store: nothing is acknowledged that nobody will find.
#![cfg(all(feature = "sqlite", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use burrow::{
    LogicalRuntimeId, PersistentMetadataStore, RuntimeStore, RuntimeStoreError, SessionDelta, SqliteRuntimeStore,
};
use rusqlite::Connection;
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store").join("burrow.sqlite");
    fs::create_dir(path.parent().unwrap()).unwrap();
    (folder, path)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    path.with_extension(format!("sqlite{suffix}"))
}

/// The file with its log, as another has it elsewhere.
async fn another(path: &Path) {
    let store = SqliteRuntimeStore::open(path).await.unwrap();
    store.set_subscription_cursor("of another", 7).await.unwrap();
}

/// A way in which an open store can lose its files, with its name.
type Loss = (&'static str, fn(&Path));

const LOSSES: [Loss; 8] = [
    ("all are removed", |path| ["", "-wal", "-shm"].iter().for_each(|of| fs::remove_file(beside(path, of)).unwrap())),
    ("the file is removed", |path| fs::remove_file(path).unwrap()),
    ("the file is moved", |path| fs::rename(path, path.with_extension("moved")).unwrap()),
    ("the file is replaced", |path| {
        let copy = path.with_extension("copy");
        fs::copy(path, &copy).unwrap();
        fs::rename(copy, path).unwrap();
    }),
    ("the log is removed", |path| fs::remove_file(beside(path, "-wal")).unwrap()),
    ("the log is replaced", |path| {
        fs::write(path.with_extension("empty"), "").unwrap();
        fs::rename(path.with_extension("empty"), beside(path, "-wal")).unwrap();
    }),
    ("the log's index is removed", |path| fs::remove_file(beside(path, "-shm")).unwrap()),
    ("the folder is moved", |path| {
        let folder = path.parent().unwrap();
        fs::rename(folder, folder.with_extension("moved")).unwrap();
    }),
];

fn is_deleted<T: std::fmt::Debug>(outcome: Result<T, impl Into<RuntimeStoreError>>, what: &str) {
    let error = outcome.map_err(Into::into).expect_err(what);
    let RuntimeStoreError::Deleted(message) = &error else { panic!("{what}: {error:?}") };
    assert!(message.contains("burrow.sqlite") && error.to_string().contains("open the store again"), "{error}");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn nothing_is_acknowledged_or_read_once_a_file_is_gone() {
    for (what, lose) in LOSSES {
        let (_folder, path) = folder();
        let store = SqliteRuntimeStore::open(&path).await.unwrap();
        store.set_subscription_cursor("m", 1).await.unwrap();
        lose(&path);
        is_deleted(store.set_subscription_cursor("m", 2).await, what);
        is_deleted(store.get_subscription_cursor("m").await, what);
        is_deleted(
            store.commit_session_snapshot(&LogicalRuntimeId::new("r").unwrap(), SessionDelta::new(*b"{}")).await,
            what,
        );
    }
}

/// Others may have written to the files in between, past this connection's locks.
#[tokio::test]
async fn a_file_that_comes_back_must_be_opened_anew() {
    let (_folder, path) = folder();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    store.set_subscription_cursor("m", 1).await.unwrap();
    let (here, there) = (path.parent().unwrap(), path.parent().unwrap().with_extension("moved"));
    fs::rename(here, &there).unwrap();
    is_deleted(store.set_subscription_cursor("m", 2).await, "moved");
    fs::rename(&there, here).unwrap();
    is_deleted(store.set_subscription_cursor("m", 3).await, "moved back");
    let again = SqliteRuntimeStore::open(&path).await.unwrap();
    assert_eq!(again.get_subscription_cursor("m").await.unwrap(), Some(1));
    again.set_subscription_cursor("m", 4).await.unwrap();
    drop((store, again));
    assert_eq!(SqliteRuntimeStore::open(&path).await.unwrap().get_subscription_cursor("m").await.unwrap(), Some(4));
}

#[tokio::test]
async fn a_group_fails_whole() {
    let (_folder, path) = folder();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    fs::remove_file(&path).unwrap();
    let calls = (0..10).map(|n| {
        let store = store.clone();
        async move { store.set_subscription_cursor(&format!("mob {n}"), n).await }
    });
    for outcome in futures_util::future::join_all(calls).await {
        is_deleted(outcome, "a group");
    }
}

/// SQLite, as it closes the last connection to a file, removes the log by its name: by then another's.
#[tokio::test]
async fn closing_leaves_alone_what_has_taken_the_place() {
    let (folder, path) = folder();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    store.set_subscription_cursor("m", 1).await.unwrap();
    fs::rename(path.parent().unwrap(), folder.path().join("away")).unwrap();
    fs::create_dir(path.parent().unwrap()).unwrap();
    another(&path).await;
    // Another process has it open, with a log that holds what it wrote.
    let theirs = Connection::open(&path).unwrap();
    theirs.execute_batch("PRAGMA journal_mode = WAL; UPDATE mobkit_metadata SET value = '8'").unwrap();
    let log = fs::read(beside(&path, "-wal")).unwrap();
    assert!(!log.is_empty());
    drop(store);
    assert!(fs::read(beside(&path, "-wal")).unwrap() == log);
    drop(theirs);
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    assert_eq!(store.get_subscription_cursor("of another").await.unwrap(), Some(8));
    // And what this one was told is committed is where its files are.
    let moved = SqliteRuntimeStore::open(folder.path().join("away/burrow.sqlite")).await.unwrap();
    assert_eq!(moved.get_subscription_cursor("m").await.unwrap(), Some(1));
}

/// A link is followed when the store is opened, and not looked at again.
#[tokio::test]
async fn a_link_may_be_removed() {
    let (folder, path) = folder();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let store = SqliteRuntimeStore::open(&link).await.unwrap();
    fs::remove_file(&link).unwrap();
    store.set_subscription_cursor("m", 1).await.unwrap();
    drop(store);
    assert_eq!(SqliteRuntimeStore::open(&path).await.unwrap().get_subscription_cursor("m").await.unwrap(), Some(1));
}

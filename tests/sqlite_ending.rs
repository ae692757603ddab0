//! How a store on SQLite ends: its last handle dropped, its opening given up, its process ended or killed.
#![cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod samples;

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    task::{Context, Waker},
    time::{Duration, Instant},
};

use burrow::{
    PersistentMetadataStore, RunBoundary, RunBoundaryReceipt, RunId, RuntimeStore, SessionDelta, SqliteRuntimeStore,
    WatchScope,
};
use rusqlite::Connection;
use samples::{queued, runtime};
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("burrow.sqlite");
    (folder, path)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// This program again, to run one test as another process does.
fn again(test: &str, path: &Path) -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture"]).env("BURROW_CHILD", path);
    child
}

/// Files of this process that are open in a folder.
#[cfg(target_os = "linux")]
fn open_in(folder: &Path) -> usize {
    let open = fs::read_dir("/proc/self/fd").unwrap();
    open.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).filter(|path| path.starts_with(folder)).count()
}

/// `exit` waits for no thread.
#[test]
fn a_dropped_store_has_closed_its_file_before_the_process_ends() {
    if let Some(path) = std::env::var_os("BURROW_CHILD") {
        let store = pollster::block_on(SqliteRuntimeStore::open(path)).unwrap();
        for mob in 0..20 {
            pollster::block_on(store.set_subscription_cursor(&format!("mob {mob}"), mob)).unwrap();
        }
        drop(store);
        std::process::exit(0);
    }
    for _ in 0..10 {
        let (folder, path) = folder();
        let test = "a_dropped_store_has_closed_its_file_before_the_process_ends";
        assert!(again(test, &path).stdout(Stdio::null()).status().unwrap().success());
        assert_eq!(names(folder.path()), ["burrow.sqlite"]);
        let count =
            Connection::open(&path).unwrap().query_row("SELECT count(*) FROM mobkit_metadata", [], |r| r.get(0));
        assert_eq!(count, Ok(20));
    }
}

#[tokio::test]
async fn a_store_may_be_dropped_by_the_only_thread_of_an_executor() {
    let (folder, path) = folder();
    for _ in 0..20 {
        let store = SqliteRuntimeStore::open(&path).await.unwrap();
        // Begun, and not waited for.
        let begun = store.clone();
        let begun = tokio::spawn(async move { begun.set_subscription_cursor("m", 1).await });
        tokio::task::yield_now().await;
        drop(store);
        begun.await.unwrap().unwrap();
        tokio::task::yield_now().await;
        assert_eq!(names(folder.path()), ["burrow.sqlite"]);
    }
}

/// The thread that closes the database cannot wait for itself.
#[tokio::test]
async fn a_listener_may_drop_the_last_handle() {
    let (folder, path) = folder();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let last = Arc::new(Mutex::new(None));
    let held = Arc::clone(&last);
    let watch = store.watch(WatchScope::Everything, move |_: &_| drop(held.lock().unwrap().take()));
    *last.lock().unwrap() = Some(store.clone());
    let mut write = Box::pin(async move { store.set_subscription_cursor("m", 1).await });
    // The future has the other handle; once it is sent, its call goes on without it.
    assert!(write.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(write);
    let deadline = Instant::now() + Duration::from_secs(10);
    while names(folder.path()) != ["burrow.sqlite"] {
        assert!(Instant::now() < deadline, "{:?}", names(folder.path()));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(watch);
}

/// However far it came: not begun, waiting for another's lock, or open with nobody to take it.
#[cfg(target_os = "linux")]
#[test]
fn an_opening_that_is_given_up_leaves_no_connection() {
    let (folder, path) = folder();
    let give_up = |after: Duration| {
        let mut opening = Box::pin(SqliteRuntimeStore::open(&path));
        drop(opening.as_mut().poll(&mut Context::from_waker(Waker::noop())));
        std::thread::sleep(after);
        drop(opening);
    };
    for micros in [0, 100, 1_000, 3_000, 100_000] {
        give_up(Duration::from_micros(micros));
        assert_eq!(open_in(folder.path()), 0, "{micros}");
        assert!(names(folder.path()).iter().all(|name| name == "burrow.sqlite"), "{:?}", names(folder.path()));
        // A file that is half made can be opened.
        drop(pollster::block_on(SqliteRuntimeStore::open(&path)).unwrap());
    }
    let other = folder.path().join("other.sqlite");
    let locked = Connection::open(&other).unwrap();
    locked.execute_batch("BEGIN EXCLUSIVE; CREATE TABLE mobkit_metadata (x)").unwrap();
    let begun = Instant::now();
    let mut opening = Box::pin(SqliteRuntimeStore::open(&other));
    drop(opening.as_mut().poll(&mut Context::from_waker(Waker::noop())));
    std::thread::sleep(Duration::from_millis(100));
    drop(opening);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    // While another connection of this process has a lock on a file, SQLite closes none of the process's: POSIX would
    // let go of the lock.
    drop(locked);
    assert_eq!(open_in(folder.path()), 0);
}

fn committing(path: &Path) -> (Child, impl Iterator<Item = std::io::Result<String>>) {
    let test = "what_a_killed_process_was_told_is_committed_is_there";
    let mut child = again(test, path).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    (child, lines)
}

/// A boundary's records agree with each other: the snapshot says how far the run has come, and so do a receipt and an input
/// each.
#[test]
fn what_a_killed_process_was_told_is_committed_is_there() {
    const KILLS: u64 = 20;
    let id = runtime("r");
    if let Some(path) = std::env::var_os("BURROW_CHILD") {
        let store = pollster::block_on(SqliteRuntimeStore::open(path)).unwrap();
        let before = pollster::block_on(store.load_session_snapshot(&id)).unwrap();
        let first = before.map_or(0, |snapshot| progress(&snapshot) + 1);
        for sequence in first.. {
            let receipt = RunBoundaryReceipt::new(RunId::new(), RunBoundary::RunCheckpoint, sequence);
            // Sometimes more than fits on a page, and sometimes more than the log takes before it is put away.
            let padding = "x".repeat([10, 5_000, 300_000][sequence as usize % 3]);
            let snapshot = SessionDelta::new(format!("{sequence} {padding}").into_bytes());
            let commit = store.atomic_apply(&id, Some(snapshot), receipt, vec![queued()], None);
            pollster::block_on(commit).unwrap();
            writeln!(std::io::stderr(), "{sequence}").unwrap();
        }
        return;
    }
    let (_folder, path) = folder();
    let mut acknowledged = None;
    for kill in 0..KILLS {
        let (mut child, mut lines) = committing(&path);
        let first: u64 = lines.next().unwrap().unwrap().parse().unwrap();
        assert!(acknowledged.is_none_or(|last| first > last), "{first} was committed again after {acknowledged:?}");
        acknowledged = Some(first);
        std::thread::sleep(Duration::from_micros(kill * 1_700));
        child.kill().unwrap();
        child.wait().unwrap();
        for line in lines.map_while(Result::ok) {
            acknowledged = line.parse().ok().or(acknowledged);
        }

        let store = pollster::block_on(SqliteRuntimeStore::open(&path)).unwrap();
        let snapshot = pollster::block_on(store.load_session_snapshot(&id)).unwrap().unwrap();
        let reached = progress(&snapshot);
        let expected = ["x".repeat(10), "x".repeat(5_000), "x".repeat(300_000)];
        assert!(snapshot == format!("{reached} {}", expected[reached as usize % 3]).into_bytes());
        assert!(
            Some(reached) >= acknowledged && Some(reached) <= acknowledged.map(|last| last + 1),
            "{acknowledged:?}"
        );
        let receipts = pollster::block_on(store.list_receipts(&id, None, u32::MAX)).unwrap();
        let mut sequences: Vec<u64> = receipts.iter().map(|receipt| receipt.sequence).collect();
        sequences.sort_unstable();
        assert!(sequences.into_iter().eq(0..=reached), "{reached}");
        assert_eq!(pollster::block_on(store.list_inputs(&id, None, u32::MAX)).unwrap().len() as u64, reached + 1);
        drop(store);
        let raw = Connection::open(&path).unwrap();
        let sound: String = raw.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
        acknowledged = Some(reached);
    }
    println!("{KILLS} kills, {} boundaries", acknowledged.unwrap() + 1);
}

fn progress(snapshot: &[u8]) -> u64 {
    str::from_utf8(snapshot).unwrap().split(' ').next().unwrap().parse().unwrap()
}

//! SQLite among others: other processes on the file, callers that come and go, no async runtime at all.
#![cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod samples;

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    pin::pin,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Waker},
    time::{Duration, Instant},
};

use burrow::{
    PersistentMetadataStore, RuntimeState, RuntimeStore, RuntimeStoreError, SessionDelta, SqliteRuntimeStore,
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

/// Starts the future and lets go of it, whether or not it is done.
fn poll_once(future: impl Future) {
    let mut context = Context::from_waker(Waker::noop());
    drop(pin!(future).poll(&mut context));
}

/// The states of a race: there and back again, since no runtime gets far otherwise.
fn step(number: usize) -> (RuntimeState, RuntimeState) {
    match number {
        0 => (RuntimeState::Initializing, RuntimeState::Idle),
        n if n % 2 == 1 => (RuntimeState::Idle, RuntimeState::Running),
        _ => (RuntimeState::Running, RuntimeState::Idle),
    }
}

/// Tries a step, with an input that says by whom.
fn wins(store: &SqliteRuntimeStore, number: usize, who: &str) -> bool {
    let (from, to) = step(number);
    let mut input = queued();
    input.idempotency_key = Some(who.to_owned());
    match pollster::block_on(store.commit_machine_lifecycle(&runtime("r"), from.step(to).unwrap(), &[input])) {
        Ok(()) => true,
        Err(RuntimeStoreError::Conflict(_)) => false,
        Err(error) => panic!("{error:?}"),
    }
}

/// Both processes try each step at the same time. A store that did not decide under the write lock would let both win.
#[test]
fn of_two_processes_exactly_one_wins_each_step() {
    const STEPS: usize = 200;
    if let Some(path) = std::env::var_os("BURROW_RACE") {
        let store = pollster::block_on(SqliteRuntimeStore::open(path)).unwrap();
        for line in std::io::stdin().lines() {
            eprintln!("{}", if wins(&store, line.unwrap().parse().unwrap(), "child") { "won" } else { "lost" });
        }
        return;
    }
    let (_folder, path) = folder();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "of_two_processes_exactly_one_wins_each_step", "--nocapture"])
        .env("BURROW_RACE", &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut start = child.stdin.take().unwrap();
    let mut outcomes = BufReader::new(child.stderr.take().unwrap()).lines();
    let store = pollster::block_on(SqliteRuntimeStore::open(&path)).unwrap();
    let mut won = 0;
    for number in 0..STEPS {
        writeln!(start, "{number}").unwrap();
        let we_won = wins(&store, number, "parent");
        let outcome = outcomes.next().unwrap().unwrap();
        assert_eq!(outcome, if we_won { "lost" } else { "won" }, "step {number}");
        won += usize::from(we_won);
    }
    drop(start);
    assert!(child.wait().unwrap().success());

    println!("of {STEPS} steps this process won {won}");
    let inputs = pollster::block_on(store.load_input_states(&runtime("r"))).unwrap();
    let ours = inputs.iter().filter(|input| input.idempotency_key.as_deref() == Some("parent")).count();
    assert_eq!((inputs.len(), ours), (STEPS, won));
    let state = pollster::block_on(store.load_runtime_state(&runtime("r"))).unwrap();
    assert_eq!(state, Some(step(STEPS - 1).1));
}

/// Whoever comes first makes the tables and turns the log on; the others wait for that.
#[test]
fn a_new_file_may_be_opened_by_many_at_once() {
    for _ in 0..10 {
        let (_folder, path) = folder();
        std::thread::scope(|scope| {
            let open = || pollster::block_on(SqliteRuntimeStore::open(&path));
            let stores: Vec<_> = (0..6).map(|_| scope.spawn(open)).collect();
            for store in stores {
                store.join().unwrap().unwrap();
            }
        });
    }
}

/// Turning the log on takes a lock for which SQLite itself does not wait.
#[test]
fn a_file_without_a_log_is_opened_when_its_readers_are_done() {
    let (_folder, path) = folder();
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE runtime_states (runtime_id TEXT PRIMARY KEY, runtime_state_json BLOB NOT NULL)")
        .unwrap();
    other.execute_batch("BEGIN; SELECT * FROM runtime_states").unwrap();
    std::thread::scope(|scope| {
        let open = scope.spawn(|| pollster::block_on(SqliteRuntimeStore::open(&path)));
        std::thread::sleep(Duration::from_millis(300));
        assert!(!open.is_finished());
        other.execute_batch("COMMIT").unwrap();
        open.join().unwrap().unwrap();
    });
}

fn hold_the_write_lock(path: &Path) -> Connection {
    let other = Connection::open(path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

/// The executor has one thread here: were it blocked, the clock would stand still.
#[tokio::test]
async fn waiting_for_another_process_blocks_no_executor_and_ends_in_time() {
    let (_folder, path) = folder();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    store.set_subscription_cursor("m", 1).await.unwrap();
    let other = hold_the_write_lock(&path);
    let begun = Instant::now();
    let mut ticks = 0;
    let mut write = pin!(store.set_subscription_cursor("m", 2));
    let outcome = loop {
        tokio::select! {
            outcome = &mut write => break outcome,
            () = tokio::time::sleep(Duration::from_millis(100)) => ticks += 1,
        }
    };
    let waited = begun.elapsed();
    assert!(waited > Duration::from_secs(4) && waited < Duration::from_secs(9) && ticks > 20, "{waited:?}, {ticks}");
    let error = RuntimeStoreError::from(outcome.unwrap_err());
    let RuntimeStoreError::Blocked(message) = &error else { panic!("{error:?}") };
    assert!(message.contains(path.to_str().unwrap()) && message.contains("another connection"), "{message}");
    assert!(error.is_retryable());

    assert_eq!(store.get_subscription_cursor("m").await.unwrap(), Some(1));
    drop(other);
    store.set_subscription_cursor("m", 2).await.unwrap();
    assert_eq!(store.get_subscription_cursor("m").await.unwrap(), Some(2));
}

#[test]
fn a_write_that_has_to_wait_is_made_when_the_lock_is_free() {
    let (_folder, path) = folder();
    let store = pollster::block_on(SqliteRuntimeStore::open(&path)).unwrap();
    let other = hold_the_write_lock(&path);
    std::thread::scope(|scope| {
        let write = scope.spawn(|| pollster::block_on(store.set_subscription_cursor("m", 1)));
        std::thread::sleep(Duration::from_millis(300));
        assert!(!write.is_finished());
        other.execute_batch("COMMIT").unwrap();
        write.join().unwrap().unwrap();
    });
    assert_eq!(pollster::block_on(store.get_subscription_cursor("m")).unwrap(), Some(1));
}

/// Nothing here runs inside tokio, and many threads call at once.
#[test]
fn no_async_runtime_is_needed() {
    let (_folder, path) = folder();
    let store = pollster::block_on(SqliteRuntimeStore::open(&path)).unwrap();
    std::thread::scope(|scope| {
        for caller in 0..8 {
            let store = &store;
            scope.spawn(move || {
                for _ in 0..25 {
                    let id = runtime(&format!("caller {caller}"));
                    pollster::block_on(store.persist_input_state(&id, &queued())).unwrap();
                }
            });
        }
    });
    for caller in 0..8 {
        let inputs = pollster::block_on(store.load_input_states(&runtime(&format!("caller {caller}")))).unwrap();
        assert_eq!(inputs.len(), 25);
    }
}

/// Commits of many tasks share transactions: each is there once, and told of once.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_sixteen_tasks_commit_is_there_once() {
    const COMMITS: usize = 100;
    let (_folder, path) = folder();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let told = Arc::new(AtomicUsize::new(0));
    let heard = Arc::clone(&told);
    let listener = move |_: &_| {
        heard.fetch_add(1, Ordering::SeqCst);
    };
    let _watch = store.watch(WatchScope::Everything, listener);
    let tasks = (0..16).map(|task| {
        let store = store.clone();
        tokio::spawn(async move {
            let id = runtime(&format!("task {task}"));
            for number in 0..COMMITS {
                store.persist_input_state(&id, &queued()).await.unwrap();
                // Refused now and again, in the midst of the others.
                let step = RuntimeState::Idle.step(RuntimeState::Idle).unwrap();
                let refused = store.commit_machine_lifecycle(&id, step, &[queued()]).await;
                assert!(matches!(refused, Err(RuntimeStoreError::Conflict(_))), "{refused:?}");
                let add_one = |stored: Option<&[u8]>| Ok([stored.unwrap_or_default(), b"1"].concat());
                store.update_auth_oauth_flow_snapshot(Box::new(add_one)).await.unwrap();
                // Every acknowledged write is seen by every connection.
                assert_eq!(store.list_inputs(&id, None, u32::MAX).await.unwrap().len(), number + 1);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!(store.load_auth_oauth_flow_snapshot().await.unwrap().unwrap().len(), 16 * COMMITS);
    for task in 0..16 {
        let inputs = store.load_input_states(&runtime(&format!("task {task}"))).await.unwrap();
        assert_eq!(inputs.len(), COMMITS);
    }
    assert_eq!(told.load(Ordering::SeqCst), 16 * COMMITS);
}

#[test]
fn a_write_goes_on_when_its_future_is_dropped() {
    let (_folder, path) = folder();
    let store = pollster::block_on(SqliteRuntimeStore::open(&path)).unwrap();
    let other = hold_the_write_lock(&path);
    let id = runtime("r");
    poll_once(store.commit_session_snapshot(&id, SessionDelta::new(*b"begun")));
    // A future that was never polled has begun nothing.
    drop(store.set_subscription_cursor("m", 1));
    drop(other);
    assert_eq!(pollster::block_on(store.load_session_snapshot(&id)).unwrap().as_deref(), Some(&b"begun"[..]));
    assert_eq!(pollster::block_on(store.get_subscription_cursor("m")).unwrap(), None);
}

/// The file is closed, and its log put away, only when all that was sent before is written.
#[test]
fn a_dropped_store_finishes_what_was_sent_and_closes_the_file() {
    let (_folder, path) = folder();
    let log = path.with_extension("sqlite-wal");
    let store = pollster::block_on(SqliteRuntimeStore::open(&path)).unwrap();
    for mob in 0..50 {
        poll_once(store.set_subscription_cursor(&format!("mob {mob}"), mob));
    }
    drop(store);
    assert!(!log.exists());
    let count = "SELECT count(*) FROM mobkit_metadata";
    let written: i64 = Connection::open(&path).unwrap().query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(written, 50);
}

#[test]
fn a_closed_store_finishes_what_was_sent() {
    let store = pollster::block_on(SqliteRuntimeStore::in_memory()).unwrap();
    let (id, input) = (runtime("r"), queued());
    let mut write = pin!(store.persist_input_state(&id, &input));
    // Either way it was sent: the thread may be quick.
    let early = write.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    store.close();
    match early {
        std::task::Poll::Ready(outcome) => outcome.unwrap(),
        std::task::Poll::Pending => pollster::block_on(write).unwrap(),
    }
    let closed = pollster::block_on(store.load_input_states(&id));
    assert!(matches!(closed, Err(RuntimeStoreError::Closed(_))), "{closed:?}");
}

/// The other handle stands for another process: it shares nothing with this one but the file.
#[tokio::test]
async fn a_claim_through_another_handle_of_the_file_fences_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("burrow.sqlite");
    let (here, there) =
        (SqliteRuntimeStore::open(&path).await.unwrap(), SqliteRuntimeStore::open(&path).await.unwrap());
    let id = runtime("r");
    let old = here.claim(&id).await.unwrap();
    old.commit_session_snapshot(&id, burrow::SessionDelta::new(*b"1")).await.unwrap();
    let new = there.claim(&id).await.unwrap();
    let outcome = old.commit_session_snapshot(&id, burrow::SessionDelta::new(*b"late")).await;
    assert!(matches!(outcome, Err(burrow::RuntimeStoreError::Fenced { held: 1, current: 2, .. })), "{outcome:?}");
    new.commit_session_snapshot(&id, burrow::SessionDelta::new(*b"2")).await.unwrap();
    assert_eq!(here.load_session_snapshot(&id).await.unwrap().as_deref(), Some(&b"2"[..]));
}

//! SQLite under a power cut, and on a disk that is full: what was acknowledged is there, and each boundary is whole.
//! BURROW_SEEDS says how many power cuts.
#![cfg(all(feature = "sqlite", target_os = "linux", target_env = "gnu", target_pointer_width = "64"))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]
#![allow(clippy::await_holding_lock, reason = "each test has a thread of its own, which awaits nothing of another's")]

mod disk;
#[path = "../samples/mod.rs"]
mod samples;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

use burrow::{
    InputLifecycleState, LogicalRuntimeId, Prune, RunBoundary, RunBoundaryReceipt, RunId, RuntimeStore,
    RuntimeStoreError, SessionDelta, SqliteRuntimeStore, StoredInputState,
};
use disk::Event;
use fastrand::Rng;
use tempfile::TempDir;

/// Enough for several checkpoints.
const BOUNDARIES: usize = 150;

/// The tests share one disk.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What is committed, one boundary after the other.
struct Work {
    id: LogicalRuntimeId,
    run: RunId,
    inputs: Vec<StoredInputState>,
}

impl Work {
    fn new() -> Self {
        let inputs = (0..BOUNDARIES).map(|_| samples::queued()).collect();
        Self { id: samples::runtime("agent"), run: RunId::new(), inputs }
    }

    async fn commit(&self, store: &SqliteRuntimeStore, number: usize) -> Result<(), RuntimeStoreError> {
        let receipt = RunBoundaryReceipt::new(self.run, RunBoundary::RunCheckpoint, number as u64);
        let input = vec![self.inputs[number].clone()];
        store.atomic_apply(&self.id, Some(session(number)), receipt, input, None).await
    }

    /// Opens what a power cut leaves, at a moment that the seed says.
    async fn check_after(&self, events: &[Event], seed: u64, synchronizes: bool) -> Result<(), String> {
        let mut random = Rng::with_seed(seed);
        let cut = random.usize(..=events.len());
        let what = format!("seed {seed}, cut after {cut} of {} events", events.len());
        let acknowledged = events[..cut].iter().rev().find_map(|event| match event {
            Event::Acknowledged(count) => Some(*count),
            _ => None,
        });
        let acknowledged = acknowledged.unwrap_or(0);
        let left = tempfile::tempdir().unwrap();
        for (file, bytes) in disk::after_power_cut(&events[..cut], synchronizes, &mut random) {
            fs::write(left.path().join(file.file_name().unwrap()), bytes).unwrap();
        }
        let store = SqliteRuntimeStore::open(left.path().join("burrow.sqlite")).await;
        let store = store.map_err(|error| format!("{what}: {error}"))?;
        let receipts = store.list_receipts(&self.id, None, 1000).await.map_err(|error| format!("{what}: {error}"))?;
        if receipts.len() != acknowledged && receipts.len() != acknowledged + 1 {
            return Err(format!("{what}: {} of {acknowledged} acknowledged", receipts.len()));
        }
        if synchronizes {
            self.count(&store, &what).await;
            // And it goes on.
            if receipts.len() < BOUNDARIES {
                self.commit(&store, receipts.len()).await.unwrap();
                self.count(&store, &what).await;
            }
        }
        Ok(())
    }

    /// How many boundaries are there, each of which must be whole.
    async fn count(&self, store: &SqliteRuntimeStore, what: &str) -> usize {
        let receipts = store.list_receipts(&self.id, None, 1000).await.unwrap().len();
        let inputs = store.load_input_states(&self.id).await.unwrap();
        assert_eq!(inputs, self.inputs[..receipts], "{what}: inputs");
        let found = store.load_session_snapshot(&self.id).await.unwrap();
        let last = receipts.checked_sub(1).map(|last| session(last).session_snapshot.to_vec());
        assert!(found == last, "{what}: the session of {receipts} boundaries");
        receipts
    }
}

/// A snapshot of up to 60 KB that its number tells.
fn session(number: usize) -> SessionDelta {
    SessionDelta::new(format!("message {number} ").repeat(10 + number % 7 * 700).into_bytes())
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("burrow.sqlite");
    (folder, path)
}

#[tokio::test]
async fn after_a_power_cut_all_that_was_acknowledged_is_there() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let seeds = std::env::var("BURROW_SEEDS").map_or(60, |number| number.parse::<u64>().unwrap());
    let (folder, path) = folder();
    let work = Work::new();
    disk::watch(folder.path());
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    for number in 0..BOUNDARIES {
        work.commit(&store, number).await.unwrap();
        disk::acknowledged(number + 1);
    }
    drop(store);
    // Its thread closes the file, which is a checkpoint.
    while Path::new(&format!("{}-wal", path.display())).exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    let events = disk::events();
    for seed in 0..seeds {
        work.check_after(&events, seed, true).await.unwrap();
    }
    // The test finds what a disk loses that only says that it synchronized.
    let mut seed = 0;
    while work.check_after(&events, seed, false).await.is_ok() {
        assert!(seed < 1000, "nothing is lost");
        seed += 1;
    }
    println!("{seeds} power cuts in {} events", events.len());
}

#[tokio::test]
async fn on_a_full_disk_nothing_is_half_done_and_with_room_again_it_goes_on() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (folder, path) = folder();
    let work = Work::new();
    disk::watch(folder.path());
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let mut random = Rng::with_seed(1);
    let mut refused = 0;
    for number in 0..BOUNDARIES {
        disk::set_room(Some(random.u64(..100_000)));
        if let Err(error) = work.commit(&store, number).await {
            assert!(matches!(error, RuntimeStoreError::QuotaExceeded { .. }), "boundary {number}: {error:?}");
            assert_eq!(work.count(&store, "refused").await, number);
            refused += 1;
            disk::set_room(None);
            work.commit(&store, number).await.unwrap();
        }
        disk::set_room(None);
    }
    assert!(refused > 10, "{refused} refused");
    assert_eq!(work.count(&store, "at the end").await, BOUNDARIES);
    drop(store);
    disk::events();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    assert_eq!(work.count(&store, "opened again").await, BOUNDARIES);
}

#[tokio::test]
async fn on_a_full_disk_what_is_deleted_and_pruned_goes_and_makes_room() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    for (seed, reopens) in [(0, false), (1, true), (2, false), (3, true)] {
        let (folder, path) = folder();
        disk::watch(folder.path());
        let mut store = SqliteRuntimeStore::open(&path).await.unwrap();
        disk::set_room(Some(Rng::with_seed(seed).u64(8_000_000..12_000_000)));
        let (ids, run) = ([samples::runtime("pruned"), samples::runtime("deleted")], RunId::new());
        let boundary = async |store: &SqliteRuntimeStore, id: &LogicalRuntimeId, number: u64| {
            let receipt = RunBoundaryReceipt::new(run, RunBoundary::RunCheckpoint, number);
            let mut input = samples::queued();
            input.current_state = InputLifecycleState::Consumed;
            store.atomic_apply(id, Some(session(number as usize)), receipt, vec![input], None).await
        };
        let mut number = 0;
        while boundary(&store, &ids[number as usize % 2], number / 2).await.is_ok() {
            number += 1;
        }
        if reopens {
            drop(store);
            disk::set_room(Some(0));
            store = SqliteRuntimeStore::open(&path).await.unwrap();
        }
        let full = async |store: &SqliteRuntimeStore| {
            for number in 0..1000 {
                match boundary(store, &samples::runtime("other"), number).await {
                    Err(RuntimeStoreError::QuotaExceeded { .. }) => return,
                    other => other.unwrap(),
                }
            }
            panic!("seed {seed}: it is not full");
        };
        full(&store).await;
        let prune = Prune { keep_receipts: Some(1), keep_terminal_inputs: Some(1), ..Prune::default() };
        let pruned = store.prune(&ids[0], prune).await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(pruned.receipts > 10 && pruned.inputs > 10, "seed {seed}: {pruned:?}");
        store.delete_runtime(&ids[1]).await.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let left = store.list_runtimes(None, 10).await.unwrap();
        assert!(left.contains(&ids[0]) && !left.contains(&ids[1]), "seed {seed}: {left:?}");
        // And what was freed can be written to.
        for number in 0..50 {
            let written = boundary(&store, &samples::runtime("another"), number).await;
            written.unwrap_or_else(|error| panic!("seed {seed}: {number}: {error}"));
        }
        disk::events();
    }
}

#[tokio::test]
async fn a_new_file_that_a_full_disk_has_no_room_for_is_quota_exceeded_and_leaves_nothing() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (folder, path) = folder();
    disk::watch(folder.path());
    disk::set_room(Some(0));
    let error = SqliteRuntimeStore::open(&path).await.unwrap_err();
    assert!(matches!(error, RuntimeStoreError::QuotaExceeded { .. }), "{error:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    disk::events();
}

#[tokio::test]
async fn on_a_full_disk_what_many_processes_wrote_one_after_the_other_can_be_deleted() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (folder, path) = folder();
    disk::watch(folder.path());
    disk::set_room(Some(8_000_000));
    let commit = async |store: &SqliteRuntimeStore, number: u64, length: usize| {
        let receipt = RunBoundaryReceipt::new(RunId::new(), RunBoundary::RunCheckpoint, 0);
        let session = SessionDelta::new(vec![7; length]);
        store.atomic_apply(&samples::runtime(&number.to_string()), Some(session), receipt, vec![], None).await
    };
    let mut number = 0;
    // The log of each is small.
    while commit(&SqliteRuntimeStore::open(&path).await.unwrap(), number, 300_000).await.is_ok() {
        number += 1;
    }
    assert!(number > 5, "{number}");
    disk::set_room(Some(0));
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    for number in 0..3 {
        store.delete_runtime(&samples::runtime(&number.to_string())).await.unwrap();
    }
    // Another program takes what it finds; what was deleted has left free pages.
    for number in 0..3 {
        disk::set_room(Some(0));
        commit(&store, number, 200_000).await.unwrap();
    }
    drop(store);
    disk::events();
}

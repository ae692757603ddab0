//! Many mixed operations in one process on one SQLite file, by several tasks: every read is right, every commit is told once,
//! and neither memory nor open files grow. `npm run soak` does a million; BURROW_OPERATIONS says how many.
#![cfg(all(feature = "sqlite", target_os = "linux"))]
#![allow(clippy::unwrap_used, missing_docs)]

mod samples;

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use burrow::{
    LabelPatch, LogicalRuntimeId, MetadataScope, PersistentMetadataStore, RunBoundary, RunBoundaryReceipt, RunId,
    RuntimeClaim, RuntimeMetadataTable, RuntimeState, RuntimeStore, RuntimeStoreError, SessionDelta,
    SqliteRuntimeStore, StoredInputState, WatchScope, engine::sql::Sqlite,
};
use fastrand::Rng;

const TASKS: usize = 8;
/// How often the file is closed and opened again.
const ROUNDS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn reads_stay_right_and_memory_stays_level() {
    let operations = std::env::var("BURROW_OPERATIONS").map_or(4000, |number| number.parse::<usize>().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("burrow.sqlite");
    let mut tasks: Vec<_> = (0..TASKS).map(Task::new).collect();
    let (start, mut done) = (Instant::now(), 0);
    let mut levels = Vec::new();
    for _ in 0..ROUNDS {
        tasks = round(&path, tasks, operations / ROUNDS / TASKS).await;
        done += operations / ROUNDS / TASKS * TASKS;
        let (bytes, files) = (resident(), open_files());
        levels.push((bytes, files));
        println!("{done} operations, {:.0} s: {} MB, {files} files", start.elapsed().as_secs_f64(), bytes >> 20);
    }
    // The first rounds fill caches.
    let (early, last) = (levels[1], levels[ROUNDS - 1]);
    assert!(last.0 < early.0 + early.0 / 4 + (8 << 20), "resident bytes grow: {levels:?}");
    assert_eq!(last.1, early.1, "open files");
    println!("{} MB in the file", fs::metadata(&path).unwrap().len() >> 20);
}

/// Opens the file, lets all tasks do their work at once, and closes it.
async fn round(path: &Path, tasks: Vec<Task>, operations: usize) -> Vec<Task> {
    let store = SqliteRuntimeStore::open(path).await.unwrap();
    let told = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&told);
    let watch = store.watch(WatchScope::Everything, move |_| _ = counter.fetch_add(1, Relaxed));
    let before: u64 = tasks.iter().map(|task| task.told).sum();
    let running: Vec<_> = tasks.into_iter().map(|task| tokio::spawn(task.run(store.clone(), operations))).collect();
    let mut tasks = Vec::new();
    for task in running {
        tasks.push(task.await.unwrap());
    }
    drop(watch);
    let due = tasks.iter().map(|task| task.told).sum::<u64>() - before;
    assert_eq!(told.load(Relaxed), due, "changes that were told");
    tasks
}

/// What one task has written, of which it is the only writer.
struct Task {
    random: Rng,
    id: LogicalRuntimeId,
    mob: String,
    run: RunId,
    inputs: Vec<StoredInputState>,
    boundaries: u64,
    session: Option<u64>,
    state: RuntimeState,
    cursor: u64,
    label: u64,
    epoch: u64,
    /// How many commits watchers must have been told of.
    told: u64,
}

impl Task {
    fn new(number: usize) -> Self {
        Self {
            random: Rng::with_seed(number as u64),
            id: samples::runtime(&format!("agent-{number}")),
            mob: format!("mob-{number}"),
            run: RunId::new(),
            inputs: (0..20).map(|_| samples::queued()).collect(),
            boundaries: 0,
            session: None,
            state: RuntimeState::Initializing,
            cursor: 0,
            label: 0,
            epoch: 0,
            told: 0,
        }
    }

    async fn run(mut self, store: SqliteRuntimeStore, operations: usize) -> Self {
        let mut claim = self.claim(&store).await;
        for _ in 1..operations {
            match self.random.u8(..20) {
                0..5 => self.commit_boundary(&claim).await,
                5 | 6 => {
                    let at = self.random.usize(..self.inputs.len());
                    self.inputs[at].attempt_count += 1;
                    claim.persist_input_state(&self.id, &self.inputs[at]).await.unwrap();
                    self.told += 1;
                }
                7 => self.step(&claim).await,
                8 => {
                    self.label += 1;
                    let set = [("n".to_owned(), self.label.to_string())].into();
                    store.patch_labels(&self.scope(), LabelPatch { set, remove: vec![] }).await.unwrap();
                    self.told += 1;
                }
                9 => {
                    self.cursor += 1;
                    assert_eq!(store.advance_subscription_cursor(&self.mob, self.cursor).await.unwrap(), self.cursor);
                    self.told += 1;
                }
                10 if self.random.u8(..10) == 0 => {
                    let overtaken = std::mem::replace(&mut claim, self.claim(&store).await);
                    let refused = overtaken.commit_session_snapshot(&self.id, SessionDelta::new(*b"stale")).await;
                    assert!(matches!(refused, Err(RuntimeStoreError::Fenced { .. })), "{refused:?}");
                }
                _ => self.read(&store).await,
            }
        }
        self.read_all(&store).await;
        self
    }

    fn scope(&self) -> MetadataScope {
        MetadataScope::Mob(self.mob.clone())
    }

    async fn claim(&mut self, store: &SqliteRuntimeStore) -> RuntimeClaim<Sqlite> {
        let claim = store.claim(&self.id).await.unwrap();
        self.epoch += 1;
        self.told += 1;
        assert_eq!(claim.epoch(), self.epoch);
        claim
    }

    /// A boundary, and one time in eight the same again, as after a lost acknowledgement.
    async fn commit_boundary(&mut self, claim: &RuntimeClaim<Sqlite>) {
        let number = self.boundaries;
        let at = self.random.usize(..self.inputs.len());
        self.inputs[at].attempt_count += 1;
        for _ in 0..1 + usize::from(self.random.u8(..8) == 0) {
            let input = vec![self.inputs[at].clone()];
            claim.atomic_apply(&self.id, Some(session(number)), self.receipt(number), input, None).await.unwrap();
        }
        (self.boundaries, self.session) = (number + 1, Some(number));
        self.told += 1;
    }

    fn receipt(&self, number: u64) -> RunBoundaryReceipt {
        let receipt = RunBoundaryReceipt::new(self.run, RunBoundary::RunCheckpoint, number);
        RunBoundaryReceipt { message_count: number * 3, ..receipt }
    }

    async fn step(&mut self, claim: &RuntimeClaim<Sqlite>) {
        let to = if self.state == RuntimeState::Idle { RuntimeState::Running } else { RuntimeState::Idle };
        claim.commit_machine_lifecycle(&self.id, self.state.step(to).unwrap(), &[]).await.unwrap();
        self.state = to;
        self.told += 1;
    }

    async fn read(&mut self, store: &SqliteRuntimeStore) {
        match self.random.u8(..6) {
            0 => {
                let found = store.load_session_snapshot(&self.id).await.unwrap();
                let expected = self.session.map(|number| session(number).session_snapshot.to_vec());
                assert!(found == expected, "the session of {}", self.id);
            }
            1 if self.boundaries > 0 => {
                let number = self.random.u64(..self.boundaries);
                let found = store.load_boundary_receipt(&self.id, &self.run, number).await.unwrap();
                assert_eq!(found, Some(self.receipt(number)));
            }
            2 => {
                let found = store.load_last_receipt(&self.id, None).await.unwrap();
                assert_eq!(found, self.boundaries.checked_sub(1).map(|last| self.receipt(last)));
            }
            3 => {
                let input = &self.inputs[self.random.usize(..self.inputs.len())];
                let found = store.load_input_state(&self.id, &input.input_id).await.unwrap();
                assert_eq!(found.is_some(), input.attempt_count > 0);
                assert!(found.is_none_or(|found| found == *input));
            }
            4 => {
                let found = store.get_labels(&self.scope()).await.unwrap();
                assert_eq!(found.get("n").cloned(), (self.label > 0).then(|| self.label.to_string()));
            }
            _ => {
                let found = store.get_subscription_cursor(&self.mob).await.unwrap();
                assert_eq!(found, (self.cursor > 0).then_some(self.cursor));
            }
        }
    }

    async fn read_all(&mut self, store: &SqliteRuntimeStore) {
        assert_eq!(store.load_runtime_state(&self.id).await.unwrap().unwrap_or_default(), self.state);
        let found = store.load_input_states(&self.id).await.unwrap();
        let mut written: Vec<_> = self.inputs.iter().filter(|input| input.attempt_count > 0).cloned().collect();
        written.sort_by_key(|input| input.input_id);
        assert_eq!(found, written);
        for _ in 0..20 {
            self.read(store).await;
        }
    }
}

/// A snapshot of 1 to 8 KB that its number tells.
fn session(number: u64) -> SessionDelta {
    let text = format!("message {number} ").repeat(100 + (number % 7) as usize * 80);
    SessionDelta::new(text.into_bytes())
}

/// The resident bytes of this process.
fn resident() -> usize {
    let pages: usize = fs::read_to_string("/proc/self/statm").unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

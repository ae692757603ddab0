//! The contract over plain maps, too simple to be wrong, and random operations to try on it and on a store.

use std::collections::BTreeMap;

use crate::{
    InputId, LabelPatch, Labels, MetadataScope, Prune, RunBoundaryReceipt, RunId, RuntimeState, RuntimeStoreError,
    SessionDelta, StoredInputState,
};
use fastrand::Rng;

use super::{
    door::Door,
    samples::{queued, receipt, runtime},
};

#[derive(Default)]
pub struct Model {
    labels: BTreeMap<(String, String), Labels>,
    cursors: BTreeMap<String, u64>,
    mob_epochs: BTreeMap<String, u64>,
    inputs: BTreeMap<(String, InputId), StoredInputState>,
    receipts: BTreeMap<(String, RunId, u64), Boundary>,
    pruned: BTreeMap<(String, RunId), BTreeMap<u64, Boundary>>,
    snapshots: BTreeMap<String, Vec<u8>>,
    states: BTreeMap<String, RuntimeState>,
}

/// A receipt, and what was committed beside it.
type Boundary = (RunBoundaryReceipt, Option<Vec<u8>>, Vec<StoredInputState>);

/// One call of a store, about the mob or runtime `name`.
#[derive(Clone, Debug)]
pub struct Operation {
    name: &'static str,
    call: Call,
}

#[derive(Clone, Debug)]
enum Call {
    SetLabels { run: &'static str, labels: Labels },
    DeleteLabels { run: &'static str },
    PatchLabels { run: &'static str, set: Labels, remove: Vec<String> },
    SetCursor(u64),
    ClaimMob,
    DeleteMob,
    Delete,
    Prune { keep_receipts: u64 },
    CommitSession(Vec<u8>),
    Apply { session: Option<Vec<u8>>, receipt: RunBoundaryReceipt, inputs: Vec<StoredInputState> },
    Step { from: RuntimeState, to: RuntimeState, inputs: Vec<StoredInputState> },
    Persist(StoredInputState),
}

/// The outcome of a call.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    Done,
    Were(Labels),
    Pruned(u64),
    Claimed(u64),
    Conflict,
    Failed(String),
}

const NAMES: [&str; 6] = ["a", "ab", "~", "é", "\u{FFFD}", "\u{1F9E0}"];
const NUMBERS: [u64; 6] = [0, 1, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, u64::MAX];

/// Dice, and the few runs and inputs that the operations are about.
pub struct Dice {
    pub random: Rng,
    runs: [RunId; 2],
    inputs: Vec<StoredInputState>,
    longest_session: usize,
    last_boundary: Option<Operation>,
}

impl Dice {
    pub fn new(seed: u64, longest_session: usize) -> Self {
        let runs = [RunId::new(), RunId::new()];
        Self {
            random: Rng::with_seed(seed),
            runs,
            inputs: (0..6).map(|_| queued()).collect(),
            longest_session,
            last_boundary: None,
        }
    }

    pub fn operation(&mut self) -> Operation {
        // A boundary may be committed again, as by a caller who has missed the answer.
        if let Some(last) = self.last_boundary.take_if(|_| self.random.u8(..8) == 0) {
            return last;
        }
        let name = self.one_of(&NAMES);
        let number = self.one_of(&NUMBERS);
        let call = match self.random.u8(..7) {
            0 => {
                let run = self.one_of(&["", "r", "\u{1F9E0}"]);
                let labels = (0..self.random.usize(..3)).map(|i| (i.to_string(), number.to_string())).collect();
                match self.random.u8(..4) {
                    0 => Call::DeleteLabels { run },
                    1 => Call::PatchLabels { run, set: labels, remove: vec!["2".to_owned()] },
                    _ => Call::SetLabels { run, labels },
                }
            }
            1 if self.random.u8(..4) == 0 => Call::Delete,
            1 if self.random.u8(..4) == 0 => Call::Prune { keep_receipts: self.random.u64(..4) },
            1 if self.random.u8(..4) == 0 => Call::ClaimMob,
            1 if self.random.u8(..6) == 0 => Call::DeleteMob,
            1 => Call::SetCursor(number),
            2 => Call::CommitSession(vec![number as u8; self.random.usize(..self.longest_session)]),
            3 | 4 => {
                let (run_id, message_count) = (self.one_of(&self.runs.clone()), self.random.u64(..2));
                let session = self.random.bool().then(|| vec![self.random.u8(..); 9]);
                let receipt = RunBoundaryReceipt { run_id, message_count, ..receipt(number) };
                Call::Apply { session, receipt, inputs: self.inputs(number) }
            }
            5 => loop {
                let (from, to) = (RuntimeState::ALL[self.random.usize(..4)], RuntimeState::ALL[self.random.usize(..4)]);
                if from.step(to).is_ok() {
                    break Call::Step { from, to, inputs: self.inputs(number) };
                }
            },
            _ => Call::Persist(self.input(number)),
        };
        let operation = Operation { name, call };
        if matches!(operation.call, Call::Apply { .. }) {
            self.last_boundary = Some(operation.clone());
        }
        operation
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.random.usize(..all.len())]
    }

    fn inputs(&mut self, number: u64) -> Vec<StoredInputState> {
        (0..self.random.usize(..3)).map(|_| self.input(number)).collect()
    }

    fn input(&mut self, number: u64) -> StoredInputState {
        let input = self.inputs[self.random.usize(..self.inputs.len())].clone();
        StoredInputState { attempt_count: self.random.u32(..), last_boundary_sequence: Some(number), ..input }
    }
}

impl Operation {
    /// Whether it may take several transactions, with others in between.
    pub fn is_in_steps(&self) -> bool {
        matches!(self.call, Call::Prune { .. })
    }
}

fn scope(name: &str, run: &str) -> MetadataScope {
    match run {
        "" => MetadataScope::Mob(name.into()),
        run => MetadataScope::Run(name.into(), run.into()),
    }
}

impl Operation {
    pub async fn run(self, store: &impl Door) -> Outcome {
        let (name, id) = (self.name, runtime(self.name));
        let outcome: Result<Outcome, RuntimeStoreError> = match self.call {
            Call::SetLabels { run, labels } => done(store.set_labels(&scope(name, run), labels).await),
            Call::DeleteLabels { run } => {
                store.delete_labels(&scope(name, run)).await.map(Outcome::Were).map_err(Into::into)
            }
            Call::PatchLabels { run, set, remove } => {
                let patch = LabelPatch { set, remove };
                store.store().patch_labels(&scope(name, run), patch).await.map(Outcome::Were)
            }
            Call::Delete => done(store.store().delete_runtime(&id).await),
            Call::Prune { keep_receipts } => {
                let prune = Prune { keep_receipts: Some(keep_receipts), ..Prune::default() };
                store.store().prune(&id, prune).await.map(|pruned| Outcome::Pruned(pruned.receipts))
            }
            // Whatever is called without a claim is not fenced.
            Call::ClaimMob => store.store().claim_mob(name).await.map(|claim| Outcome::Claimed(claim.epoch())),
            Call::DeleteMob => done(store.store().delete_mob(name).await),
            Call::SetCursor(cursor) => done(store.set_subscription_cursor(name, cursor).await),
            Call::CommitSession(session) => done(store.commit_session_snapshot(&id, SessionDelta::new(session)).await),
            Call::Apply { session, receipt, inputs } => {
                done(store.atomic_apply(&id, session.map(SessionDelta::new), receipt, inputs, None).await)
            }
            Call::Step { from, to, inputs } => {
                done(store.commit_machine_lifecycle(&id, from.step(to).unwrap(), &inputs).await)
            }
            Call::Persist(input) => done(store.persist_input_state(&id, &input).await),
        };
        outcome.unwrap_or_else(|error| match error {
            RuntimeStoreError::Conflict(_) => Outcome::Conflict,
            error => Outcome::Failed(error.to_string()),
        })
    }
}

fn done<E: Into<RuntimeStoreError>>(outcome: Result<(), E>) -> Result<Outcome, RuntimeStoreError> {
    outcome.map(|()| Outcome::Done).map_err(Into::into)
}

impl Model {
    /// Makes the operation; returns the outcome that every engine must give.
    pub fn apply(&mut self, operation: Operation) -> Outcome {
        let name = operation.name.to_owned();
        match operation.call {
            Call::SetLabels { run, labels } => {
                match labels.is_empty() {
                    true => self.labels.remove(&(name, run.into())),
                    false => self.labels.insert((name, run.into()), labels),
                };
            }
            Call::DeleteLabels { run } => {
                return Outcome::Were(self.labels.remove(&(name, run.into())).unwrap_or_default());
            }
            Call::PatchLabels { run, set, remove } => {
                let labels = self.labels.entry((name.clone(), run.into())).or_default();
                labels.retain(|key, _| !remove.contains(key));
                labels.extend(set);
                let labels = labels.clone();
                if labels.is_empty() {
                    self.labels.remove(&(name, run.into()));
                }
                return Outcome::Were(labels);
            }
            Call::Delete => {
                self.inputs.retain(|(id, _), _| *id != name);
                self.receipts.retain(|(id, ..), _| *id != name);
                self.pruned.retain(|(id, _), _| *id != name);
                self.snapshots.remove(&name);
                self.states.remove(&name);
            }
            Call::Prune { keep_receipts } => return Outcome::Pruned(self.prune(&name, keep_receipts)),
            Call::ClaimMob => {
                let epoch = self.mob_epochs.entry(name).or_default();
                *epoch += 1;
                return Outcome::Claimed(*epoch);
            }
            Call::DeleteMob => {
                self.labels.retain(|(mob, _), _| *mob != name);
                self.cursors.remove(&name);
                self.mob_epochs.remove(&name);
            }
            Call::SetCursor(cursor) => {
                self.cursors.insert(name, cursor);
            }
            Call::CommitSession(session) => {
                self.snapshots.insert(name, session);
            }
            Call::Apply { session, receipt, inputs } => {
                let key = (name.clone(), receipt.run_id, receipt.sequence);
                let boundary = (receipt, session.clone(), inputs.clone());
                let pruned = self.pruned.get(&(name.clone(), key.1)).filter(|pruned| pruned.contains_key(&key.2));
                // Only the last one can be compared.
                let last = pruned.and_then(|pruned| pruned.last_key_value()).map(|(_, last)| last);
                match self.receipts.get(&key).or(last) {
                    Some((last, ..)) if last.sequence > key.2 => return Outcome::Done,
                    Some(stored) if *stored == boundary => return Outcome::Done,
                    Some(_) => return Outcome::Conflict,
                    None => {}
                }
                self.receipts.insert(key, boundary);
                self.snapshots.extend(session.map(|session| (name.clone(), session)));
                self.put_inputs(&name, inputs);
            }
            Call::Step { from, to, inputs } => {
                if self.states.get(&name).copied().unwrap_or_default() != from {
                    return Outcome::Conflict;
                }
                self.states.insert(name.clone(), to);
                self.put_inputs(&name, inputs);
            }
            Call::Persist(input) => self.put_inputs(&name, vec![input]),
        }
        Outcome::Done
    }

    /// Prunes all but the latest receipts of a runtime. No input of the model's belongs to a run.
    fn prune(&mut self, name: &str, keep: u64) -> u64 {
        let its: Vec<_> = self.receipts.keys().filter(|(id, ..)| id == name).cloned().collect();
        let is_running = self.states.get(name) == Some(&RuntimeState::Running);
        let mut pruned = 0;
        // By run from the greatest id, and within a run by sequence.
        for (place, key) in its.iter().rev().enumerate() {
            let is_open = is_running && its.last().is_some_and(|last| last.1 == key.1);
            if place == 0 || is_open || (place as u64) < keep {
                continue;
            }
            let boundary = self.receipts.remove(key);
            pruned += 1;
            let of_run = self.pruned.entry((name.to_owned(), key.1)).or_default();
            of_run.extend(boundary.map(|boundary| (key.2, boundary)));
        }
        pruned
    }

    fn put_inputs(&mut self, name: &str, inputs: Vec<StoredInputState>) {
        self.inputs.extend(inputs.into_iter().map(|input| ((name.to_owned(), input.input_id), input)));
    }

    /// Whether the store holds what the model does, and nothing else.
    pub async fn compare(&self, store: &impl Door) {
        for name in NAMES {
            let id = runtime(name);
            let of_name = |key: &String| key == name;
            let inputs: Vec<_> =
                self.inputs.iter().filter(|((id, _), _)| of_name(id)).map(|(_, input)| input.clone()).collect();
            assert_eq!(store.load_input_states(&id).await.unwrap(), inputs);
            assert!(store.load_session_snapshot(&id).await.unwrap().as_ref() == self.snapshots.get(name));
            assert_eq!(store.load_runtime_state(&id).await.unwrap().as_ref(), self.states.get(name));
            let receipts = self.receipts.iter().filter(|((id, ..), _)| of_name(id));
            let receipts: Vec<_> = receipts.map(|(_, (receipt, ..))| receipt.clone()).collect();
            assert_eq!(store.list_receipts(&id, None, 1000).await.unwrap(), receipts);
            let labels: Vec<_> =
                self.labels.iter().filter(|((mob, _), _)| of_name(mob)).map(|(_, labels)| labels.clone()).collect();
            let listed = store.list_labels_for_mob(name).await.unwrap();
            assert_eq!(listed.into_iter().map(|(_, labels)| labels).collect::<Vec<_>>(), labels);
            assert_eq!(store.get_subscription_cursor(name).await.unwrap().as_ref(), self.cursors.get(name));
        }
        for ((id, run, sequence), (receipt, ..)) in &self.receipts {
            let stored = store.load_boundary_receipt(&runtime(id), run, *sequence).await.unwrap();
            assert_eq!(stored.as_ref(), Some(receipt));
        }
        let runtimes = NAMES.iter().filter(|name| {
            self.inputs.keys().any(|(id, _)| id == *name)
                || self.receipts.keys().any(|(id, ..)| id == *name)
                || self.snapshots.contains_key(**name)
                || self.states.contains_key(**name)
        });
        assert_eq!(
            store.store().list_runtimes(None, 100).await.unwrap(),
            runtimes.map(|name| runtime(name)).collect::<Vec<_>>()
        );
        let mobs = NAMES
            .iter()
            .filter(|name| self.labels.keys().any(|(mob, _)| mob == *name) || self.cursors.contains_key(**name));
        assert_eq!(store.store().list_mobs(None, 100).await.unwrap(), mobs.copied().collect::<Vec<_>>());
    }
}

//! A pruning is no single effect: it begins, takes some at a time, and ends, and other calls come between. What is too much it may
//! count at any moment until it takes it; what is needed when it takes it stays.

use std::collections::BTreeSet;

use burrow::{ChangeKind, RuntimeState};

use super::{
    super::call::{Answer, Call, INPUTS, Prune, RUNS, SEQUENCES, boundary_of, is_live},
    Move, Runtime, State,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Item {
    Input(u8),
    Receipt(u8, u64),
}

/// A pruning under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pruning {
    prune: Prune,
    /// Everything that was not among the latest to be kept at some moment of the call, also what was not stored then.
    too_much: BTreeSet<Item>,
    /// What has to be pruned before it ends. `None` where another call has changed meanwhile what is needed: then nothing has to be.
    due: Option<BTreeSet<Item>>,
    receipts: u64,
    inputs: u64,
}

impl Runtime {
    /// What a pruning may do next, where `refused` is what its claim answers.
    pub(super) fn prune(&self, number: usize, prune: Prune, refused: Option<Answer>) -> Vec<Move> {
        let Some(pruning) = self.prunings.get(&number) else { return vec![self.begin(number, prune)] };
        let some = self.takable(&pruning.too_much);
        let ends_with = |answer| {
            let mut after = self.clone();
            after.prunings.remove(&number);
            Move { after: State::Runtime(after), told: None, answer: Some(answer) }
        };
        let mut moves: Vec<_> = pruning.answers().into_iter().map(ends_with).collect();
        match refused {
            _ if prune.dry_run => {}
            Some(refused) if !some.is_empty() => moves.push(ends_with(refused)),
            Some(_) => {}
            None => moves.extend(some.into_iter().map(|some| self.take(number, some))),
        }
        moves
    }

    fn begin(&self, number: usize, prune: Prune) -> Move {
        let too_much = self.too_much(prune);
        let due = Some(self.due(&too_much));
        let mut after = self.clone();
        after.prunings.insert(number, Pruning { prune, too_much, due, receipts: 0, inputs: 0 });
        Move { after: State::Runtime(after), told: None, answer: None }
    }

    fn take(&self, number: usize, some: Vec<Item>) -> Move {
        let mut after = self.clone();
        let mut kind = ChangeKind::Inputs;
        let mut taken = (0, 0);
        for item in some {
            match item {
                Item::Input(input) => {
                    after.inputs.remove(&input);
                    taken.1 += 1;
                }
                Item::Receipt(run, sequence) => {
                    let boundary = after.boundaries.remove(&(run, sequence));
                    after.pruned.extend(boundary.map(|boundary| ((run, sequence), boundary)));
                    kind = ChangeKind::Receipt;
                    taken.0 += 1;
                }
            }
        }
        if let Some(pruning) = after.prunings.get_mut(&number) {
            pruning.receipts += taken.0;
            pruning.inputs += taken.1;
        }
        after.look_of_prunings();
        Move { after: State::Runtime(after), told: Some((0, vec![kind])), answer: None }
    }

    /// Tells the prunings under way what a call has made of the runtime.
    pub(super) fn go_on_with_prunings(&mut self, call: &Call) {
        if matches!(call, Call::Commit { .. } | Call::Step { .. } | Call::Delete { .. } | Call::DeleteRun { .. }) {
            self.prunings.values_mut().for_each(|pruning| pruning.due = None);
        }
        self.look_of_prunings();
    }

    fn look_of_prunings(&mut self) {
        let mut prunings = std::mem::take(&mut self.prunings);
        for pruning in prunings.values_mut() {
            let too_much = self.too_much(pruning.prune);
            if let Some(due) = &mut pruning.due {
                let still = self.due(&too_much);
                // It counts one after the other, and does not take what it has counted.
                let is_miscounted = pruning.prune.dry_run && *due != still;
                due.retain(|item| still.contains(item));
                pruning.due.take_if(|_| is_miscounted);
            }
            pruning.too_much.extend(too_much);
        }
        self.prunings = prunings;
    }

    /// Everything that is not among the latest to be kept, also what is not stored.
    fn too_much(&self, prune: Prune) -> BTreeSet<Item> {
        let inputs = (0..INPUTS).filter(|input| {
            let later = self.inputs.iter().filter(|(id, version)| *id > input && !is_live(**version));
            prune.keep_inputs.is_some_and(|keep| later.count() as u64 >= keep)
        });
        let receipts = (0..RUNS).flat_map(|run| SEQUENCES.map(|sequence| (run, sequence))).filter(|receipt| {
            let later = self.boundaries.keys().filter(|key| *key > receipt);
            prune.keep_receipts.is_some_and(|keep| later.count() as u64 >= keep)
        });
        inputs.map(Item::Input).chain(receipts.map(|(run, sequence)| Item::Receipt(run, sequence))).collect()
    }

    /// All that goes now of what is too much.
    fn due(&self, too_much: &BTreeSet<Item>) -> BTreeSet<Item> {
        self.takable(too_much).into_iter().flatten().collect()
    }

    /// What may be taken at once now: some inputs, or the first receipts of a run up to one that is needed.
    fn takable(&self, too_much: &BTreeSet<Item>) -> Vec<Vec<Item>> {
        let goes = |item: &Item| too_much.contains(item) && !self.needs(*item);
        let inputs: Vec<_> = self.inputs.keys().map(|input| Item::Input(*input)).filter(goes).collect();
        let some = (1..1_u32 << inputs.len()).map(|chosen| {
            inputs.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1).map(|(_, input)| *input).collect()
        });
        let of_runs = (0..RUNS).flat_map(|run| {
            let its = self.boundaries.range((run, 0)..=(run, u64::MAX)).map(|((run, sequence), _)| (*run, *sequence));
            let first: Vec<_> = its.map(|(run, sequence)| Item::Receipt(run, sequence)).take_while(goes).collect();
            (1..=first.len()).map(|count| first[..count].to_vec()).collect::<Vec<_>>()
        });
        some.chain(of_runs).collect()
    }

    /// Whether a live input, the last boundary or an open run needs it.
    fn needs(&self, item: Item) -> bool {
        let last = self.boundaries.last_key_value();
        let is_open = |run: u8| {
            self.state == Some(RuntimeState::Running) && last.is_some_and(|((of_last, _), _)| *of_last == run)
        };
        let is_last = |key: (u8, u64)| last.is_some_and(|(last, _)| *last == key);
        let live = || self.inputs.iter().filter(|(_, version)| is_live(**version));
        match item {
            Item::Input(input) => {
                let needing = self.boundaries.iter().filter(|(key, _)| is_last(**key) || is_open(key.0));
                live().any(|(id, _)| *id == input)
                    || needing.flat_map(|(_, boundary)| &boundary.inputs).any(|(id, _)| *id == input)
            }
            Item::Receipt(run, sequence) => {
                let names = |id: &u8| {
                    self.boundaries.get(&(run, sequence)).is_some_and(|b| b.inputs.iter().any(|(named, _)| named == id))
                };
                let belongs =
                    |version: u16| boundary_of(version).is_some_and(|(of, from)| of == run && from <= sequence);
                is_last((run, sequence)) || is_open(run) || live().any(|(id, version)| names(id) || belongs(*version))
            }
        }
    }
}

impl Pruning {
    /// What it may answer now.
    fn answers(&self) -> Vec<Answer> {
        let count = |items: &BTreeSet<Item>| {
            let inputs = items.iter().filter(|item| matches!(item, Item::Input(_))).count() as u64;
            (items.len() as u64 - inputs, inputs)
        };
        let pruned = |receipts, inputs| Answer::Pruned { receipts, inputs };
        match &self.due {
            Some(due) if self.prune.dry_run => vec![pruned(count(due).0, count(due).1)],
            None if self.prune.dry_run => {
                let (receipts, inputs) = count(&self.too_much);
                (0..=receipts).flat_map(|receipts| (0..=inputs).map(move |inputs| pruned(receipts, inputs))).collect()
            }
            Some(due) if !due.is_empty() => vec![],
            _ => vec![pruned(self.receipts, self.inputs)],
        }
    }
}

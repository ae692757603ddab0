//! How the database does its work: as it should, or with one of its promises broken, for the tests of the checker.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use burrow::{
    Change, RuntimeStoreError,
    engine::{Commit, Decide, Engine, Key, KeyPart, ReadSet, Reads, Result, Write},
};

use super::{
    call::{INPUTS, SEQUENCES},
    values,
    world::now,
};

/// A broken promise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sabotage {
    LosesOneWriteOfACommit,
    LosesACommit,
    CommitsTwice,
    RetriesWithoutLooking,
    CommitsAndSaysItFailed,
    IgnoresFences,
    IgnoresFencesOfMobs,
    DecidesOnAnOldSnapshot,
    ReadsAnOldSnapshot,
    WritesDespiteARefusal,
    TellsNobody,
    TellsTwice,
    TellsLate,
    TellsWhatIsNotWritten,
    ForgetsWhatWasPruned,
    PrunesOneReceiptTooMany,
    PrunesOneInputTooMany,
}

/// How often a promise is broken: one time in so many, so that the checker has to find it among what is right.
const ONE_IN: u64 = 3;

pub struct Saboteur {
    sabotage: Option<Sabotage>,
    memo: Mutex<Memo>,
}

#[derive(Default)]
struct Memo {
    calls: u64,
    /// What was seen last by reads like these.
    seen: HashMap<String, ReadSet>,
    late: Option<Change>,
}

impl Saboteur {
    pub fn new(sabotage: Option<Sabotage>) -> Self {
        Self { sabotage, memo: Mutex::default() }
    }

    fn does(&self, sabotage: Sabotage) -> bool {
        if self.sabotage != Some(sabotage) {
            return false;
        }
        let mut memo = self.memo.lock().unwrap();
        memo.calls += 1;
        memo.calls.is_multiple_of(ONE_IN)
    }

    /// Whether a commit whose acknowledgement was lost is made once more, whatever has become of it.
    pub fn retries(&self) -> bool {
        self.does(Sabotage::RetriesWithoutLooking)
    }

    pub fn read(&self, engine: &dyn Engine, reads: &Reads) -> Result<ReadSet> {
        let seen = now(engine.read(reads.clone()))?;
        if self.sabotage == Some(Sabotage::ReadsAnOldSnapshot) {
            let again = now(engine.read(reads.clone()))?;
            return Ok(self.older(reads, again).unwrap_or(seen));
        }
        Ok(seen)
    }

    /// What the same reads have seen before; remembers what they see now.
    fn older(&self, reads: &Reads, now: ReadSet) -> Option<ReadSet> {
        self.memo.lock().unwrap().seen.insert(format!("{reads:?}"), now)
    }

    pub fn transact(
        &self,
        engine: &dyn Engine,
        reads: &Reads,
        decide: &Arc<Mutex<Decide>>,
    ) -> Result<(ReadSet, Option<Change>)> {
        let is_of = |table: &str| format!("{reads:?}").contains(table);
        let old = match self.sabotage {
            Some(Sabotage::DecidesOnAnOldSnapshot) => self.older(reads, now(engine.read(reads.clone()))?),
            Some(Sabotage::IgnoresFences) if is_of("burrow_claims") => {
                self.older(reads, now(engine.read(reads.clone()))?)
            }
            Some(Sabotage::IgnoresFencesOfMobs) if is_of("burrow_mob_claims") => {
                self.older(reads, now(engine.read(reads.clone()))?)
            }
            _ => None,
        };
        if self.does(Sabotage::LosesACommit) {
            let seen = now(engine.read(reads.clone()))?;
            let change = (decide.lock().unwrap())(&seen)?.change;
            return Ok((seen, change));
        }
        let done = self.commit(engine, reads, decide, old)?;
        if self.does(Sabotage::CommitsTwice) {
            return self.commit(engine, reads, decide, None).or(Ok(done));
        }
        if self.does(Sabotage::CommitsAndSaysItFailed) {
            return Err(RuntimeStoreError::WriteFailed { message: "injected".to_owned(), cause: None });
        }
        Ok(done)
    }

    fn commit(
        &self,
        engine: &dyn Engine,
        reads: &Reads,
        decide: &Arc<Mutex<Decide>>,
        old: Option<ReadSet>,
    ) -> Result<(ReadSet, Option<Change>)> {
        let change = Arc::new(Mutex::new(None));
        let (decide, kept) = (Arc::clone(decide), Arc::clone(&change));
        let nothing = ReadSet::new(reads.as_slice(), reads.as_slice().iter().map(|_| Vec::new()));
        let loses_one = self.does(Sabotage::LosesOneWriteOfACommit);
        let despite = self.does(Sabotage::WritesDespiteARefusal);
        let forgets = self.does(Sabotage::ForgetsWhatWasPruned);
        let one_more = if self.does(Sabotage::PrunesOneReceiptTooMany) {
            next_receipt
        } else if self.does(Sabotage::PrunesOneInputTooMany) {
            next_input
        } else {
            |_: &Write| None
        };
        let decision = move |seen: &ReadSet| {
            let decided = (decide.lock().unwrap())(old.as_ref().unwrap_or(seen));
            let mut commit = match decided {
                // Decides again, as if nothing were stored.
                Err(_) if despite => (decide.lock().unwrap())(&nothing)?,
                decided => decided?,
            };
            *kept.lock().unwrap() = commit.change.take();
            if loses_one {
                commit.writes.pop();
            }
            if forgets {
                commit.writes.retain(|write| !matches!(write, Write::Put(table, ..) if table.name == "burrow_pruned"));
            }
            commit.writes.extend(commit.writes.iter().filter_map(one_more).next_back());
            Ok(Commit { writes: commit.writes, change: None })
        };
        let seen = now(engine.transact(reads.clone(), Box::new(decision)))?;
        let change = change.lock().unwrap().take();
        Ok((seen, change))
    }

    pub fn tell(&self, change: Option<Change>, publish: impl Fn(&Change)) {
        if self.does(Sabotage::TellsWhatIsNotWritten) && change.is_none() {
            let scope = burrow::ChangeScope::Runtime(values::runtime(0));
            publish(&Change { scope, kinds: vec![burrow::ChangeKind::Session] });
        }
        let Some(change) = change else { return };
        if self.does(Sabotage::TellsNobody) {
            return;
        }
        if self.does(Sabotage::TellsLate) {
            self.memo.lock().unwrap().late = Some(change);
            return;
        }
        publish(&change);
        if self.does(Sabotage::TellsTwice) {
            publish(&change);
        }
        let late = self.memo.lock().unwrap().late.take();
        if let Some(late) = late {
            publish(&late);
        }
    }
}

/// Deletes what comes after a receipt that a pruning deletes.
fn next_receipt(write: &Write) -> Option<Write> {
    let Write::Delete(table, key) = write else { return None };
    let [runtime, run, KeyPart::U64(sequence)] = key.parts() else { return None };
    let next = SEQUENCES.into_iter().find(|next| next > sequence)?;
    Some(Write::Delete(table, Key::new([runtime.clone(), run.clone(), KeyPart::U64(next)])))
}

/// Deletes what comes after an input that a pruning deletes, and after the last one the first.
fn next_input(write: &Write) -> Option<Write> {
    let Write::Delete(table, key) = write else { return None };
    let [runtime, KeyPart::Text(id)] = key.parts() else { return None };
    let id = id.parse().ok().filter(|_| table.name == "runtime_input_states")?;
    let next = values::input((values::read_input_id(id) + 1) % INPUTS, 0).input_id.to_string();
    Some(Write::Delete(table, Key::new([runtime.clone(), KeyPart::Text(next.into())])))
}

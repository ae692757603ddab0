//! A group on its way to be committed, in one transaction or in several attempts.
//!
//! Where all that a group reads is predicted, it is decided on that at once, and its writes are sent beside the reads. A record
//! that is expected not to be there needs no read at all: it is sent as `add`, which fails where there is one, and then the
//! browser undoes the whole transaction, also one that was sent to be committed already
//! (<https://w3c.github.io/IndexedDB/#dom-idbtransaction-commit>). Where nothing is left to be read, `commit()` is called in
//! the same breath: no event of this page has to run before the browser may commit, however long the page stands still. (Not so
//! in Firefox: see `undoes_after_commit`. There what is not there is read, too.)
//! Where a prediction does not hold, the group is decided again on what is read.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use super::{
    Read, ReadSet, TableInfo, Write,
    error::{Attempt, AttemptError},
    mark::{MARKS, Mark, Marks},
    plan::{Plan, Proof, RecentKeys, Verdict},
    transaction::{Ending, Transaction},
};
use crate::{
    engine::{Key, group_commit::Group},
    model::RuntimeStoreError,
};

/// The committer and the events of the transactions share it.
pub(super) struct Job {
    /// Borrowed while it decides; taken when the last attempt has ended.
    pub(super) group: RefCell<Option<Group>>,
    mark: Mark,
    recent: Rc<RecentKeys>,
    outdated_marks: Cell<Option<Key>>,
    /// The writes of the first attempt, until they are sent.
    predicted: RefCell<Option<Plan>>,
    /// The tables that the attempt reads or writes.
    scope: RefCell<Vec<&'static TableInfo>>,
    /// How a later attempt finds out whether this one was committed.
    proof: RefCell<Option<Proof>>,
    /// The reads that the commit did not wait for, and what they have found.
    late: RefCell<Vec<Read>>,
    found_late: RefCell<Option<ReadSet>>,
    /// Whether an earlier attempt may have been committed.
    unknown: Cell<bool>,
    /// Whether it writes no mark, because the quota is full.
    unmarked: Cell<bool>,
    only_deletes: Cell<bool>,
    transaction: RefCell<Option<Rc<Transaction>>>,
    /// How many calls of the store were given up so far, and how many were when the group was decided.
    given_up: Rc<Cell<u32>>,
    given_up_before: Cell<u32>,
}

impl Job {
    /// Decides the group, where all that it reads is predicted.
    pub(super) fn new(group: Group, marks: &Marks, recent: &Rc<RecentKeys>, given_up: &Rc<Cell<u32>>) -> Self {
        let job = Self {
            group: RefCell::new(Some(group)),
            mark: marks.next(),
            recent: Rc::clone(recent),
            outdated_marks: Cell::new(marks.outdated()),
            predicted: RefCell::default(),
            scope: RefCell::default(),
            proof: RefCell::default(),
            late: RefCell::default(),
            found_late: RefCell::default(),
            unknown: Cell::default(),
            unmarked: Cell::default(),
            only_deletes: Cell::default(),
            transaction: RefCell::default(),
            given_up: Rc::clone(given_up),
            given_up_before: Cell::default(),
        };
        let reads = job.reads();
        if let Some(assumed) = ReadSet::predicted(&reads)
            && let Ok(writes) = job.decide(assumed)
        {
            job.predicted.replace(Some(Plan::of(reads, writes, recent)));
        }
        job
    }

    /// The tables that the next attempt reads or writes, and no others: who uses those need not wait for it.
    pub(super) fn scope(&self) -> Vec<&'static TableInfo> {
        let mut scope = self.scope.borrow_mut();
        if !self.is_wanted_whole() {
            self.predicted.take();
        }
        match &*self.predicted.borrow() {
            Some(plan) => *scope = plan.tables().collect(),
            // The decision is not known yet. As a rule it writes to tables that are read, or to those of the attempt before.
            None => scope.extend(self.reads().iter().map(Read::table).chain([MARKS.info])),
        }
        scope.clone()
    }

    /// Whether the next attempt rests on a prediction, and so may have to be made again.
    pub(super) fn is_prediction(&self) -> bool {
        self.predicted.borrow().as_ref().is_some_and(Plan::is_prediction)
    }

    /// Sends the first requests of an attempt. Everything else follows in the events of its transaction.
    pub(super) fn start(self: &Rc<Self>, transaction: &Rc<Transaction>) -> Attempt<()> {
        self.transaction.replace(Some(Rc::clone(transaction)));
        if let Some(plan) = self.predicted.take() {
            return self.send_beside(transaction, plan);
        }
        let proof = if self.unknown.get() { self.proof.borrow().clone() } else { None };
        let Some(proof) = proof else { return self.read_and_decide(transaction) };
        let job = Rc::clone(self);
        let (mut reads, late) = (proof.reads(&self.mark), self.late.borrow().clone());
        let counts = [reads.len(), late.len()];
        reads.extend(late);
        transaction.read(reads, move |transaction, found| {
            let verdict = found.and_then(|found| {
                let mut parts = found.split(counts);
                let proven = parts.next().unwrap_or_else(|| ReadSet::new([], []));
                job.found_late.replace(parts.next());
                Ok(proof.verdict(&job.mark, &proven)?)
            });
            match verdict {
                Ok(Verdict::Committed) => transaction.abort(Ok(Ending::CommittedBefore)),
                Ok(Verdict::NotCommitted) => {
                    job.unknown.set(false);
                    if let Err(error) = job.read_and_decide(transaction) {
                        transaction.abort(Err(error));
                    }
                }
                Err(error) => transaction.abort(Err(error)),
            }
        })
    }

    /// Reads, decides on what is found, and writes.
    fn read_and_decide(self: &Rc<Self>, transaction: &Rc<Transaction>) -> Attempt<()> {
        self.late.take();
        self.found_late.take();
        let job = Rc::clone(self);
        transaction.read(self.reads(), move |transaction, found| {
            let sent = found
                .and_then(|found| job.decide(found))
                .and_then(|writes| job.send(transaction, Plan::as_decided(writes)));
            match sent {
                Ok(true) => transaction.commit(),
                Ok(false) => transaction.abort(Ok(Ending::NotAsPredicted)),
                Err(error) => transaction.abort(Err(error)),
            }
        })
    }

    /// Sends what is still to be read and, without waiting, the writes that were decided on its predicted results. The event of
    /// the last read commits if the prediction holds, and aborts otherwise. With nothing to wait for it is committed at once.
    fn send_beside(self: &Rc<Self>, transaction: &Rc<Transaction>, mut plan: Plan) -> Attempt<()> {
        let (reads, prediction) = plan.take_reads();
        let late = plan.take_late();
        self.late.replace(late.clone());
        let is_read = !reads.is_empty();
        if !late.is_empty() {
            // Answered before the transaction is complete, and so before the callers are.
            let job = Rc::clone(self);
            transaction.read(late, move |transaction, found| match found {
                Ok(found) => drop(job.found_late.replace(Some(found))),
                Err(error) => transaction.abort(Err(error)),
            })?;
        } else if is_read {
            let job = Rc::clone(self);
            transaction.read(reads, move |transaction, found| match found {
                Ok(found) if found.is(&prediction) && job.is_wanted_whole() => transaction.commit(),
                Ok(_) => transaction.abort(Ok(Ending::NotAsPredicted)),
                Err(error) => transaction.abort(Err(error)),
            })?;
        }
        self.send(transaction, plan)?;
        if !is_read {
            transaction.commit();
        }
        Ok(())
    }

    /// Sends the writes, and the mark where they are no proof of their commit themselves. `false` where the transaction's scope
    /// is too narrow for them: the next attempt's is not.
    fn send(&self, transaction: &Transaction, plan: Plan) -> Attempt<bool> {
        if plan.is_empty() {
            return Ok(true);
        }
        let mut scope = self.scope.borrow_mut();
        let narrow = scope.len();
        for table in plan.tables() {
            if !scope.iter().any(|other| other.name == table.name) {
                scope.push(table);
            }
        }
        if scope.len() > narrow {
            return Ok(false);
        }
        self.only_deletes.set(plan.only_deletes());
        let mark = match plan.proof() {
            Proof::Mark if self.unmarked.get() => None,
            Proof::Mark => Some(self.mark.write()),
            Proof::Records { .. } => None,
        };
        self.proof.replace(Some(plan.proof().clone()));
        plan.note_in(&self.recent);
        if mark.is_some()
            && let Some(outdated) = self.outdated_marks.take()
        {
            transaction.delete_up_to(MARKS.info, &outdated)?;
        }
        if mark.is_none()
            && let Some(first) = plan.first_of_several()
        {
            transaction.guard(first)?;
        }
        transaction.write(mark.map(|mark| (mark, false)).into_iter().chain(plan.into_writes()))?;
        Ok(true)
    }

    /// Notes why an attempt failed; `Ok` if another attempt on the same connection may succeed.
    pub(super) fn failed(&self, transaction: &Transaction, error: AttemptError) -> Attempt<()> {
        let AttemptError { error, connection_lost } = error;
        let unknown = connection_lost && transaction.may_be_committed();
        self.unknown.set(self.unknown.get() || unknown);
        // Deletes need no room, but the mark does.
        let no_room = matches!(error, RuntimeStoreError::QuotaExceeded { .. });
        if no_room && self.only_deletes.get() && !self.unmarked.replace(true) {
            return Ok(());
        }
        // Without a mark a retry could not find out whether this attempt was committed.
        Err(AttemptError { error, connection_lost: connection_lost && !(unknown && self.unmarked.get()) })
    }

    /// Whether nothing was given up since the group was decided.
    fn is_wanted_whole(&self) -> bool {
        self.given_up.get() == self.given_up_before.get()
    }

    /// Whether this attempt, or one before it, may have been committed.
    pub(super) fn may_be_committed(&self) -> bool {
        let transaction = self.transaction.borrow();
        self.is_unknown() || transaction.as_ref().is_some_and(|transaction| transaction.may_be_committed())
    }

    /// Whether an earlier attempt may have been committed, which could not be found out.
    pub(super) fn is_unknown(&self) -> bool {
        self.unknown.get()
    }

    /// What was found that the commit did not wait for.
    pub(super) fn take_found_late(&self) -> Option<ReadSet> {
        self.found_late.take()
    }

    fn reads(&self) -> Vec<Read> {
        self.group.borrow().as_ref().map(|group| group.reads().into_iter().cloned().collect()).unwrap_or_default()
    }

    fn decide(&self, seen: ReadSet) -> Attempt<Vec<Write>> {
        self.given_up_before.set(self.given_up.get());
        match &mut *self.group.borrow_mut() {
            Some(group) => Ok(group.decide(seen)?),
            None => Err(RuntimeStoreError::Internal("an event of a commit that has ended".to_owned()).into()),
        }
    }
}

//! The committer: it begins the transactions of a store one at a time, each for all calls that are queued by then.
//!
//! It is a task of its own, which starts with the first call and ends when the queue is empty. So a call whose future is dropped
//! is carried out all the same. No `RefCell` is borrowed across an await: what the task shares with callers and with events is
//! borrowed within one function. While a group decides it stays borrowed; a caller's code that runs then can queue further
//! calls, but cannot reach the group.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    mem,
    rc::Rc,
};

use futures_channel::oneshot;
use js_sys::Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::{
    Decide, ReadSet, Reads, Result, Tables, Write,
    broadcast::Broadcast,
    connection::{Connection, Pass},
    error::{Attempt, AttemptError},
    mark::{MARKS, Mark, Marks},
    transaction::{Ending, Transaction},
};
use crate::{
    engine::{
        Key, Read,
        group_commit::{Fault, Group, QueuedTransaction},
    },
    model::RuntimeStoreError,
};

pub(super) struct Committer {
    connection: Rc<Connection>,
    broadcast: Broadcast,
    marks: Marks,
    /// What will be written is not known before the decision, so a transaction spans every object store.
    stores: Array,
    queue: RefCell<VecDeque<QueueEntry>>,
    at_work: Cell<bool>,
}

enum QueueEntry {
    Transaction(QueuedTransaction),
    /// A read that must see the transactions before it: it begins when this is dropped.
    Read(ReadTurn),
}

type ReadTurn = oneshot::Sender<()>;

impl Committer {
    pub(super) fn new(connection: Rc<Connection>, broadcast: Broadcast, marks: Marks, tables: Tables) -> Self {
        let stores = tables.iter().map(|table| table.name).chain([MARKS.info.name]);
        Self {
            connection,
            broadcast,
            marks,
            stores: stores.map(JsValue::from_str).collect(),
            queue: RefCell::default(),
            at_work: Cell::default(),
        }
    }

    pub(super) async fn transact(self: &Rc<Self>, reads: Reads, decide: Decide) -> Result<ReadSet> {
        let pass = self.connection.enter()?;
        let (transaction, answer) = QueuedTransaction::new(reads, decide);
        self.queue.borrow_mut().push_back(QueueEntry::Transaction(transaction));
        if !self.at_work.replace(true) {
            spawn_local(Rc::clone(self).work(pass));
        }
        answer.await
    }

    /// Waits until the transactions of all calls so far have begun. The browser runs a read that begins later after them
    /// (<https://w3c.github.io/IndexedDB/#transaction-scheduling>).
    pub(super) async fn read_turn(&self) {
        if !self.queue.borrow().is_empty() {
            let (turn, come) = oneshot::channel();
            self.queue.borrow_mut().push_back(QueueEntry::Read(turn));
            // Nothing is ever sent, the sender is only dropped.
            let _ = come.await;
        }
    }

    async fn work(self: Rc<Self>, _pass: Pass) {
        while let Some((group, readers)) = self.next() {
            for alone in self.commit(group, readers).await {
                self.commit(alone, Vec::new()).await;
            }
        }
        self.at_work.set(false);
    }

    /// Takes the next group from the queue, and the reads that were queued among its members.
    fn next(&self) -> Option<(Group, Vec<ReadTurn>)> {
        let mut queue = self.queue.borrow_mut();
        let mut group: Option<Group> = None;
        let mut readers = Vec::new();
        while let Some(entry) = queue.pop_front() {
            match (entry, &mut group) {
                (QueueEntry::Read(turn), _) => readers.push(turn),
                (QueueEntry::Transaction(first), None) => group = Some(Group::of(first)),
                (QueueEntry::Transaction(next), Some(group)) => {
                    if let Err(next) = group.join(next) {
                        queue.push_front(QueueEntry::Transaction(next));
                        break;
                    }
                }
            }
        }
        group.map(|group| (group, readers))
    }

    /// Commits a group; returns the members to be tried again, each alone.
    async fn commit(&self, group: Group, mut readers: Vec<ReadTurn>) -> Vec<Group> {
        let job = Rc::new(Job::new(group, &self.marks));
        let mut predicting = true;
        let outcome = self
            .connection
            .with_handle(async |handle| {
                loop {
                    let (transaction, ended) = self.connection.begin(handle, &self.stores)?;
                    readers.clear();
                    if let Err(error) = job.start(&transaction, mem::take(&mut predicting)) {
                        transaction.abort(Err(error));
                    }
                    match ended.await {
                        Ok(Ending::NotAsPredicted) => {}
                        Ok(_) => return Ok(()),
                        Err(error) => job.failed(&transaction, error)?,
                    }
                }
            })
            .await;
        let Some(group) = job.group.take() else { return Vec::new() };
        match outcome {
            Ok(()) => {
                group.committed(|changes| self.broadcast.publish(changes));
                Vec::new()
            }
            Err(failed) if job.unknown.get() => group.failed(&unknown_outcome(&failed.error), Fault::OfNone),
            Err(failed) if failed.connection_lost => group.failed(&failed.error, Fault::OfNone),
            Err(failed) => group.failed(&failed.error, Fault::OfAMember),
        }
    }
}

/// A group that is being committed, in one transaction or in several attempts. The committer and the events of the
/// transactions share it.
struct Job {
    /// Borrowed while it decides; taken when the last attempt has ended.
    group: RefCell<Option<Group>>,
    mark: Mark,
    outdated_marks: Cell<Option<Key>>,
    /// Whether an earlier attempt may have been committed.
    unknown: Cell<bool>,
    /// Whether it writes no mark, because the quota is full.
    unmarked: Cell<bool>,
    only_deletes: Cell<bool>,
}

impl Job {
    fn new(group: Group, marks: &Marks) -> Self {
        Self {
            group: RefCell::new(Some(group)),
            mark: marks.next(),
            outdated_marks: Cell::new(marks.outdated()),
            unknown: Cell::default(),
            unmarked: Cell::default(),
            only_deletes: Cell::default(),
        }
    }

    /// Sends the first requests of an attempt. Everything else follows in the events of its transaction.
    fn start(self: &Rc<Self>, transaction: &Rc<Transaction>, predicting: bool) -> Attempt<()> {
        if self.unknown.get() {
            let job = Rc::clone(self);
            return transaction.read(self.mark.read(), move |transaction, found| {
                match found.and_then(|found| Ok(job.mark.is_in(&found)?)) {
                    Ok(true) => transaction.abort(Ok(Ending::CommittedBefore)),
                    Ok(false) => {
                        job.unknown.set(false);
                        if let Err(error) = job.read_and_decide(transaction) {
                            transaction.abort(Err(error));
                        }
                    }
                    Err(error) => transaction.abort(Err(error)),
                }
            });
        }
        let reads = self.reads();
        if predicting
            && let (Some(assumed), Some(prediction)) = (ReadSet::predicted(&reads), ReadSet::predicted(&reads))
            && let Ok(writes) = self.decide(assumed)
        {
            return self.send_beside(transaction, reads, prediction, writes);
        }
        self.read_and_decide(transaction)
    }

    /// Reads, decides on what is found, and writes.
    fn read_and_decide(self: &Rc<Self>, transaction: &Rc<Transaction>) -> Attempt<()> {
        let job = Rc::clone(self);
        transaction.read(self.reads(), move |transaction, found| {
            let sent = found.and_then(|found| job.decide(found)).and_then(|writes| job.send(transaction, writes));
            match sent {
                Ok(()) => transaction.commit(),
                Err(error) => transaction.abort(Err(error)),
            }
        })
    }

    /// Sends the reads and, without waiting, the writes that were decided on their predicted results. The event of the last read
    /// commits if the prediction holds, and aborts otherwise.
    fn send_beside(
        &self,
        transaction: &Rc<Transaction>,
        reads: Vec<Read>,
        prediction: ReadSet,
        writes: Vec<Write>,
    ) -> Attempt<()> {
        if reads.is_empty() {
            self.send(transaction, writes)?;
            transaction.commit();
            return Ok(());
        }
        transaction.read(reads, move |transaction, found| match found {
            Ok(found) if found.is(&prediction) => transaction.commit(),
            Ok(_) => transaction.abort(Ok(Ending::NotAsPredicted)),
            Err(error) => transaction.abort(Err(error)),
        })?;
        self.send(transaction, writes)
    }

    /// Sends the mark and the writes.
    fn send(&self, transaction: &Transaction, writes: Vec<Write>) -> Attempt<()> {
        if writes.is_empty() {
            return Ok(());
        }
        self.only_deletes.set(!writes.iter().any(|write| matches!(write, Write::Put(..))));
        let mark = (!self.unmarked.get()).then(|| self.mark.write());
        if let Some(outdated) = self.outdated_marks.take() {
            transaction.delete_up_to(MARKS.info, &outdated)?;
        }
        transaction.write(mark.into_iter().chain(writes))
    }

    /// Notes why an attempt failed; `Ok` if another attempt on the same connection may succeed.
    fn failed(&self, transaction: &Transaction, error: AttemptError) -> Attempt<()> {
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

    fn reads(&self) -> Vec<Read> {
        self.group.borrow().as_ref().map(|group| group.reads().into_iter().cloned().collect()).unwrap_or_default()
    }

    fn decide(&self, seen: ReadSet) -> Attempt<Vec<Write>> {
        match &mut *self.group.borrow_mut() {
            Some(group) => Ok(group.decide(seen)?),
            None => Err(RuntimeStoreError::Internal("an event of a commit that has ended".to_owned()).into()),
        }
    }
}

/// A commit was sent, its acknowledgement was lost, and its mark could not be read.
fn unknown_outcome(error: &RuntimeStoreError) -> RuntimeStoreError {
    let message = format!("the connection was lost before the commit was acknowledged, then: {error}");
    RuntimeStoreError::OutcomeUnknown { message, cause: error.cause().cloned() }
}

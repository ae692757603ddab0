//! The committer: it begins the transactions of a store one at a time, each for all calls that are queued by then.
//!
//! It is a task of its own, which starts with the first call and ends when the queue is empty. So a call whose future is dropped
//! is carried out all the same. No `RefCell` is borrowed across an await: what the task shares with callers and with events is
//! borrowed within one function. While a group decides it stays borrowed; a caller's code that runs then can queue further
//! calls, but cannot reach the group.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use futures_channel::oneshot;
use wasm_bindgen_futures::spawn_local;

use super::{
    Decide, ReadSet, Reads, Result,
    broadcast::Broadcast,
    call::Call,
    connection::{Connection, Pass},
    job::Job,
    mark::Marks,
    plan::RecentKeys,
    transaction::Ending,
};
use crate::{
    engine::group_commit::{Group, QueuedTransaction, Retry},
    model::RuntimeStoreError,
};

pub(super) struct Committer {
    connection: Rc<Connection>,
    broadcast: Broadcast,
    marks: Marks,
    recent: Rc<RecentKeys>,
    queue: RefCell<VecDeque<QueueEntry>>,
    at_work: Cell<bool>,
    /// The group on its way.
    under_way: RefCell<Option<Rc<Job>>>,
    given_up: Rc<Cell<u32>>,
}

enum QueueEntry {
    Transaction(QueuedTransaction),
    /// A read that must see the transactions before it: it begins when this is dropped.
    Read(ReadTurn),
}

type ReadTurn = oneshot::Sender<()>;

impl Committer {
    pub(super) fn new(connection: Rc<Connection>, broadcast: Broadcast, marks: Marks) -> Self {
        Self {
            connection,
            broadcast,
            marks,
            recent: Rc::new(RecentKeys::new()),
            queue: RefCell::default(),
            at_work: Cell::default(),
            under_way: RefCell::default(),
            given_up: Rc::default(),
        }
    }

    pub(super) async fn transact(self: &Rc<Self>, reads: Reads, decide: Decide) -> Result<ReadSet> {
        let pass = self.connection.enter()?;
        let call = Call::default();
        let (transaction, answer) = QueuedTransaction::new(reads, call.deciding(decide));
        self.queue.borrow_mut().push_back(QueueEntry::Transaction(transaction));
        if !self.at_work.replace(true) {
            spawn_local(Rc::clone(self).work(pass));
        }
        match self.connection.deadlines.within(answer).await {
            Some(answer) => answer,
            None => Err(self.give_up(&call)),
        }
    }

    /// Takes no more part in the call: what was not sent to be committed will not be.
    fn give_up(&self, call: &Call) -> RuntimeStoreError {
        let was_decided = call.give_up();
        self.given_up.set(self.given_up.get() + 1);
        match &*self.under_way.borrow() {
            Some(job) if was_decided && job.may_be_committed() => unknown_outcome(&self.connection.no_answer()),
            _ => self.connection.no_answer(),
        }
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
        let job = Rc::new(Job::new(group, &self.marks, &self.recent, &self.given_up));
        self.under_way.replace(Some(Rc::clone(&job)));
        let outcome = self
            .connection
            .with_handle(async |handle| {
                loop {
                    let (transaction, ended) = self.connection.begin(handle, &job.scope())?;
                    // A read that begins now sees what this transaction writes, but not what another attempt would.
                    if !job.is_prediction() {
                        readers.clear();
                    }
                    if let Err(error) = job.start(&transaction) {
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
        self.under_way.take();
        let Some(mut group) = job.group.take() else { return Vec::new() };
        if let (Ok(()), Some(found)) = (&outcome, job.take_found_late()) {
            group.found_late(found);
        }
        match outcome {
            Ok(()) => {
                group.committed(|changes| self.broadcast.publish(changes));
                Vec::new()
            }
            Err(failed) if job.is_unknown() => group.failed(&unknown_outcome(&failed.error), Retry::None),
            Err(failed) if failed.connection_lost => group.failed(&failed.error, Retry::None),
            Err(failed) => group.failed(&failed.error, Retry::EachAlone),
        }
    }
}

/// A commit was sent, its acknowledgement was lost, and whether it was made could not be found out.
fn unknown_outcome(error: &RuntimeStoreError) -> RuntimeStoreError {
    let message = format!("the commit was sent and not acknowledged: {error}");
    RuntimeStoreError::OutcomeUnknown { message, cause: error.cause().cloned() }
}

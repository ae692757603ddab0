//! The one who commits: transactions of a store are begun one at a time, each for all who wait by then.
//!
//! A task of its own does it, which begins with the first call and ends when nobody waits any more: a caller who goes
//! away takes nobody's transaction along, not even its own.

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
use web_sys::IdbTransactionMode;

use super::{
    Decide, ReadSet, Reads, Result, Tables, Write,
    broadcast::Broadcast,
    connection::Connection,
    error::Attempt,
    mark::{self, Mark, Marks},
    transaction::Transaction,
};
use crate::{
    engine::group_commit::{Call, Fault, Group},
    model::RuntimeStoreError,
};

pub(super) struct Writer {
    connection: Rc<Connection>,
    broadcast: Broadcast,
    marks: Marks,
    /// What will be written is not known before the decision, so a transaction spans every object store.
    stores: Array,
    queue: RefCell<VecDeque<Waiting>>,
    at_work: Cell<bool>,
}

enum Waiting {
    Call(Call),
    /// A read that must come after the calls before it: it goes on once this is dropped.
    Read(Turn),
}

type Turn = oneshot::Sender<()>;

impl Writer {
    pub(super) fn new(connection: Rc<Connection>, broadcast: Broadcast, tables: Tables) -> Self {
        let stores = tables.iter().map(|table| table.name).chain([mark::STORE]);
        Self {
            connection,
            broadcast,
            marks: Marks::new(),
            stores: stores.map(JsValue::from_str).collect(),
            queue: RefCell::default(),
            at_work: Cell::default(),
        }
    }

    pub(super) async fn transact(self: &Rc<Self>, reads: Reads, decide: Decide) -> Result<ReadSet> {
        let (call, answer) = Call::new(reads, decide);
        self.queue.borrow_mut().push_back(Waiting::Call(call));
        if !self.at_work.replace(true) {
            spawn_local(Rc::clone(self).work());
        }
        answer.await
    }

    /// Waits until the transactions of all calls so far have begun: the browser has a read that begins then wait for
    /// them.
    pub(super) async fn turn(&self) {
        if !self.queue.borrow().is_empty() {
            let (turn, come) = oneshot::channel();
            self.queue.borrow_mut().push_back(Waiting::Read(turn));
            // It is never sent, only dropped.
            let _ = come.await;
        }
    }

    async fn work(self: Rc<Self>) {
        while let Some((group, readers)) = self.next() {
            for alone in self.commit(group, readers).await {
                self.commit(alone, Vec::new()).await;
            }
        }
        self.at_work.set(false);
    }

    /// Those at the head of the queue who can go together, and the reads that waited for one of them.
    fn next(&self) -> Option<(Group, Vec<Turn>)> {
        let mut queue = self.queue.borrow_mut();
        let mut group: Option<Group> = None;
        let mut readers = Vec::new();
        while let Some(waiting) = queue.pop_front() {
            match (waiting, &mut group) {
                (Waiting::Read(turn), _) => readers.push(turn),
                (Waiting::Call(first), None) => group = Some(Group::of(first)),
                (Waiting::Call(next), Some(group)) => {
                    if let Err(next) = group.join(next) {
                        queue.push_front(Waiting::Call(next));
                        break;
                    }
                }
            }
        }
        group.map(|group| (group, readers))
    }

    /// Commits a group, and gives back those of it to be tried again, each alone.
    async fn commit(&self, mut group: Group, mut readers: Vec<Turn>) -> Vec<Group> {
        let mark = self.marks.next();
        // Whether an attempt has sent something to be committed, and nobody knows whether it was.
        let mut unknown = false;
        let mut as_expected = true;
        let outcome = self
            .connection
            .with_handle(async |handle| {
                let begin = || self.connection.begin(handle, &self.stores, IdbTransactionMode::Readwrite);
                let mut transaction = begin()?;
                readers.clear();
                if unknown {
                    if transaction.has_mark(mark).await? {
                        return Ok(());
                    }
                    unknown = false;
                } else if mem::take(&mut as_expected) {
                    match self.send_as_expected(&transaction, &mut group, mark).await? {
                        Some(sent) => return commit(transaction, sent, &mut unknown).await,
                        None => transaction = begin()?,
                    }
                }
                let seen = transaction.read(&group.reads()).await?;
                let sent = self.send(&transaction, group.decide(seen)?, mark)?;
                commit(transaction, sent, &mut unknown).await
            })
            .await;
        match outcome {
            Ok(()) => {
                group.committed(|changes| self.broadcast.publish(changes));
                Vec::new()
            }
            Err(failure) if unknown => group.failed(&unknown_outcome(&failure.error), Fault::OfNone),
            Err(failure) if failure.lost => group.failed(&failure.error, Fault::OfNone),
            Err(failure) => group.failed(&failure.error, Fault::OfAMember),
        }
    }
}

impl Writer {
    /// Sends what a group writes beside what it reads, decided on what it should find: nobody waits for that twice. `None`
    /// where it finds something else; then nothing of it must be committed.
    async fn send_as_expected(
        &self,
        transaction: &Transaction,
        group: &mut Group,
        mark: Mark,
    ) -> Attempt<Option<Sent>> {
        let Some(expected) = ReadSet::expected(&group.reads()) else { return Ok(None) };
        let asked = transaction.ask(&group.reads())?;
        let Ok(writes) = group.decide(expected) else { return Ok(None) };
        let sent = self.send(transaction, writes, mark)?;
        let reads = group.reads();
        let found = transaction.answers(&reads, &asked).await?;
        Ok(ReadSet::expected(&reads).is_some_and(|expected| found.is(&expected)).then_some(sent))
    }

    /// Sends what is to be written, and with it the mark.
    fn send(&self, transaction: &Transaction, writes: Vec<Write>, mark: Mark) -> Attempt<Sent> {
        if writes.is_empty() {
            return Ok(Sent::Nothing);
        }
        transaction.set_mark(mark, self.marks.outdated())?;
        for write in writes {
            transaction.write(write)?;
        }
        Ok(Sent::Writes)
    }
}

/// What a transaction was sent.
#[derive(PartialEq)]
enum Sent {
    Nothing,
    Writes,
}

/// Commits what was sent; notes where nobody knows whether it was.
async fn commit(transaction: Transaction, sent: Sent, unknown: &mut bool) -> Attempt<()> {
    let outcome = transaction.commit().await;
    *unknown = sent == Sent::Writes && outcome.as_ref().is_err_and(|failure| failure.lost);
    outcome
}

/// A commit was sent, its acknowledgement was lost, and nobody could be asked whether it was made.
fn unknown_outcome(error: &RuntimeStoreError) -> RuntimeStoreError {
    let message = format!("the connection was lost before the commit was acknowledged, then: {error}");
    RuntimeStoreError::OutcomeUnknown { message, cause: error.cause().cloned() }
}

//! The one who commits: transactions of a store are begun one at a time, each for all who wait by then.
//!
//! A task of its own does it, which begins with the first call and ends when nobody waits any more: a caller who goes
//! away takes nobody's transaction along, not even its own.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use futures_channel::oneshot;
use js_sys::Array;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::IdbTransactionMode;

use super::{
    Decide, ReadSet, Reads, Result,
    broadcast::Broadcast,
    connection::Connection,
    mark::{self, Marks},
    table,
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
    pub(super) fn new(connection: Rc<Connection>, broadcast: Broadcast) -> Self {
        let stores = table::ALL.iter().map(|table| table.name).chain([mark::STORE]);
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
        let outcome = self
            .connection
            .with_handle(async |handle| {
                let transaction = self.connection.begin(handle, &self.stores, IdbTransactionMode::Readwrite)?;
                readers.clear();
                if unknown && transaction.has_mark(mark).await? {
                    return Ok(());
                }
                unknown = false;
                let seen = transaction.read(&group.reads()).await?;
                let writes = group.decide(seen)?;
                let writes_something = !writes.is_empty();
                if writes_something {
                    transaction.set_mark(mark, self.marks.outdated())?;
                }
                for write in writes {
                    transaction.write(write)?;
                }
                let outcome = transaction.commit().await;
                unknown = writes_something && outcome.as_ref().is_err_and(|failure| failure.lost);
                outcome
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

/// A commit was sent, its acknowledgement was lost, and nobody could be asked whether it was made.
fn unknown_outcome(error: &RuntimeStoreError) -> RuntimeStoreError {
    let message = format!("the connection was lost before the commit was acknowledged, then: {error}");
    RuntimeStoreError::OutcomeUnknown { message, cause: error.cause().cloned() }
}

//! The connection to one database: opened when it is needed, dropped when the browser or another tab wants it gone.

use std::{
    cell::{Cell, OnceCell, RefCell},
    fmt,
    rc::Rc,
};

use futures_util::{
    FutureExt,
    future::{LocalBoxFuture, Shared},
};
use js_sys::Reflect;
use web_sys::IdbTransactionMode;

use super::{
    Durability, OpenOptions, ReadSet, Reads, TableInfo, Tables,
    bindings::TransactionOptions,
    deadline::Deadlines,
    error::{Attempt, AttemptError},
    handle::{Condition, Handle},
    identity::{self, Origin},
    open::{deleted, no_answer, open},
    transaction::{Ending, Transaction},
};
use crate::model::RuntimeStoreError;

/// How often an operation is tried again on a new connection after its connection was lost.
const REOPENS: usize = 2;

/// A database of this origin, whether or not it is open at the moment.
pub(super) struct Connection {
    name: Rc<str>,
    tables: Tables,
    options: TransactionOptions,
    pub(super) deadlines: Deadlines,
    state: RefCell<State>,
    /// How often it was opened.
    opened: Cell<u32>,
    /// How many operations are under way.
    under_way: Cell<usize>,
    /// Whether it closes as soon as there are none.
    closing: Cell<bool>,
    /// The identity of the database, known since it was opened for the first time.
    origin: Rc<OnceCell<Origin>>,
}

#[derive(Clone)]
enum State {
    /// Not open; the next operation opens it.
    Idle,
    /// Being opened; all operations that need it share one attempt.
    Opening(Shared<LocalBoxFuture<'static, Attempt<Rc<Handle>>>>),
    Open(Rc<Handle>),
    /// Closed by the caller, or deleted, for good. Every later operation fails with this error.
    Ended(RuntimeStoreError),
}

impl Connection {
    pub(super) fn new(name: &str, asked: OpenOptions, tables: Tables) -> Self {
        let options = TransactionOptions::default();
        options.set_durability(match asked.durability {
            Durability::Strict => "strict",
            Durability::Relaxed => "relaxed",
        });
        Self {
            name: name.into(),
            tables,
            options,
            deadlines: Deadlines::new(asked.timeout),
            state: RefCell::new(State::Idle),
            opened: Cell::new(0),
            under_way: Cell::new(0),
            closing: Cell::new(false),
            origin: Rc::default(),
        }
    }

    /// The open database; opens it if necessary. If that fails, the next call tries again, unless the database was deleted: a
    /// store never switches to another database of the same name.
    pub(super) async fn handle(&self) -> Attempt<Rc<Handle>> {
        let state = self.state.borrow().clone();
        let opening = match state {
            State::Open(handle) => match handle.condition() {
                Condition::Open => return Ok(handle),
                Condition::Lost => self.open(),
                Condition::Deleted => return Err(self.end(deleted(&self.name)).into()),
            },
            State::Ended(error) => return Err(error.into()),
            State::Opening(opening) => opening,
            State::Idle => self.open(),
        };
        let opened = opening.await;
        // Another operation that shared the attempt may have been here first, or the store was closed meanwhile.
        if let State::Ended(error) = &*self.state.borrow() {
            return Err(error.clone().into());
        }
        if matches!(*self.state.borrow(), State::Opening(_)) {
            self.state.replace(match &opened {
                Ok(handle) => State::Open(Rc::clone(handle)),
                Err(AttemptError { error, .. }) if is_final(error) => State::Ended(error.clone()),
                Err(_) => State::Idle,
            });
            self.opened.set(self.opened.get() + u32::from(opened.is_ok()));
        }
        opened
    }

    fn open(&self) -> Shared<LocalBoxFuture<'static, Attempt<Rc<Handle>>>> {
        let (name, tables, options) = (Rc::clone(&self.name), self.tables, self.options.clone());
        let (origin, deadlines) = (Rc::clone(&self.origin), self.deadlines.clone());
        let opening = async move {
            let handle = open(&name, tables, origin.get().is_none(), &deadlines).await?;
            let found = deadlines.within(identity::read(&handle, &options)).await;
            let found = found.unwrap_or_else(|| Err(no_answer(&name, &deadlines).into()))?;
            if origin.get_or_init(|| found.clone()).is_same(&found) { Ok(handle) } else { Err(deleted(&name).into()) }
        };
        let opening = opening.boxed_local().shared();
        self.state.replace(State::Opening(opening.clone()));
        opening
    }

    /// Runs `attempt`, and again on a new connection when the connection was lost, a bounded number of times. Where the
    /// database cannot be opened, the error counts as a lost connection too.
    pub(super) async fn with_handle<T>(&self, mut attempt: impl AsyncFnMut(&Handle) -> Attempt<T>) -> Attempt<T> {
        let mut reopens = 0;
        loop {
            let outcome = match self.handle().await {
                Ok(handle) => attempt(&handle).await.inspect_err(|failed| {
                    if failed.connection_lost {
                        handle.lose();
                    }
                }),
                Err(failed) if failed.connection_lost => Err(failed),
                Err(AttemptError { error, .. }) => return Err(AttemptError { error, connection_lost: true }),
            };
            match outcome {
                Err(failed) if failed.connection_lost && reopens < REOPENS => reopens += 1,
                outcome => return outcome,
            }
        }
    }

    /// Reads one consistent snapshot.
    pub(super) async fn read(&self, reads: &Reads) -> Attempt<ReadSet> {
        self.with_handle(async |handle| handle.read(reads, &self.options).await).await
    }

    /// The error of a call that was not answered in time, and of which nothing was sent to be committed.
    pub(super) fn no_answer(&self) -> RuntimeStoreError {
        no_answer(&self.name, &self.deadlines)
    }

    /// Begins a transaction that may write to some tables.
    pub(super) fn begin(
        &self,
        handle: &Handle,
        tables: &[&'static TableInfo],
    ) -> Attempt<(Rc<Transaction>, impl Future<Output = Attempt<Ending>> + use<>)> {
        handle.begin(tables, IdbTransactionMode::Readwrite, &self.options)
    }

    /// The origin and the name, by which the browser finds the database.
    pub(super) fn authority_key(&self) -> String {
        let origin = Reflect::get(&js_sys::global(), &"origin".into()).ok().and_then(|origin| origin.as_string());
        format!("indexeddb:{}/{}", origin.unwrap_or_default(), self.name)
    }

    /// How often it had to be opened again.
    pub(super) fn reopens(&self) -> u32 {
        self.opened.get().saturating_sub(1)
    }

    /// When the browser said that it had lost what the database held before, if it did.
    pub(super) fn data_lost(&self) -> Option<String> {
        self.origin.get().and_then(|origin| origin.data_lost.clone())
    }

    /// Begins an operation, which is under way until the pass is dropped.
    pub(super) fn enter(self: &Rc<Self>) -> Result<Pass, RuntimeStoreError> {
        if self.closing.get() {
            return Err(closed());
        }
        self.under_way.set(self.under_way.get() + 1);
        Ok(Pass(Rc::clone(self)))
    }

    /// Refuses what comes from now on, and closes the database once the operations under way have ended.
    pub(super) fn close(&self) {
        self.closing.set(true);
        if self.under_way.get() == 0 {
            self.end(closed());
        }
    }

    fn end(&self, error: RuntimeStoreError) -> RuntimeStoreError {
        self.state.replace(State::Ended(error.clone()));
        error
    }
}

fn closed() -> RuntimeStoreError {
    RuntimeStoreError::Closed("this store was closed; open it again".to_owned())
}

/// An operation under way: the connection is not closed before it has ended.
pub(super) struct Pass(Rc<Connection>);

impl Drop for Pass {
    fn drop(&mut self) {
        let Self(connection) = self;
        connection.under_way.set(connection.under_way.get() - 1);
        if connection.closing.get() {
            connection.close();
        }
    }
}

/// Whether an error of opening says that the earlier database is gone.
fn is_final(error: &RuntimeStoreError) -> bool {
    matches!(error, RuntimeStoreError::Deleted(_) | RuntimeStoreError::DataLost(_))
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("name", &self.name).finish_non_exhaustive()
    }
}

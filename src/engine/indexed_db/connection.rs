//! The connection to one database: opened when it is needed, dropped when the browser or another tab wants it gone.

use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
};

use futures_util::{
    FutureExt,
    future::{LocalBoxFuture, Shared},
};
use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::IdbTransactionMode;

use super::{
    Durability, Tables,
    bindings::{RawDatabase, TransactionOptions},
    error::{Asked, Attempt, Failure, failed},
    held::Held,
    open::open,
    transaction::Transaction,
    value::Lengths,
    waiting::Waiting,
};
use crate::model::RuntimeStoreError;

/// How often an operation is tried on a new connection after the one it had was lost.
const REOPENS: usize = 2;

/// A database of this origin, whether or not it is open at the moment.
pub(super) struct Connection {
    name: Rc<str>,
    tables: Tables,
    options: TransactionOptions,
    state: RefCell<State>,
    /// How often it was opened.
    opened: Cell<u32>,
}

#[derive(Clone)]
enum State {
    /// Not open; the next operation opens it.
    Idle,
    /// Being opened, once for all who wait.
    Opening(Shared<LocalBoxFuture<'static, Attempt<Rc<Handle>>>>),
    Open(Rc<Handle>),
    /// Closed by the caller, for good.
    Closed,
}

impl Connection {
    pub(super) fn new(name: &str, durability: Durability, tables: Tables) -> Self {
        let options = TransactionOptions::default();
        options.set_durability(match durability {
            Durability::Strict => "strict",
            Durability::Relaxed => "relaxed",
        });
        Self { name: name.into(), tables, options, state: RefCell::new(State::Idle), opened: Cell::new(0) }
    }

    /// The open database, opened now if it is not. A failure to open is this call's alone: the next one tries again.
    pub(super) async fn handle(&self) -> Attempt<Rc<Handle>> {
        let opening = match &*self.state.borrow() {
            State::Open(handle) if !handle.lost.get() => return Ok(Rc::clone(handle)),
            State::Closed => return Err(closed().into()),
            State::Opening(opening) => Some(opening.clone()),
            State::Idle | State::Open(_) => None,
        };
        let opening = opening.unwrap_or_else(|| {
            let (name, tables) = (Rc::clone(&self.name), self.tables);
            let opening = async move { open(&name, tables).await.map(Handle::new) }.boxed_local().shared();
            self.state.replace(State::Opening(opening.clone()));
            opening
        });
        let opened = opening.await;
        // Another who waited for the same may have been here first.
        if matches!(*self.state.borrow(), State::Closed) {
            return Err(closed().into());
        }
        if matches!(*self.state.borrow(), State::Opening(_)) {
            self.state.replace(opened.as_ref().map_or(State::Idle, |handle| State::Open(Rc::clone(handle))));
            self.opened.set(self.opened.get() + u32::from(opened.is_ok()));
        }
        opened
    }

    /// Attempts something until the connection holds, a bounded number of times. The failure's fault is the connection's
    /// too where none can be had.
    pub(super) async fn with_handle<T>(&self, mut attempt: impl AsyncFnMut(&Handle) -> Attempt<T>) -> Attempt<T> {
        let mut reopens = 0;
        loop {
            let outcome = match self.handle().await {
                Ok(handle) => attempt(&handle).await.inspect_err(|failure| {
                    if failure.lost {
                        handle.lose();
                    }
                }),
                Err(failure) if failure.lost => Err(failure),
                Err(Failure { error, .. }) => return Err(Failure { error, lost: true }),
            };
            match outcome {
                Err(failure) if failure.lost && reopens < REOPENS => reopens += 1,
                outcome => return outcome,
            }
        }
    }

    /// Begins a transaction over some object stores.
    pub(super) fn begin(&self, handle: &Handle, stores: &Array, mode: IdbTransactionMode) -> Attempt<Transaction> {
        let asked = if mode == IdbTransactionMode::Readonly { Asked::Read } else { Asked::Write };
        handle
            .database
            .begin(stores, mode, &self.options)
            .map(|raw| Transaction::new(raw, asked, Rc::clone(&handle.waiting), Rc::clone(&handle.lengths)))
            .map_err(|error| failed(asked, "beginning a transaction", error))
    }

    /// The origin and the name: what the browser finds the database by.
    pub(super) fn authority_key(&self) -> String {
        let origin = Reflect::get(&js_sys::global(), &"origin".into()).ok().and_then(|origin| origin.as_string());
        format!("indexeddb:{}/{}", origin.unwrap_or_default(), self.name)
    }

    /// How often it had to be opened again.
    pub(super) fn reopens(&self) -> u32 {
        self.opened.get().saturating_sub(1)
    }

    /// Closes the database once the transactions under way are complete.
    pub(super) fn close(&self) {
        self.state.replace(State::Closed);
    }
}

fn closed() -> RuntimeStoreError {
    RuntimeStoreError::Closed("this store was closed; open it again".to_owned())
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("name", &self.name).finish_non_exhaustive()
    }
}

/// One opened database. The last one to hold it closes it.
pub(super) struct Handle {
    database: RawDatabase,
    lost: Rc<Cell<bool>>,
    waiting: Rc<Waiting>,
    lengths: Rc<Lengths>,
    _held: Held,
    /// Called when another tab wants to upgrade or delete the database: it would wait for as long as this is open.
    /// Held, as the next one, for as long as the browser may call it.
    _on_version_change: Closure<dyn FnMut()>,
    /// Called when the browser closed the database by itself.
    _on_close: Closure<dyn FnMut()>,
}

impl Handle {
    fn new(database: RawDatabase) -> Rc<Self> {
        let (lost, waiting) = (Rc::new(Cell::new(false)), Rc::new(Waiting::default()));
        let on_version_change = {
            let (database, lost) = (database.clone(), Rc::clone(&lost));
            Closure::new(move || {
                lost.set(true);
                database.close();
            })
        };
        let on_close = {
            let (waiting, lost) = (Rc::clone(&waiting), Rc::clone(&lost));
            Closure::new(move || {
                lost.set(true);
                waiting.give_up();
            })
        };
        database.set_onversionchange(Some(on_version_change.as_ref().unchecked_ref()));
        database.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        let _held = Held::new(&database);
        Rc::new(Self {
            database,
            lost,
            waiting,
            lengths: Rc::default(),
            _held,
            _on_version_change: on_version_change,
            _on_close: on_close,
        })
    }

    /// Notes that the handle serves no more: the next operation opens another.
    pub(super) fn lose(&self) {
        self.lost.set(true);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.database.set_onversionchange(None);
        self.database.set_onclose(None);
        self.database.close();
    }
}

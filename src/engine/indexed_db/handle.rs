//! One opened database.

use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::{Rc, Weak},
};

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{IdbTransactionMode, IdbVersionChangeEvent};

use super::{
    Read, ReadSet, Reads, TableInfo, Tables,
    bindings::{RawDatabase, TransactionOptions},
    error::{Activity, Attempt, failed},
    halves,
    open::{Whose, store_names, whose},
    open_resources::OpenResource,
    transaction::{Ending, Transaction},
};
use crate::model::RuntimeStoreError;

/// Whether a handle can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Open,
    /// The connection is lost; the database can be opened again.
    Lost,
    /// The database is being deleted.
    Deleted,
}

/// One opened database. It is closed when the last reference is dropped.
pub(super) struct Handle {
    database: RawDatabase,
    shared: Rc<Shared>,
    _open: OpenResource,
    /// Called when another tab wants to upgrade or delete the database, which has to wait while this handle is open. Kept alive,
    /// as the next one, while the browser may call it.
    _on_version_change: Closure<dyn FnMut(IdbVersionChangeEvent)>,
    /// Called when the browser closed the database by itself.
    _on_close: Closure<dyn FnMut()>,
}

/// What a handle and its events share.
struct Shared {
    condition: Cell<Condition>,
    /// The transactions under way, and perhaps some that have ended.
    transactions: RefCell<Vec<Weak<Transaction>>>,
    /// The names of tables as JavaScript has them: made once, since to make a string takes longer than to begin with it.
    names: RefCell<Vec<(&'static str, JsValue)>>,
}

impl Shared {
    fn name_of(&self, table: &TableInfo) -> JsValue {
        let mut names = self.names.borrow_mut();
        if let Some((_, name)) = names.iter().find(|(name, _)| *name == table.name) {
            return name.clone();
        }
        let name = JsValue::from_str(table.name);
        names.push((table.name, name.clone()));
        name
    }
}

impl Handle {
    /// Wraps a database, inside the event that opened it: from then on the browser may send it `versionchange`.
    pub(super) fn new(database: RawDatabase) -> Rc<Self> {
        let shared = Rc::new(Shared {
            condition: Cell::new(Condition::Open),
            transactions: RefCell::default(),
            names: RefCell::default(),
        });
        let on_version_change = {
            let (database, shared) = (database.clone(), Rc::clone(&shared));
            Closure::new(move |event: IdbVersionChangeEvent| {
                // A deletion has no new version: https://w3c.github.io/IndexedDB/#delete-a-database
                let is_deletion = event.new_version().is_none();
                shared.condition.set(if is_deletion { Condition::Deleted } else { Condition::Lost });
                database.close();
            })
        };
        let on_close = {
            let shared = Rc::clone(&shared);
            Closure::new(move || {
                shared.condition.set(Condition::Lost);
                let transactions = shared.transactions.take();
                transactions.iter().filter_map(Weak::upgrade).for_each(|transaction| transaction.connection_closed());
            })
        };
        database.set_onversionchange(Some(on_version_change.as_ref().unchecked_ref()));
        database.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        let _open = OpenResource::new(&database);
        Rc::new(Self { database, shared, _open, _on_version_change: on_version_change, _on_close: on_close })
    }

    pub(super) fn condition(&self) -> Condition {
        self.shared.condition.get()
    }

    /// Marks the connection as lost: the next operation opens the database again.
    pub(super) fn lose(&self) {
        if self.condition() == Condition::Open {
            self.shared.condition.set(Condition::Lost);
        }
    }

    /// Begins a transaction over some tables. One that is named twice counts once
    /// (<https://w3c.github.io/IndexedDB/#dom-idbdatabase-transaction>).
    pub(super) fn begin(
        &self,
        tables: &[&'static TableInfo],
        mode: IdbTransactionMode,
        options: &TransactionOptions,
    ) -> Attempt<(Rc<Transaction>, impl Future<Output = Attempt<Ending>> + use<>)> {
        let activity = if mode == IdbTransactionMode::Readonly { Activity::Reading } else { Activity::Writing };
        let stores = Array::new();
        for store in tables.iter().flat_map(|table| halves::stores(table)) {
            stores.push(&self.shared.name_of(store));
        }
        let raw = self
            .database
            .begin(&stores, mode, options)
            .map_err(|error| failed(activity, "beginning a transaction", error))?;
        let (transaction, ended) = Transaction::new(raw, activity);
        let mut transactions = self.shared.transactions.borrow_mut();
        transactions.retain(|other| other.strong_count() > 0);
        transactions.push(Rc::downgrade(&transaction));
        Ok((transaction, ended))
    }

    /// Reads one consistent snapshot.
    pub(super) async fn read(&self, reads: &Reads, options: &TransactionOptions) -> Attempt<ReadSet> {
        let tables: Vec<_> = reads.as_slice().iter().map(Read::table).collect();
        let (transaction, ended) = self.begin(&tables, IdbTransactionMode::Readonly, options)?;
        transaction.read(reads.as_slice().to_vec(), |transaction, found| transaction.end(found.map(Ending::Found)))?;
        match ended.await? {
            Ending::Found(found) => Ok(found),
            _ => Err(RuntimeStoreError::Internal("a read that was answered with a commit".to_owned()).into()),
        }
    }

    /// The names of its object stores.
    pub(super) fn store_names(&self) -> Vec<String> {
        store_names(&self.database)
    }

    /// Who created the database.
    pub(super) fn whose(&self, tables: Tables) -> Whose {
        whose(self.version(), &self.store_names(), tables)
    }

    /// Its version; a whole number, since to print a float takes 15 KB of code.
    pub(super) fn version(&self) -> u64 {
        self.database.version() as u64
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.database.set_onversionchange(None);
        self.database.set_onclose(None);
        self.database.close();
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("condition", &self.condition()).finish_non_exhaustive()
    }
}

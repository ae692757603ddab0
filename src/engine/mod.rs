//! Engines: where records are kept. An engine knows records, tables and transactions; it knows nothing of runs or labels.
//!
//! An engine offers two operations, [`Engine::read`] and [`Engine::transact`], and nothing conditional: every rule
//! is an `if` in a [`Decide`] function, written once in `store/` and the same for all engines.

mod bus;
#[cfg(target_arch = "wasm32")]
mod foreign;
#[cfg(any(feature = "sqlite", target_arch = "wasm32"))]
mod group_commit;
mod key;
#[cfg(target_arch = "wasm32")]
mod open_resources;
mod panic;
mod reads;
mod record;
mod row;
#[cfg(all(test, feature = "sqlite", not(target_arch = "wasm32")))]
mod samples;
mod sum;
mod table;

#[cfg(target_arch = "wasm32")]
pub mod indexed_db;
pub mod memory;
#[cfg(feature = "sqlite")]
pub mod sql;

use async_trait::async_trait;

pub use bus::{Bus, Listener, Watch};
#[cfg(target_arch = "wasm32")]
pub use foreign::ForeignError;
pub use key::{Key, KeyPart};
pub use reads::{Order, Page, Prediction, Read, ReadSet, Reads};
pub use record::{Encoded, Value};
pub use row::Row;
pub(crate) use sum::{Digest, hash_of};
pub use table::{Column, ColumnType, Live, TableInfo, Tables, ValueType};

// Typed access to tables, for the store's rules and the tests of engines. Engines do not need it.
#[doc(hidden)]
pub use self::{
    reads::{Count, Keys, Many, One},
    record::{Bytes, Raw, Record, Text},
    table::Table,
};

use crate::model::{Change, RuntimeStoreError};

/// The result of an engine's operation.
pub type Result<T> = std::result::Result<T, RuntimeStoreError>;

/// Decides, from one consistent snapshot, what a transaction writes. It is synchronous and pure: no await can come
/// between a transaction's reads and its writes, and an engine may call it again for a transaction that it must
/// start over. An error leaves the store as it was and goes to the caller unchanged.
#[cfg(not(target_arch = "wasm32"))]
pub type Decide = Box<dyn FnMut(&ReadSet) -> Result<Commit> + Send>;
/// Decides, from one consistent snapshot, what a transaction writes. It is synchronous and pure: no await can come
/// between a transaction's reads and its writes, and an engine may call it again for a transaction that it must
/// start over. An error leaves the store as it was and goes to the caller unchanged.
#[cfg(target_arch = "wasm32")]
pub type Decide = Box<dyn FnMut(&ReadSet) -> Result<Commit>>;

/// `Send` on native targets, nothing on wasm32, whose handles belong to one thread.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) trait MaybeSend: Send {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send> MaybeSend for T {}
/// `Send` on native targets, nothing on wasm32, whose handles belong to one thread.
#[cfg(target_arch = "wasm32")]
pub(crate) trait MaybeSend {}
#[cfg(target_arch = "wasm32")]
impl<T> MaybeSend for T {}

/// The result of a decision.
#[derive(Debug, Default)]
pub struct Commit {
    /// What is written, in this order.
    pub writes: Vec<Write>,
    /// What watchers are told once it is committed.
    pub change: Option<Change>,
}

/// One write to one table. A transaction's writes are made in their order, all or none.
#[derive(Clone, Debug)]
pub enum Write {
    /// Sets the record under a key.
    Put(&'static TableInfo, Key, Value),
    /// Removes the record under a key, if there is one.
    Delete(&'static TableInfo, Key),
    /// Removes every record whose key starts with a prefix.
    DeleteRange(&'static TableInfo, Key),
}

impl Write {
    /// The table that it is for.
    pub fn table(&self) -> &'static TableInfo {
        match self {
            Self::Put(table, ..) | Self::Delete(table, _) | Self::DeleteRange(table, _) => table,
        }
    }

    /// The key that it is for, or the prefix.
    pub fn key(&self) -> &Key {
        match self {
            Self::Put(_, key, _) | Self::Delete(_, key) | Self::DeleteRange(_, key) => key,
        }
    }
}

/// Keeps records. Futures are `Send` on native targets and not on wasm32, whose handles belong to one thread; an
/// engine itself is `Send + Sync` on both, so that a store can stand behind an `Arc<dyn …>`.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Engine: Send + Sync + 'static {
    /// Reads one consistent snapshot.
    async fn read(&self, reads: Reads) -> Result<ReadSet>;

    /// Reads, decides and writes in one transaction, and resolves with what the decision saw only when the
    /// transaction is complete. Watchers are told before it resolves, in the order of the commits. On an error other
    /// than `OutcomeUnknown` nothing is written, and a decision that panics is the error `Internal`
    /// (where panics unwind: not on wasm32).
    ///
    /// Calls begin when their futures are first polled. Those that begin while a transaction is in flight may go together
    /// in the next one: they are decided in the order in which they began, each on what is stored and what those before it
    /// write, as if it had a transaction of its own. A call that has begun is carried out even if its future is
    /// dropped, and a read sees what the calls that began before it have written, unless they had to be tried again.
    async fn transact(&self, reads: Reads, decide: Decide) -> Result<ReadSet>;

    /// A stable name of the durable store behind the engine, the same each time it is opened; `None` where nothing is
    /// durable.
    fn authority_key(&self) -> Option<String>;

    /// How often the engine has reopened a lost connection: never, where it has none to lose.
    fn reopens(&self) -> u32 {
        0
    }

    /// When the browser reported that the database's data was lost and a new database was made, as an ISO 8601 date; `None`
    /// where it never did.
    fn data_lost(&self) -> Option<String> {
        None
    }

    /// Calls `listener` with the change of every commit from now on, until the watch is dropped: commits of this process,
    /// and, where the engine can see them, of others.
    fn watch(&self, listener: Listener) -> Watch;

    /// Closes the engine. Calls that have begun finish, and then it lets go of what it holds; what comes later fails with
    /// `Closed`.
    fn close(&self);
}

/// An engine chosen at run time.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Engine for Box<dyn Engine> {
    async fn read(&self, reads: Reads) -> Result<ReadSet> {
        (**self).read(reads).await
    }

    async fn transact(&self, reads: Reads, decide: Decide) -> Result<ReadSet> {
        (**self).transact(reads, decide).await
    }

    fn authority_key(&self) -> Option<String> {
        (**self).authority_key()
    }

    fn reopens(&self) -> u32 {
        (**self).reopens()
    }

    fn data_lost(&self) -> Option<String> {
        (**self).data_lost()
    }

    fn watch(&self, listener: Listener) -> Watch {
        (**self).watch(listener)
    }

    fn close(&self) {
        (**self).close();
    }
}

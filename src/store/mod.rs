//! The rules of the contract, each written once over the engines' two operations.

mod checking;
pub(crate) mod claim;
pub(crate) mod contents;
pub(crate) mod deleting;
pub(crate) mod listing;
pub(crate) mod merging;
pub(crate) mod metadata;
pub(crate) mod moving;
mod operation;
mod payload;
pub(crate) mod pruning;
pub(crate) mod quarantine;
pub(crate) mod recovery;
pub(crate) mod rewriting;
pub(crate) mod runtime;
#[doc(hidden)]
pub mod schema;
pub(crate) mod steps;
mod traits;
pub(crate) mod verifying;
mod walk;
mod watch;

pub use claim::{MobClaim, RuntimeClaim};
pub use contents::{Contents, OpenClaim};
pub use listing::Descending;
pub use moving::{Export, Import, Imported, OnConflict};
pub use pruning::{Prune, Pruned};
pub use quarantine::Quarantined;
pub use recovery::{Counts, Recovered};
pub use schema::TABLES;
pub use traits::{OAuthFlowUpdate, PersistentMetadataStore, RuntimeMetadataTable, RuntimeStore};
pub use verifying::{Finding, Verify};

use std::sync::Arc;

use self::claim::Fence;
pub(crate) use self::operation::Operation;
use crate::engine::{Engine, memory::Memory};

/// A store over an engine. It implements [`RuntimeStore`], [`PersistentMetadataStore`] and
/// [`RuntimeMetadataTable`] alike, and is `Send + Sync` on every target.
///
/// A clone is another handle of the same store.
#[derive(Debug)]
pub struct Store<E> {
    engine: Arc<E>,
    /// The claim that writes to its runtime check.
    fence: Option<Fence>,
}

impl<E> Clone for Store<E> {
    fn clone(&self) -> Self {
        Self { engine: Arc::clone(&self.engine), fence: self.fence.clone() }
    }
}

/// The runtime store in memory.
pub type InMemoryRuntimeStore = Store<Memory>;
/// The metadata store in memory: the same store under its other name.
pub type InMemoryMetadataStore = Store<Memory>;
/// The runtime store in SQLite.
#[cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
pub type SqliteRuntimeStore = Store<crate::engine::sql::Sqlite>;
/// The metadata store in SQLite: the same store under its other name.
#[cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
pub type SqliteMetadataStore = Store<crate::engine::sql::Sqlite>;
/// The runtime store in IndexedDB.
#[cfg(target_arch = "wasm32")]
pub type IndexedDbRuntimeStore = Store<crate::engine::indexed_db::IndexedDb>;
/// The metadata store in IndexedDB: the same store under its other name.
#[cfg(target_arch = "wasm32")]
pub type IndexedDbMetadataStore = Store<crate::engine::indexed_db::IndexedDb>;

impl<E: Engine> Store<E> {
    /// The store over an engine that is already open.
    pub fn over(engine: E) -> Self {
        Self { engine: Arc::new(engine), fence: None }
    }

    /// Closes the store, and all its handles. Calls that have begun, which is when their futures are first polled, finish; what
    /// comes later fails with `Closed`.
    pub fn close(&self) {
        self.engine.close();
    }

    /// How often the engine has reopened a lost connection: a browser may drop it at any moment.
    pub fn reopens(&self) -> u32 {
        self.engine.reopens()
    }

    /// When the browser reported that the database's data was lost and a new database was made, as an ISO 8601 date; `None`
    /// where it never did.
    pub fn data_lost(&self) -> Option<String> {
        self.engine.data_lost()
    }

    /// The claim that writes through this handle must hold.
    pub(crate) fn fence(&self) -> Option<&Fence> {
        self.fence.as_ref()
    }
}

impl Store<Memory> {
    /// A new, empty store in memory. Nothing survives the value itself.
    pub fn new() -> Self {
        Self::over(Memory::default())
    }
}

impl Default for Store<Memory> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
impl Store<crate::engine::sql::Sqlite> {
    /// Opens the SQLite database in a file, created if it is not there, and makes the tables that are missing.
    ///
    /// # Errors
    /// As [`Sqlite::open`](crate::engine::sql::Sqlite::open).
    pub async fn open(path: impl AsRef<std::path::Path>) -> crate::engine::Result<Self> {
        crate::engine::sql::Sqlite::open(path, &schema::TABLES).await.map(Self::over)
    }

    /// A new, empty SQLite database in memory. Nothing survives the value itself.
    ///
    /// # Errors
    /// As [`Sqlite::in_memory`](crate::engine::sql::Sqlite::in_memory).
    pub async fn in_memory() -> crate::engine::Result<Self> {
        crate::engine::sql::Sqlite::in_memory(&schema::TABLES).await.map(Self::over)
    }
}

#[cfg(target_arch = "wasm32")]
impl Store<crate::engine::indexed_db::IndexedDb> {
    /// Opens the database `name` of this origin and creates what is missing in it.
    ///
    /// # Errors
    /// As [`IndexedDb::open`](crate::engine::indexed_db::IndexedDb::open).
    pub async fn open(
        name: &str,
        options: impl Into<crate::engine::indexed_db::OpenOptions>,
    ) -> crate::engine::Result<Self> {
        crate::engine::indexed_db::IndexedDb::open(name, options, &schema::TABLES).await.map(Self::over)
    }

    /// Deletes the database `name` of this origin, and everything in it: even where it cannot be opened.
    ///
    /// # Errors
    /// As [`IndexedDb::delete`](crate::engine::indexed_db::IndexedDb::delete).
    pub async fn delete(name: &str) -> crate::engine::Result<()> {
        crate::engine::indexed_db::IndexedDb::delete(name, &schema::TABLES).await
    }
}

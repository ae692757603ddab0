//! What it means: every rule of the contract, written once over the engines' two operations.

mod listing;
mod metadata;
mod runtime;
mod traits;

pub use traits::{OAuthFlowUpdate, PersistentMetadataStore, RuntimeMetadataTable, RuntimeStore};

use std::sync::Arc;

use crate::engine::{Engine, Key, Reads, Record, Result, Table, Write, memory::Memory};

/// The store over an engine. It implements [`RuntimeStore`], [`PersistentMetadataStore`] and
/// [`RuntimeMetadataTable`] alike, and is `Send + Sync` on every target.
#[derive(Debug)]
pub struct Store<E> {
    engine: E,
}

/// The runtime store in memory.
pub type InMemoryRuntimeStore = Store<Memory>;
/// The metadata store in memory: the same store under its other name.
pub type InMemoryMetadataStore = Store<Memory>;
/// The runtime store in IndexedDB.
#[cfg(target_arch = "wasm32")]
pub type IndexedDbRuntimeStore = Store<crate::engine::indexed_db::IndexedDb>;
/// The metadata store in IndexedDB: the same store under its other name.
#[cfg(target_arch = "wasm32")]
pub type IndexedDbMetadataStore = Store<crate::engine::indexed_db::IndexedDb>;

impl<E: Engine> Store<E> {
    /// The store over an engine that is already open.
    pub fn over(engine: E) -> Self {
        Self { engine }
    }

    /// Closes the store. Operations under way finish; later ones fail with `Closed`.
    pub fn close(&self) {
        self.engine.close();
    }

    /// Reads one record.
    async fn load<V: Record>(&self, table: &'static Table<V>, key: impl Into<Key>) -> Result<Option<Arc<V>>> {
        let mut reads = Reads::new();
        let record = reads.get(table, key);
        self.engine.read(reads).await?.one(record)
    }

    /// Writes without a precondition.
    async fn write(&self, writes: Vec<Write>) -> Result<()> {
        self.engine.transact(Reads::new(), Box::new(move |_| Ok(writes.clone()))).await.map(drop)
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

#[cfg(target_arch = "wasm32")]
impl Store<crate::engine::indexed_db::IndexedDb> {
    /// Opens the database `name` of this origin and creates what is missing in it.
    ///
    /// # Errors
    /// `Unsupported` where there is no IndexedDB, `Blocked` when another tab holds an older version open,
    /// `SchemaTooNew` for a database that a newer burrow wrote.
    pub async fn open(name: &str, durability: crate::engine::indexed_db::Durability) -> Result<Self> {
        crate::engine::indexed_db::IndexedDb::open(name, durability).await.map(Self::over)
    }
}

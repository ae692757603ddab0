//! What it means: every rule of the contract, written once over the engines' two operations.

mod claim;
mod listing;
mod metadata;
mod runtime;
mod traits;
mod watch;

pub use claim::RuntimeClaim;
pub use traits::{OAuthFlowUpdate, PersistentMetadataStore, RuntimeMetadataTable, RuntimeStore};

use std::sync::Arc;

use self::claim::Fence;
use crate::{
    engine::{Engine, Key, MaybeSend, ReadSet, Reads, Record, Result, Table, Write, memory::Memory},
    model::LogicalRuntimeId,
};

/// The store over an engine. It implements [`RuntimeStore`], [`PersistentMetadataStore`] and
/// [`RuntimeMetadataTable`] alike, and is `Send + Sync` on every target.
///
/// A clone is another handle of the same store.
#[derive(Debug)]
pub struct Store<E> {
    engine: Arc<E>,
    /// The claim that writes to its runtime must still hold.
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

    /// Closes the store. Transactions that have begun finish; what comes later fails with `Closed`.
    pub fn close(&self) {
        self.engine.close();
    }

    /// How often the engine had to open its connection again: a browser may drop it at any moment.
    pub fn reopens(&self) -> u32 {
        self.engine.reopens()
    }

    /// Reads one record.
    async fn load<V: Record>(&self, table: &'static Table<V>, key: impl Into<Key>) -> Result<Option<Arc<V>>> {
        let mut reads = Reads::new();
        let record = reads.get(table, key);
        self.engine.read(reads).await?.one(record)
    }

    /// Writes without a precondition.
    async fn write(&self, writes: Vec<Write>) -> Result<()> {
        self.transact(Reads::new(), move |_| Ok(writes.clone())).await.map(drop)
    }

    /// Writes to a runtime, under the claim of this handle where it has one.
    async fn write_runtime(&self, runtime_id: &LogicalRuntimeId, writes: Vec<Write>) -> Result<()> {
        self.transact_runtime(runtime_id, Reads::new(), move |_| Ok(Decision::Write(writes.clone()))).await
    }

    /// Decides and writes to a runtime, under the claim of this handle where it has one.
    async fn transact_runtime(
        &self,
        runtime_id: &LogicalRuntimeId,
        mut reads: Reads,
        mut decide: impl FnMut(&ReadSet) -> Result<Decision> + MaybeSend + 'static,
    ) -> Result<()> {
        let guard = self.fence.as_ref().map(|fence| fence.guard(runtime_id, &mut reads)).transpose()?;
        let guarded = move |seen: &ReadSet| {
            let held = guard.as_ref().map_or(Ok(()), |guard| guard.check(seen));
            match (decide(seen), held) {
                (Ok(Decision::AlreadyDone), _) => Ok(Vec::new()),
                (_, Err(fenced)) => Err(fenced),
                (Err(error), Ok(())) => Err(error),
                (Ok(Decision::Write(writes)), Ok(())) => Ok(writes),
            }
        };
        self.transact(reads, guarded).await.map(drop)
    }
}

/// What a write to a runtime comes to.
enum Decision {
    /// These writes, if the claim still holds.
    Write(Vec<Write>),
    /// Nothing: it was committed before, and its acknowledgement was lost. That holds whoever has the claim by now.
    AlreadyDone,
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
    pub async fn open(path: impl AsRef<std::path::Path>) -> Result<Self> {
        crate::engine::sql::Sqlite::open(path).await.map(Self::over)
    }

    /// A new, empty SQLite database in memory. Nothing survives the value itself.
    ///
    /// # Errors
    /// As [`Sqlite::in_memory`](crate::engine::sql::Sqlite::in_memory).
    pub async fn in_memory() -> Result<Self> {
        crate::engine::sql::Sqlite::in_memory().await.map(Self::over)
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

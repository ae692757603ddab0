//! The engine on native targets: a file, or memory, behind a thread.

use std::path::Path;

use async_trait::async_trait;

use super::{
    Decide, Engine, Listener, ReadSet, Reads, Result, Tables, Watch, native,
    worker::{IsCancelled, Worker},
};
use crate::engine::Bus;

/// An SQLite database in a file or in memory, on a thread of its own.
///
/// A file is in write-ahead mode with `synchronous=FULL`: a resolved call has reached the disk. Several processes may
/// have it open; one that waits longer than 5 s for another's transaction fails with `Blocked`. No async runtime is
/// needed, and no caller's thread is blocked. Closing the engine lets the operations begun before finish, then closes the
/// file; dropping it does the same and waits for it, up to 30 s. Those who watch are told of all commits of this process to
/// the file, not of other processes'.
///
/// Where the disk is full, records can still be deleted and pruned: room is kept back for that, up to 5 MiB in a file `…-reserve` beside
/// any database that is not small. It holds nothing, and may be removed.
///
/// Where the file or its log is removed, replaced or moved while it is open, each call fails with `Deleted`, or
/// with `OutcomeUnknown` where that happened in the middle of its commit, until the store is opened again.
#[derive(Debug)]
pub struct Sqlite {
    worker: Worker,
    authority_key: Option<String>,
    bus: Bus,
}

impl Sqlite {
    /// Opens the database in a file, created if it does not exist, and makes the tables that are missing. A file that is
    /// refused is left as it is, and none is left behind where there was none. When the future is dropped, the file is
    /// closed again before the drop returns.
    ///
    /// # Errors
    /// `NotFound` where the file's folder does not exist, `InvalidInput` for a path that cannot name a file (a folder's,
    /// say), `Unsupported` for a file that is no SQLite database or that this process may not write, `SchemaTooNew`
    /// for one that a newer burrow wrote, `ForeignDatabase` for one that has other programs' tables and none of ours,
    /// `Blocked` while another process holds it.
    pub async fn open(path: impl AsRef<Path>, tables: Tables) -> Result<Self> {
        let path = path.as_ref().to_owned();
        let open = move |is_cancelled: IsCancelled<'_>| {
            let (driver, canonical) = native::open_file(&path, tables, is_cancelled)?;
            let authority_key = format!("sqlite:{canonical}");
            let bus = Bus::of_store(&authority_key);
            Ok((driver, bus, authority_key))
        };
        let (worker, bus, authority_key) = Worker::start(tables, open).await?;
        Ok(Self { worker, authority_key: Some(authority_key), bus })
    }

    /// A new, empty database in memory. Nothing survives the value itself.
    ///
    /// # Errors
    /// `ReadFailed` where no thread can be started.
    pub async fn in_memory(tables: Tables) -> Result<Self> {
        let open = move |_: IsCancelled<'_>| Ok((native::Rusqlite::in_memory(tables)?, Bus::default(), ()));
        let (worker, bus, ()) = Worker::start(tables, open).await?;
        Ok(Self { worker, authority_key: None, bus })
    }
}

#[async_trait]
impl Engine for Sqlite {
    async fn read(&self, reads: Reads) -> Result<ReadSet> {
        self.worker.read(reads).await
    }

    async fn transact(&self, reads: Reads, decide: Decide) -> Result<ReadSet> {
        self.worker.transact(reads, decide).await
    }

    fn authority_key(&self) -> Option<String> {
        self.authority_key.clone()
    }

    fn watch(&self, listener: Listener) -> Watch {
        self.bus.watch(listener)
    }

    fn close(&self) {
        self.worker.close();
    }
}

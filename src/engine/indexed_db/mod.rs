//! IndexedDB, in windows and workers.
//!
//! It is written on `web-sys`, not on the crate `indexed_db_futures`, which hides failures that the contract must tell apart:
//! docs/decisions/002-web-sys.md.

mod bindings;
mod broadcast;
mod call;
mod committer;
mod connection;
mod deadline;
mod defer;
mod error;
mod halves;
mod handle;
mod identity;
mod job;
mod key;
mod key_part;
mod mark;
mod open;
mod pages;
mod plan;
mod reading;
pub(crate) mod torn_log;
mod transaction;
mod upgrade;
mod value;

use std::{fmt, rc::Rc, time::Duration};

use async_trait::async_trait;
use send_wrapper::SendWrapper;

use self::{bindings::RawTransaction, broadcast::Broadcast, committer::Committer, connection::Connection, mark::Marks};
use super::{Decide, Engine, Listener, Read, ReadSet, Reads, Result, TableInfo, Tables, Watch, Write, open_resources};

/// When the browser calls a transaction complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Once it has been flushed to the disk: it survives a power failure. The default.
    #[default]
    Strict,
    /// Once the operating system has it: it survives the browser's end, not a power failure. Faster.
    Relaxed,
}

/// How a database is opened.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// When a commit is called complete.
    pub durability: Durability,
    /// How long a call, `open` too, may wait for the browser and for other tabs before it fails: with `Blocked` where nothing was
    /// sent to be committed, else with `OutcomeUnknown`. Ten seconds by default. A tab whose timers the browser slows down,
    /// a hidden one, may notice later.
    pub timeout: Duration,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { durability: Durability::default(), timeout: deadline::TIMEOUT }
    }
}

impl From<Durability> for OpenOptions {
    fn from(durability: Durability) -> Self {
        Self { durability, ..Self::default() }
    }
}

/// A database of this origin. Its handles belong to the thread that opened it; on wasm32 there is one.
pub struct IndexedDb {
    connection: SendWrapper<Rc<Connection>>,
    committer: SendWrapper<Rc<Committer>>,
    broadcast: Broadcast,
}

impl IndexedDb {
    /// Opens the database and creates the object stores that are missing. Should the browser drop the connection later,
    /// the next operation opens it again.
    ///
    /// # Errors
    /// `Unsupported` where there is no IndexedDB; `Blocked` when another tab still holds an older version open, or the
    /// browser gives no answer in time; `SchemaTooNew` for a database that a newer burrow wrote;
    /// `ForeignDatabase` for one that is somebody else's; `DataLost`, once, where the browser has thrown away what it held;
    /// `Unopenable` where the browser cannot read its own files.
    pub async fn open(name: &str, options: impl Into<OpenOptions>, tables: Tables) -> Result<Self> {
        let marks = Marks::new()?;
        let connection = Rc::new(Connection::new(name, options.into(), tables));
        connection.handle().await.map_err(|failed| failed.error)?;
        let broadcast = Broadcast::new(name);
        let committer = Rc::new(Committer::new(Rc::clone(&connection), broadcast.clone(), marks));
        Ok(Self { connection: SendWrapper::new(connection), committer: SendWrapper::new(committer), broadcast })
    }

    /// Deletes a database of this origin, and everything in it, so that the next `open` begins anew; one that cannot be opened
    /// too, where the browser can still delete it. Stores that have it open are told that it was
    /// [`Deleted`](RuntimeStoreError::Deleted). Where there is none, nothing happens.
    ///
    /// # Errors
    /// `ForeignDatabase` for a database that is somebody else's, which is left alone; `Blocked` when another tab does not let
    /// go of it, or the browser gives no answer, after ten seconds; `Unsupported` where there is no IndexedDB.
    pub async fn delete(name: &str, tables: Tables) -> Result<()> {
        open::delete(name, tables).await.map_err(|failed| failed.error)
    }
}

#[async_trait(?Send)]
impl Engine for IndexedDb {
    async fn read(&self, reads: Reads) -> Result<ReadSet> {
        let _pass = self.connection.enter()?;
        let found = async {
            self.committer.read_turn().await;
            self.connection.read(&reads).await.map_err(|failed| failed.error)
        };
        let found = self.connection.deadlines.within(found).await;
        found.unwrap_or_else(|| Err(self.connection.no_answer()))
    }

    async fn transact(&self, reads: Reads, decide: Decide) -> Result<ReadSet> {
        self.committer.transact(reads, decide).await
    }

    fn authority_key(&self) -> Option<String> {
        Some(self.connection.authority_key())
    }

    fn reopens(&self) -> u32 {
        self.connection.reopens()
    }

    fn data_lost(&self) -> Option<String> {
        self.connection.data_lost()
    }

    fn watch(&self, listener: Listener) -> Watch {
        self.broadcast.watch(listener)
    }

    fn close(&self) {
        self.connection.close();
    }
}

impl fmt::Debug for IndexedDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexedDb").field("connection", &self.connection).finish_non_exhaustive()
    }
}

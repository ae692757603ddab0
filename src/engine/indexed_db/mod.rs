//! IndexedDB, in windows and workers.
//!
//! It is written on `web-sys`, not on the crate `indexed_db_futures`: with two operations to offer, the crate's
//! builders would be wrapped rather than used, and it hides what the contract needs (the error of an aborted
//! transaction, of a failed `open`, the stores that exist already in an upgrade).

mod bindings;
mod broadcast;
mod connection;
mod error;
mod held;
mod key;
mod mark;
mod open;
mod transaction;
mod value;
mod waiting;

use std::fmt;

use async_trait::async_trait;
use send_wrapper::SendWrapper;
use web_sys::IdbTransactionMode;

use self::{
    bindings::RawTransaction,
    broadcast::Broadcast,
    connection::{Connection, Handle},
    error::Attempt,
    mark::{Acknowledged, Mark},
};
use super::{Decide, Engine, Listener, Read, ReadSet, Reads, Result, TableInfo, Watch, Write, table};
use crate::model::{Change, RuntimeStoreError};

pub use error::BrowserError;
pub use held::held;

/// When the browser calls a transaction complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Once it has been flushed to the disk: it survives a power failure. The default.
    #[default]
    Strict,
    /// Once the operating system has it: it survives the browser's end, not a power failure. Faster.
    Relaxed,
}

/// A database of this origin. Its handles belong to the thread that opened it; on wasm32 there is one.
pub struct IndexedDb {
    connection: SendWrapper<Connection>,
    acknowledged: SendWrapper<Acknowledged>,
    broadcast: Broadcast,
}

/// How often an operation is tried on a new connection after the one it had was lost.
const REOPENS: usize = 2;

impl IndexedDb {
    /// Opens the database and creates the object stores that are missing. Should the browser drop the connection later,
    /// the next operation opens it again.
    ///
    /// # Errors
    /// `Unsupported` where there is no IndexedDB; `Blocked` when another tab still holds an older version open, or the
    /// browser gives no answer, after ten seconds; `SchemaTooNew` for a database that a newer burrow wrote.
    pub async fn open(name: &str, durability: Durability) -> Result<Self> {
        let connection = Connection::new(name, durability);
        connection.handle().await.map_err(|failure| failure.error)?;
        Ok(Self {
            connection: SendWrapper::new(connection),
            acknowledged: SendWrapper::new(Acknowledged::default()),
            broadcast: Broadcast::new(name),
        })
    }

    /// Tries until the connection holds, a bounded number of times.
    async fn with_connection<T>(&self, mut attempt: impl AsyncFnMut(&Handle) -> Attempt<T>) -> Result<T> {
        let mut reopens = 0;
        loop {
            let outcome = match self.connection.handle().await {
                Ok(handle) => attempt(&handle).await.inspect_err(|failure| {
                    if failure.lost {
                        handle.lose();
                    }
                }),
                Err(failure) => Err(failure),
            };
            match outcome {
                Err(failure) if failure.lost && reopens < REOPENS => reopens += 1,
                outcome => return outcome.map_err(|failure| failure.error),
            }
        }
    }
}

#[async_trait(?Send)]
impl Engine for IndexedDb {
    async fn read(&self, reads: Reads) -> Result<ReadSet> {
        let mut tables: Vec<&str> = reads.as_slice().iter().map(|read| read.table().name).collect();
        tables.sort_unstable();
        tables.dedup();
        self.with_connection(async |handle| {
            let transaction = self.connection.begin(handle, &tables, IdbTransactionMode::Readonly)?;
            transaction.read(&reads).await
        })
        .await
    }

    async fn transact(&self, reads: Reads, mut decide: Decide) -> Result<ReadSet> {
        // What will be written is not known before the decision, so the transaction spans every table.
        let stores: Vec<&str> = table::ALL.iter().map(|table| table.name).chain([mark::STORE]).collect();
        let mark = Mark::new();
        // What an attempt has sent to be committed, for as long as nobody knows whether it was.
        let mut sent: Option<(ReadSet, Option<Change>)> = None;
        let outcome = self
            .with_connection(async |handle| {
                let transaction = self.connection.begin(handle, &stores, IdbTransactionMode::Readwrite)?;
                if let Some(made) = &sent {
                    if transaction.has_mark(mark).await? {
                        return Ok(made.clone());
                    }
                    sent = None;
                }
                let seen = transaction.read(&reads).await?;
                let commit = decide(&seen)?;
                if !commit.writes.is_empty() {
                    transaction.set_mark(mark, &self.acknowledged)?;
                }
                for write in commit.writes {
                    transaction.write(write)?;
                }
                sent = Some((seen.clone(), commit.change.clone()));
                let outcome = transaction.commit().await;
                if outcome.as_ref().is_err_and(|failure| !failure.lost) {
                    sent = None;
                }
                outcome.map(|()| (seen, commit.change))
            })
            .await;
        if sent.is_some() {
            self.acknowledged.add(mark);
        }
        let outcome = outcome.map_err(|error| if sent.is_some() { unknown(error) } else { error });
        let (seen, change) = outcome?;
        if let Some(change) = &change {
            self.broadcast.publish(change);
        }
        Ok(seen)
    }

    fn authority_key(&self) -> Option<String> {
        Some(self.connection.authority_key())
    }

    fn reopens(&self) -> u32 {
        self.connection.reopens()
    }

    fn watch(&self, listener: Listener) -> Watch {
        self.broadcast.watch(listener)
    }

    fn close(&self) {
        self.connection.close();
    }
}

/// A commit was sent, its acknowledgement was lost, and nobody could be asked whether it was made.
fn unknown(error: RuntimeStoreError) -> RuntimeStoreError {
    let message = format!("the connection was lost before the commit was acknowledged, then: {error}");
    RuntimeStoreError::OutcomeUnknown { message, cause: error.cause().cloned() }
}

impl fmt::Debug for IndexedDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexedDb").field("connection", &self.connection).finish_non_exhaustive()
    }
}

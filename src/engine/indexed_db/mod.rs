//! IndexedDB, in windows and workers.
//!
//! It is written on `web-sys`, not on the crate `indexed_db_futures`: with two operations to offer, the crate's
//! builders would be wrapped rather than used, and it hides what the contract needs (the error of an aborted
//! transaction, of a failed `open`, the stores that exist already in an upgrade).

mod bindings;
mod connection;
mod error;
mod key;
mod transaction;
mod value;

use async_trait::async_trait;
use send_wrapper::SendWrapper;
use web_sys::IdbTransactionMode;

use self::{bindings::RawTransaction, connection::Connection, transaction::Transaction};
use super::{Decide, Engine, Read, ReadSet, Reads, Result, TableInfo, Write, table};

pub use error::BrowserError;

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
#[derive(Debug)]
pub struct IndexedDb {
    connection: SendWrapper<Connection>,
}

impl IndexedDb {
    /// Opens the database and creates the object stores that are missing.
    ///
    /// # Errors
    /// `Unsupported` where there is no IndexedDB, `Blocked` when another tab holds an older version open,
    /// `SchemaTooNew` for a database that a newer burrow wrote.
    pub async fn open(name: &str, durability: Durability) -> Result<Self> {
        Ok(Self { connection: SendWrapper::new(Connection::open(name, durability).await?) })
    }
}

#[async_trait(?Send)]
impl Engine for IndexedDb {
    async fn read(&self, reads: Reads) -> Result<ReadSet> {
        let mut tables: Vec<&str> = reads.as_slice().iter().map(|read| read.table().name).collect();
        tables.sort_unstable();
        tables.dedup();
        let transaction = self.connection.begin(&tables, IdbTransactionMode::Readonly)?;
        transaction.read(&reads).await
    }

    async fn transact(&self, reads: Reads, mut decide: Decide) -> Result<ReadSet> {
        // What will be written is not known before the decision, so the transaction spans every table.
        let tables: Vec<&str> = table::ALL.iter().map(|table| table.name).collect();
        let transaction = self.connection.begin(&tables, IdbTransactionMode::Readwrite)?;
        let seen = transaction.read(&reads).await?;
        for write in decide(&seen)? {
            transaction.write(write)?;
        }
        transaction.commit().await?;
        Ok(seen)
    }

    fn authority_key(&self) -> Option<String> {
        Some(self.connection.authority_key())
    }

    fn close(&self) {
        self.connection.close();
    }
}

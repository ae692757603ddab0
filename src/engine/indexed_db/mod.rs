//! IndexedDB, in windows and workers.
//!
//! It is written on `web-sys`, not on the crate `indexed_db_futures`, which hides failures that the contract must tell apart:
//! docs/decisions/002-web-sys.md.

mod bindings;
mod broadcast;
mod connection;
mod error;
mod held;
mod key;
mod later;
mod mark;
mod open;
mod transaction;
mod upgrade;
mod value;
mod waiting;
mod writer;

use std::{fmt, rc::Rc};

use async_trait::async_trait;
use js_sys::Array;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;
use web_sys::IdbTransactionMode;

use self::{bindings::RawTransaction, broadcast::Broadcast, connection::Connection, writer::Writer};
use super::{Decide, Engine, Listener, Read, ReadSet, Reads, Result, TableInfo, Tables, Watch, Write};

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
    connection: SendWrapper<Rc<Connection>>,
    writer: SendWrapper<Rc<Writer>>,
    broadcast: Broadcast,
}

impl IndexedDb {
    /// Opens the database and creates the object stores that are missing. Should the browser drop the connection later,
    /// the next operation opens it again.
    ///
    /// # Errors
    /// `Unsupported` where there is no IndexedDB; `Blocked` when another tab still holds an older version open, or the
    /// browser gives no answer, after ten seconds; `SchemaTooNew` for a database that a newer burrow wrote.
    pub async fn open(name: &str, durability: Durability, tables: Tables) -> Result<Self> {
        let connection = Rc::new(Connection::new(name, durability, tables));
        connection.handle().await.map_err(|failure| failure.error)?;
        let broadcast = Broadcast::new(name);
        let writer = Rc::new(Writer::new(Rc::clone(&connection), broadcast.clone(), tables));
        Ok(Self { connection: SendWrapper::new(connection), writer: SendWrapper::new(writer), broadcast })
    }
}

#[async_trait(?Send)]
impl Engine for IndexedDb {
    async fn read(&self, reads: Reads) -> Result<ReadSet> {
        let stores: Array = reads.as_slice().iter().map(|read| JsValue::from_str(read.table().name)).collect();
        self.writer.turn().await;
        self.connection
            .with_handle(async |handle| {
                let transaction = self.connection.begin(handle, &stores, IdbTransactionMode::Readonly)?;
                transaction.read(&reads.as_slice().iter().collect::<Vec<_>>()).await
            })
            .await
            .map_err(|failure| failure.error)
    }

    async fn transact(&self, reads: Reads, decide: Decide) -> Result<ReadSet> {
        self.writer.transact(reads, decide).await
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

impl fmt::Debug for IndexedDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexedDb").field("connection", &self.connection).finish_non_exhaustive()
    }
}

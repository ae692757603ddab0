//! The engine on wasm32: a local task owns the database, as a thread does elsewhere.
//!
//! Calls made in one turn of the event loop are all sent before the task runs, so they share a transaction.

use async_trait::async_trait;
use futures_channel::{
    mpsc::{self, UnboundedSender},
    oneshot,
};
use futures_util::StreamExt;
use send_wrapper::SendWrapper;
use std::{cell::RefCell, fmt};
use wasm_bindgen_futures::spawn_local;

use super::{
    Decide, Engine, Listener, ReadSet, Reads, Result, Tables, Watch,
    database::Database,
    driver::Driver,
    javascript::{JsDatabase, JsDriver, Synchronous},
    jobs::{self, Job},
    schema,
};
use crate::{
    engine::{Bus, group_commit::QueuedTransaction, open_resources::OpenResource},
    model::RuntimeStoreError,
};

/// An SQLite database of JavaScript's.
pub struct Sqlite {
    /// `None` once closed.
    jobs: SendWrapper<RefCell<Option<UnboundedSender<Job>>>>,
    authority_key: Option<String>,
    bus: Bus,
}

impl Sqlite {
    /// Whether a database has all tables already, each as it is today. Nothing in it is changed.
    ///
    /// # Errors
    /// `SchemaTooNew` for one that a newer burrow wrote, `ForeignDatabase` for one that has other programs' tables and none of
    /// ours.
    pub fn is_current(database: &JsDatabase, tables: Tables) -> Result<bool> {
        schema::is_current(&JsDriver::new(database.clone()), tables)
    }

    /// Takes over an open database, which is closed with the engine, and makes the tables that are missing. `authority_key` is
    /// its stable name; a Durable Object's has one of its own. With `log`, it is a file that gets a write-ahead log; without, it has its own ways.
    ///
    /// # Errors
    /// As [`is_current`](Self::is_current), `Unsupported` where it may not be written, `Blocked` while another process holds it, and whatever else SQLite says.
    pub fn open(
        database: JsDatabase,
        authority_key: Option<String>,
        log: Option<Synchronous>,
        tables: Tables,
    ) -> Result<Self> {
        let driver = JsDriver::new(database.clone());
        let current = schema::is_current(&driver, tables)?;
        if let Some(synchronous) = log {
            driver.write_ahead(synchronous)?;
        }
        if !current {
            schema::make_current(&driver, tables)?;
        }
        schema::check_writable(&driver)?;
        let authority_key = match authority_key {
            None if driver.splits() => Some(format!("durable-object:{}", schema::identity(&driver)?)),
            given => given,
        };
        let (jobs, mut queue) = mpsc::unbounded();
        let bus = authority_key.as_deref().map_or_else(Bus::default, Bus::of_store);
        let told = bus.clone();
        let open = OpenResource::new(&database);
        spawn_local(async move {
            let mut work = Database::over(&driver, tables);
            while let Some(job) = queue.next().await {
                jobs::work(&mut work, &told, job, || queue.try_recv().ok());
            }
            database.close();
            drop(open);
        });
        Ok(Self { jobs: SendWrapper::new(RefCell::new(Some(jobs))), authority_key, bus })
    }

    fn send(&self, job: Job) -> Result<()> {
        match &*self.jobs.borrow() {
            Some(jobs) => jobs.unbounded_send(job).map_err(ended),
            None => Err(RuntimeStoreError::Closed("this store was closed; open it again".to_owned())),
        }
    }
}

fn ended(_: impl Sized) -> RuntimeStoreError {
    RuntimeStoreError::Internal("the task of the SQLite database has ended; open the store again".to_owned())
}

#[async_trait(?Send)]
impl Engine for Sqlite {
    async fn read(&self, reads: Reads) -> Result<ReadSet> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Read(reads, reply))?;
        answer.await.map_err(ended)?
    }

    async fn transact(&self, reads: Reads, decide: Decide) -> Result<ReadSet> {
        let (call, answer) = QueuedTransaction::new(reads, decide);
        self.send(Job::Transact(call))?;
        answer.await
    }

    fn authority_key(&self) -> Option<String> {
        self.authority_key.clone()
    }

    fn watch(&self, listener: Listener) -> Watch {
        self.bus.watch(listener)
    }

    /// The jobs that were sent are done first: the task ends once the channel is empty.
    fn close(&self) {
        self.jobs.borrow_mut().take();
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("authority_key", &self.authority_key).finish_non_exhaustive()
    }
}

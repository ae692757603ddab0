//! The thread that owns the connection.
//!
//! SQLite blocks on the disk and on other processes, so callers' threads never call it. Jobs go to the thread over a
//! channel and are answered over another; neither needs an async runtime.

use std::{
    convert::Infallible,
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    thread::{self, ThreadId},
    time::Duration,
};

use futures_channel::oneshot;

use super::{
    Decide, ReadSet, Reads, Result, Tables,
    database::Database,
    driver::Driver,
    jobs::{self, Job},
};
use crate::{
    engine::{Bus, group_commit::QueuedTransaction, panic::caught},
    model::{Cause, RuntimeStoreError},
};

/// How long dropping the last handle, or the future of an `open`, waits for the thread to close the database. It is
/// bounded because the thread may be in a decision or a listener that itself waits for the dropping thread.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// A handle to the thread. The thread ends when the handle is dropped or closed, after the jobs that were sent before;
/// dropping it waits for that, so that the database is closed before the process can end.
#[derive(Debug)]
pub(super) struct Worker {
    /// `None` once closed.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: ThreadId,
    /// Disconnected when the thread has closed the database.
    ended: Mutex<mpsc::Receiver<Infallible>>,
}

/// Whether the future of the `open` was dropped.
pub(super) type IsCancelled<'a> = &'a dyn Fn() -> bool;

impl Worker {
    /// Starts the thread and opens the database on it; `open`'s third result is handed on. When the future is dropped,
    /// the database is closed again, or not opened.
    pub(super) async fn start<D: Driver, T: Send + 'static>(
        tables: Tables,
        open: impl FnOnce(IsCancelled<'_>) -> Result<(D, Bus, T)> + Send + 'static,
    ) -> Result<(Self, Bus, T)> {
        let (jobs, queue) = mpsc::channel();
        let (opened, answer) = oneshot::channel();
        let (alive, ended) = mpsc::channel::<Infallible>();
        let run = move || {
            // Dropped last, after the database was closed.
            let _alive = alive;
            match caught(|| open(&|| opened.is_canceled())) {
                Ok((driver, bus, found)) => {
                    if opened.send(Ok((bus.clone(), found))).is_ok() {
                        let mut database = Database::over(&driver, tables);
                        while let Ok(job) = queue.recv() {
                            jobs::work(&mut database, &bus, job, || queue.try_recv().ok());
                        }
                    }
                }
                // The caller may have dropped the future.
                Err(error) => drop(opened.send(Err(error))),
            }
        };
        let thread = thread::Builder::new().name("burrow-sqlite".to_owned()).spawn(run).map_err(|error| {
            let message = format!("starting the thread of an SQLite database: {error}");
            RuntimeStoreError::ReadFailed { message, cause: Some(Cause::new(error)) }
        })?;
        let worker = Self { jobs: Mutex::new(Some(jobs)), thread: thread.thread().id(), ended: Mutex::new(ended) };
        let (bus, found) = answer.await.map_err(thread_ended)??;
        Ok((worker, bus, found))
    }

    /// Reads one snapshot.
    pub(super) async fn read(&self, reads: Reads) -> Result<ReadSet> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Read(reads, reply))?;
        answer.await.map_err(thread_ended)?
    }

    /// Runs a transaction. Once sent, it is carried out, whole, even if the future is dropped.
    pub(super) async fn transact(&self, reads: Reads, decide: Decide) -> Result<ReadSet> {
        let (call, answer) = QueuedTransaction::new(reads, decide);
        self.send(Job::Transact(call))?;
        answer.await
    }

    fn send(&self, job: Job) -> Result<()> {
        match &*self.jobs() {
            Some(jobs) => jobs.send(job).map_err(thread_ended),
            None => Err(RuntimeStoreError::Closed("this store was closed; open it again".to_owned())),
        }
    }

    pub(super) fn close(&self) {
        *self.jobs() = None;
    }

    /// Nothing that runs under the lock can leave the channel half changed.
    fn jobs(&self) -> MutexGuard<'_, Option<mpsc::Sender<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.close();
        // Where a listener on the thread itself drops the last handle, waiting would be a deadlock.
        if thread::current().id() != self.thread {
            let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
            // Nothing is ever sent: the channel is disconnected, or the time is over.
            let _ended = ended.recv_timeout(CLOSE_TIMEOUT);
        }
    }
}

fn thread_ended(_: impl Sized) -> RuntimeStoreError {
    RuntimeStoreError::Internal("the thread of the SQLite database has ended; open the store again".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

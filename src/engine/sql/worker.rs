//! The thread that owns the connection.
//!
//! SQLite blocks: on the disk, and on other processes. So no caller's thread ever calls it. Jobs go to the thread over
//! a channel and are answered over another, and neither needs an async runtime of any kind.

use std::{
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
    thread,
};

use futures_channel::oneshot;

use super::{Decide, ReadSet, Reads, Result, database::Database, driver::Driver};
use crate::{
    engine::{Bus, panic::caught},
    model::{Cause, RuntimeStoreError},
};

/// A handle to the thread. The thread ends when the handle is dropped or closed, after the jobs that were sent before.
#[derive(Debug)]
pub(super) struct Worker {
    /// `None` once closed.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
}

/// One call: a read, or with a decision a transaction.
struct Job {
    reads: Reads,
    decide: Option<Decide>,
    reply: oneshot::Sender<Result<ReadSet>>,
}

impl Worker {
    /// Starts the thread and opens the database on it; what else `open` finds out is handed on.
    pub(super) async fn start<D: Driver, T: Send + 'static>(
        open: impl FnOnce() -> Result<(Database<D>, Bus, T)> + Send + 'static,
    ) -> Result<(Self, Bus, T)> {
        let (jobs, queue) = mpsc::channel();
        let (opened, answer) = oneshot::channel();
        let run = move || match caught(open) {
            Ok((database, bus, found)) => {
                if opened.send(Ok((bus.clone(), found))).is_ok() {
                    work(&database, &bus, queue);
                }
            }
            // A caller who has gone away needs no error.
            Err(error) => drop(opened.send(Err(error))),
        };
        thread::Builder::new().name("burrow-sqlite".to_owned()).spawn(run).map_err(|error| {
            let message = format!("starting the thread of an SQLite database: {error}");
            RuntimeStoreError::ReadFailed { message, cause: Some(Cause::new(error)) }
        })?;
        let (bus, found) = answer.await.map_err(ended)??;
        Ok((Self { jobs: Mutex::new(Some(jobs)) }, bus, found))
    }

    /// Sends a job and waits for its answer. Once sent, it is done, whole, even if the future is dropped.
    pub(super) async fn ask(&self, reads: Reads, decide: Option<Decide>) -> Result<ReadSet> {
        let (reply, answer) = oneshot::channel();
        match &*self.jobs() {
            Some(jobs) => jobs.send(Job { reads, decide, reply }).map_err(ended)?,
            None => return Err(RuntimeStoreError::Closed("this store was closed; open it again".to_owned())),
        }
        answer.await.map_err(ended)?
    }

    pub(super) fn close(&self) {
        *self.jobs() = None;
    }

    /// Nothing that runs under the lock can leave the channel half changed.
    fn jobs(&self) -> MutexGuard<'_, Option<mpsc::Sender<Job>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does jobs in the order they were sent, until nobody can send any more. What waits behind a job is in the channel,
/// where a group commit would take it from.
fn work<D: Driver>(database: &Database<D>, bus: &Bus, jobs: mpsc::Receiver<Job>) {
    for Job { reads, decide, reply } in jobs {
        // A panic must not take the thread with it, and with the thread the store.
        let outcome = caught(|| match decide {
            None => database.read(&reads),
            Some(mut decide) => {
                let (seen, change) = database.transact(&reads, &mut decide)?;
                // Here, where the commits are made, so that they are told in their order and whoever waits for them.
                if let Some(change) = &change {
                    bus.publish(change);
                }
                Ok(seen)
            }
        });
        // A caller who has gone away is not waiting for the answer; the job is done all the same.
        drop(reply.send(outcome));
    }
}

fn ended(_: impl Sized) -> RuntimeStoreError {
    RuntimeStoreError::Internal("the thread of the SQLite database has ended; open the store again".to_owned())
}

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
    engine::{
        Bus,
        group_commit::{Call, Fault, Group},
        panic::caught,
    },
    model::{Cause, RuntimeStoreError},
};

/// A handle to the thread. The thread ends when the handle is dropped or closed, after the jobs that were sent before.
#[derive(Debug)]
pub(super) struct Worker {
    /// `None` once closed.
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
}

enum Job {
    Read(Reads, Reply),
    Transact(Call),
}

type Reply = oneshot::Sender<Result<ReadSet>>;

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

    /// Reads one snapshot.
    pub(super) async fn read(&self, reads: Reads) -> Result<ReadSet> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Read(reads, reply))?;
        answer.await.map_err(ended)?
    }

    /// Runs a transaction. Once sent, it is carried out, whole, even if the future is dropped.
    pub(super) async fn transact(&self, reads: Reads, decide: Decide) -> Result<ReadSet> {
        let (call, answer) = Call::new(reads, decide);
        self.send(Job::Transact(call))?;
        answer.await
    }

    fn send(&self, job: Job) -> Result<()> {
        match &*self.jobs() {
            Some(jobs) => jobs.send(job).map_err(ended),
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

/// Does jobs in the order they were sent, until nobody can send any more. Transactions that wait go together, and the reads
/// between them come after: they see what was sent before them, and each group is as large as it can be.
fn work<D: Driver>(database: &Database<D>, bus: &Bus, jobs: mpsc::Receiver<Job>) {
    let mut held = None;
    while let Some(job) = held.take().or_else(|| jobs.recv().ok()) {
        match job {
            Job::Read(reads, reply) => read(database, &reads, reply),
            Job::Transact(call) => {
                let mut group = Group::of(call);
                let mut between = Vec::new();
                while held.is_none()
                    && let Ok(next) = jobs.try_recv()
                {
                    match next {
                        Job::Transact(call) => held = group.join(call).err().map(Job::Transact),
                        Job::Read(reads, reply) => between.push((reads, reply)),
                    }
                }
                commit(database, bus, group);
                for (reads, reply) in between {
                    read(database, &reads, reply);
                }
            }
        }
    }
}

fn read<D: Driver>(database: &Database<D>, reads: &Reads, reply: Reply) {
    // A panic must not take the thread with it, and with the thread the store.
    let found = caught(|| database.read(reads));
    // A caller who has gone away is not waiting for the answer.
    drop(reply.send(found));
}

fn commit<D: Driver>(database: &Database<D>, bus: &Bus, mut group: Group) {
    match caught(|| database.transact(&mut group)) {
        // Told here, where the commits are made, and so in their order and whoever waits for them.
        Ok(()) => group.committed(|changes| changes.iter().for_each(|change| bus.publish(change))),
        Err(error) => {
            let fault = match error {
                RuntimeStoreError::Blocked(_) => Fault::OfNone,
                _ => Fault::OfAMember,
            };
            for alone in group.failed(&error, fault) {
                commit(database, bus, alone);
            }
        }
    }
}

fn ended(_: impl Sized) -> RuntimeStoreError {
    RuntimeStoreError::Internal("the thread of the SQLite database has ended; open the store again".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

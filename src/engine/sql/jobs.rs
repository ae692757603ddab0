//! The jobs of an SQL engine, done one after the other: on a thread natively, in a task in JavaScript.

use futures_channel::oneshot;

use super::{ReadSet, Reads, Result, database::Database, driver::Driver};
use crate::{
    engine::{
        Bus,
        group_commit::{Group, QueuedTransaction, Retry},
        panic::caught,
    },
    model::RuntimeStoreError,
};

/// A call that was sent.
pub(super) enum Job {
    Read(Reads, Reply),
    Transact(QueuedTransaction),
}

type Reply = oneshot::Sender<Result<ReadSet>>;

/// Does a job and those that wait, in the order in which they were sent. Waiting transactions are committed as one group, and
/// the reads between them come after it: so they see what was sent before them, and groups stay large.
pub(super) fn work<D: Driver>(
    database: &mut Database<'_, D>,
    bus: &Bus,
    first: Job,
    mut waiting: impl FnMut() -> Option<Job>,
) {
    let mut next_job = Some(first);
    while let Some(job) = next_job.take().or_else(&mut waiting) {
        match job {
            Job::Read(reads, reply) => read(database, &reads, reply),
            Job::Transact(call) => {
                let mut group = Group::of(call);
                let mut between = Vec::new();
                while next_job.is_none()
                    && let Some(next) = waiting()
                {
                    match next {
                        Job::Transact(call) => next_job = group.join(call).err().map(Job::Transact),
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

fn read<D: Driver>(database: &mut Database<'_, D>, reads: &Reads, reply: Reply) {
    // A panic must not end the thread, and the store with it.
    let found = caught(|| database.read(reads));
    // The caller may have dropped the future.
    drop(reply.send(found));
}

fn commit<D: Driver>(database: &mut Database<'_, D>, bus: &Bus, mut group: Group) {
    match caught(|| database.transact(&mut group)) {
        // Published on this thread, so in the order of the commits, even where the caller is gone.
        Ok(()) => group.committed(|changes| changes.iter().for_each(|change| bus.publish(change))),
        Err(error) => {
            let retry = match error {
                RuntimeStoreError::Blocked(_)
                | RuntimeStoreError::Deleted(_)
                | RuntimeStoreError::OutcomeUnknown { .. } => Retry::None,
                _ => Retry::EachAlone,
            };
            for alone in group.failed(&error, retry) {
                commit(database, bus, alone);
            }
        }
    }
}

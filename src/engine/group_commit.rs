//! Group commit: many calls, one transaction.
//!
//! Most of what a commit costs is the wait for the disk, and it is the same for one call as for many. So the calls that
//! came while a transaction was in flight go together in the next one. There is no timer: an idle store commits at once.
//!
//! Each member of a group is decided in turn, on what is stored and what the members before it write. One that is refused
//! is refused alone. When the transaction itself fails, which a single member's reads or writes may have caused, each is
//! tried again alone, so that no member fails because of another.

use futures_channel::oneshot;

use super::{Commit, Decide, Key, Read, ReadSet, Reads, Result, Row, Value, Write, panic::caught};
use crate::model::{Change, RuntimeStoreError};

/// The largest group. Shared by so many calls, the wait for the disk is a small part of what each costs; in a larger
/// group the first would wait longer for the last, and a page would be unresponsive while the writes are sent.
const LIMIT: usize = 64;

/// A transaction that waits to be committed, and the sender of its outcome.
pub(super) struct QueuedTransaction {
    reads: Reads,
    decide: Decide,
    reply: oneshot::Sender<Result<ReadSet>>,
}

impl QueuedTransaction {
    /// The transaction, and the future of its outcome. It is carried out even if the future is dropped.
    pub(super) fn new(reads: Reads, decide: Decide) -> (Self, impl Future<Output = Result<ReadSet>>) {
        let (reply, answer) = oneshot::channel();
        let ended = |_| {
            let message = "the engine ended before it could answer; open the store again";
            Err(RuntimeStoreError::Internal(message.to_owned()))
        };
        (Self { reads, decide, reply }, async move { answer.await.unwrap_or_else(ended) })
    }

    /// Whether it can share a transaction: only point reads can be updated with what members before it wrote. What a range
    /// read would find then is not known.
    fn can_share(&self) -> bool {
        self.reads.as_slice().iter().all(|read| matches!(read, Read::Get(..)))
    }
}

/// The calls that share one transaction, in their order.
pub(super) struct Group {
    /// What each member reads.
    reads: Vec<Reads>,
    members: Vec<Member>,
    /// Whether others may join.
    open: bool,
}

struct Member {
    decide: Decide,
    reply: oneshot::Sender<Result<ReadSet>>,
    /// What it saw and changes, or why it was refused; `None` until it is decided.
    decided: Option<Result<(ReadSet, Option<Change>)>>,
}

/// Whether the members of a group whose transaction failed are tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Retry {
    /// Each in a transaction of its own: what one member reads or writes may be at fault.
    EachAlone,
    /// None: the connection is at fault, or another's lock, or the outcome is unknown.
    None,
}

impl Group {
    /// A group of one.
    pub(super) fn of(call: QueuedTransaction) -> Self {
        let open = call.can_share();
        let QueuedTransaction { reads, decide, reply } = call;
        Self { reads: vec![reads], members: vec![Member { decide, reply, decided: None }], open }
    }

    /// Adds a call, or returns it where it must wait for the next group.
    pub(super) fn join(&mut self, call: QueuedTransaction) -> std::result::Result<(), QueuedTransaction> {
        if !self.open || self.members.len() >= LIMIT || !call.can_share() {
            return Err(call);
        }
        let QueuedTransaction { reads, decide, reply } = call;
        self.reads.push(reads);
        self.members.push(Member { decide, reply, decided: None });
        Ok(())
    }

    /// What the transaction reads.
    pub(super) fn reads(&self) -> Vec<&Read> {
        self.reads.iter().flat_map(Reads::as_slice).collect()
    }

    /// Decides what the transaction writes, from what it read. It may be called again when the transaction starts over.
    ///
    /// # Errors
    /// The first member's error, where every member is refused and there is nothing to commit.
    pub(super) fn decide(&mut self, seen: ReadSet) -> Result<Vec<Write>> {
        if let [alone] = &mut *self.members {
            return alone.decide(seen);
        }
        let mut written = Written::nothing_of(&self.reads);
        let mut writes = Vec::new();
        let mut refused = None;
        let mut accepted = false;
        let counts = self.reads.iter().map(|reads| reads.as_slice().len());
        for ((reads, mut seen), member) in self.reads.iter().zip(seen.split(counts)).zip(&mut self.members) {
            written.show(reads, &mut seen);
            match member.decide(seen) {
                Ok(own) => {
                    written.note(&own);
                    writes.extend(own);
                    accepted = true;
                }
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        match refused {
            Some(error) if !accepted => Err(error),
            _ => Ok(writes),
        }
    }

    /// The transaction is complete, and these records were there, of those that may come late: decides their readers again.
    #[cfg(target_arch = "wasm32")]
    pub(super) fn found_late(&mut self, found: ReadSet) {
        for (table, key, row) in found.into_found() {
            for (reads, member) in self.reads.iter().zip(&mut self.members) {
                let is_it = |read: &Read| place(read) == Some((table.name, &key));
                let Some(at) = reads.as_slice().iter().position(is_it) else { continue };
                match member.decided.take() {
                    Some(Ok((mut seen, _))) => {
                        seen.set(at, Some((key.clone(), row.clone())));
                        // Refused, or it was a retry of what is committed.
                        drop(member.decide(seen));
                    }
                    refused => member.decided = refused,
                }
            }
        }
    }

    /// The transaction is complete: tells the watchers, then answers each caller.
    pub(super) fn committed(mut self, tell: impl FnOnce(&[Change])) {
        let changes: Vec<Change> = self.members.iter_mut().filter_map(Member::take_change).collect();
        if !changes.is_empty() {
            tell(&changes);
        }
        for member in self.members {
            let undecided = || Err(RuntimeStoreError::Internal("a commit that was not decided".to_owned()));
            let outcome = member.decided.unwrap_or_else(undecided);
            // The caller may have dropped its future.
            drop(member.reply.send(outcome.map(|(seen, _)| seen)));
        }
    }

    /// The transaction failed: answers the members that failed for good, and returns those to be tried again, each alone.
    pub(super) fn failed(self, error: &RuntimeStoreError, retry: Retry) -> Vec<Self> {
        let all_refused = self.members.iter().all(Member::is_refused);
        if !all_refused && retry == Retry::EachAlone && self.members.len() > 1 {
            return self.singly();
        }
        // A refused member wrote nothing, so where the outcome is unknown its own error holds. Where nothing was written, it
        // may have been refused because of an earlier member's write that was never committed: it gets the group's error.
        let keeps_its_own = all_refused || matches!(error, RuntimeStoreError::OutcomeUnknown { .. });
        for member in self.members {
            let outcome = match member.decided {
                Some(Err(own)) if keeps_its_own => own,
                _ => error.clone(),
            };
            drop(member.reply.send(Err(outcome)));
        }
        Vec::new()
    }

    fn singly(self) -> Vec<Self> {
        let calls = self.reads.into_iter().zip(self.members);
        calls
            .map(|(reads, Member { decide, reply, .. })| Self::of(QueuedTransaction { reads, decide, reply }))
            .collect()
    }
}

impl Member {
    /// A decision that panics fails this member alone.
    fn decide(&mut self, seen: ReadSet) -> Result<Vec<Write>> {
        let (decided, writes) = match caught(|| (self.decide)(&seen)) {
            Ok(Commit { writes, change }) => (Ok((seen, change)), Ok(writes)),
            Err(error) => (Err(error.clone()), Err(error)),
        };
        self.decided = Some(decided);
        writes
    }

    fn take_change(&mut self) -> Option<Change> {
        self.decided.as_mut()?.as_mut().ok()?.1.take()
    }

    fn is_refused(&self) -> bool {
        matches!(self.decided, Some(Err(_)))
    }
}

/// What the members so far have done to each record that the group reads, sorted by table and key.
struct Written<'a>(Vec<(Place<'a>, Now)>);

type Place<'a> = (&'static str, &'a Key);

enum Now {
    AsStored,
    Put(Value),
    Deleted,
}

impl<'a> Written<'a> {
    fn nothing_of(reads: &'a [Reads]) -> Self {
        let mut written = Self(Vec::new());
        for place in reads.iter().flat_map(Reads::as_slice).filter_map(place) {
            if let Err(at) = written.find(place) {
                written.0.insert(at, (place, Now::AsStored));
            }
        }
        written
    }

    /// The index of a record, or where it would be inserted.
    fn find(&self, place: Place<'_>) -> std::result::Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| (*other).cmp(&place))
    }

    /// Updates what a member's reads found with what was written.
    fn show(&self, reads: &Reads, seen: &mut ReadSet) {
        for (i, read) in reads.as_slice().iter().enumerate() {
            let Some(place @ (_, key)) = place(read) else { continue };
            let now = self.find(place).ok().and_then(|at| self.0.get(at));
            match now {
                Some((_, Now::Put(value))) => seen.set(i, Some((key.clone(), Row::Live(value.clone())))),
                Some((_, Now::Deleted)) => seen.set(i, None),
                Some((_, Now::AsStored)) | None => {}
            }
        }
    }

    fn note(&mut self, writes: &[Write]) {
        for write in writes {
            let (Write::Put(table, key, _) | Write::Delete(table, key) | Write::DeleteRange(table, key)) = write;
            let from = self.find((table.name, key)).unwrap_or_else(|from| from);
            let is_met = |other: &Key| match write {
                Write::DeleteRange(..) => other.starts_with(key),
                Write::Put(..) | Write::Delete(..) => other == key,
            };
            for ((name, other), now) in self.0.iter_mut().skip(from) {
                if *name != table.name || !is_met(other) {
                    break;
                }
                *now = match write {
                    Write::Put(_, _, value) => Now::Put(value.clone()),
                    Write::Delete(..) | Write::DeleteRange(..) => Now::Deleted,
                };
            }
        }
    }
}

/// The table and key of a point read. A group of several calls has no other reads.
fn place(read: &Read) -> Option<Place<'_>> {
    match read {
        Read::Get(table, key, _) => Some((table.name, key)),
        Read::Range(..) | Read::Values(..) | Read::Distinct(..) | Read::Keys(..) | Read::Live(..) | Read::Count(..) => {
            None
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests;

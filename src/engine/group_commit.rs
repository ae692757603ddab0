//! Group commit: many calls, one transaction.
//!
//! Most of what a commit costs is the wait for the disk, and it is the same for one call as for many. So the calls that
//! came while a transaction was in flight go together in the next one. There is no timer: an idle store commits at once.
//!
//! Each member of a group is decided in turn, on what is stored and what those before it write. One that is refused is
//! refused alone. When the transaction itself fails, for something that one of them reads or writes perhaps, each is tried
//! again alone, so that none fails for another's sake.

use futures_channel::oneshot;

use super::{Commit, Decide, Key, Read, ReadSet, Reads, Result, Row, Value, Write, panic::caught};
use crate::model::{Change, RuntimeStoreError};

/// How many calls go together at most. Shared by so many, the wait for the disk is a small part of what each costs; with
/// more, the first would wait ever longer for the last, and a page would stand still while their writes are sent.
const LIMIT: usize = 64;

/// A transaction that somebody waits for.
pub(super) struct QueuedTransaction {
    reads: Reads,
    decide: Decide,
    reply: oneshot::Sender<Result<ReadSet>>,
}

impl QueuedTransaction {
    /// The call, and what its caller waits for. A caller who goes away is not missed: the call is made all the same.
    pub(super) fn new(reads: Reads, decide: Decide) -> (Self, impl Future<Output = Result<ReadSet>>) {
        let (reply, answer) = oneshot::channel();
        let ended = |_| {
            let message = "the engine ended before it could answer; open the store again";
            Err(RuntimeStoreError::Internal(message.to_owned()))
        };
        (Self { reads, decide, reply }, async move { answer.await.unwrap_or_else(ended) })
    }

    /// Whether what others write can be shown to it: what a range of keys would find is not known without looking.
    fn can_share(&self) -> bool {
        self.reads.as_slice().iter().all(|read| matches!(read, Read::Get(..)))
    }
}

/// The calls of one transaction, in the order in which they came.
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

/// Whose doing it is that a transaction failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// That of one of its members, perhaps.
    OfAMember,
    /// That of none of them: a connection that is gone, a lock that others hold.
    OfNone,
}

impl Group {
    /// A group of one.
    pub(super) fn of(call: QueuedTransaction) -> Self {
        let open = call.can_share();
        let QueuedTransaction { reads, decide, reply } = call;
        Self { reads: vec![reads], members: vec![Member { decide, reply, decided: None }], open }
    }

    /// Takes the next call in, or gives it back where it must wait for the next group.
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

    /// Decides what the transaction writes, from what it read. It may be called again, when the transaction must start
    /// over.
    ///
    /// # Errors
    /// Where every member is refused, there is nothing to commit: the error is the first one's.
    pub(super) fn decide(&mut self, seen: ReadSet) -> Result<Vec<Write>> {
        if let [alone] = &mut *self.members {
            return alone.decide(seen);
        }
        let mut written = Written::nothing_of(&self.reads);
        let mut writes = Vec::new();
        let mut refused = None;
        let mut accepted = false;
        let lengths = self.reads.iter().map(|reads| reads.as_slice().len());
        for ((reads, mut seen), member) in self.reads.iter().zip(seen.split(lengths)).zip(&mut self.members) {
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

    /// The transaction is complete: tells those who watch, then answers each caller.
    pub(super) fn committed(mut self, tell: impl FnOnce(&[Change])) {
        let changes: Vec<Change> = self.members.iter_mut().filter_map(Member::take_change).collect();
        if !changes.is_empty() {
            tell(&changes);
        }
        for member in self.members {
            let undecided = || Err(RuntimeStoreError::Internal("a commit that was not decided".to_owned()));
            let outcome = member.decided.unwrap_or_else(undecided);
            // A caller who has gone away is not waiting for the answer.
            drop(member.reply.send(outcome.map(|(seen, _)| seen)));
        }
    }

    /// The transaction failed: answers those whom it failed for good, and gives back those to be tried again, each alone.
    pub(super) fn failed(self, error: &RuntimeStoreError, fault: Fault) -> Vec<Self> {
        let all_refused = self.members.iter().all(Member::is_refused);
        if !all_refused && fault == Fault::OfAMember && self.members.len() > 1 {
            return self.singly();
        }
        // One that was refused wrote nothing, whatever became of the rest. But where the rest is known not to be written,
        // it may have been refused for what never came to be.
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
    /// A decision that panics is this member's error alone.
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

/// What has become of each record that a group reads, as its members wrote so far; in the order of table and key.
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

    /// Where a record stands, or would stand.
    fn find(&self, place: Place<'_>) -> std::result::Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| (*other).cmp(&place))
    }

    /// Has the reads find what was written.
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

/// The table and key of a point read: a group reads nothing else, unless it is one call alone.
fn place(read: &Read) -> Option<Place<'_>> {
    match read {
        Read::Get(table, key, _) => Some((table.name, key)),
        Read::Range(..) | Read::Values(..) | Read::Distinct(..) => None,
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests;

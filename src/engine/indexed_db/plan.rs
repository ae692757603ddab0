//! Plans of an attempt: its reads and writes, and how a later attempt finds out whether it was committed.

use std::{
    cell::RefCell,
    collections::VecDeque,
    hash::{Hash as _, Hasher as _},
};

use siphasher::sip128::SipHasher13;

use super::{
    Read, ReadSet, Result, TableInfo, Write,
    bindings::undoes_after_commit,
    mark::{MARKS, Mark},
};
use crate::{
    engine::{Key, Prediction, Row, Text, Value},
    model::RuntimeStoreError,
};

/// The reads and the writes of an attempt, decided before it begins.
pub(super) struct Plan {
    /// The reads, without those of records that are inserted.
    reads: Vec<Read>,
    /// The reads whose answers the commit need not wait for.
    late: Vec<Read>,
    /// Each with whether it is an `add`, which fails where there is a record.
    writes: Vec<(Write, bool)>,
    proof: Proof,
}

impl Plan {
    /// The writes that follow from what `reads` are predicted to find.
    pub(super) fn of(mut reads: Vec<Read>, writes: Vec<Write>, recent: &RecentKeys) -> Self {
        if writes.is_empty() || !recent.may_insert {
            let mut plan = Self { reads, ..Self::as_decided(writes) };
            if !plan.writes.is_empty() && plan.reads.iter().all(may_come_late) {
                plan.part_late();
            }
            return plan;
        }
        let expects_nothing = |table: &TableInfo, key: &Key| {
            // An `add` sees one of two object stores.
            table.live.is_none()
                && reads.iter().any(|read| {
                    matches!(read, Read::Get(of, other, Some(Prediction { record: None, .. })) if of.name == table.name && other == key)
                })
        };
        let is_new = |write: &Write| matches!(write, Write::Put(table, key, _) if recent.is_new(table, key));
        let all_new = writes.iter().all(is_new);
        let is_insert = |write: &Write| match write {
            Write::Put(table, key, _) => all_new || expects_nothing(table, key),
            Write::Delete(..) | Write::DeleteRange(..) => false,
        };
        let mut plan = Self::as_decided(writes);
        let mut inserted: Vec<(&str, &Key)> = Vec::new();
        for (write, insert) in &mut plan.writes {
            let write: &Write = write;
            if let Write::Put(table, key, _) = write
                && is_insert(write)
                && !inserted.contains(&(table.name, key))
            {
                *insert = true;
                inserted.push((table.name, key));
            }
        }
        reads.retain(|read| match read {
            Read::Get(table, key, Some(Prediction { record: None, .. })) => !inserted.contains(&(table.name, key)),
            _ => true,
        });
        if all_new && matches!(plan.proof, Proof::Mark) && plan.writes.iter().all(|(_, insert)| *insert) {
            plan.proof = Proof::Records { rows: rows_of(&plan.writes, |_| true), unique: false };
        }
        plan.reads = reads;
        let expects_nothing_of_one_store = |read: &Read| matches!(read, Read::Get(table, _, Some(Prediction { record: None, .. })) if table.live.is_none());
        if plan.reads.iter().all(expects_nothing_of_one_store) {
            plan.part_late();
            plan.probe();
        }
        plan
    }

    /// Parts from the reads those that the commit need not wait for: each once, since the calls of a group are often about one runtime.
    fn part_late(&mut self) {
        let mut asked: Vec<(&str, Key)> = Vec::new();
        let (late, reads) = std::mem::take(&mut self.reads).into_iter().partition(may_come_late);
        self.reads = reads;
        self.late = late;
        self.late.retain(|read| match read {
            Read::Get(table, key, _) if !asked.contains(&(table.name, key.clone())) => {
                asked.push((table.name, key.clone()));
                true
            }
            _ => false,
        });
    }

    /// Looks for the records that are expected not to be there by inserting them and deleting them again, which needs no answer
    /// and fails where there is one.
    fn probe(&mut self) {
        for read in self.reads.drain(..) {
            if let Read::Get(table, key, _) = read {
                let nothing = Value::new(Text(String::new()));
                self.writes.push((Write::Put(table, key.clone(), nothing), true));
                self.writes.push((Write::Delete(table, key), false));
            }
        }
    }

    /// The writes that were decided on what was found.
    pub(super) fn as_decided(writes: Vec<Write>) -> Self {
        let writes: Vec<_> = writes.into_iter().map(|write| (write, false)).collect();
        let mut unique = rows_of(&writes, |table| table.unique_records);
        unique.truncate(1);
        let proof = if unique.is_empty() { Proof::Mark } else { Proof::Records { rows: unique, unique: true } };
        Self { reads: Vec::new(), late: Vec::new(), writes, proof }
    }

    /// The tables that it reads or writes.
    pub(super) fn tables(&self) -> impl Iterator<Item = &'static TableInfo> {
        let written = self.writes.iter().map(|(write, _)| write.table());
        let marked = matches!(self.proof, Proof::Mark).then_some(MARKS.info);
        written.chain(self.reads.iter().chain(&self.late).map(Read::table)).chain(marked)
    }

    /// Takes the reads out, with the results that are predicted.
    pub(super) fn take_reads(&mut self) -> (Vec<Read>, ReadSet) {
        let reads = std::mem::take(&mut self.reads);
        let prediction = ReadSet::predicted(&reads).unwrap_or_else(|| ReadSet::new([], []));
        (reads, prediction)
    }

    /// Takes out the reads whose answers the commit need not wait for.
    pub(super) fn take_late(&mut self) -> Vec<Read> {
        std::mem::take(&mut self.late)
    }

    /// Notes the keys that are written.
    pub(super) fn note_in(&self, recent: &RecentKeys) {
        self.writes.iter().for_each(|(write, _)| recent.note(write));
    }

    pub(super) fn proof(&self) -> &Proof {
        &self.proof
    }

    pub(super) fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Whether it rests on what is predicted: on what is read, or on a record's not being there.
    pub(super) fn is_prediction(&self) -> bool {
        !self.reads.is_empty() || self.writes.iter().any(|(_, insert)| *insert)
    }

    /// The first write, where there are others.
    pub(super) fn first_of_several(&self) -> Option<&Write> {
        self.writes.first().filter(|_| self.writes.len() > 1).map(|(write, _)| write)
    }

    pub(super) fn only_deletes(&self) -> bool {
        !self.writes.iter().any(|(write, _)| matches!(write, Write::Put(..)))
    }

    pub(super) fn into_writes(self) -> Vec<(Write, bool)> {
        self.writes
    }
}

fn may_come_late(read: &Read) -> bool {
    matches!(read, Read::Get(_, _, Some(Prediction { may_come_late: true, .. })))
}

fn rows_of(writes: &[(Write, bool)], which: impl Fn(&TableInfo) -> bool) -> Vec<(&'static TableInfo, Key, Value)> {
    let row = |(write, _): &(Write, bool)| match write {
        Write::Put(table, key, value) if which(table) => Some((*table, key.clone(), value.clone())),
        _ => None,
    };
    writes.iter().filter_map(row).collect()
}

/// How a later attempt finds out whether this one was committed.
#[derive(Clone)]
pub(super) enum Proof {
    /// By the mark that was written with it.
    Mark,
    /// By records that were written with it. A unique one can have come from nowhere else; others were inserted, and somebody
    /// else may have written, or changed, one under the same key.
    Records { rows: Vec<(&'static TableInfo, Key, Value)>, unique: bool },
}

/// Whether an attempt was committed.
pub(super) enum Verdict {
    Committed,
    NotCommitted,
}

impl Proof {
    /// The reads whose result [`verdict`](Self::verdict) takes.
    pub(super) fn reads(&self, mark: &Mark) -> Vec<Read> {
        match self {
            Self::Mark => mark.read(),
            Self::Records { rows, .. } => {
                rows.iter().map(|(table, key, _)| Read::Get(table, key.clone(), None)).collect()
            }
        }
    }

    /// # Errors
    /// `Conflict` where it cannot be told.
    pub(super) fn verdict(&self, mark: &Mark, found: &ReadSet) -> Result<Verdict> {
        let Self::Records { rows, unique } = self else {
            return Ok(if mark.is_in(found)? { Verdict::Committed } else { Verdict::NotCommitted });
        };
        let reads = self.reads(mark);
        let row = |(_, key, value): &(_, Key, Value)| vec![(key.clone(), Row::Live(value.clone()))];
        if found.is(&ReadSet::new(&reads, rows.iter().map(row))) {
            Ok(Verdict::Committed)
        } else if *unique || found.is(&ReadSet::new(&reads, rows.iter().map(|_| Vec::new()))) {
            Ok(Verdict::NotCommitted)
        } else {
            let key = rows.first().map(|(table, key, _)| format!("{} {key}", table.name)).unwrap_or_default();
            Err(RuntimeStoreError::Conflict(format!("{key} is no longer what was written, or was never written")))
        }
    }
}

/// The keys that this store wrote last, of those that look as if they were made just now: there is a record under them, and
/// probably none under others of such keys.
pub(super) struct RecentKeys {
    /// A hash of each: all are looked through for each key that is written, and to compare the keys themselves takes longer than
    /// to send a record. A key that shares its hash with another is only not inserted.
    hashes: RefCell<VecDeque<u64>>,
    /// Whether this browser undoes what an insert that fails was sent with.
    may_insert: bool,
}

/// More than a page usually writes while a key looks new.
const MOST: usize = 256;

impl RecentKeys {
    pub(super) fn new() -> Self {
        Self { hashes: RefCell::default(), may_insert: undoes_after_commit() }
    }

    fn is_new(&self, table: &TableInfo, key: &Key) -> bool {
        looks_new(table, key) && !self.hashes.borrow().contains(&hash(table, key))
    }

    fn note(&self, write: &Write) {
        if let Write::Put(table, key, _) = write
            && looks_new(table, key)
        {
            let (mut hashes, hash) = (self.hashes.borrow_mut(), hash(table, key));
            if !hashes.contains(&hash) {
                if hashes.len() == MOST {
                    hashes.pop_front();
                }
                hashes.push_back(hash);
            }
        }
    }
}

fn looks_new(table: &TableInfo, key: &Key) -> bool {
    table.looks_new.is_some_and(|looks_new| looks_new(key))
}

fn hash(table: &TableInfo, key: &Key) -> u64 {
    let mut hasher = SipHasher13::new();
    (table.name, key).hash(&mut hasher);
    hasher.finish()
}

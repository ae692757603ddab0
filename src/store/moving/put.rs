//! Records from a file, on their way into the store in bounded transactions.

use super::{OnConflict, import::SOURCE};
use crate::{
    engine::{Encoded, Key, Raw, ReadSet, Reads, Record, Result, Table, TableInfo, Write},
    model::{ChangeScope, LogicalRuntimeId, RuntimeStoreError, random::new_uuid},
    store::{
        Operation,
        claim::{Guard, after_both},
        deleting::runtime_of,
        pruning::Proof,
        schema::{CLAIMS, MOB_CLAIMS, PRUNED, change_kind},
        steps::{Found, Outcome},
        watch::scope_of,
    },
};

/// The most records that are committed at once.
const RECORDS: usize = 256;

/// The bytes of records with which no others are committed.
const BYTES: usize = 1 << 20;

/// A record from a line of the file.
#[derive(Clone)]
pub(super) struct Incoming {
    pub(super) line: u64,
    pub(super) table: &'static TableInfo,
    pub(super) key: Key,
    pub(super) value: Encoded,
}

/// Records that are committed at once: those of one mob or runtime in a transaction, of which its watchers are told, and these,
/// called together, in as few as the engine makes of them.
pub(super) struct Batch {
    on_conflict: OnConflict,
    records: Vec<Incoming>,
    bytes: usize,
    /// Whether there were none of the last records yet, so that there will be none of the next ones either.
    likely_new: bool,
    /// Whether each record is committed by itself, because what is stored is so much larger than what is imported.
    singly: bool,
}

impl Batch {
    pub(super) fn new(on_conflict: OnConflict) -> Self {
        Self { on_conflict, records: Vec::new(), bytes: 0, likely_new: true, singly: false }
    }

    pub(super) fn add(&mut self, record: Incoming) {
        self.bytes += record.key.size() + record.value.size();
        self.records.push(record);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.records.len() >= RECORDS || self.bytes >= BYTES
    }

    /// Whether what is in it was tried already.
    pub(super) fn is_retried(&self) -> bool {
        self.singly
    }

    /// What commits the records.
    pub(super) fn commits(&self) -> Result<Vec<Operation<Outcome>>> {
        let together =
            |a: &Incoming, b: &Incoming| !self.singly && a.table.name == b.table.name && belongs_to(a) == belongs_to(b);
        let put = |part: &[Incoming]| put(part.to_vec(), self.on_conflict, self.likely_new);
        let commits = self.records.chunk_by(together).map(put);
        // By themselves they go one after the other.
        commits.take(if self.singly { 1 } else { RECORDS }).collect()
    }

    /// Takes what came of them: how many records are there now, and how many of them were written; `None` where they are to be tried
    /// again.
    pub(super) fn took(&mut self, outcomes: Vec<Result<Outcome>>) -> Result<Option<(u64, u64)>> {
        let mut written = 0;
        for outcome in outcomes {
            match outcome {
                Ok(Outcome::Written(count)) => written += count,
                Ok(_) => {}
                Err(RuntimeStoreError::TooLarge(_)) if !self.singly => {
                    self.singly = true;
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
        let records = if self.singly { 1 } else { self.records.len() };
        self.likely_new = written == records as u64;
        self.records.drain(..records);
        if self.records.is_empty() {
            (self.bytes, self.singly) = (0, false);
        }
        Ok(Some((records as u64, written)))
    }
}

/// The mob or runtime whose watchers are told of a record, if any.
fn belongs_to(record: &Incoming) -> Option<ChangeScope> {
    scope_of(record.table, change_kind(record.table)?, &record.key)
}

/// Puts records of one mob or runtime, all or none, and answers how many were not there yet.
fn put(records: Vec<Incoming>, on_conflict: OnConflict, likely_new: bool) -> Result<Operation<Outcome>> {
    let token = new_uuid()?;
    let mut reads = Reads::new();
    let mut stored = Vec::with_capacity(records.len());
    for Incoming { table, key, .. } in &records {
        let (table, key) = (Table::<Raw>::new(table), key.clone());
        stored.push(if likely_new { reads.get_predicting(&table, key, None) } else { reads.get(&table, key) });
    }
    let mut guards: Vec<(String, Guard)> = Vec::new();
    for id in records.iter().filter_map(|record| runtime_of(record.table, &record.key, &record.value)) {
        if !guards.iter().any(|(guarded, _)| guarded == id) {
            guards.push((id.to_owned(), Guard::of_deletion(&LogicalRuntimeId::new(id)?, &mut reads)));
        }
    }
    let writes = move |seen: &ReadSet| {
        let mut writes = Vec::new();
        for (record, stored) in records.iter().zip(&stored) {
            let value = match seen.raw_one(*stored).pop() {
                None => record.value.clone(),
                Some((_, Ok(stored))) if stored.as_bytes() == record.value.as_bytes() => continue,
                Some(stored) => {
                    let before = stored.1.as_ref().ok().cloned();
                    let value = instead(record, stored, on_conflict, |a, b| after_both(a, b, token))?;
                    if before.is_some_and(|before| before.as_bytes() == value.as_bytes()) {
                        continue;
                    }
                    value
                }
            };
            writes.push(Table::<Raw>::new(record.table).put(record.key.clone(), Raw(value)));
        }
        Ok::<Vec<Write>, RuntimeStoreError>(writes)
    };
    let count = writes.clone();
    let decide = move |seen: &ReadSet| {
        let writes = writes(seen)?;
        if !writes.is_empty() {
            guards.iter().try_for_each(|(_, guard)| guard.check(seen))?;
        }
        Ok(writes)
    };
    Ok(Operation::transact(reads, decide).answering(move |seen| Ok(Outcome::Written(count(seen)?.len() as u64))))
}

/// What is to be put in the place of another record, if anything.
fn instead(
    Incoming { line, table, key, value }: &Incoming,
    (_, stored): Found,
    on_conflict: OnConflict,
    after_both: impl FnOnce(&str, &str) -> std::result::Result<String, String>,
) -> Result<Encoded> {
    if on_conflict == OnConflict::Refuse {
        return Err(RuntimeStoreError::Conflict(format!(
            "{SOURCE}: line {line}: the store has another record under {} {key}; it was left as it is",
            table.name
        )));
    }
    match stored {
        // An earlier proof in the place of a later one would let pruned boundaries be committed again.
        Ok(stored) if table.name == PRUNED.info.name => {
            let sequence = |record| Proof::decode(record).ok().map(|proof| proof.sequence());
            Ok(if sequence(&stored) > sequence(value) { stored } else { value.clone() })
        }
        // An earlier claim in the place of a later one would let an overtaken writer go on.
        Ok(stored) if [CLAIMS.info.name, MOB_CLAIMS.info.name].contains(&table.name) => {
            let claim = stored.as_text().and_then(|stored| after_both(stored, value.as_text()?));
            let undecodable = |reason| RuntimeStoreError::Decode { table: table.name, key: key.to_string(), reason };
            claim.map(Encoded::Text).map_err(undecodable)
        }
        _ => Ok(value.clone()),
    }
}

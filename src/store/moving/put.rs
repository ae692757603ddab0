//! Records from a file, on their way into the store in bounded transactions.

use std::{future::poll_fn, pin::Pin, task::Poll};

use uuid::Uuid;

use super::{OnConflict, import::SOURCE};
use crate::{
    engine::{Encoded, Engine, Key, Raw, ReadSet, Reads, Result, Table, TableInfo, Write},
    model::{ChangeScope, RuntimeStoreError, random::new_uuid},
    store::{
        Operation, Store,
        claim::after_both,
        schema::{CLAIMS, change_kind},
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
}

impl Batch {
    pub(super) fn new(on_conflict: OnConflict) -> Self {
        Self { on_conflict, records: Vec::new(), bytes: 0, likely_new: true }
    }

    pub(super) fn add(&mut self, record: Incoming) {
        self.bytes += record.key.size() + record.value.size();
        self.records.push(record);
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.records.len() >= RECORDS || self.bytes >= BYTES
    }

    /// Commits the records, and says how many were written.
    pub(super) async fn commit<E: Engine>(&mut self, store: &Store<E>) -> Result<u64> {
        let records = std::mem::take(&mut self.records);
        self.bytes = 0;
        let mut calls = Vec::new();
        for part in records.chunk_by(|a, b| belongs_to(a) == belongs_to(b) && a.table.name == b.table.name) {
            let operation = put(part.to_vec(), self.on_conflict, self.likely_new)?;
            calls.push(Box::pin(store.run(Ok(operation))));
        }
        let mut written = 0;
        for outcome in at_once(calls).await {
            match outcome {
                Ok(count) => written += count,
                // What is stored is so much larger than what is imported.
                Err(RuntimeStoreError::TooLarge(_)) => return self.commit_singly(store, records).await,
                Err(error) => return Err(error),
            }
        }
        self.likely_new = written == records.len() as u64;
        Ok(written)
    }

    async fn commit_singly<E: Engine>(&self, store: &Store<E>, records: Vec<Incoming>) -> Result<u64> {
        let mut written = 0;
        for record in records {
            written += store.run(put(vec![record], self.on_conflict, false)).await?;
        }
        Ok(written)
    }
}

/// The mob or runtime whose watchers are told of a record, if any.
fn belongs_to(record: &Incoming) -> Option<ChangeScope> {
    scope_of(change_kind(record.table)?, &record.key)
}

/// Puts records of one mob or runtime, all or none, and answers how many were not there yet.
fn put(records: Vec<Incoming>, on_conflict: OnConflict, likely_new: bool) -> Result<Operation<u64>> {
    let token = new_uuid()?;
    let mut reads = Reads::new();
    let read = |record: Incoming| {
        let table = Table::<Raw>::new(record.table);
        let key = record.key.clone();
        let stored = if likely_new { reads.get_predicting(&table, key, None) } else { reads.get(&table, key) };
        (stored, record)
    };
    let records: Vec<_> = records.into_iter().map(read).collect();
    let writes = move |seen: &ReadSet| {
        let mut writes = Vec::new();
        for (stored, record) in &records {
            let stored = seen.raw_one(*stored);
            writes.extend(resolved(record, stored, on_conflict, token)?);
        }
        Ok::<_, RuntimeStoreError>(writes)
    };
    let count = writes.clone();
    Ok(Operation::transact(reads, writes).answering(move |seen| Ok(count(seen)?.len() as u64)))
}

/// What is to be written of a record, if anything.
fn resolved(
    Incoming { line, table, key, value }: &Incoming,
    stored: Option<std::result::Result<Encoded, String>>,
    on_conflict: OnConflict,
    token: Uuid,
) -> Result<Option<Write>> {
    let put = |value: &Encoded| Some(Table::<Raw>::new(table).put(key.clone(), Raw(value.clone())));
    match stored {
        None => Ok(put(value)),
        Some(Ok(stored)) if stored.as_bytes() == value.as_bytes() => Ok(None),
        Some(_) if on_conflict == OnConflict::Refuse => Err(RuntimeStoreError::Conflict(format!(
            "{SOURCE}: line {line}: the store has another record under {} {key}; it was left as it is",
            table.name
        ))),
        // An earlier claim in the place of a later one would let an overtaken writer go on.
        Some(Ok(stored)) if table.name == CLAIMS.info.name => {
            let (stored, value) = (stored.as_text(), value.as_text());
            let claim = stored.and_then(|stored| after_both(stored, value?, token));
            match claim {
                Ok(claim) => Ok(put(&Encoded::Text(claim))),
                Err(reason) => Err(RuntimeStoreError::Decode { table: table.name, key: key.to_string(), reason }),
            }
        }
        Some(_) => Ok(put(value)),
    }
}

/// Runs calls together, so that they are all begun before the first one ends.
async fn at_once<F: Future>(mut calls: Vec<Pin<Box<F>>>) -> Vec<F::Output> {
    let mut outcomes: Vec<Option<F::Output>> = calls.iter().map(|_| None).collect();
    poll_fn(|context| {
        let mut pending = false;
        for (call, outcome) in calls.iter_mut().zip(&mut outcomes) {
            if outcome.is_none() {
                match call.as_mut().poll(context) {
                    Poll::Ready(ended) => *outcome = Some(ended),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    outcomes.into_iter().flatten().collect()
}

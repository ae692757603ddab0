//! Whether all that is stored can be read, and whether what it names is there.

use super::{
    Operation, Store,
    checking::check,
    metadata::{SUBSCRIPTION_CURSOR, parsed_cursor},
    schema::{INPUTS, METADATA, RECEIPTS, SESSIONS, SNAPSHOTS},
    walk::Walk,
};
use crate::{
    engine::{Encoded, Engine, Key, KeyPart, Order, Page, Raw, ReadSet, Reads, Result, Table, TableInfo},
    model::{
        InputId, RuntimeStoreError,
        json::{lexer::Members, wire::read_member},
    },
};

/// Something that is wrong with a stored record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The table that holds the record.
    pub table: &'static str,
    /// The record's key, as `[column, column]`.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
}

/// A store being verified: see [`Store::verify`].
pub struct Verify<E> {
    store: Store<E>,
    walk: Walk<E>,
    records: u64,
    /// The last receipt.
    last: Option<Key>,
}

impl<E> std::fmt::Debug for Verify<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verify").field("records", &self.records).finish_non_exhaustive()
    }
}

impl<E: Engine> Store<E> {
    /// Reads everything and checks that each record is what its table holds, that the receipts of a run follow each other without a
    /// gap, that the inputs which receipts name are there, and that sessions are held by runtimes with a snapshot. It changes nothing.
    /// It is read page by page: what is written or deleted meanwhile may look like a gap.
    pub fn verify(&self) -> Verify<E> {
        Verify { store: self.clone(), walk: Walk::new(self.clone()), records: 0, last: None }
    }
}

impl<E> Verify<E> {
    /// How many records were read so far.
    pub fn records(&self) -> u64 {
        self.records
    }
}

impl<E: Engine> Verify<E> {
    /// Reads on for about a mebibyte, and says what is wrong with it; `None` after the last record.
    ///
    /// # Errors
    /// What keeps the store from reading. What cannot be read of the store's records is no error here.
    pub async fn next(&mut self) -> Result<Option<Vec<Finding>>> {
        let (table, records) = match self.walk.next().await {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(None),
            // A key that the engine itself cannot read hides what is behind it.
            Err(RuntimeStoreError::Decode { table, key, reason }) => {
                self.walk.pass();
                let problem = format!("{reason}; the table was not read any further");
                return Ok(Some(vec![Finding { table, key, problem }]));
            }
            Err(error) => return Err(error),
        };
        self.records += records.len() as u64;
        let mut findings = Vec::new();
        let mut named = Vec::new();
        for (key, record) in records {
            let mut found = |problem| findings.push(Finding { table: table.name, key: key.to_string(), problem });
            match record.and_then(|record| check(table, &key, &record).map(|()| record)) {
                Err(problem) => found(problem),
                Ok(record) if table.name == RECEIPTS.info.name => {
                    if let Some(gap) = self.last.as_ref().and_then(|last| gap(last, &key)) {
                        found(gap);
                    }
                    let inputs = contributing(&record);
                    named.extend(inputs.into_iter().map(|input| (key.clone(), input)));
                }
                Ok(record) if table.name == SESSIONS.info.name => {
                    let runtime = record.as_text().unwrap_or_default().to_owned();
                    if !self.has_snapshot(&runtime).await? {
                        found(format!("the runtime {runtime}, which it names, has no snapshot"));
                    }
                }
                Ok(record) if table.name == METADATA.info.name && key.text(1) == SUBSCRIPTION_CURSOR => {
                    let cursor = record.as_text().and_then(parsed_cursor);
                    if let Err(problem) = cursor {
                        found(problem);
                    }
                }
                Ok(_) => {}
            }
            // One that is damaged is no gap.
            if table.name == RECEIPTS.info.name {
                self.last = Some(key);
            }
        }
        for named in named.chunks(INPUTS_AT_ONCE) {
            self.find_inputs(table, named, &mut findings).await?;
        }
        Ok(Some(findings))
    }

    /// Whether the inputs are there that receipts name.
    async fn find_inputs(
        &self,
        table: &'static TableInfo,
        named: &[(Key, InputId)],
        findings: &mut Vec<Finding>,
    ) -> Result<()> {
        let inputs: Vec<Key> = named.iter().map(|(key, input)| (key.text(0), input).into()).collect();
        let there = match self.are_there(inputs.clone()).await {
            Err(RuntimeStoreError::TooLarge(_)) => {
                let mut there = Vec::new();
                for input in inputs {
                    there.extend(self.are_there(vec![input]).await?);
                }
                there
            }
            there => there?,
        };
        let missing = named.iter().zip(there).filter(|(_, there)| !there);
        findings.extend(missing.map(|((key, input), _)| Finding {
            table: table.name,
            key: key.to_string(),
            problem: format!("the input {input}, which it names, is not there"),
        }));
        Ok(())
    }

    async fn are_there(&self, inputs: Vec<Key>) -> Result<Vec<bool>> {
        let mut reads = Reads::new();
        let table = Table::<Raw>::new(INPUTS.info);
        let read: Vec<_> = inputs.into_iter().map(|input| reads.get(&table, input)).collect();
        let there = move |seen: &ReadSet| Ok(read.iter().map(|input| seen.raw_one(*input).is_some()).collect());
        self.store.run(Ok(Operation::read(reads, there))).await
    }

    /// Whether a runtime has a snapshot, which is not read for it.
    async fn has_snapshot(&self, runtime: &str) -> Result<bool> {
        let mut reads = Reads::new();
        // The least that is greater than the id: the id is the first before it, if it is there.
        let after = Some((format!("{runtime}\0"),).into());
        let page = Page { after, limit: Some(1), order: Order::Descending };
        let before = reads.distinct(&SNAPSHOTS, Key::all(), page);
        let runtime = runtime.to_owned();
        let is_it = move |seen: &ReadSet| Ok(seen.keys(before).next().is_some_and(|key| key.text(0) == runtime));
        self.store.run(Ok(Operation::read(reads, is_it))).await
    }
}

/// How many inputs are looked for at a time.
const INPUTS_AT_ONCE: usize = 64;

/// What is missing between two receipts, if they are of one run.
fn gap(last: &Key, key: &Key) -> Option<String> {
    match (last.parts(), key.parts()) {
        ([run @ .., KeyPart::U64(before)], [same @ .., KeyPart::U64(sequence)])
            if run == same && before.checked_add(1) != Some(*sequence) =>
        {
            Some(format!("the receipt before it in its run is that of sequence {before}"))
        }
        _ => None,
    }
}

/// The inputs that a receipt names.
fn contributing(record: &Encoded) -> Vec<InputId> {
    let members = record.as_text().and_then(Members::read);
    members.and_then(|members| read_member(&members, "contributing_input_ids")).unwrap_or_default()
}

//! Reads, declared before an operation begins, and their results.

use std::{marker::PhantomData, sync::Arc};

use super::{Encoded, Key, KeyPart, Raw, Record, Row, Table, TableInfo, Value};
use crate::model::RuntimeStoreError;

type Result<T, E = RuntimeStoreError> = std::result::Result<T, E>;

/// One declared read.
#[derive(Clone, Debug)]
pub enum Read {
    /// The record under a key; with a prediction where the operation writes only if it holds.
    Get(&'static TableInfo, Key, Option<Prediction>),
    /// The records whose keys start with a prefix, in key order.
    Range(&'static TableInfo, Key, Page),
    /// The same, without the records' keys: an engine that would have to read keys separately may give the prefix instead.
    Values(&'static TableInfo, Key, Page),
    /// The distinct values that follow a prefix in the keys, in order: each as the key `[…prefix, value]`.
    Distinct(&'static TableInfo, Key, Page),
    /// The whole keys that start with a prefix, in ascending order, without the records. Not asked of tables of bytes.
    Keys(&'static TableInfo, Key, Page),
    /// As [`Range`](Self::Range) in ascending order, those records only that are [`Live`](super::Live).
    Live(&'static TableInfo, Key, Page),
    /// How many records have keys that start with a prefix: as the key `[number]`. Not asked of tables of bytes.
    Count(&'static TableInfo, Key),
}

/// What a point read is likely to find. It is a hint to engines that can send writes before their reads have returned; they must
/// then confirm it, and decide again where it was wrong.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// This record, or none.
    pub record: Option<Value>,
    /// Whether what the operation writes does not count where the prediction is wrong: somebody else takes it away. Then an engine
    /// may find that out after the commit, as long as the call has no answer before: it is decided again, and refused.
    pub may_come_late: bool,
}

/// Which part of a range is read.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Only what comes after this key, which has the form of the keys that the read returns.
    pub after: Option<Key>,
    /// The most rows to return.
    pub limit: Option<u32>,
    /// From which end.
    pub order: Order,
}

/// The order of a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// From the least key to the greatest.
    #[default]
    Ascending,
    /// From the greatest key to the least: what comes after a key in this order is less than it.
    Descending,
}

impl Read {
    /// The table it reads.
    pub fn table(&self) -> &'static TableInfo {
        match self {
            Self::Get(table, ..) | Self::Range(table, ..) | Self::Values(table, ..) | Self::Distinct(table, ..) => {
                table
            }
            Self::Keys(table, ..) | Self::Live(table, ..) | Self::Count(table, ..) => table,
        }
    }

    /// The key that it reads, or the prefix of the keys.
    pub fn prefix(&self) -> &Key {
        match self {
            Self::Get(_, key, _) | Self::Count(_, key) => key,
            Self::Range(_, key, _) | Self::Values(_, key, _) | Self::Distinct(_, key, _) => key,
            Self::Keys(_, key, _) | Self::Live(_, key, _) => key,
        }
    }
}

/// The reads of one operation. Each declaration returns a handle to its result in the [`ReadSet`].
#[derive(Clone, Debug, Default)]
pub struct Reads(Vec<Read>);

/// The handle of a point read.
pub struct One<V>(usize, PhantomData<fn() -> V>);

/// The handle of a range read.
pub struct Many<V>(usize, PhantomData<fn() -> V>);

/// The handle of a read of distinct values, or of whole keys.
#[derive(Clone, Copy, Debug)]
pub struct Keys(usize);

/// The handle of a count.
#[derive(Clone, Copy, Debug)]
pub struct Count(usize);

impl<V> Clone for One<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for One<V> {}

impl<V> Clone for Many<V> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<V> Copy for Many<V> {}

impl Reads {
    /// The declared reads, in order.
    pub fn as_slice(&self) -> &[Read] {
        &self.0
    }
}

#[doc(hidden)]
impl Reads {
    /// No reads yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the record under a key.
    pub fn get<V: Record>(&mut self, table: &Table<V>, key: impl Into<Key>) -> One<V> {
        self.0.push(Read::Get(table.info, key.into(), None));
        One(self.0.len() - 1, PhantomData)
    }

    /// Reads the record under a key, which is likely to be this one: see [`Prediction`].
    pub fn get_predicting<V: Record>(&mut self, table: &Table<V>, key: impl Into<Key>, record: Option<V>) -> One<V> {
        let prediction = Prediction { record: record.map(Value::new), may_come_late: false };
        self.0.push(Read::Get(table.info, key.into(), Some(prediction)));
        One(self.0.len() - 1, PhantomData)
    }

    /// Reads the record under a key, which is likely not to be there; where it is, what is written does not count: see [`Prediction`].
    pub fn get_late<V: Record>(&mut self, table: &Table<V>, key: impl Into<Key>) -> One<V> {
        self.0.push(Read::Get(table.info, key.into(), Some(Prediction { record: None, may_come_late: true })));
        One(self.0.len() - 1, PhantomData)
    }

    /// Reads the records whose keys start with a prefix.
    pub fn range<V: Record>(&mut self, table: &Table<V>, prefix: impl Into<Key>, page: Page) -> Many<V> {
        self.0.push(Read::Range(table.info, prefix.into(), page));
        Many(self.0.len() - 1, PhantomData)
    }

    /// As [`range`](Self::range), without the keys.
    pub fn values<V: Record>(&mut self, table: &Table<V>, prefix: impl Into<Key>, page: Page) -> Many<V> {
        self.0.push(Read::Values(table.info, prefix.into(), page));
        Many(self.0.len() - 1, PhantomData)
    }

    /// The same reads with every record's key and without limits; `None` where that makes no difference.
    pub(crate) fn widened(&self) -> Option<Self> {
        let mut some = false;
        let all = |page: &Page| Page { limit: None, ..page.clone() };
        let widened = |read: &Read| match read {
            Read::Values(table, prefix, page) => {
                some = true;
                Read::Range(table, prefix.clone(), all(page))
            }
            Read::Distinct(table, prefix, page @ Page { limit: Some(_), .. }) => {
                some = true;
                Read::Distinct(table, prefix.clone(), all(page))
            }
            other => other.clone(),
        };
        let reads = Self(self.0.iter().map(widened).collect());
        some.then_some(reads)
    }

    /// Reads the distinct values that follow a prefix in the keys.
    pub fn distinct<V: Record>(&mut self, table: &Table<V>, prefix: impl Into<Key>, page: Page) -> Keys {
        self.0.push(Read::Distinct(table.info, prefix.into(), page));
        Keys(self.0.len() - 1)
    }

    /// Reads the whole keys that start with a prefix, those after `after`, at most so many.
    pub fn keys<V: Record>(
        &mut self,
        table: &Table<V>,
        prefix: impl Into<Key>,
        after: Option<Key>,
        limit: u32,
    ) -> Keys {
        self.0.push(Read::Keys(table.info, prefix.into(), Page { after, limit: Some(limit), ..Page::default() }));
        Keys(self.0.len() - 1)
    }

    /// Reads the live records whose keys start with a prefix.
    pub fn live<V: Record>(&mut self, table: &Table<V>, prefix: impl Into<Key>, page: Page) -> Many<V> {
        self.0.push(Read::Live(table.info, prefix.into(), page));
        Many(self.0.len() - 1, PhantomData)
    }

    /// Counts the records whose keys start with a prefix.
    pub fn count<V: Record>(&mut self, table: &Table<V>, prefix: impl Into<Key>) -> Count {
        self.0.push(Read::Count(table.info, prefix.into()));
        Count(self.0.len() - 1)
    }
}

/// One consistent snapshot: the rows of each declared read.
#[derive(Debug)]
pub struct ReadSet {
    results: Vec<Rows>,
    /// Whether the reads were [`Reads::widened`].
    widened: bool,
}

/// The rows of one read.
#[derive(Debug)]
struct Rows {
    table: &'static TableInfo,
    rows: Vec<(Key, Row)>,
}

impl ReadSet {
    /// The rows of each read, in the order of the reads.
    pub fn new<'a>(reads: impl IntoIterator<Item = &'a Read>, rows: impl IntoIterator<Item = Vec<(Key, Row)>>) -> Self {
        Self::of(reads.into_iter().zip(rows).map(|(read, rows)| Rows { table: read.table(), rows }).collect())
    }

    fn of(results: Vec<Rows>) -> Self {
        Self { results, widened: false }
    }

    /// What the reads are predicted to find; `None` where one of them has no prediction.
    #[cfg(target_arch = "wasm32")]
    pub(super) fn predicted(reads: &[Read]) -> Option<Self> {
        let mut rows = Vec::with_capacity(reads.len());
        for read in reads {
            let Read::Get(_, key, Some(Prediction { record, .. })) = read else { return None };
            rows.push(record.iter().map(|record| (key.clone(), Row::Live(record.clone()))).collect());
        }
        Some(Self::new(reads, rows))
    }

    /// Whether both have the same records.
    #[cfg(target_arch = "wasm32")]
    pub(super) fn is(&self, other: &Self) -> bool {
        let rows =
            |set: &Self| set.results.iter().map(|result| result.rows.first().map(|(_, row)| row.raw().ok())).collect();
        let (own, others): (Vec<_>, Vec<_>) = (rows(self), rows(other));
        own == others
    }

    /// Every row that was found, with the table that it is of.
    #[cfg(target_arch = "wasm32")]
    pub(super) fn into_found(self) -> impl Iterator<Item = (&'static TableInfo, Key, Row)> {
        self.results
            .into_iter()
            .flat_map(|Rows { table, rows }| rows.into_iter().map(move |(key, row)| (table, key, row)))
    }

    /// Splits a snapshot that several operations read together into one for each, by their numbers of reads.
    #[cfg(any(feature = "sqlite", target_arch = "wasm32"))]
    pub(super) fn split(self, counts: impl IntoIterator<Item = usize>) -> impl Iterator<Item = Self> {
        let mut results = self.results.into_iter();
        counts.into_iter().map(move |count| Self::of(results.by_ref().take(count).collect()))
    }

    /// Replaces the result of a point read.
    #[cfg(any(feature = "sqlite", target_arch = "wasm32"))]
    pub(super) fn set(&mut self, read: usize, row: Option<(Key, Row)>) {
        if let Some(result) = self.results.get_mut(read) {
            result.rows = row.into_iter().collect();
        }
    }

    /// The rows of each read.
    #[cfg(target_arch = "wasm32")]
    pub(super) fn into_rows(self) -> impl Iterator<Item = Vec<(Key, Row)>> {
        self.results.into_iter().map(|result| result.rows)
    }

    /// How many bytes its records have, with the keys of those of which only the key was read.
    pub(crate) fn size(&self) -> usize {
        self.results.iter().flat_map(|result| &result.rows).map(|(key, row)| row.size(key)).sum()
    }

    /// Marks it as the snapshot of widened reads.
    pub(crate) fn of_widened(self) -> Self {
        Self { widened: true, ..self }
    }

    /// Up to `limit` records (the read's own limit) of a read of values. Once the read is widened, records whose key is not
    /// `valid` are skipped; before, their keys are not known.
    ///
    /// # Errors
    /// `Decode` where one of them cannot be read; it names that record only once the read is widened.
    pub(crate) fn valid_records<V: Record>(
        &self,
        read: Many<V>,
        limit: u32,
        valid: impl Fn(&Key) -> bool,
    ) -> Result<Vec<Arc<V>>> {
        let rows = self.rows(read.0).filter(|(_, key, _)| !self.widened || valid(key)).take(limit as usize);
        rows.map(|(table, key, row)| row.record(key).map_err(|reason| undecodable(table, key, reason))).collect()
    }

    /// The records of a range read as they are stored, in key order; of one that cannot be read, why.
    pub(crate) fn raw(&self, read: Many<Raw>) -> Vec<(Key, Result<Encoded, String>)> {
        self.rows(read.0).map(|(_, key, row)| (key.clone(), row.raw())).collect()
    }

    /// The same of a point read.
    pub(crate) fn raw_one(&self, read: One<Raw>) -> Vec<(Key, Result<Encoded, String>)> {
        self.raw(Many(read.0, PhantomData))
    }

    /// The keys of a read of distinct values as `valid` converts them, up to `limit` (the read's own limit); those for which
    /// it returns `None` are skipped.
    ///
    /// # Errors
    /// `Decode` where skipping leaves the page short although there may be more rows: the read must be widened.
    pub(crate) fn valid_keys<T>(&self, read: Keys, limit: u32, valid: impl Fn(&Key) -> Option<T>) -> Result<Vec<T>> {
        let valid: Vec<T> = self.keys(read).filter_map(valid).take(limit as usize).collect();
        let keys = self.rows(read.0).len();
        match self.rows(read.0).last() {
            Some((table, key, _)) if !self.widened && valid.len() < limit as usize && keys == limit as usize => {
                Err(undecodable(table, key, "a key before it is not valid".to_owned()))
            }
            _ => Ok(valid),
        }
    }

    fn rows(&self, read: usize) -> impl ExactSizeIterator<Item = (&'static TableInfo, &Key, &Row)> {
        let Rows { table, rows } = &self.results[read];
        rows.iter().map(|(key, row)| (*table, key, row))
    }
}

#[doc(hidden)]
impl ReadSet {
    /// The record of a point read. A record that cannot be read is [`RuntimeStoreError::Decode`].
    pub fn one<V: Record>(&self, read: One<V>) -> Result<Option<Arc<V>>> {
        match self.rows(read.0).next() {
            None => Ok(None),
            Some((table, key, row)) => row.record(key).map(Some).map_err(|reason| undecodable(table, key, reason)),
        }
    }

    /// Whether a point read found a record, readable or not.
    pub fn has<V: Record>(&self, read: One<V>) -> bool {
        self.rows(read.0).len() > 0
    }

    /// The records of a range read, in key order. One that cannot be read fails the whole with
    /// [`RuntimeStoreError::Decode`], which names it.
    pub fn many<V: Record>(&self, read: Many<V>) -> Result<Vec<(&Key, Arc<V>)>> {
        let rows = self.rows(read.0);
        let mut records = Vec::with_capacity(rows.len());
        for (table, key, row) in rows {
            records.push((key, row.record(key).map_err(|reason| undecodable(table, key, reason))?));
        }
        Ok(records)
    }

    /// A count.
    pub fn count(&self, read: Count) -> u64 {
        match self.rows(read.0).next().and_then(|(_, key, _)| key.parts().first()) {
            Some(KeyPart::U64(count)) => *count,
            _ => 0,
        }
    }

    /// The keys of a read of distinct values or of whole keys, in order.
    pub fn keys(&self, read: Keys) -> impl Iterator<Item = &Key> {
        self.rows(read.0).map(|(_, key, _)| key)
    }
}

fn undecodable(table: &TableInfo, key: &Key, reason: String) -> RuntimeStoreError {
    RuntimeStoreError::Decode { table: table.name, key: key.to_string(), reason }
}

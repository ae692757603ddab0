//! What an operation reads, declared up front, and what came of it.

use std::{marker::PhantomData, sync::Arc};

use super::{Encoded, Key, Record, Table, TableInfo, Value};
use crate::model::RuntimeStoreError;

type Result<T, E = RuntimeStoreError> = std::result::Result<T, E>;

/// One declared read.
#[derive(Clone, Debug)]
pub enum Read {
    /// The record under a key, and what it should be for the operation to go ahead.
    Get(&'static TableInfo, Key, Option<Expected>),
    /// The records whose keys start with a prefix, in key order.
    Range(&'static TableInfo, Key, Page),
    /// The same, for which an engine that reads keys apart need not give each record its key: the prefix will do.
    Values(&'static TableInfo, Key, Page),
    /// The different values that follow a prefix in the keys, in order: each as the key `[…prefix, value]`.
    Distinct(&'static TableInfo, Key, Page),
}

/// What a point read should find: this record, or that there is none. Only an engine that would otherwise wait for its
/// reads need look at it; what they find is what counts.
#[derive(Clone, Debug)]
pub struct Expected(pub Option<Value>);

/// Which part of a range is read.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Only what comes after this key, which is itself of the form that the read gives.
    pub after: Option<Key>,
    /// At most so many.
    pub limit: Option<u32>,
}

impl Read {
    /// The table it reads.
    pub fn table(&self) -> &'static TableInfo {
        match self {
            Self::Get(table, ..) | Self::Range(table, ..) | Self::Values(table, ..) | Self::Distinct(table, ..) => {
                table
            }
        }
    }
}

/// The reads of one operation. Each declaration returns the handle that finds its result in the [`ReadSet`].
#[derive(Clone, Debug, Default)]
pub struct Reads(Vec<Read>);

/// Finds the result of a point read.
pub struct One<V>(usize, PhantomData<fn() -> V>);

/// Finds the result of a range read.
pub struct Many<V>(usize, PhantomData<fn() -> V>);

/// Finds the result of a read of distinct values.
#[derive(Clone, Copy, Debug)]
pub struct Keys(usize);

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
    /// No reads yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the record under a key.
    pub fn get<V: Record>(&mut self, table: &Table<V>, key: impl Into<Key>) -> One<V> {
        self.0.push(Read::Get(table.info, key.into(), None));
        One(self.0.len() - 1, PhantomData)
    }

    /// Reads the record under a key, which the operation goes ahead with only where it is this one.
    pub fn expect<V: Record>(&mut self, table: &Table<V>, key: impl Into<Key>, record: Option<V>) -> One<V> {
        self.0.push(Read::Get(table.info, key.into(), Some(Expected(record.map(Value::new)))));
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

    /// The same reads with every record's key, and of all that there is however little was asked for; `None` where they are so
    /// already.
    pub(crate) fn widened(&self) -> Option<Self> {
        let mut some = false;
        let all = |page: &Page| Page { after: page.after.clone(), limit: None };
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

    /// Reads the different values that follow a prefix in the keys.
    pub fn distinct<V: Record>(&mut self, table: &Table<V>, prefix: impl Into<Key>, page: Page) -> Keys {
        self.0.push(Read::Distinct(table.info, prefix.into(), page));
        Keys(self.0.len() - 1)
    }

    /// The declared reads, in order.
    pub fn as_slice(&self) -> &[Read] {
        &self.0
    }
}

/// A record as an engine hands it over.
#[derive(Clone, Debug)]
pub enum Row {
    /// As it was put.
    Live(Value),
    /// As it is stored; decoded when asked for, so that an unreadable record harms only who asks for it.
    Stored(Encoded),
    /// Something that no engine stores; says what is wrong with it.
    Unreadable(String),
    /// Only the key was asked for.
    KeyOnly,
}

/// One consistent snapshot: the rows of each declared read.
#[derive(Debug)]
pub struct ReadSet {
    found: Vec<Found>,
    /// Whether it is of [`Reads::widened`].
    widened: bool,
}

#[derive(Debug)]
struct Found {
    table: &'static TableInfo,
    rows: Vec<(Key, Row)>,
}

impl ReadSet {
    /// The rows of each read, in the order of the reads.
    pub fn new<'a>(reads: impl IntoIterator<Item = &'a Read>, rows: impl IntoIterator<Item = Vec<(Key, Row)>>) -> Self {
        Self::of(reads.into_iter().zip(rows).map(|(read, rows)| Found { table: read.table(), rows }).collect())
    }

    fn of(found: Vec<Found>) -> Self {
        Self { found, widened: false }
    }

    /// What the reads should find; `None` where that is not known of each.
    #[cfg(target_arch = "wasm32")]
    pub(super) fn predicted(reads: &[Read]) -> Option<Self> {
        let mut rows = Vec::with_capacity(reads.len());
        for read in reads {
            let Read::Get(_, key, Some(Expected(record))) = read else { return None };
            rows.push(record.iter().map(|record| (key.clone(), Row::Live(record.clone()))).collect());
        }
        Some(Self::new(reads, rows))
    }

    /// Whether the same was found.
    #[cfg(target_arch = "wasm32")]
    pub(super) fn is(&self, other: &Self) -> bool {
        let rows =
            |set: &Self| set.found.iter().map(|found| found.rows.first().map(|(_, row)| row.encoded())).collect();
        let (own, others): (Vec<_>, Vec<_>) = (rows(self), rows(other));
        own == others
    }

    /// The snapshot of several that were read together, as that of each: of the first so many reads, of the next ones,
    /// and on.
    #[cfg(any(feature = "sqlite", target_arch = "wasm32"))]
    pub(super) fn split(self, lengths: impl IntoIterator<Item = usize>) -> impl Iterator<Item = Self> {
        let mut found = self.found.into_iter();
        lengths.into_iter().map(move |length| Self::of(found.by_ref().take(length).collect()))
    }

    /// Has a point read find something else than was stored.
    #[cfg(any(feature = "sqlite", target_arch = "wasm32"))]
    pub(super) fn set(&mut self, read: usize, row: Option<(Key, Row)>) {
        if let Some(found) = self.found.get_mut(read) {
            found.rows = row.into_iter().collect();
        }
    }

    /// The record of a point read. A record that cannot be read is [`RuntimeStoreError::Decode`].
    pub fn one<V: Record>(&self, read: One<V>) -> Result<Option<Arc<V>>> {
        match self.rows(read.0).next() {
            None => Ok(None),
            Some((table, key, row)) => row.record().map(Some).map_err(|reason| undecodable(table, key, reason)),
        }
    }

    /// The records of a range read, in key order. One that cannot be read fails the whole with
    /// [`RuntimeStoreError::Decode`], which names it.
    pub fn many<V: Record>(&self, read: Many<V>) -> Result<Vec<(&Key, Arc<V>)>> {
        let rows = self.rows(read.0);
        let mut records = Vec::with_capacity(rows.len());
        for (table, key, row) in rows {
            records.push((key, row.record().map_err(|reason| undecodable(table, key, reason))?));
        }
        Ok(records)
    }

    /// The keys of a read of distinct values, in order.
    pub fn keys(&self, read: Keys) -> impl Iterator<Item = &Key> {
        self.rows(read.0).map(|(_, key, _)| key)
    }

    /// The snapshot of reads that were widened.
    pub(crate) fn of_widened(self) -> Self {
        Self { widened: true, ..self }
    }

    /// The first `limit` records, which was the read's limit, of a read of values; those under a key that is not `valid` are
    /// passed over, unless they can be read all the same.
    ///
    /// # Errors
    /// `Decode` where one of them cannot be read; it names that one only once the read is widened.
    pub(crate) fn valid_records<V: Record>(
        &self,
        read: Many<V>,
        limit: u32,
        valid: impl Fn(&Key) -> bool,
    ) -> Result<Vec<Arc<V>>> {
        let rows = self.rows(read.0).filter(|(_, key, _)| !self.widened || valid(key)).take(limit as usize);
        rows.map(|(table, key, row)| row.record().map_err(|reason| undecodable(table, key, reason))).collect()
    }

    /// What `valid` makes of the keys of a read of distinct values, up to `limit`, which was the read's; those of which it
    /// makes nothing are passed over.
    ///
    /// # Errors
    /// `Decode` where that leaves the page short and there may be more behind it, so that the read must be widened.
    pub(crate) fn valid_keys<T>(&self, read: Keys, limit: u32, valid: impl Fn(&Key) -> Option<T>) -> Result<Vec<T>> {
        let valid: Vec<T> = self.keys(read).filter_map(valid).take(limit as usize).collect();
        let keys = self.rows(read.0).len();
        match self.rows(read.0).last() {
            Some((table, key, _)) if !self.widened && valid.len() < limit as usize && keys == limit as usize => {
                Err(undecodable(table, key, "it stands behind a key that is none".to_owned()))
            }
            _ => Ok(valid),
        }
    }

    fn rows(&self, read: usize) -> impl ExactSizeIterator<Item = (&'static TableInfo, &Key, &Row)> {
        let Found { table, rows } = &self.found[read];
        rows.iter().map(|(key, row)| (*table, key, row))
    }
}

impl Row {
    #[cfg(target_arch = "wasm32")]
    fn encoded(&self) -> Option<Encoded> {
        match self {
            Self::Live(value) => value.encode().ok(),
            Self::Stored(encoded) => Some(encoded.clone()),
            Self::Unreadable(_) | Self::KeyOnly => None,
        }
    }

    fn record<V: Record>(&self) -> Result<Arc<V>, String> {
        match self {
            Self::Live(value) => match value.downcast() {
                Some(record) => Ok(record),
                None => Err("it was put as a record of another type".to_owned()),
            },
            Self::Stored(encoded) => V::decode(encoded).map(Arc::new),
            Self::Unreadable(reason) => Err(reason.clone()),
            Self::KeyOnly => Err("only its key was read".to_owned()),
        }
    }
}

fn undecodable(table: &TableInfo, key: &Key, reason: String) -> RuntimeStoreError {
    RuntimeStoreError::Decode { table: table.name, key: key.to_string(), reason }
}

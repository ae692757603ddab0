//! Every record of every table, page by page, as it is stored.

use std::collections::VecDeque;

use super::{Operation, Store, schema::TABLES};
use crate::{
    engine::{Encoded, Engine, Key, Page, Raw, ReadSet, Reads, Result, Table, TableInfo, ValueType},
    model::RuntimeStoreError,
};

/// The most rows of a page. A document has up to 16 MiB; on wasm32 an answer is bounded, and what is more than one holds is asked for
/// in smaller pages.
const MOST: u32 = if cfg!(target_arch = "wasm32") { 256 } else { 16 };

/// How many bytes the rows of a page are to have, if they are as large as those before.
const BYTES: usize = 1 << 20;

/// A record, or why it cannot be read.
pub(super) type Found = (Key, std::result::Result<Encoded, String>);

/// A place in the tables, and the way on from it.
pub(super) struct Walk<E> {
    store: Store<E>,
    /// The table's place among all.
    table: usize,
    after: Option<Key>,
    limit: u32,
    /// Whether the last page of the table was read.
    ended: bool,
    /// Of a table of bytes, the keys whose records are to be read, each by itself.
    keys: VecDeque<Key>,
}

impl<E: Engine> Walk<E> {
    pub(super) fn new(store: Store<E>) -> Self {
        Self { store, table: 0, after: None, limit: MOST, ended: false, keys: VecDeque::new() }
    }

    /// The next records, all of one table and in the order of their keys; `None` after the last. Each is whole, as it is when it is
    /// read. After an error that names a record, `pass` goes on behind its table.
    pub(super) async fn next(&mut self) -> Result<Option<(&'static TableInfo, Vec<Found>)>> {
        while let Some(table) = self.current() {
            let found = match table.value_type {
                ValueType::Bytes => self.next_of_bytes(table).await?,
                _ => self.next_page(table).await?,
            };
            if !found.is_empty() {
                return Ok(Some((table, found)));
            }
            self.pass();
        }
        Ok(None)
    }

    /// The table that is read.
    pub(super) fn current(&self) -> Option<&'static TableInfo> {
        TABLES.get(self.table).copied()
    }

    /// Goes on to the next table.
    pub(super) fn pass(&mut self) {
        *self = Self { table: self.table + 1, ..Self::new(self.store.clone()) };
    }

    async fn next_page(&mut self, table: &'static TableInfo) -> Result<Vec<Found>> {
        if self.ended {
            return Ok(Vec::new());
        }
        loop {
            let limit = self.limit;
            let mut reads = Reads::new();
            let page = Page { after: self.after.clone(), limit: Some(limit), ..Page::default() };
            let rows = reads.range(&Table::<Raw>::new(table), Key::all(), page);
            let read = Operation::read(reads, move |seen: &ReadSet| Ok(seen.raw(rows)));
            let mut found = match self.store.run(Ok(read)).await {
                Err(RuntimeStoreError::TooLarge(_)) if limit > 1 => {
                    self.limit = limit / 2;
                    continue;
                }
                found => found?,
            };
            // A key that cannot be read is no place to go on from, nor are the rows behind it, which are met again.
            let Some(last) = found.iter().rposition(|(_, record)| record.is_ok()) else {
                if found.len() < limit as usize {
                    self.ended = true;
                    return Ok(found);
                }
                self.limit = limit.saturating_mul(2);
                continue;
            };
            if found.len() < limit as usize {
                self.ended = true;
            } else {
                found.truncate(last + 1);
                self.after = found.last().map(|(key, _)| key.clone());
                let bytes: usize = found.iter().map(|(_, record)| record.as_ref().map_or(0, Encoded::size)).sum();
                let fitting = BYTES / (bytes / found.len()).max(1);
                self.limit = u32::try_from(fitting).unwrap_or(MOST).clamp(1, MOST);
            }
            return Ok(found);
        }
    }

    async fn next_of_bytes(&mut self, table: &'static TableInfo) -> Result<Vec<Found>> {
        let typed = Table::<Raw>::new(table);
        loop {
            let Some(key) = self.keys.pop_front() else {
                let mut reads = Reads::new();
                let page = Page { after: self.after.clone(), limit: Some(MOST), ..Page::default() };
                let keys = reads.distinct(&typed, Key::all(), page);
                let read = Operation::read(reads, move |seen: &ReadSet| Ok(seen.keys(keys).cloned().collect()));
                self.keys = self.store.run(Ok(read)).await?;
                self.after = self.keys.back().cloned().or(self.after.take());
                if self.keys.is_empty() {
                    return Ok(Vec::new());
                }
                continue;
            };
            let mut reads = Reads::new();
            let one = reads.get(&typed, key.clone());
            let read = Operation::read(reads, move |seen: &ReadSet| Ok(seen.raw_one(one)));
            // What was deleted meanwhile is passed over.
            if let Some(record) = self.store.run(Ok(read)).await? {
                return Ok(vec![(key, record)]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Their keys are read as the distinct values of the one column.
    #[test]
    fn tables_of_bytes_have_keys_of_one_column() {
        for table in TABLES {
            assert!(table.value_type != ValueType::Bytes || table.key.len() == 1, "{}", table.name);
        }
    }
}

//! Every record of every table, page by page, as it is stored.

use super::{
    Operation,
    schema::TABLES,
    steps::{Found, Outcome},
};
use crate::{
    engine::{Encoded, Key, Page, Raw, ReadSet, Reads, Result, Table, TableInfo, ValueType},
    model::RuntimeStoreError,
};

/// The most rows of a page. A document has up to 16 MiB; on wasm32 an answer is bounded, and what is more than one holds is asked for
/// in smaller pages.
const MOST: u32 = if cfg!(target_arch = "wasm32") { 256 } else { 16 };

/// How many bytes the rows of a page are to have, if they are as large as those before.
const BYTES: usize = 1 << 20;

/// A place in the tables.
pub(super) struct Walk {
    /// The table's place among all.
    table: usize,
    after: Option<Key>,
    limit: u32,
    /// Whether the last page of the table was read.
    ended: bool,
    /// Of a table of bytes, the keys whose records are to be read, each by itself, in descending order.
    keys: Vec<Key>,
}

impl Walk {
    pub(super) fn new() -> Self {
        Self::at(0)
    }

    fn at(table: usize) -> Self {
        Self { table, after: None, limit: MOST, ended: false, keys: Vec::new() }
    }

    /// Reads the next page; `None` after the last. Each record is whole, as it is when it is read.
    pub(super) fn next(&mut self) -> Option<(&'static TableInfo, Operation<Outcome>)> {
        if self.ended && self.keys.is_empty() {
            self.pass();
        }
        let info = *TABLES.get(self.table)?;
        let table = Table::<Raw>::new(info);
        let mut reads = Reads::new();
        let page = Page { after: self.after.clone(), limit: Some(self.limit), ..Page::default() };
        let operation = if info.value_type != ValueType::Bytes {
            let rows = reads.range(&table, Key::all(), page);
            Operation::read(reads, move |seen: &ReadSet| Ok(Outcome::Found(seen.raw(rows))))
        } else if let Some(key) = self.keys.pop() {
            let one = reads.get(&table, key);
            // A record that was deleted since its key was read is no error: nothing is found.
            Operation::read(reads, move |seen: &ReadSet| Ok(Outcome::Found(seen.raw_one(one))))
        } else {
            let keys = reads.distinct(&table, Key::all(), page);
            Operation::read(reads, move |seen: &ReadSet| Ok(Outcome::Keys(seen.keys(keys).cloned().collect())))
        };
        Some((info, operation))
    }

    /// Goes on to the next table.
    pub(super) fn pass(&mut self) {
        *self = Self::at(self.table + 1);
    }

    /// Takes a page that was read; the records in it, of one table and in the order of their keys.
    pub(super) fn took(&mut self, outcome: Result<Outcome>) -> Result<Vec<Found>> {
        let is_full = |length: usize, limit: u32| length >= limit as usize;
        match outcome {
            Err(RuntimeStoreError::TooLarge(_)) if self.limit > 1 => {
                self.limit /= 2;
                Ok(Vec::new())
            }
            Err(error) => Err(error),
            Ok(Outcome::Written(_)) => Ok(Vec::new()),
            Ok(Outcome::Keys(mut keys)) => {
                self.ended = !is_full(keys.len(), self.limit);
                self.after = keys.last().cloned();
                keys.reverse();
                self.keys = keys;
                Ok(Vec::new())
            }
            Ok(Outcome::Found(found)) if self.of_bytes() => Ok(found),
            Ok(Outcome::Found(mut found)) => {
                if !is_full(found.len(), self.limit) {
                    self.ended = true;
                    return Ok(found);
                }
                // A key that cannot be read is no place to go on from, nor are the rows behind it, which are met again.
                while found.last().is_some_and(|(_, record)| record.is_err()) {
                    found.pop();
                }
                match found.last() {
                    None => self.limit = self.limit.saturating_mul(2),
                    Some((key, _)) => {
                        self.after = Some(key.clone());
                        let bytes: usize =
                            found.iter().map(|(_, record)| record.as_ref().map_or(0, Encoded::size)).sum();
                        let fitting = BYTES / (bytes / found.len()).max(1);
                        self.limit = (fitting as u32).clamp(1, MOST);
                    }
                }
                Ok(found)
            }
        }
    }

    fn of_bytes(&self) -> bool {
        TABLES.get(self.table).is_some_and(|table| table.value_type == ValueType::Bytes)
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

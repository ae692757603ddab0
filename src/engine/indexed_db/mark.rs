//! Marks: how a retry finds out whether the attempt before it was committed.
//!
//! When the connection breaks between a commit and its acknowledgement, the commit may or may not have been made. Repeating it
//! blindly would be wrong: a lifecycle step would conflict with itself, and a value would overwrite what another tab wrote in
//! between. So a transaction that cannot be told by its records writes a mark, and a retry reads that mark first. A store has
//! one transaction in flight at a time, so one row per store is enough: its key is an id of the store, and each transaction
//! overwrites it with its number. Rows of stores that no longer exist are deleted after two days.

use std::cell::Cell;

use js_sys::Date;
use uuid::Uuid;

use crate::{
    engine::{Column, Key, Read, ReadSet, Reads, Result, Table, TableInfo, Text, ValueType, Write},
    model::random::new_uuid,
};

/// The object store that holds them. No rule knows of it.
pub(super) static MARKS: Table<Text> =
    Table::new(&TableInfo::new("burrow_commits", &[Column::text("store")], ("number", ValueType::Text)));

/// How long a store uses one row before it takes a new one.
const SERVES_FOR_MS: u64 = 24 * 60 * 60 * 1000;

/// The age of a row's id from which the row may be deleted. Every mark stays for at least a day: long enough for any retry,
/// also by a tab that was suspended in the middle of one.
const KEPT_FOR_MS: u64 = 2 * SERVES_FOR_MS;

/// The mark of one transaction.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    row: Uuid,
    number: u64,
}

impl Mark {
    /// The write that leaves the mark.
    pub(super) fn write(&self) -> Write {
        MARKS.put(self.key(), Text(self.number.to_string()))
    }

    /// The read whose result [`is_in`](Self::is_in) takes.
    pub(super) fn read(&self) -> Vec<Read> {
        vec![Read::Get(MARKS.info, self.key(), None)]
    }

    /// Whether the transaction with this mark was committed.
    pub(super) fn is_in(&self, found: &ReadSet) -> Result<bool> {
        let stored = found.one(Reads::new().get(&MARKS, self.key()))?;
        Ok(stored.is_some_and(|stored| stored.0 == self.number.to_string()))
    }

    fn key(&self) -> Key {
        (self.row.to_string(),).into()
    }
}

/// The marks of one store.
pub(super) struct Marks {
    row: Cell<Uuid>,
    since_ms: Cell<u64>,
    number: Cell<u64>,
    pruned: Cell<bool>,
}

impl Marks {
    pub(super) fn new() -> Result<Self> {
        let (row, since_ms) = (Cell::new(new_uuid()?), Cell::new(now_ms()));
        Ok(Self { row, since_ms, number: Cell::default(), pruned: Cell::default() })
    }

    /// The mark of the next transaction.
    pub(super) fn next(&self) -> Mark {
        self.next_at(now_ms())
    }

    fn next_at(&self, now: u64) -> Mark {
        if now.abs_diff(self.since_ms.get()) >= SERVES_FOR_MS
            && let Ok(row) = new_uuid()
        {
            self.row.set(row);
            self.since_ms.set(now);
            self.pruned.set(false);
        }
        self.number.set(self.number.get() + 1);
        Mark { row: self.row.get(), number: self.number.get() }
    }

    /// Once per row of this store: the key up to which the rows of all stores are outdated.
    pub(super) fn outdated(&self) -> Option<Key> {
        (!self.pruned.replace(true)).then(|| outdated_at(now_ms()))
    }
}

fn outdated_at(now: u64) -> Key {
    // A version 7 UUID begins with its time in milliseconds, in 48 bits.
    let oldest = u128::from(now.saturating_sub(KEPT_FOR_MS)) << 80;
    (Uuid::from_u128(oldest).to_string(),).into()
}

fn now_ms() -> u64 {
    Date::now() as u64
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    const HOUR: u64 = 60 * 60 * 1000;

    #[wasm_bindgen_test]
    fn each_transaction_has_a_mark_of_its_own() {
        let (marks, others) = (Marks::new().unwrap(), Marks::new().unwrap());
        let (first, second) = (marks.next(), marks.next());
        assert_eq!((first.key(), first.number), (second.key(), 1));
        assert_eq!(second.number, 2);
        assert_ne!(others.next().key(), first.key());
    }

    #[wasm_bindgen_test]
    fn a_store_that_lives_long_takes_a_new_row_before_another_takes_its_old_one_away() {
        let (marks, opened) = (Marks::new().unwrap(), now_ms());
        let row = marks.next().key();
        let mut last = opened;
        while marks.next_at(last + HOUR).key() == row {
            last += HOUR;
        }
        assert_eq!((last + HOUR - opened) / HOUR, 24);
        // Its last mark can still be asked for a day later.
        assert!(row > outdated_at(last + 24 * HOUR));
        assert!(row < outdated_at(opened + 49 * HOUR));
    }

    #[wasm_bindgen_test]
    fn old_rows_are_taken_away_once_for_each_row() {
        let marks = Marks::new().unwrap();
        assert!(marks.outdated().is_some() && marks.outdated().is_none());
        marks.next_at(now_ms() + 25 * HOUR);
        assert!(marks.outdated().is_some() && marks.outdated().is_none());
    }
}

//! Marks: how a retry finds out whether the attempt before it was committed.
//!
//! When the connection breaks between the commit and its acknowledgement, nobody can tell whether the commit was made. To
//! make it again would be wrong: a step would conflict with itself, and a value would overwrite what another tab has
//! made of it since. So each transaction writes a mark, and a retry looks for that mark first. One transaction of a store is
//! in flight at a time, so one row per store is enough: its id is the store's own, and each transaction writes its
//! number there, over that of the one before. What is left of stores that are gone is taken away after two days.

use std::cell::Cell;

use js_sys::Date;
use uuid::Uuid;

use crate::engine::Key;

/// The object store that holds them; no table, for no rule knows of it.
pub(super) const STORE: &str = "burrow_commits";

/// For how long one row serves. A store that lives longer takes a new one.
const SERVES_FOR_MS: u64 = 24 * 60 * 60 * 1000;

/// When a row may be taken away, reckoned from its id. Every mark so stays for a day at least: long enough for any retry,
/// and for a tab that was suspended in the middle of one.
const KEPT_FOR_MS: u64 = 2 * SERVES_FOR_MS;

/// The mark of one transaction.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    row: Uuid,
    number: u64,
}

impl Mark {
    pub(super) fn key(&self) -> Key {
        (self.row.to_string(),).into()
    }

    pub(super) fn value(&self) -> String {
        self.number.to_string()
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
    pub(super) fn new() -> Self {
        let (row, since_ms) = (Cell::new(Uuid::now_v7()), Cell::new(now_ms()));
        Self { row, since_ms, number: Cell::default(), pruned: Cell::default() }
    }

    /// The mark of the next transaction.
    pub(super) fn next(&self) -> Mark {
        let now = now_ms();
        if now.abs_diff(self.since_ms.get()) >= SERVES_FOR_MS {
            self.row.set(Uuid::now_v7());
            self.since_ms.set(now);
            self.pruned.set(false);
        }
        self.number.set(self.number.get() + 1);
        Mark { row: self.row.get(), number: self.number.get() }
    }

    /// Once per row: the key up to which rows are too old to be of use.
    pub(super) fn outdated(&self) -> Option<Key> {
        if self.pruned.replace(true) {
            return None;
        }
        // A version 7 UUID begins with its time in milliseconds, in 48 bits.
        let oldest = u128::from(now_ms().saturating_sub(KEPT_FOR_MS)) << 80;
        Some((Uuid::from_u128(oldest).to_string(),).into())
    }
}

fn now_ms() -> u64 {
    Date::now() as u64
}

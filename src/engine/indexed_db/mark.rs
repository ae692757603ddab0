//! Marks: how a retry finds out whether the attempt before it was committed.
//!
//! When the connection breaks between the commit and its acknowledgement, nobody can tell whether the commit was made. To
//! make it again would be wrong: a step would conflict with itself, and a value would overwrite what another tab has
//! made of it since. So each transaction writes a mark, and a retry looks for that mark first. Each connection takes its
//! acknowledged marks away with its next one, and those that died with their tabs after a day.

use std::cell::{Cell, RefCell};

use uuid::Uuid;

use crate::engine::Key;

/// The object store that holds them; no table, for no rule knows of it.
pub(super) const STORE: &str = "burrow_commits";

/// Long enough for any retry, and for any tab that was suspended in the middle of one.
const KEPT_FOR_MS: u64 = 24 * 60 * 60 * 1000;

/// The mark of one operation.
#[derive(Clone, Copy)]
pub(super) struct Mark(Uuid);

impl Mark {
    pub(super) fn new() -> Self {
        Self(Uuid::now_v7())
    }

    pub(super) fn key(&self) -> Key {
        (self.0.to_string(),).into()
    }
}

/// The marks that a connection has made and need not keep.
#[derive(Debug, Default)]
pub(super) struct Acknowledged {
    marks: RefCell<Vec<Key>>,
    pruned: Cell<bool>,
}

impl Acknowledged {
    /// Notes that nobody will ask for the mark any more.
    pub(super) fn add(&self, mark: Mark) {
        self.marks.borrow_mut().push(mark.key());
    }

    /// The marks to take away with the next one.
    pub(super) fn take(&self) -> Vec<Key> {
        self.marks.take()
    }

    /// Once per connection: the key up to which marks are too old to be of use.
    pub(super) fn outdated(&self) -> Option<Key> {
        if self.pruned.replace(true) {
            return None;
        }
        let now = js_sys::Date::now() as u64;
        // A version 7 UUID begins with its time in milliseconds, in 48 bits.
        let oldest = u128::from(now.saturating_sub(KEPT_FOR_MS)) << 80;
        Some((Uuid::from_u128(oldest).to_string(),).into())
    }
}

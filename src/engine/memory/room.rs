//! How much room a store in memory has, and how much of it is taken.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::{engine::Result, model::RuntimeStoreError};

/// The room of a store that was given none.
pub(super) const DEFAULT: usize = if cfg!(target_arch = "wasm32") { 1 << 30 } else { usize::MAX };

/// The room of all stores of a program: half of what it can address. The rest is for the calls under way.
const OF_ALL: usize = usize::MAX / 2;

/// The bytes that all stores with a limit take together in this program.
static TAKEN_BY_ALL: AtomicUsize = AtomicUsize::new(0);

/// One store's room, in bytes. It changes under the store's lock only.
#[derive(Debug)]
pub(super) struct Room {
    limit: usize,
    taken: AtomicUsize,
}

impl Room {
    pub(super) fn of(limit: usize) -> Self {
        Self { limit, taken: AtomicUsize::new(0) }
    }

    /// Whether anything need be counted.
    pub(super) fn is_limited(&self) -> bool {
        self.limit != usize::MAX
    }

    pub(super) fn taken(&self) -> usize {
        self.taken.load(Relaxed)
    }

    /// Counts a record that takes the place of another.
    pub(super) fn replace(&self, old: usize, new: usize) {
        for taken in [&self.taken, &TAKEN_BY_ALL] {
            taken.fetch_add(new, Relaxed);
            taken.fetch_sub(old, Relaxed);
        }
    }

    /// Whether there is room for what is taken by now. What takes no more than `before` always has room: a delete above all.
    pub(super) fn check(&self, before: usize) -> Result<()> {
        let taken = self.taken();
        let (held, limit, whose) = match TAKEN_BY_ALL.load(Relaxed) {
            _ if taken <= before => return Ok(()),
            _ if taken > self.limit => (before, self.limit, "this store in memory"),
            all if all > OF_ALL => (all - (taken - before), OF_ALL, "all stores in memory of this module together"),
            _ => return Ok(()),
        };
        let needed = taken - before;
        Err(RuntimeStoreError::QuotaExceeded {
            message: format!("{whose} may hold {limit} bytes, holds {held}, and the commit needs {needed} more"),
            cause: None,
        })
    }

    /// Nothing is kept any more.
    pub(super) fn clear(&self) {
        self.replace(self.taken(), 0);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.clear();
    }
}

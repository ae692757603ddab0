//! Room on the disk that is kept back, so that records can be deleted where the disk is full.
//!
//! SQLite writes to its log what a delete changes, and begins the log anew only after a checkpoint, which may make the database larger
//! by all that is in the log. So a file beside the database is as large as the log has become, and somewhat larger. On a full disk it is
//! removed for as long as a delete takes.

use std::cell::Cell;

/// For a log that never was larger nothing is kept back: a small store would take more room than deleting it gives.
const SMALL_LOG: u64 = 1 << 20;

/// More than the log gets of a delete, which is of a thousand records at most.
const FOR_DELETING: u64 = 1 << 20;

/// SQLite makes a checkpoint when the log is so large, about.
const LARGEST_LOG: u64 = 4 << 20;

/// For how large a log there is a reserve, or none is needed; `None` once it was given up.
#[derive(Debug)]
pub(super) struct Reserve(Cell<Option<u64>>);

impl Default for Reserve {
    fn default() -> Self {
        Self(Cell::new(Some(SMALL_LOG)))
    }
}

impl Reserve {
    /// How many bytes to keep back now that the log has this length; `None` where they were, or were found to have no room.
    pub(super) fn to_keep(&self, log: u64) -> Option<u64> {
        // In steps, of which there are few.
        let log = log.min(LARGEST_LOG).next_multiple_of(SMALL_LOG);
        let is_more = self.0.get().is_none_or(|known| log > known);
        is_more.then(|| {
            self.0.set(Some(log));
            log + FOR_DELETING
        })
    }

    /// Nothing is kept back any more.
    pub(super) fn is_given_up(&self) {
        self.0.set(None);
    }
}

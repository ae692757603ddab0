//! Room on the disk that is kept back, so that records can be deleted where the disk is full.
//!
//! SQLite writes to its log what a delete changes, and begins the log anew only after a checkpoint, which may make the database larger
//! by all that is in the log. So a file beside the database is as large as its files, up to a limit, and somewhat larger. On a full disk
//! it is removed for as long as a transaction takes that deletes, or that finds its place in free pages; for any other only while the
//! log is emptied.

use std::cell::Cell;

/// By how much the file grows. Where a database and its log are smaller nothing is kept back: it would take more room than deleting
/// gives.
pub(super) const STEP: u64 = 1 << 20;

/// SQLite makes a checkpoint when the log is so large, about.
const LARGEST_LOG: u64 = 4 << 20;

/// How long the file is at most.
#[cfg(not(target_arch = "wasm32"))]
pub(super) const LONGEST: u64 = LARGEST_LOG + STEP;

/// After how many commits it is tried again to make the file, where there was no room for it.
const PAUSE: u32 = 100;

#[derive(Debug)]
pub(super) struct Reserve {
    /// The length of the files that room is kept back for. Up to `STEP` none is needed.
    kept: Cell<u64>,
    /// How many commits go by before the file is tried again.
    pause: Cell<u32>,
}

impl Default for Reserve {
    fn default() -> Self {
        Self { kept: Cell::new(STEP), pause: Cell::new(0) }
    }
}

impl Reserve {
    /// Keeps room back for files that are so long together. `make` makes the file of a length, and is false where there is no room.
    pub(super) fn keep(&self, files: u64, make: impl FnOnce(u64) -> bool) {
        let needed = files.min(LARGEST_LOG).next_multiple_of(STEP);
        if needed <= self.kept.get() {
            return;
        }
        match self.pause.get().checked_sub(1) {
            Some(less) => self.pause.set(less),
            None if make(needed + STEP) => self.kept.set(needed),
            None => self.pause.set(PAUSE),
        }
    }

    /// Nothing is kept back any more.
    pub(super) fn is_given_up(&self) {
        self.kept.set(STEP);
        self.pause.set(0);
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[test]
    fn where_there_was_no_room_it_is_tried_again_after_a_hundred_commits() {
        let (reserve, asked) = (Reserve::default(), Cell::new(Vec::<u64>::new()));
        let keep = |files, has_room| {
            reserve.keep(files, |length| {
                asked.set([asked.take(), vec![length]].concat());
                has_room
            });
        };
        keep(STEP, true);
        assert!(asked.take().is_empty());
        (0..=PAUSE).for_each(|_| keep(STEP + 1, false));
        assert_eq!(asked.take(), [3 * STEP]);
        keep(STEP + 1, true);
        keep(STEP + 1, true);
        keep(100 * STEP, true);
        assert_eq!(asked.take(), [3 * STEP, LONGEST]);
    }
}

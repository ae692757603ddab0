//! What differs between SQLite libraries: how they are called.

use super::{
    Result,
    cell::{Cell, CellResult},
    statement::{Select, Statement},
};

/// A connection to one database, called from one thread. A driver converts its library's errors to ours.
pub(super) trait Driver: 'static {
    /// The most bytes that a record may have together with its key. A larger one could not be read again.
    const LARGEST: usize;

    /// How keys and text reach it without loss.
    const SELECT: Select;

    /// Whether a row holds too little for some values, which are then kept in pieces.
    fn splits(&self) -> bool {
        false
    }

    /// A prepared statement.
    type Prepared<'d>;

    /// Prepares a statement.
    fn prepare(&self, statement: &Statement) -> Result<Self::Prepared<'_>>;

    /// Runs a statement and returns `row`'s result for each row, in order.
    fn query<T>(
        &self,
        prepared: &mut Self::Prepared<'_>,
        parameters: &[Cell<'_>],
        row: impl FnMut(&[CellResult<'_>]) -> T,
    ) -> Result<Vec<T>>;

    /// Runs a statement that returns no rows.
    fn execute(&self, prepared: &mut Self::Prepared<'_>, parameters: &[Cell<'_>]) -> Result<()>;

    /// Runs `body`, which only reads; all its statements see the same snapshot.
    fn snapshot<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T>;

    /// Runs `body` and commits; no other connection writes from its first statement on. When `body` fails or panics, or
    /// the commit fails with an error other than `OutcomeUnknown`, nothing is written.
    fn transaction<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T>;

    /// Keeps back on the disk what a delete takes where the disk is full; see `reserve`.
    fn keep_reserve(&self) {}

    /// Gives up what was kept back, until it is kept again.
    fn give_up_reserve(&self) {}

    /// Takes what is in the log over into the database, and gives its room back. False where that cannot be, for a reader or for want
    /// of room; then the log goes on.
    fn empty_log(&self) -> bool {
        false
    }
}

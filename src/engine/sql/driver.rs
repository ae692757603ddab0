//! The one thing that differs from one SQLite to another: how it is called.

use super::{Result, cell::Cell, cell::Found, statement::Statement};

/// A connection to one database, called from one thread. Its errors are ours already: a driver knows what its own
/// SQLite's errors mean.
pub(super) trait Driver: 'static {
    /// How many bytes a record may have with its key. One that has more could never be read again.
    const LARGEST: usize;

    /// A statement made ready, to be run any number of times.
    type Prepared<'d>;

    /// Makes a statement ready.
    fn prepare(&self, statement: &Statement) -> Result<Self::Prepared<'_>>;

    /// Runs a statement and gives what `row` makes of each row, in order.
    fn query<T>(
        &self,
        prepared: &mut Self::Prepared<'_>,
        parameters: &[Cell<'_>],
        row: impl FnMut(&[Found<'_>]) -> T,
    ) -> Result<Vec<T>>;

    /// Runs a statement that gives no rows.
    fn execute(&self, prepared: &mut Self::Prepared<'_>, parameters: &[Cell<'_>]) -> Result<()>;

    /// Runs `body`, which only reads, and gives all of its statements the same snapshot.
    fn snapshot<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T>;

    /// Runs `body` with no other writer beside it, from its first statement on, and commits. When `body` fails or
    /// panics, or the commit fails with anything but `OutcomeUnknown`, nothing is written.
    fn transaction<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T>;
}

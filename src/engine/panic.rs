//! Panics as errors.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Result;
use crate::model::RuntimeStoreError;

/// Runs what may panic, a [`Decide`](super::Decide) above all, and reports a panic as `Internal` with its message: to
/// the caller whose doing it was, not to those who come after. Where panics abort (`panic = "abort"`, wasm32) there
/// is nothing to catch, and nothing of the operation was committed.
pub(super) fn caught<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    // What `run` leaves half done must be its own, or undone as the stack unwinds: a decision has written nothing yet,
    // and a transaction that is dropped is rolled back.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let message = payload.downcast_ref::<&str>().copied();
        let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Err(RuntimeStoreError::Internal(format!(
            "panicked: {}; nothing was written",
            message.unwrap_or("no message was given")
        )))
    })
}

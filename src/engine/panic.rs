//! Panics as errors.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::Result;
use crate::model::RuntimeStoreError;

/// Runs what may panic, mostly a [`Decide`](super::Decide), and returns a panic as `Internal` with its message, so that
/// only the caller that caused it fails. Where panics abort (`panic = "abort"`, wasm32) nothing is caught, and nothing of
/// the operation was committed.
pub(super) fn caught<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    // Unwind safe: a decision has written nothing yet, and a transaction that is dropped is rolled back.
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let message = payload.downcast_ref::<&str>().copied();
        let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Err(RuntimeStoreError::Internal(format!(
            "panicked: {}; nothing was written",
            message.unwrap_or("no message was given")
        )))
    })
}

//! Samples for tests that are not of the conformance suite.

use burrow::{InputId, LogicalRuntimeId, StoredInputState};
use serde_json::json;

pub fn runtime(id: &str) -> LogicalRuntimeId {
    LogicalRuntimeId::new(id).unwrap()
}

/// A new input in the queue.
pub fn queued() -> StoredInputState {
    let now = "2026-11-22T02:48:30.193749452Z";
    let input = json!({
        "input_id": InputId::new(), "current_state": "queued", "attempt_count": 0, "recovery_count": 0,
        "history": [], "created_at": now, "updated_at": now,
    });
    serde_json::from_value(input).unwrap()
}

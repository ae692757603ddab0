//! Members that upstream's format leaves out: what they are when they are not there, and what is still refused.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use burrow::{RunBoundaryReceipt, StoredInputState};
use serde_json::{Value, json};

const ID: &str = "01a20127-b8f1-725e-bae9-39a85b9ab50a";
const NOW: &str = "2026-11-22T02:48:30.193749452Z";

fn read<T: for<'de> serde::Deserialize<'de>>(value: &Value) -> Result<T, String> {
    serde_json::from_str(&value.to_string()).map_err(|error| error.to_string())
}

fn without(mut value: Value, member: &str) -> Value {
    value.as_object_mut().unwrap().remove(member);
    value
}

fn input() -> Value {
    json!({
        "input_id": ID, "current_state": "queued", "attempt_count": 3, "recovery_count": 2,
        "history": [{"timestamp": NOW, "from": "accepted", "to": "queued"}], "created_at": NOW, "updated_at": NOW,
    })
}

#[test]
fn an_input_without_history_or_counts_has_none_and_zero() {
    let bare = ["history", "attempt_count", "recovery_count"].into_iter().fold(input(), without);
    let read: StoredInputState = read(&bare).unwrap();
    assert_eq!((read.history.len(), read.attempt_count, read.recovery_count), (0, 0, 0));
    // An empty history is left out when it is written; the counts are written, as upstream does.
    let written = serde_json::to_string(&read).unwrap();
    let mut expected = bare;
    expected["attempt_count"] = json!(0);
    expected["recovery_count"] = json!(0);
    assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), expected);
}

#[test]
fn an_empty_history_is_the_same_as_none() {
    let mut empty = input();
    empty["history"] = json!([]);
    let (empty, absent): (StoredInputState, StoredInputState) =
        (read(&empty).unwrap(), read(&without(input(), "history")).unwrap());
    assert_eq!(empty, absent);
    assert!(!serde_json::to_string(&empty).unwrap().contains("history"));
}

#[test]
fn null_is_no_absent_member() {
    for member in ["history", "attempt_count", "recovery_count"] {
        let mut null = input();
        null[member] = Value::Null;
        assert!(read::<StoredInputState>(&null).unwrap_err().starts_with(member), "{member}");
    }
}

/// Upstream reads its `Option`s in the same way.
#[test]
fn an_optional_member_that_is_null_is_as_good_as_absent() {
    let optional = [
        "policy",
        "runtime_semantics",
        "terminal_outcome",
        "durability",
        "idempotency_key",
        "reconstruction_source",
        "persisted_input",
        "last_run_id",
        "last_boundary_sequence",
    ];
    let absent: StoredInputState = read(&input()).unwrap();
    for member in optional {
        let mut null = input();
        null[member] = Value::Null;
        assert_eq!(read::<StoredInputState>(&null).as_ref(), Ok(&absent), "{member}");
    }
}

#[test]
fn what_upstream_requires_is_required() {
    for member in ["input_id", "current_state", "created_at", "updated_at"] {
        let error = read::<StoredInputState>(&without(input(), member)).unwrap_err();
        assert!(error.starts_with(&format!("{member}: missing")), "{error}");
    }
    let receipt = json!({
        "run_id": ID, "boundary": "run_start", "contributing_input_ids": [], "message_count": 1, "sequence": 0,
    });
    assert!(read::<RunBoundaryReceipt>(&receipt).is_ok());
    for member in ["run_id", "boundary", "contributing_input_ids", "message_count", "sequence"] {
        let error = read::<RunBoundaryReceipt>(&without(receipt.clone(), member)).unwrap_err();
        assert!(error.starts_with(&format!("{member}: missing")), "{error}");
    }
}

#[cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
mod upstream {
    use burrow::{LogicalRuntimeId, RuntimeStore, SqliteRuntimeStore};

    use super::*;

    const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/upstream-0.6-fresh");

    /// meerkat-runtime 0.6.23 leaves an empty history out: half of the inputs in its database have none.
    #[tokio::test]
    async fn inputs_that_upstream_wrote_without_history_are_read_and_written_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fresh.sqlite");
        std::fs::copy(format!("{FIXTURE}.sqlite"), &path).unwrap();
        let store = SqliteRuntimeStore::open(&path).await.unwrap();
        let json = std::fs::read(format!("{FIXTURE}.json")).unwrap();
        let expected: Value = serde_json::from_slice(&json).unwrap();
        let rows = expected["input_states"].as_array().unwrap();
        let bare = rows.iter().filter(|row| row["state"].get("history").is_none()).count();
        assert_eq!((rows.len(), bare), (36, 18));

        for runtime in store.list_runtimes(None, 100).await.unwrap() {
            let stored = store.load_input_states(&runtime).await.unwrap();
            let of_runtime: Vec<_> = rows.iter().filter(|row| row["runtime_id"] == runtime.as_str()).collect();
            assert_eq!(stored.len(), of_runtime.len(), "{runtime}");
            for (input, row) in stored.iter().zip(of_runtime) {
                let written: Value = serde_json::from_str(&serde_json::to_string(input).unwrap()).unwrap();
                assert_eq!(written, row["state"], "{runtime}");
            }
        }
        let another = LogicalRuntimeId::new("another").unwrap();
        for row in rows {
            let input: StoredInputState = read(&row["state"]).unwrap();
            store.persist_input_state(&another, &input).await.unwrap();
            assert_eq!(store.load_input_state(&another, &input.input_id).await.unwrap(), Some(input));
        }
    }
}

use crate::{Json, RunBoundaryReceipt, StoredInputState};
use serde_json::{Value, json};

use super::{
    door::Door,
    samples::{input, queued, receipt, runtime},
};

/// Adds a member of its own to every object that burrow knows.
fn with_unknown_members() -> Value {
    let mut value = serde_json::to_value(input(crate::InputLifecycleState::Abandoned)).unwrap();
    value["terminal_outcome"] = json!({"outcome_type": "abandoned", "reason": "retired", "by": {"whom": [1]}});
    value["history"][0]["actor"] = json!(null);
    value["future"] = json!({"nested": {"__proto__": 1.5}});
    value
}

pub async fn unknown_members_are_kept_unchanged(store: impl Door) {
    let id = runtime("r");
    let sent = with_unknown_members();
    let input: StoredInputState = serde_json::from_value(sent.clone()).unwrap();
    store.persist_input_state(&id, &input).await.unwrap();
    let stored = store.load_input_state(&id, &input.input_id).await.unwrap().unwrap();
    assert_eq!(serde_json::to_value(stored).unwrap(), sent);

    let mut sent = serde_json::to_value(receipt(3)).unwrap();
    sent["future"] = json!([{}]);
    let receipt: RunBoundaryReceipt = serde_json::from_value(sent.clone()).unwrap();
    store.atomic_apply(&id, None, receipt.clone(), vec![], None).await.unwrap();
    let stored = store.load_boundary_receipt(&id, &receipt.run_id, 3).await.unwrap().unwrap();
    assert_eq!(serde_json::to_value(stored).unwrap(), sent);
}

pub async fn the_runtimes_own_json_is_kept_to_the_letter(store: impl Door) {
    let id = runtime("r");
    let letter = r#"{ "b":1.0, "a": 123456789012345678901234567890, "a2": 1e400, "t":"\u00e9" }"#;
    let mut input = queued();
    input.persisted_input = Some(letter.parse().unwrap());
    input.extra.insert("unknown".into(), letter.parse().unwrap());
    store.persist_input_state(&id, &input).await.unwrap();
    let stored = store.load_input_state(&id, &input.input_id).await.unwrap().unwrap();
    assert_eq!(stored.persisted_input.as_ref().map(Json::as_str), Some(letter));
    assert_eq!(stored.extra["unknown"].as_str(), letter);
}

pub async fn every_number_is_exact(store: impl Door) {
    let id = runtime("r");
    let mut input = queued();
    input.last_boundary_sequence = Some(u64::MAX);
    input.attempt_count = u32::MAX;
    store.persist_input_state(&id, &input).await.unwrap();
    assert_eq!(store.load_input_state(&id, &input.input_id).await.unwrap(), Some(input));

    let mut receipt = receipt(u64::MAX);
    receipt.message_count = u64::MAX;
    store.atomic_apply(&id, None, receipt.clone(), vec![], None).await.unwrap();
    let stored = store.load_boundary_receipt(&id, &receipt.run_id, u64::MAX).await.unwrap();
    assert_eq!(stored, Some(receipt));
}

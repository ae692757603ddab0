use crate::PersistedOpsSnapshot;
use serde_json::json;

use super::{door::Door, samples::runtime};

fn registry(cursor: u64) -> serde_json::Value {
    json!({
        "epoch_id": "01a20127-b900-765a-9018-aebd679249c8",
        "authority_state": {"active_count": 1, "operations": {}, "max_concurrent": null},
        "operation_specs": {"op": {"kind": "background_tool_op", "odd number": 1e-7}},
        "completion_entries": [{"seq": 18446744073709551615u64}],
        "cursors": {
            "agent_applied_cursor": cursor, "runtime_observed_seq": 0, "runtime_last_injected_seq": cursor, "future": [1],
        },
        "future": {"kept": true},
    })
}

pub async fn a_registry_comes_back_without_loss(store: impl Door) {
    let id = runtime("r");
    assert_eq!(store.load_ops_lifecycle(&id).await.unwrap(), None);
    for cursor in [0, (1 << 53) + 1, u64::MAX] {
        let snapshot: PersistedOpsSnapshot = serde_json::from_value(registry(cursor)).unwrap();
        store.persist_ops_lifecycle(&id, &snapshot).await.unwrap();
        let stored = store.load_ops_lifecycle(&id).await.unwrap().unwrap();
        assert_eq!(stored.cursors.agent_applied_cursor, cursor);
        assert_eq!(serde_json::to_value(stored).unwrap(), registry(cursor));
    }
    assert_eq!(store.load_ops_lifecycle(&runtime("rr")).await.unwrap(), None);
}

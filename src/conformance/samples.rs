//! What the rules put into a store.

use crate::{
    InputId, InputLifecycleState, InputStateChange, LogicalRuntimeId, RunBoundary, RunBoundaryReceipt, RunId,
    RuntimeState, RuntimeStore, SessionDelta, StoredInputState,
};

/// Runs futures at once, and gives their outcomes in order.
pub(super) async fn at_once<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    futures_util::future::join_all(futures).await
}

pub(super) fn runtime(id: &str) -> LogicalRuntimeId {
    LogicalRuntimeId::new(id).unwrap()
}

pub(super) fn input(state: InputLifecycleState) -> StoredInputState {
    let now: crate::Timestamp = "2026-11-22T02:48:30.193749452Z".parse().unwrap();
    StoredInputState {
        input_id: InputId::new(),
        current_state: state,
        policy: None,
        runtime_semantics: None,
        terminal_outcome: None,
        durability: Some(crate::InputDurability::Durable),
        idempotency_key: None,
        attempt_count: 1,
        recovery_count: 0,
        history: vec![InputStateChange {
            timestamp: now.clone(),
            from: InputLifecycleState::Accepted,
            to: state,
            reason: Some("because — of “it”".into()),
            extra: Default::default(),
        }],
        reconstruction_source: None,
        persisted_input: Some(r#"{"input_type":"prompt","text":"ポチ"}"#.parse().unwrap()),
        last_run_id: None,
        last_boundary_sequence: None,
        created_at: now.clone(),
        updated_at: now,
        extra: Default::default(),
    }
}

pub(super) fn queued() -> StoredInputState {
    input(InputLifecycleState::Queued)
}

pub(super) fn receipt(sequence: u64) -> RunBoundaryReceipt {
    RunBoundaryReceipt {
        conversation_digest: Some("07".repeat(32)),
        message_count: 3,
        ..RunBoundaryReceipt::new(RunId::new(), RunBoundary::RunCheckpoint, sequence)
    }
}

pub(super) fn snapshot(text: &str) -> SessionDelta {
    SessionDelta::new(text.as_bytes())
}

/// All that a runtime holds, and one receipt: what a refused operation must leave as it was.
#[derive(Debug, PartialEq)]
pub(super) struct Holdings {
    session: Option<Vec<u8>>,
    inputs: Vec<StoredInputState>,
    state: Option<RuntimeState>,
    receipt: Option<RunBoundaryReceipt>,
}

pub(super) async fn holdings(
    store: &impl RuntimeStore,
    id: &LogicalRuntimeId,
    receipt: &RunBoundaryReceipt,
) -> Holdings {
    Holdings {
        session: store.load_session_snapshot(id).await.unwrap(),
        inputs: store.load_input_states(id).await.unwrap(),
        state: store.load_runtime_state(id).await.unwrap(),
        receipt: store.load_boundary_receipt(id, &receipt.run_id, receipt.sequence).await.unwrap(),
    }
}

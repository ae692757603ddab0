use crate::{InputId, InputLifecycleState, InputTerminalOutcome, OutcomeType, RunId};

use super::{
    door::Door,
    samples::{input, queued, receipt, runtime},
};

pub async fn an_input_comes_back_as_it_was(store: impl Door) {
    let id = runtime("r");
    let mut full = input(InputLifecycleState::Superseded);
    full.policy = Some(r#"{"version":1}"#.parse().unwrap());
    full.runtime_semantics = Some(r#"[1,null,"x"]"#.parse().unwrap());
    full.terminal_outcome = Some(InputTerminalOutcome {
        outcome_type: OutcomeType::Superseded,
        superseded_by: Some(queued().input_id),
        aggregate_id: None,
        reason: None,
        extra: Default::default(),
    });
    full.idempotency_key = Some("key".into());
    full.reconstruction_source = Some("true".parse().unwrap());
    full.last_run_id = Some(RunId::new());
    full.last_boundary_sequence = Some(u64::MAX);
    assert_eq!(store.load_input_state(&id, &full.input_id).await.unwrap(), None);
    store.persist_input_state(&id, &full).await.unwrap();
    assert_eq!(store.load_input_state(&id, &full.input_id).await.unwrap(), Some(full));
}

pub async fn inputs_are_listed_by_id(store: impl Door) {
    let id = runtime("r");
    assert_eq!(store.load_input_states(&id).await.unwrap(), []);
    let mut inputs: Vec<_> = (0..20).map(|_| queued()).collect();
    for input in inputs.iter().rev() {
        store.persist_input_state(&id, input).await.unwrap();
    }
    inputs.sort_by_key(|input| input.input_id);
    assert_eq!(store.load_input_states(&id).await.unwrap(), inputs);
}

pub async fn an_input_persisted_again_is_replaced(store: impl Door) {
    let id = runtime("r");
    let mut input = queued();
    store.persist_input_state(&id, &input).await.unwrap();
    input.current_state = InputLifecycleState::Staged;
    input.attempt_count = u32::MAX;
    store.persist_input_state(&id, &input).await.unwrap();
    assert_eq!(store.load_input_states(&id).await.unwrap(), [input]);
}

pub async fn the_same_input_twice_in_one_commit_is_kept_as_given_last(store: impl Door) {
    let id = runtime("r");
    let first = queued();
    let mut last = first.clone();
    last.current_state = InputLifecycleState::Consumed;
    store.atomic_apply(&id, None, receipt(0), vec![first, last.clone()], None).await.unwrap();
    assert_eq!(store.load_input_states(&id).await.unwrap(), [last]);
}

pub async fn no_runtime_sees_anothers_inputs(store: impl Door) {
    let (a, b) = (queued(), queued());
    store.persist_input_state(&runtime("r"), &a).await.unwrap();
    store.persist_input_state(&runtime("rr"), &b).await.unwrap();
    assert_eq!(store.load_input_states(&runtime("r")).await.unwrap(), std::slice::from_ref(&a));
    assert_eq!(store.load_input_state(&runtime("rr"), &a.input_id).await.unwrap(), None);
}

pub async fn runtime_ids_may_hold_any_character(store: impl Door) {
    for id in ["\0", " ", "агент-ß/ポチ", "~", "~7E", "\u{FFFF}", "\u{10FFFF}", "a, b]"] {
        let input = queued();
        store.persist_input_state(&runtime(id), &input).await.unwrap();
        assert_eq!(store.load_input_states(&runtime(id)).await.unwrap(), [input], "{id:?}");
    }
}

pub async fn new_ids_are_version_7_and_sort_by_time(_: impl Door) {
    let ids: Vec<_> = (0..100).map(|_| InputId::new()).collect();
    assert!(ids.is_sorted());
    assert!(ids.iter().all(|id| id.as_uuid().get_version_num() == 7));
}

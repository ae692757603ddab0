use crate::{
    RuntimeState::{Attached, Idle, Initializing, Running},
    RuntimeStoreError,
};

use super::{
    door::Door,
    samples::{holdings, queued, receipt, runtime},
};

pub async fn a_runtime_that_was_never_stepped_has_no_state(store: impl Door) {
    assert_eq!(store.load_runtime_state(&runtime("r")).await.unwrap(), None);
}

pub async fn a_step_commits_state_and_inputs(store: impl Door) {
    let (id, input) = (runtime("r"), queued());
    let step = Initializing.step(Idle).unwrap();
    store.commit_machine_lifecycle(&id, step, std::slice::from_ref(&input)).await.unwrap();
    assert_eq!(store.load_runtime_state(&id).await.unwrap(), Some(Idle));
    assert_eq!(store.load_input_states(&id).await.unwrap(), [input]);
}

pub async fn a_stale_step_conflicts_and_writes_nothing(store: impl Door) {
    let (id, receipt) = (runtime("r"), receipt(0));
    store.commit_machine_lifecycle(&id, Initializing.step(Idle).unwrap(), &[queued()]).await.unwrap();
    let stale = Idle.step(Running).unwrap();
    store.commit_machine_lifecycle(&id, Idle.step(Attached).unwrap(), &[]).await.unwrap();
    let before = holdings(&store, &id, &receipt).await;
    let outcome = store.commit_machine_lifecycle(&id, stale, &[queued()]).await;
    assert!(matches!(outcome, Err(RuntimeStoreError::Conflict(_))), "{outcome:?}");
    assert_eq!(holdings(&store, &id, &receipt).await, before);
}

pub async fn staying_in_a_state_writes_its_inputs(store: impl Door) {
    let (id, input) = (runtime("r"), queued());
    store.commit_machine_lifecycle(&id, Initializing.step(Idle).unwrap(), &[]).await.unwrap();
    let stay = Idle.step(Idle).unwrap();
    store.commit_machine_lifecycle(&id, stay, std::slice::from_ref(&input)).await.unwrap();
    assert_eq!(store.load_runtime_state(&id).await.unwrap(), Some(Idle));
    assert_eq!(store.load_input_states(&id).await.unwrap(), [input]);
}

pub async fn the_first_step_begins_at_initializing(store: impl Door) {
    let id = runtime("r");
    let outcome = store.commit_machine_lifecycle(&id, Idle.step(Running).unwrap(), &[queued()]).await;
    assert!(matches!(outcome, Err(RuntimeStoreError::Conflict(_))), "{outcome:?}");
    assert_eq!(store.load_input_states(&id).await.unwrap(), []);
    store.commit_machine_lifecycle(&id, Initializing.step(Initializing).unwrap(), &[]).await.unwrap();
    assert_eq!(store.load_runtime_state(&id).await.unwrap(), Some(Initializing));
}

//! The one public constructor of a lifecycle commit, for adapters beneath a runtime whose own machine owns the truth.
#![cfg(all(feature = "external-machine", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, missing_docs)]

mod samples;

use burrow::{InMemoryRuntimeStore, MachineLifecycleCommit, RuntimeState, RuntimeStore};
use samples::{queued, runtime};

#[tokio::test]
async fn a_step_of_another_machine_is_written_whatever_the_stored_state_is() {
    let (store, id) = (InMemoryRuntimeStore::new(), runtime("r"));
    for state in [RuntimeState::Destroyed, RuntimeState::Running, RuntimeState::Idle, RuntimeState::Initializing] {
        let input = queued();
        let commit = MachineLifecycleCommit::external(state);
        store.commit_machine_lifecycle(&id, commit, std::slice::from_ref(&input)).await.unwrap();
        assert_eq!(store.load_runtime_state(&id).await.unwrap(), Some(state));
        assert_eq!(store.load_input_state(&id, &input.input_id).await.unwrap(), Some(input));
    }
}

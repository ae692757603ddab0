use crate::{
    RuntimeMetadataTable,
    RuntimeState::{Idle, Initializing, Running},
    RuntimeStore, RuntimeStoreError, Store,
    engine::Engine,
};

use super::samples::{at_once, holdings, queued, receipt, runtime, snapshot};

pub async fn each_claim_raises_the_epoch(store: Store<impl Engine>) {
    let mut last = 0;
    for _ in 0..3 {
        let claim = store.claim(&runtime("r")).await.unwrap();
        assert!(claim.epoch() > last);
        assert_eq!(claim.runtime_id(), &runtime("r"));
        last = claim.epoch();
    }
    assert_eq!(store.claim(&runtime("another")).await.unwrap().epoch(), 1);
}

pub async fn claims_made_at_once_have_epochs_of_their_own(store: Store<impl Engine>) {
    let id = runtime("r");
    let claims = at_once((0..20).map(|_| store.claim(&id))).await;
    let mut epochs: Vec<_> = claims.into_iter().map(|claim| claim.unwrap().epoch()).collect();
    epochs.sort_unstable();
    assert_eq!(epochs, (1..=20).collect::<Vec<_>>());
}

pub async fn the_latest_claim_writes(store: Store<impl Engine>) {
    let (id, receipt) = (runtime("r"), receipt(0));
    let claim = store.claim(&id).await.unwrap();
    claim.atomic_apply(&id, Some(snapshot("1")), receipt.clone(), vec![queued()], None).await.unwrap();
    claim.commit_session_snapshot(&id, snapshot("2")).await.unwrap();
    claim.persist_input_state(&id, &queued()).await.unwrap();
    claim.commit_machine_lifecycle(&id, Initializing.step(Idle).unwrap(), &[queued()]).await.unwrap();
    assert_eq!(claim.load_input_states(&id).await.unwrap().len(), 3);
}

pub async fn a_claim_that_was_overtaken_is_fenced_and_writes_nothing(store: Store<impl Engine>) {
    let (id, receipt) = (runtime("r"), receipt(0));
    let old = store.claim(&id).await.unwrap();
    old.commit_session_snapshot(&id, snapshot("1")).await.unwrap();
    let new = store.claim(&id).await.unwrap();
    store.commit_machine_lifecycle(&id, Initializing.step(Idle).unwrap(), &[]).await.unwrap();
    let before = holdings(&store, &id, &receipt).await;
    let registry: crate::PersistedOpsSnapshot = serde_json::from_str(
        r#"{"epoch_id":"e","authority_state":{},"operation_specs":{},"completion_entries":[],
            "cursors":{"agent_applied_cursor":0,"runtime_observed_seq":0,"runtime_last_injected_seq":0}}"#,
    )
    .unwrap();
    for outcome in [
        old.atomic_apply(&id, Some(snapshot("2")), receipt.clone(), vec![queued()], None).await,
        old.commit_session_snapshot(&id, snapshot("2")).await,
        old.persist_input_state(&id, &queued()).await,
        old.commit_machine_lifecycle(&id, Initializing.step(Idle).unwrap(), &[queued()]).await,
        old.persist_ops_lifecycle(&id, &registry).await,
        old.store().clone().commit_session_snapshot(&id, snapshot("2")).await,
    ] {
        let Err(RuntimeStoreError::Fenced { runtime_id, held, current }) = outcome else { panic!("{outcome:?}") };
        assert_eq!((runtime_id, held, current), (id.clone(), old.epoch(), new.epoch()));
    }
    assert_eq!(holdings(&store, &id, &receipt).await, before);
    assert_eq!(store.load_ops_lifecycle(&id).await.unwrap(), None);
    new.commit_session_snapshot(&id, snapshot("3")).await.unwrap();
}

/// The retry of a boundary that was committed under the old claim is still a success: it was.
pub async fn a_retry_of_what_was_committed_is_not_fenced(store: Store<impl Engine>) {
    let (id, receipt) = (runtime("r"), receipt(0));
    let old = store.claim(&id).await.unwrap();
    old.atomic_apply(&id, Some(snapshot("1")), receipt.clone(), vec![], None).await.unwrap();
    let new = store.claim(&id).await.unwrap();
    new.commit_session_snapshot(&id, snapshot("2")).await.unwrap();
    old.atomic_apply(&id, Some(snapshot("1")), receipt, vec![], None).await.unwrap();
    assert_eq!(store.load_session_snapshot(&id).await.unwrap().as_deref(), Some(&b"2"[..]));
}

pub async fn a_stale_step_under_a_good_claim_still_conflicts(store: Store<impl Engine>) {
    let id = runtime("r");
    let claim = store.claim(&id).await.unwrap();
    let outcome = claim.commit_machine_lifecycle(&id, Idle.step(Running).unwrap(), &[]).await;
    assert!(matches!(outcome, Err(RuntimeStoreError::Conflict(_))), "{outcome:?}");
}

pub async fn a_released_claim_is_fenced(store: Store<impl Engine>) {
    let id = runtime("r");
    let claim = store.claim(&id).await.unwrap();
    let handle = claim.store().clone();
    claim.release().await.unwrap();
    let outcome = handle.commit_session_snapshot(&id, snapshot("late")).await;
    assert!(matches!(outcome, Err(RuntimeStoreError::Fenced { .. })), "{outcome:?}");
    assert_eq!(store.load_session_snapshot(&id).await.unwrap(), None);
}

pub async fn releasing_an_overtaken_claim_leaves_the_new_one(store: Store<impl Engine>) {
    let id = runtime("r");
    let old = store.claim(&id).await.unwrap();
    let new = store.claim(&id).await.unwrap();
    old.release().await.unwrap();
    new.commit_session_snapshot(&id, snapshot("1")).await.unwrap();
}

pub async fn writing_without_a_claim_stays_possible(store: Store<impl Engine>) {
    let id = runtime("r");
    let claim = store.claim(&id).await.unwrap();
    store.commit_session_snapshot(&id, snapshot("unclaimed")).await.unwrap();
    claim.commit_session_snapshot(&id, snapshot("claimed")).await.unwrap();
}

pub async fn a_claim_writes_to_its_own_runtime_only(store: Store<impl Engine>) {
    let claim = store.claim(&runtime("r")).await.unwrap();
    let outcome = claim.commit_session_snapshot(&runtime("another"), snapshot("1")).await;
    assert!(matches!(outcome, Err(RuntimeStoreError::InvalidInput { argument, .. }) if argument == "runtime_id"));
    assert_eq!(store.load_session_snapshot(&runtime("another")).await.unwrap(), None);
    let labels = || [("env".to_owned(), "dev".to_owned())].into();
    claim.set_labels(&crate::MetadataScope::Mob("m".into()), labels()).await.unwrap();
}

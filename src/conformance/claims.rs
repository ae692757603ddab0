use crate::{
    LabelPatch, Labels, MetadataScope, MobClaim, PersistentMetadataStore, RuntimeMetadataTable,
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

fn labels(value: &str) -> Labels {
    [("k".to_owned(), value.to_owned())].into()
}

fn of_mob(mob: &str) -> MetadataScope {
    MetadataScope::Mob(mob.to_owned())
}

fn of_run(mob: &str) -> MetadataScope {
    MetadataScope::Run(mob.to_owned(), "run".to_owned())
}

/// Makes every write that there is to the labels and the cursor of a mob.
async fn write_all<E: Engine>(store: &Store<E>, mob: &str) -> Vec<Result<(), RuntimeStoreError>> {
    let stored = store.get_labels(&of_mob(mob)).await.unwrap();
    let cursor = store.get_subscription_cursor(mob).await.unwrap();
    let patch = LabelPatch { set: labels("patched"), remove: vec![] };
    vec![
        store.compare_and_set_labels(&of_mob(mob), stored, labels("compared")).await,
        store.compare_and_set_subscription_cursor(mob, cursor, cursor.unwrap_or(0) + 1).await,
        store.set_labels(&of_mob(mob), labels("set")).await.map_err(Into::into),
        store.set_labels(&of_run(mob), labels("set")).await.map_err(Into::into),
        store.set_labels(&of_run(mob), Labels::new()).await.map_err(Into::into),
        store.patch_labels(&of_run(mob), patch).await.map(drop),
        store.delete_labels(&of_run(mob)).await.map(drop).map_err(Into::into),
        store.set_subscription_cursor(mob, 7).await.map_err(Into::into),
        store.advance_subscription_cursor(mob, 9).await.map(drop),
        // Which change nothing.
        store.patch_labels(&of_mob(mob), LabelPatch::default()).await.map(drop),
        store.advance_subscription_cursor(mob, 0).await.map(drop),
        store.delete_mob(mob).await,
    ]
}

async fn held_by_mob(store: &Store<impl Engine>, mob: &str) -> (Vec<(MetadataScope, Labels)>, Option<u64>) {
    (store.list_labels_for_mob(mob).await.unwrap(), store.get_subscription_cursor(mob).await.unwrap())
}

fn are_fenced<E: Engine>(outcomes: Vec<Result<(), RuntimeStoreError>>, old: &MobClaim<E>, current: u64) {
    for outcome in outcomes {
        let Err(error) = outcome else { panic!("it was written") };
        assert_eq!((error.code(), error.is_retryable()), ("Fenced", false));
        let RuntimeStoreError::MobFenced { mob_id, held, current: now } = error else { panic!("{error}") };
        assert_eq!((&*mob_id, held, now), (old.mob_id(), old.epoch(), current));
    }
}

pub async fn each_claim_on_a_mob_raises_the_epoch(store: Store<impl Engine>) {
    let claims = at_once((0..20).map(|_| store.claim_mob("m"))).await;
    let mut epochs: Vec<_> = claims.into_iter().map(|claim| claim.unwrap().epoch()).collect();
    epochs.sort_unstable();
    assert_eq!(epochs, (1..=20).collect::<Vec<_>>());
    assert_eq!(store.claim_mob("another").await.unwrap().epoch(), 1);
    // A runtime of that name is claimed by itself.
    assert_eq!(store.claim(&runtime("m")).await.unwrap().epoch(), 1);
    let unnamed = store.claim_mob("").await.map(drop);
    assert!(matches!(unnamed, Err(RuntimeStoreError::InvalidInput { argument, .. }) if argument == "mob_id"));
}

pub async fn the_latest_claim_on_a_mob_writes_and_an_overtaken_one_is_fenced(store: Store<impl Engine>) {
    let old = store.claim_mob("m").await.unwrap();
    for outcome in write_all(&old, "m").await {
        outcome.unwrap();
    }
    let old = store.claim_mob("m").await.unwrap();
    old.set_labels(&of_mob("m"), labels("old")).await.unwrap();
    old.set_labels(&of_run("m"), labels("old")).await.unwrap();
    let new = store.claim_mob("m").await.unwrap();
    let before = held_by_mob(&store, "m").await;
    are_fenced(write_all(&old, "m").await, &old, new.epoch());
    are_fenced(write_all(old.store(), "m").await, &old, new.epoch());
    assert_eq!(held_by_mob(&store, "m").await, before);
    new.set_subscription_cursor("m", 3).await.unwrap();
    // Writing without a claim stays possible.
    store.set_labels(&of_mob("m"), labels("unclaimed")).await.unwrap();
}

pub async fn a_released_claim_on_a_mob_is_fenced(store: Store<impl Engine>) {
    let claim = store.claim_mob("m").await.unwrap();
    let late = claim.clone();
    claim.release().await.unwrap();
    are_fenced(write_all(&late, "m").await, &late, late.epoch() + 1);
    let new = store.claim_mob("m").await.unwrap();
    assert_eq!(new.epoch(), 3);
    // To release what was overtaken leaves the new claim.
    late.release().await.unwrap();
    new.set_subscription_cursor("m", 1).await.unwrap();
}

pub async fn a_claim_on_a_mob_writes_to_its_own_mob_only(store: Store<impl Engine>) {
    let claim = store.claim_mob("m").await.unwrap();
    for outcome in write_all(&claim, "another").await {
        assert!(matches!(outcome, Err(RuntimeStoreError::InvalidInput { argument, .. }) if argument == "mob_id"));
    }
    assert_eq!(held_by_mob(&store, "another").await, (vec![], None));
    // What belongs to no mob is not fenced, before and after.
    claim.commit_session_snapshot(&runtime("r"), snapshot("1")).await.unwrap();
    store.claim_mob("m").await.unwrap();
    claim.commit_session_snapshot(&runtime("r"), snapshot("2")).await.unwrap();
}

pub async fn a_claim_on_a_mob_ends_with_it(store: Store<impl Engine>) {
    let claim = store.claim_mob("m").await.unwrap();
    claim.set_labels(&of_mob("m"), labels("1")).await.unwrap();
    store.delete_mob("m").await.unwrap();
    for outcome in write_all(&claim, "m").await {
        assert!(matches!(&outcome, Err(RuntimeStoreError::Deleted(why)) if why.contains("mob m")), "{outcome:?}");
    }
    assert_eq!(store.list_mobs(None, 10).await.unwrap(), Vec::<String>::new());
    let anew = store.claim_mob("m").await.unwrap();
    anew.set_subscription_cursor("m", 1).await.unwrap();
    are_fenced(write_all(&claim, "m").await, &claim, 1);
}

use std::sync::{Arc, Mutex};

use crate::{
    LogicalRuntimeId, MetadataScope, PersistentMetadataStore, Prune, Recovered, RunBoundaryReceipt,
    RuntimeMetadataTable,
    RuntimeState::{Idle, Initializing},
    RuntimeStore, RuntimeStoreError, SessionId, Store, StoredInputState, WatchScope,
    engine::Engine,
    store::deleting::{Left, begin_deletion, delete_rows, delete_sessions},
};

use super::{
    moving::{exported, findings},
    samples::{at_once, holdings, queued, receipt, runtime, snapshot},
};

/// Writes one of everything that a runtime can hold.
async fn fill(store: &Store<impl Engine>, id: &LogicalRuntimeId) -> (RunBoundaryReceipt, SessionId) {
    let (receipt, session) = (receipt(0), SessionId::new());
    let bytes = crate::SessionDelta::new(format!(r#"{{"id":"{session}"}}"#).into_bytes());
    store.atomic_apply(id, Some(bytes), receipt.clone(), vec![queued()], Some(session)).await.unwrap();
    store.commit_machine_lifecycle(id, Initializing.step(Idle).unwrap(), &[]).await.unwrap();
    store.persist_ops_lifecycle(id, &registry()).await.unwrap();
    (receipt, session)
}

fn registry() -> crate::PersistedOpsSnapshot {
    serde_json::from_str(
        r#"{"epoch_id":"e","authority_state":{},"operation_specs":{},"completion_entries":[],
            "cursors":{"agent_applied_cursor":0,"runtime_observed_seq":0,"runtime_last_injected_seq":0}}"#,
    )
    .unwrap()
}

async fn is_gone(store: &Store<impl Engine>, id: &LogicalRuntimeId, session: SessionId) {
    let nothing =
        Recovered { state: Initializing, session: None, inputs: vec![], last_receipt: None, ops: None, epoch: 0 };
    assert_eq!(store.recover(id).await.unwrap(), nothing);
    assert_eq!(store.counts(id).await.unwrap(), Default::default());
    assert_eq!(store.load_input_states(id).await.unwrap(), []);
    assert_eq!(store.list_inputs(id, None, 10).await.unwrap(), []);
    assert_eq!(store.list_receipts(id, None, 10).await.unwrap(), []);
    assert_eq!(store.list_runs(id, None, 10).await.unwrap(), []);
    assert_eq!(store.load_last_receipt(id, None).await.unwrap(), None);
    assert_eq!(store.load_session_by_id(session).await.unwrap(), None);
}

pub async fn a_deleted_runtime_leaves_nothing_and_its_neighbours_everything(store: Store<impl Engine>) {
    let (id, neighbour) = (runtime("r"), runtime("ra"));
    let (_, session) = fill(&store, &id).await;
    let (receipt, neighbours) = fill(&store, &neighbour).await;
    let before = holdings(&store, &neighbour, &receipt).await;
    store.claim(&id).await.unwrap();

    store.delete_runtime(&id).await.unwrap();

    is_gone(&store, &id, session).await;
    assert_eq!(store.list_runtimes(None, 10).await.unwrap(), std::slice::from_ref(&neighbour));
    assert_eq!(holdings(&store, &neighbour, &receipt).await, before);
    assert!(store.load_session_by_id(neighbours).await.unwrap().is_some());
    // To delete a runtime that is not there does nothing.
    store.delete_runtime(&id).await.unwrap();
    assert_eq!(store.claim(&id).await.unwrap().epoch(), 1);
}

pub async fn a_large_runtime_is_hidden_while_it_is_deleted_and_another_call_goes_on(store: Store<impl Engine>) {
    let id = runtime("r");
    let (receipt, session) = fill(&store, &id).await;
    let inputs: Vec<_> = (0..1100).map(|_| queued()).collect();
    let named = vec![inputs[0].input_id];
    let boundaries: Vec<_> = (1..)
        .zip(&inputs)
        .map(|(sequence, input)| {
            let receipt = RunBoundaryReceipt { sequence, contributing_input_ids: named.clone(), ..receipt.clone() };
            (receipt, vec![input.clone()])
        })
        .collect();
    for some in boundaries.chunks(100) {
        let commit = |(receipt, inputs): &(RunBoundaryReceipt, Vec<StoredInputState>)| {
            store.atomic_apply(&id, None, receipt.clone(), inputs.clone(), None)
        };
        for outcome in at_once(some.iter().map(commit)).await {
            outcome.unwrap();
        }
    }
    // As where the process is killed after the first transaction.
    assert!(matches!(store.run(begin_deletion(None, &id)).await.unwrap(), Left::Rows));
    is_gone(&store, &id, session).await;
    assert_eq!(findings(&store).await, []);
    assert_eq!(store.load_input_state(&id, &inputs[7].input_id).await.unwrap(), None);
    assert_eq!(store.load_boundary_receipt(&id, &receipt.run_id, 0).await.unwrap(), None);
    // It cannot be claimed: whatever was written under the claim would be deleted with the rest.
    let claimed = store.claim(&id).await.map(|claim| claim.epoch());
    assert!(matches!(claimed, Err(RuntimeStoreError::Deleted(_))), "{claimed:?}");
    // As where it is killed after the second transaction, which deletes inputs that the last receipt names.
    assert!(matches!(store.run(delete_rows(&id)).await.unwrap(), Left::Rows));
    assert_eq!(findings(&store).await, []);

    store.delete_runtime(&id).await.unwrap();

    is_gone(&store, &id, session).await;
    assert_eq!(store.list_runtimes(None, 10).await.unwrap(), []);
    // It may be made anew, and nothing of the first one comes back.
    store.persist_input_state(&id, &inputs[0]).await.unwrap();
    assert_eq!(store.load_input_states(&id).await.unwrap(), inputs[..1]);
}

pub async fn what_is_written_to_a_runtime_while_it_is_deleted_is_refused(store: Store<impl Engine>) {
    let (id, neighbour) = (runtime("r"), runtime("ra"));
    let (before, inputs) = (receipt(0), (0..1000).map(|_| queued()).collect::<Vec<_>>());
    store.atomic_apply(&id, Some(snapshot("1")), before.clone(), inputs.clone(), None).await.unwrap();
    let file = exported(&store).await;
    assert!(matches!(store.run(begin_deletion(None, &id)).await.unwrap(), Left::Rows));
    let idle = Initializing.step(Idle).unwrap();
    let mut import = store.import(crate::store::OnConflict::Overwrite);
    let next = RunBoundaryReceipt { sequence: 1, ..before.clone() };
    for outcome in [
        store.atomic_apply(&id, Some(snapshot("2")), next.clone(), vec![queued()], None).await,
        store.atomic_apply(&id, None, next.clone(), vec![], None).await,
        store.commit_session_snapshot(&id, snapshot("2")).await,
        store.persist_input_state(&id, &queued()).await,
        store.persist_input_state(&id, &inputs[0]).await,
        store.commit_machine_lifecycle(&id, idle, &[]).await,
        store.commit_machine_lifecycle(&id, idle, &[queued()]).await,
        store.persist_ops_lifecycle(&id, &registry()).await,
        import.write(file.as_bytes()).await,
    ] {
        let is_told = matches!(&outcome, Err(RuntimeStoreError::Deleted(why)) if why.contains("delete it again"));
        assert!(is_told, "{outcome:?}");
    }
    // What was committed before is, and what only deletes has nothing to lose.
    store.atomic_apply(&id, Some(snapshot("1")), before.clone(), inputs.clone(), None).await.unwrap();
    store.delete_run(&id, &before.run_id).await.unwrap();
    store.prune(&id, Prune { keep_receipts: Some(0), ..Prune::default() }).await.unwrap();
    store.persist_input_state(&neighbour, &inputs[0]).await.unwrap();
    // Called together with what is not refused, each by itself.
    let outcomes = at_once([&id, &neighbour, &id].map(|id| store.persist_input_state(id, &inputs[1]))).await;
    assert_eq!(outcomes.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, false]);

    store.delete_runtime(&id).await.unwrap();

    assert_eq!(store.list_runtimes(None, 10).await.unwrap(), [neighbour]);
    for input in &inputs[..2] {
        store.persist_input_state(&id, input).await.unwrap();
    }
    store.atomic_apply(&id, Some(snapshot("3")), next, vec![], None).await.unwrap();
    assert_eq!(store.load_input_states(&id).await.unwrap(), inputs[..2]);
    assert_eq!(store.load_session_snapshot(&id).await.unwrap(), Some(b"3".to_vec()));
}

pub async fn a_deletion_that_was_overtaken_leaves_what_was_made_anew(store: Store<impl Engine>) {
    let id = runtime("r");
    let inputs: Vec<_> = (0..1000).map(|_| queued()).collect();
    for some in inputs.chunks(100) {
        for outcome in at_once(some.iter().map(|input| store.persist_input_state(&id, input))).await {
            outcome.unwrap();
        }
    }
    // A suspended tab has come this far, when another call deletes the rest and the runtime is made anew.
    assert!(matches!(store.run(begin_deletion(None, &id)).await.unwrap(), Left::Rows));
    store.delete_runtime(&id).await.unwrap();
    let claim = store.claim(&id).await.unwrap();
    let (receipt, session) = fill(&claim, &id).await;
    let before = holdings(&store, &id, &receipt).await;
    assert!(matches!(store.run(delete_rows(&id)).await.unwrap(), Left::Nothing));
    assert!(matches!(store.run(delete_sessions(&id, None)).await.unwrap(), Left::Nothing));
    assert_eq!(holdings(&store, &id, &receipt).await, before);
    assert!(store.load_session_by_id(session).await.unwrap().is_some());
    claim.commit_session_snapshot(&id, snapshot("1")).await.unwrap();
}

pub async fn a_claim_ends_with_its_runtime(store: Store<impl Engine>) {
    let id = runtime("r");
    let claim = store.claim(&id).await.unwrap();
    claim.commit_session_snapshot(&id, snapshot("1")).await.unwrap();
    store.delete_runtime(&id).await.unwrap();
    for outcome in [
        claim.commit_session_snapshot(&id, snapshot("2")).await,
        claim.persist_input_state(&id, &queued()).await,
        claim.atomic_apply(&id, None, receipt(0), vec![], None).await,
        claim.delete_runtime(&id).await,
    ] {
        assert!(matches!(outcome, Err(RuntimeStoreError::Deleted(_))), "{outcome:?}");
    }
    assert_eq!(store.list_runtimes(None, 10).await.unwrap(), []);
    // Claimed anew it can be written to, and the old claim stays refused.
    let anew = store.claim(&id).await.unwrap();
    anew.commit_session_snapshot(&id, snapshot("3")).await.unwrap();
    let late = claim.commit_session_snapshot(&id, snapshot("4")).await;
    assert!(matches!(late, Err(RuntimeStoreError::Fenced { .. })), "{late:?}");
    assert_eq!(store.load_session_snapshot(&id).await.unwrap(), Some(b"3".to_vec()));
}

pub async fn an_overtaken_claim_deletes_and_prunes_nothing(store: Store<impl Engine>) {
    let id = runtime("r");
    let old = store.claim(&id).await.unwrap();
    let (receipt, _) = fill(&store, &id).await;
    store.atomic_apply(&id, None, RunBoundaryReceipt { sequence: 1, ..receipt.clone() }, vec![], None).await.unwrap();
    store.claim(&id).await.unwrap();
    let before = holdings(&store, &id, &receipt).await;
    let prune = Prune { keep_receipts: Some(0), ..Prune::default() };
    for outcome in [
        old.delete_runtime(&id).await,
        old.delete_run(&id, &receipt.run_id).await,
        old.prune(&id, prune).await.map(drop),
    ] {
        assert!(matches!(outcome, Err(RuntimeStoreError::Fenced { .. })), "{outcome:?}");
    }
    assert_eq!(holdings(&store, &id, &receipt).await, before);
    assert_eq!(store.counts(&id).await.unwrap().receipts, 2);
}

pub async fn a_mob_is_deleted_with_its_runs_and_its_cursor(store: Store<impl Engine>) {
    let labels = |value: &str| [("k".to_owned(), value.to_owned())].into();
    for mob in ["m", "ma"] {
        store.set_labels(&MetadataScope::Mob(mob.into()), labels(mob)).await.unwrap();
        store.set_labels(&MetadataScope::Run(mob.into(), "run".into()), labels(mob)).await.unwrap();
        store.set_subscription_cursor(mob, 7).await.unwrap();
    }
    store.delete_mob("m").await.unwrap();
    assert_eq!(store.list_mobs(None, 10).await.unwrap(), ["ma"]);
    assert_eq!(store.list_labels_for_mob("m").await.unwrap(), []);
    assert_eq!(store.get_subscription_cursor("m").await.unwrap(), None);
    assert_eq!(store.list_labels_for_mob("ma").await.unwrap().len(), 2);
    assert_eq!(store.get_subscription_cursor("ma").await.unwrap(), Some(7));
    let unnamed = store.delete_mob("").await;
    assert!(matches!(unnamed, Err(RuntimeStoreError::InvalidInput { .. })), "{unnamed:?}");
}

pub async fn the_receipts_of_a_deleted_run_can_be_committed_anew(store: Store<impl Engine>) {
    let id = runtime("r");
    let (run, other) = (receipt(0), receipt(0));
    let of_run = |sequence| RunBoundaryReceipt { sequence, ..run.clone() };
    for sequence in 0..3 {
        store.atomic_apply(&id, None, of_run(sequence), vec![], None).await.unwrap();
    }
    store.atomic_apply(&id, None, other.clone(), vec![], None).await.unwrap();
    store.prune(&id, Prune { keep_receipts: Some(2), ..Prune::default() }).await.unwrap();
    store.delete_run(&id, &run.run_id).await.unwrap();
    assert_eq!(store.list_receipts(&id, None, 10).await.unwrap(), [other]);
    store.atomic_apply(&id, Some(snapshot("anew")), of_run(0), vec![], None).await.unwrap();
    assert_eq!(store.load_session_snapshot(&id).await.unwrap(), Some(b"anew".to_vec()));
    assert_eq!(store.load_boundary_receipt(&id, &run.run_id, 0).await.unwrap(), Some(of_run(0)));
}

pub async fn watchers_are_told_of_a_deletion(store: Store<impl Engine>) {
    let id = runtime("r");
    fill(&store, &id).await;
    store.set_subscription_cursor("m", 1).await.unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let watch = {
        let told = Arc::clone(&told);
        store.watch(WatchScope::Everything, move |change| told.lock().unwrap().push(change.scope.clone()))
    };
    store.delete_runtime(&id).await.unwrap();
    store.delete_mob("m").await.unwrap();
    let mob = crate::ChangeScope::Mob(MetadataScope::Mob("m".into()));
    assert_eq!(*told.lock().unwrap(), [crate::ChangeScope::Runtime(id), mob]);
    drop(watch);
}

//! What can be done where there is no room, as in a browser whose quota is full: there a transaction that puts anything is refused,
//! however much it deletes besides.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, missing_docs)]

mod samples;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use burrow::{
    InputLifecycleState, MetadataScope, PersistentMetadataStore, Prune, Pruned, RunBoundary, RunBoundaryReceipt, RunId,
    RuntimeMetadataTable, RuntimeStore, RuntimeStoreError, SessionDelta, SessionId, Store, Watch,
    engine::{Decide, Engine, Listener, ReadSet, Reads, Result, Write, memory::Memory},
};
use samples::{queued, runtime};

#[derive(Default)]
struct Full {
    memory: Memory,
    is_full: Arc<AtomicBool>,
}

#[async_trait]
impl Engine for Full {
    async fn read(&self, reads: Reads) -> Result<ReadSet> {
        self.memory.read(reads).await
    }

    async fn transact(&self, reads: Reads, mut decide: Decide) -> Result<ReadSet> {
        let is_full = Arc::clone(&self.is_full);
        let within = move |seen: &ReadSet| {
            let commit = decide(seen)?;
            if is_full.load(Ordering::Relaxed) && commit.writes.iter().any(|write| matches!(write, Write::Put(..))) {
                return Err(RuntimeStoreError::QuotaExceeded { message: "full".to_owned(), cause: None });
            }
            Ok(commit)
        };
        self.memory.transact(reads, Box::new(within)).await
    }

    fn authority_key(&self) -> Option<String> {
        None
    }

    fn watch(&self, listener: Listener) -> Watch {
        self.memory.watch(listener)
    }

    fn close(&self) {
        self.memory.close();
    }
}

/// A store with all that is to be deleted, which is full by now.
async fn full_store() -> (Store<Full>, RunId, SessionId) {
    let engine = Full::default();
    let is_full = Arc::clone(&engine.is_full);
    let store = Store::over(engine);
    let (run, session) = (RunId::new(), SessionId::new());
    for id in ["small", "large"].map(runtime) {
        let snapshot = SessionDelta::new(format!(r#"{{"id":"{session}"}}"#).into_bytes());
        for sequence in 0..5 {
            let receipt = RunBoundaryReceipt::new(run, RunBoundary::RunCheckpoint, sequence);
            store.atomic_apply(&id, Some(snapshot.clone()), receipt, vec![queued()], Some(session)).await.unwrap();
        }
    }
    let mut inputs: Vec<_> = (0..1500).map(|_| queued()).collect();
    inputs.iter_mut().for_each(|input| input.current_state = InputLifecycleState::Consumed);
    let receipt = RunBoundaryReceipt::new(RunId::new(), RunBoundary::RunCheckpoint, 0);
    store.atomic_apply(&runtime("large"), None, receipt, inputs, None).await.unwrap();
    for scope in [MetadataScope::Mob("m".into()), MetadataScope::Run("m".into(), "r".into())] {
        store.set_labels(&scope, [("a".to_owned(), "b".to_owned())].into()).await.unwrap();
    }
    store.set_subscription_cursor("m", 1).await.unwrap();
    is_full.store(true, Ordering::Relaxed);
    let refused = store.set_subscription_cursor("m", 2).await.map_err(RuntimeStoreError::from);
    assert!(matches!(refused, Err(RuntimeStoreError::QuotaExceeded { .. })), "{refused:?}");
    (store, run, session)
}

#[tokio::test]
async fn a_runtime_of_any_size_is_deleted() {
    let (store, _, session) = full_store().await;
    for id in ["small", "large"].map(runtime) {
        store.delete_runtime(&id).await.unwrap();
        assert_eq!(store.counts(&id).await.unwrap(), Default::default());
    }
    assert_eq!(store.list_runtimes(None, 10).await.unwrap(), []);
    assert_eq!(store.load_session_by_id(session).await.unwrap(), None);
}

#[tokio::test]
async fn a_large_runtime_is_deleted_under_its_claim_and_not_under_an_overtaken_one() {
    let engine = Full::default();
    let is_full = Arc::clone(&engine.is_full);
    let (store, id) = (Store::over(engine), runtime("large"));
    let old = store.claim(&id).await.unwrap();
    let claim = store.claim(&id).await.unwrap();
    let receipt = RunBoundaryReceipt::new(RunId::new(), RunBoundary::RunCheckpoint, 0);
    store.atomic_apply(&id, None, receipt, (0..1500).map(|_| queued()).collect(), None).await.unwrap();
    is_full.store(true, Ordering::Relaxed);
    let refused = old.delete_runtime(&id).await;
    assert!(matches!(refused, Err(RuntimeStoreError::Fenced { .. })), "{refused:?}");
    assert_eq!(store.load_input_states(&id).await.unwrap().len(), 1500);
    claim.delete_runtime(&id).await.unwrap();
    assert_eq!(store.list_runtimes(None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn runs_labels_and_mobs_are_deleted() {
    let (store, run, _) = full_store().await;
    store.delete_run(&runtime("small"), &run).await.unwrap();
    assert_eq!(store.list_receipts(&runtime("small"), None, 10).await.unwrap(), []);
    store.set_labels(&MetadataScope::Run("m".into(), "r".into()), Default::default()).await.unwrap();
    assert_eq!(store.list_labels_for_mob("m").await.unwrap().len(), 1);
    store.delete_mob("m").await.unwrap();
    assert_eq!(store.list_mobs(None, 10).await.unwrap(), Vec::<String>::new());
}

/// What is left of pruned receipts, by which their boundaries are known again, takes room.
#[tokio::test]
async fn inputs_are_pruned_and_receipts_once_there_is_room() {
    let (store, ..) = full_store().await;
    let (id, prune) = (runtime("large"), Prune { keep_terminal_inputs: Some(0), ..Prune::default() });
    // Those that the last boundary has taken in stay; it names none.
    assert_eq!(store.prune(&id, prune).await.unwrap(), Pruned { receipts: 0, inputs: 1500 });
    let all = Prune { keep_receipts: Some(0), keep_terminal_inputs: Some(0), ..Prune::default() };
    let refused = store.prune(&runtime("small"), all).await;
    assert!(matches!(refused, Err(RuntimeStoreError::QuotaExceeded { .. })), "{refused:?}");
    assert_eq!(store.counts(&runtime("small")).await.unwrap().receipts, 5);
}

use crate::{
    Counts,
    InputLifecycleState::{Consumed, Queued, Staged},
    MetadataScope, Recovered, RuntimeMetadataTable,
    RuntimeState::{Idle, Initializing, Running},
    RuntimeStore, RuntimeStoreError, Store,
    engine::Engine,
    store::Contents,
};

use super::samples::{input, queued, receipt, runtime, snapshot};

pub async fn an_agent_recovers_all_that_it_goes_on_from(store: Store<impl Engine>) {
    let id = runtime("r");
    let nothing =
        Recovered { state: Initializing, session: None, inputs: vec![], last_receipt: None, ops: None, epoch: 0 };
    assert_eq!(store.recover(&id).await.unwrap(), nothing);

    let claim = store.claim(&id).await.unwrap();
    let (done, waiting, staged) = (input(Consumed), queued(), input(Staged));
    let (first, last) = (receipt(0), receipt(1));
    claim.commit_machine_lifecycle(&id, Initializing.step(Idle).unwrap(), &[]).await.unwrap();
    claim.commit_machine_lifecycle(&id, Idle.step(Running).unwrap(), std::slice::from_ref(&staged)).await.unwrap();
    claim.atomic_apply(&id, Some(snapshot("1")), first, vec![done], None).await.unwrap();
    claim.atomic_apply(&id, Some(snapshot("2")), last.clone(), vec![waiting.clone()], None).await.unwrap();
    store.persist_input_state(&runtime("s"), &queued()).await.unwrap();

    let mut inputs = vec![waiting, staged];
    inputs.sort_by_key(|input| input.input_id);
    let session = Some(b"2".to_vec());
    let expected = Recovered { state: Running, session, inputs, last_receipt: Some(last), ops: None, epoch: 1 };
    assert_eq!(store.recover(&id).await.unwrap(), expected);
}

pub async fn live_inputs_are_those_that_have_not_ended(store: Store<impl Engine>) {
    let id = runtime("r");
    let mut live = Vec::new();
    for _ in 0..5 {
        store.persist_input_state(&id, &input(Consumed)).await.unwrap();
        live.push(queued());
        store.persist_input_state(&id, live.last().unwrap()).await.unwrap();
    }
    live.sort_by_key(|input| input.input_id);
    assert_eq!(store.load_live_inputs(&id, None, 100).await.unwrap(), live);
    assert_eq!(store.load_live_inputs(&id, None, 2).await.unwrap(), live[..2]);
    assert_eq!(store.load_live_inputs(&id, Some(&live[1].input_id), 2).await.unwrap(), live[2..4]);
    // One that ends is no longer among them, and one that begins anew is again.
    live[0].current_state = Consumed;
    store.persist_input_state(&id, &live[0]).await.unwrap();
    assert_eq!(store.load_live_inputs(&id, None, 100).await.unwrap(), live[1..]);
    live[0].current_state = Queued;
    store.persist_input_state(&id, &live[0]).await.unwrap();
    assert_eq!(store.load_live_inputs(&id, None, 100).await.unwrap(), live);
    let none = store.load_live_inputs(&id, None, 0).await;
    assert!(matches!(none, Err(RuntimeStoreError::InvalidInput { .. })), "{none:?}");
}

pub async fn inputs_come_in_pages(store: Store<impl Engine>) {
    let id = runtime("r");
    for _ in 0..5 {
        store.persist_input_state(&id, &queued()).await.unwrap();
    }
    let all = store.load_input_states(&id).await.unwrap();
    assert_eq!(store.load_inputs(&id, None, 100).await.unwrap(), all);
    assert_eq!(store.load_inputs(&id, Some(&all[1].input_id), 2).await.unwrap(), all[2..4]);
    assert_eq!(store.load_inputs(&id, Some(&all[4].input_id), 2).await.unwrap(), []);
}

pub async fn what_there_is_of_a_runtime_is_counted(store: Store<impl Engine>) {
    let id = runtime("r");
    assert_eq!(store.counts(&id).await.unwrap(), Counts::default());
    for state in [Queued, Queued, Staged, Consumed] {
        store.persist_input_state(&id, &input(state)).await.unwrap();
    }
    let run = receipt(0);
    for sequence in 0..3 {
        let receipt = crate::RunBoundaryReceipt { sequence, ..run.clone() };
        store.atomic_apply(&id, Some(snapshot("four")), receipt, vec![], None).await.unwrap();
    }
    store.atomic_apply(&id, None, receipt(0), vec![], None).await.unwrap();
    store.persist_input_state(&runtime("s"), &queued()).await.unwrap();
    let mut counts = store.counts(&id).await.unwrap();
    counts.live_inputs.sort_by_key(|(state, _)| state.as_str());
    let live_inputs = vec![(Queued, 2), (Staged, 1)];
    assert_eq!(counts, Counts { live_inputs, terminal_inputs: 1, receipts: 4, runs: 2, session_bytes: 4 });
}

pub async fn what_there_is_of_everything_is_counted_with_the_oldest_open_claim(store: Store<impl Engine>) {
    assert_eq!(store.contents().await.unwrap(), Contents::default());
    for id in ["a", "b"].map(runtime) {
        store.persist_input_state(&id, &queued()).await.unwrap();
        store.atomic_apply(&id, None, receipt(0), vec![queued()], None).await.unwrap();
    }
    store.commit_machine_lifecycle(&runtime("a"), Initializing.step(Idle).unwrap(), &[]).await.unwrap();
    store.set_labels(&MetadataScope::Mob("m".into()), [("k".to_owned(), "v".to_owned())].into()).await.unwrap();
    // Of two that were made in the same millisecond, that on the runtime comes first.
    let first = store.claim(&runtime("b")).await.unwrap();
    store.claim_mob("m").await.unwrap();
    let (runtimes, inputs, receipts) = (1, 4, 2);
    let counted = Contents { runtimes, inputs, receipts, labelled: 1, open_claims: 2, ..Contents::default() };
    let mut contents = store.contents().await.unwrap();
    let oldest = contents.oldest_claim.take().unwrap();
    assert!(oldest.since > 1_700_000_000_000, "{oldest:?}");
    assert_eq!((contents, &*oldest.id, oldest.is_of_mob), (counted.clone(), "b", false));
    // One that was released is open no more.
    first.release().await.unwrap();
    let mut contents = store.contents().await.unwrap();
    let oldest = contents.oldest_claim.take().unwrap();
    assert_eq!((contents, &*oldest.id), (Contents { open_claims: 1, ..counted }, "m"));
    assert!(oldest.is_of_mob);
}

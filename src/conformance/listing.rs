use crate::{
    LogicalRuntimeId, MetadataScope, PersistentMetadataStore, RuntimeMetadataTable, RuntimeState, RuntimeStore,
    RuntimeStoreError, SessionId, Store, engine::Engine,
};

use super::samples::{queued, receipt, runtime, snapshot};

fn names<T: ToString>(items: &[T]) -> Vec<String> {
    items.iter().map(T::to_string).collect()
}

/// In the order of their UTF-8 bytes, which is neither that of UTF-16 units nor that of any locale.
const IN_ORDER: [&str; 8] = ["\0", "10", "9", "A", "a", "é", "\u{FFFD}", "\u{1F9E0}"];

/// Runtimes and mobs of these ids.
async fn fill(store: &Store<impl Engine>) {
    for id in IN_ORDER {
        store.persist_input_state(&runtime(id), &queued()).await.unwrap();
        store.commit_session_snapshot(&runtime(id), snapshot("{}")).await.unwrap();
        store.set_subscription_cursor(id, 1).await.unwrap();
    }
}

pub async fn runtimes_that_hold_anything_are_listed_in_order(store: Store<impl Engine>) {
    let [a, b, c, d, e, f, g, h] = IN_ORDER.map(runtime);
    assert_eq!(store.list_runtimes(None, 10).await.unwrap(), []);
    store.persist_input_state(&h, &queued()).await.unwrap();
    store.persist_input_state(&h, &queued()).await.unwrap();
    store.atomic_apply(&g, None, receipt(0), vec![], None).await.unwrap();
    store.atomic_apply(&g, None, receipt(0), vec![queued()], None).await.unwrap();
    store.commit_session_snapshot(&f, snapshot(&"x".repeat(200_000))).await.unwrap();
    store
        .commit_machine_lifecycle(&e, RuntimeState::Initializing.step(RuntimeState::Idle).unwrap(), &[])
        .await
        .unwrap();
    for id in [&d, &c, &b, &a] {
        store.persist_input_state(id, &queued()).await.unwrap();
        store.commit_session_snapshot(id, snapshot("{}")).await.unwrap();
    }
    assert_eq!(names(&store.list_runtimes(None, 10).await.unwrap()), IN_ORDER);
}

pub async fn listings_come_in_pages(store: Store<impl Engine>) {
    fill(&store).await;
    let (mut runtimes, mut mobs): (Vec<LogicalRuntimeId>, Vec<String>) = Default::default();
    for _ in 0..3 {
        runtimes.extend(store.list_runtimes(runtimes.last(), 3).await.unwrap());
        mobs.extend(store.list_mobs(mobs.last().map(String::as_str), 3).await.unwrap());
    }
    assert_eq!(names(&runtimes), IN_ORDER);
    assert_eq!(mobs, IN_ORDER);
    assert_eq!(store.list_runtimes(runtimes.last(), 3).await.unwrap(), []);
    assert_eq!(store.list_runtimes(Some(&runtime("B")), 1).await.unwrap(), [runtime("a")]);
}

pub async fn listings_come_in_descending_order_too(store: Store<impl Engine>) {
    let descending = store.descending();
    assert_eq!(descending.list_runtimes(None, 10).await.unwrap(), []);
    fill(&store).await;
    let (mut runtimes, mut mobs): (Vec<LogicalRuntimeId>, Vec<String>) = Default::default();
    for _ in 0..3 {
        runtimes.extend(descending.list_runtimes(runtimes.last(), 3).await.unwrap());
        mobs.extend(descending.list_mobs(mobs.last().map(String::as_str), 3).await.unwrap());
    }
    let mut expected = IN_ORDER;
    expected.reverse();
    assert_eq!((names(&runtimes), mobs), (expected.map(str::to_owned).into(), expected.map(str::to_owned).into()));
    assert_eq!(descending.list_runtimes(runtimes.last(), 3).await.unwrap(), []);
    assert_eq!(descending.list_runtimes(Some(&runtime("B")), 1).await.unwrap(), [runtime("A")]);

    // Beside a neighbour on either side, and numbers beyond those that SQLite and JavaScript have.
    let (id, run) = (runtime("listed"), receipt(0));
    let sequences = [0, 1, 9, 10, (1 << 53) + 1, 1 << 63, u64::MAX];
    for sequence in sequences {
        for id in ["listed", "liste", "listed "] {
            let receipt = crate::RunBoundaryReceipt { sequence, ..run.clone() };
            store.atomic_apply(&runtime(id), None, receipt, vec![], None).await.unwrap();
        }
    }
    let later = receipt(7);
    store.atomic_apply(&id, None, later.clone(), vec![], None).await.unwrap();
    assert_eq!(descending.list_runs(&id, None, 9).await.unwrap(), [later.run_id, run.run_id]);
    assert_eq!(descending.list_runs(&id, Some(&later.run_id), 9).await.unwrap(), [run.run_id]);
    assert_eq!(descending.list_receipts(&id, None, 1).await.unwrap(), [later]);
    let rest = descending.list_receipts(&id, Some((&run.run_id, u64::MAX)), 9).await.unwrap();
    assert_eq!(rest.iter().map(|receipt| receipt.sequence).collect::<Vec<_>>(), [1 << 63, (1 << 53) + 1, 10, 9, 1, 0]);
    let inputs: Vec<_> = (0..5).map(|_| queued()).collect();
    for input in &inputs {
        store.persist_input_state(&id, input).await.unwrap();
    }
    let mut ids: Vec<_> = inputs.iter().map(|input| input.input_id).collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(descending.list_inputs(&id, None, 3).await.unwrap(), ids[..3]);
    assert_eq!(descending.list_inputs(&id, Some(&ids[2]), 3).await.unwrap(), ids[3..]);
}

pub async fn runtimes_are_listed_by_their_state(store: Store<impl Engine>) {
    use RuntimeState::{Idle, Initializing, Running, Stopped};
    for (id, steps) in [("a", &[Idle, Running][..]), ("b", &[Idle]), ("c", &[Idle, Running]), ("d", &[Stopped])] {
        let mut from = Initializing;
        for to in steps {
            store.commit_machine_lifecycle(&runtime(id), from.step(*to).unwrap(), &[]).await.unwrap();
            from = *to;
        }
    }
    store.persist_input_state(&runtime("stateless"), &queued()).await.unwrap();
    assert_eq!(names(&store.list_runtimes_in(Running, None, 10).await.unwrap()), ["a", "c"]);
    assert_eq!(names(&store.list_runtimes_in(Running, None, 1).await.unwrap()), ["a"]);
    assert_eq!(names(&store.list_runtimes_in(Running, Some(&runtime("a")), 1).await.unwrap()), ["c"]);
    assert_eq!(names(&store.list_runtimes_in(Stopped, None, 10).await.unwrap()), ["d"]);
    assert_eq!(names(&store.descending().list_runtimes_in(Running, None, 10).await.unwrap()), ["c", "a"]);
    assert_eq!(store.list_runtimes_in(Initializing, None, 10).await.unwrap(), []);
}

pub async fn the_last_receipt_is_found_of_a_runtime_and_of_a_run(store: Store<impl Engine>) {
    let (id, first) = (runtime("r"), receipt(0));
    assert_eq!(store.load_last_receipt(&id, None).await.unwrap(), None);
    let receipts =
        [9, 10, u64::MAX, 0].map(|sequence| crate::RunBoundaryReceipt { sequence, ..first.clone() }).to_vec();
    for receipt in receipts.iter().chain([&receipt(3)]) {
        store.atomic_apply(&id, None, receipt.clone(), vec![], None).await.unwrap();
    }
    let last = store.load_last_receipt(&id, None).await.unwrap().unwrap();
    assert_eq!((last.sequence, last.run_id == first.run_id), (3, false));
    assert_eq!(store.load_last_receipt(&id, Some(&first.run_id)).await.unwrap().as_ref(), Some(&receipts[2]));
    assert_eq!(store.load_last_receipt(&id, Some(&crate::RunId::new())).await.unwrap(), None);
    assert_eq!(store.load_last_receipt(&runtime("another"), None).await.unwrap(), None);
}

pub async fn mobs_with_labels_or_a_cursor_are_listed(store: Store<impl Engine>) {
    let labels = || [("env".to_owned(), "dev".to_owned())].into();
    store.set_subscription_cursor("cursor", 1).await.unwrap();
    store.set_labels(&MetadataScope::Run("run".into(), "r".into()), labels()).await.unwrap();
    store.set_labels(&MetadataScope::Mob("both".into()), labels()).await.unwrap();
    store.set_subscription_cursor("both", 1).await.unwrap();
    store.set_labels(&MetadataScope::Mob("gone".into()), labels()).await.unwrap();
    store.delete_labels(&MetadataScope::Mob("gone".into())).await.unwrap();
    assert_eq!(store.list_mobs(None, 10).await.unwrap(), ["both", "cursor", "run"]);
}

pub async fn inputs_of_a_runtime_are_listed_in_pages(store: Store<impl Engine>) {
    let id = runtime("r");
    let mut inputs: Vec<_> = (0..5).map(|_| queued()).collect();
    for input in &inputs {
        store.persist_input_state(&id, input).await.unwrap();
    }
    inputs.sort_by_key(|input| input.input_id);
    let ids: Vec<_> = inputs.iter().map(|input| input.input_id).collect();
    assert_eq!(store.list_inputs(&id, None, 3).await.unwrap(), ids[..3]);
    assert_eq!(store.list_inputs(&id, Some(&ids[2]), 3).await.unwrap(), ids[3..]);
}

pub async fn a_page_of_none_is_refused(store: Store<impl Engine>) {
    let id = runtime("r");
    for outcome in [
        store.list_runtimes(None, 0).await.map(drop),
        store.list_mobs(None, 0).await.map(drop),
        store.list_runs(&id, None, 0).await.map(drop),
        store.list_inputs(&id, None, 0).await.map(drop),
        store.list_receipts(&id, None, 0).await.map(drop),
        store.descending().list_runtimes(None, 0).await.map(drop),
    ] {
        assert!(matches!(outcome, Err(RuntimeStoreError::InvalidInput { argument, .. }) if argument == "limit"));
    }
}

pub async fn a_session_is_found_by_its_id(store: Store<impl Engine>) {
    let (id, key) = (runtime("r"), SessionId::new());
    assert_eq!(store.load_session_by_id(key).await.unwrap(), None);
    let session = format!(r#"{{"id":"{key}"}}"#);
    store.atomic_apply(&id, Some(snapshot(&session)), receipt(0), vec![], Some(key)).await.unwrap();
    assert_eq!(store.load_session_by_id(key).await.unwrap(), Some((id.clone(), session.into_bytes())));

    let newer = format!(r#"{{"id":"{key}","messages":[1]}}"#);
    store.commit_session_snapshot(&id, snapshot(&newer)).await.unwrap();
    assert_eq!(store.load_session_by_id(key).await.unwrap(), Some((id.clone(), newer.into_bytes())));

    store.commit_session_snapshot(&id, snapshot("another session's")).await.unwrap();
    assert_eq!(store.load_session_by_id(key).await.unwrap(), None);
}

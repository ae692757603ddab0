//! Damaged records, as only what is past the store can put them there.

use crate::{
    LogicalRuntimeId, MetadataScope, PersistentMetadataStore, Prune, RunBoundaryReceipt, RuntimeMetadataTable,
    RuntimeStore, RuntimeStoreError, Store,
    engine::{Encoded, Engine, Key, Raw, Table, TableInfo},
    store::{
        Finding, Operation, Quarantined,
        schema::{CLAIMS, DELETIONS, INPUTS, LABELS, METADATA, RECEIPTS, STATES},
    },
};

use super::{
    moving::{exported, findings},
    samples::{queued, receipt, runtime, snapshot},
};

/// Puts a record that is none of its table.
async fn damage(store: &Store<impl Engine>, table: &'static TableInfo, key: impl Into<Key>, text: &str) {
    let write = Table::<Raw>::new(table).put(key, Raw(Encoded::Text(text.to_owned())));
    store.run(Ok(Operation::write(vec![write]))).await.unwrap();
}

/// Verifies, and sets aside what is damaged.
async fn set_aside(store: &Store<impl Engine>) -> Vec<Finding> {
    let (mut verify, mut all) = (store.verify().quarantining(), Vec::new());
    while let Some(findings) = verify.next().await.unwrap() {
        all.extend(findings);
    }
    all
}

fn bytes(quarantined: &[(String, Quarantined)]) -> Vec<(&str, &[u8])> {
    quarantined.iter().map(|(_, aside)| (&*aside.table, &*aside.record)).collect()
}

async fn are_undecodable(store: &Store<impl Engine>, id: &LogicalRuntimeId) -> bool {
    let prune = Prune { keep_terminal_inputs: Some(0), ..Prune::default() };
    let outcomes = [
        store.recover(id).await.map(drop),
        store.counts(id).await.map(drop),
        store.prune(id, prune).await.map(drop),
        async {
            let mut export = store.export();
            while export.next().await?.is_some() {}
            Ok(())
        }
        .await,
    ];
    let undecodable = outcomes.iter().filter(|outcome| matches!(outcome, Err(RuntimeStoreError::Decode { .. })));
    let count = undecodable.count();
    assert!(count == 0 || count == outcomes.len(), "{outcomes:?}");
    count > 0
}

pub async fn what_is_damaged_is_set_aside_when_that_is_asked_for_and_the_rest_is_read_again(store: Store<impl Engine>) {
    let (id, good) = (runtime("r"), queued());
    let (first, bad) = (receipt(0), queued());
    store.atomic_apply(&id, Some(snapshot("1")), first.clone(), vec![good.clone(), bad.clone()], None).await.unwrap();
    let text = "{\"input_id\": \u{1}damaged — “é”";
    damage(&store, INPUTS.info, (&id, &bad.input_id), text).await;
    assert!(are_undecodable(&store, &id).await);
    // By itself a verification changes nothing.
    assert_eq!(findings(&store).await.len(), 1);
    assert!(are_undecodable(&store, &id).await);
    assert_eq!(store.list_quarantined(None, 10).await.unwrap(), []);

    let told = set_aside(&store).await;

    assert_eq!(told.len(), 1);
    assert!(told[0].quarantined, "{told:?}");
    assert!(!are_undecodable(&store, &id).await);
    assert_eq!(store.recover(&id).await.unwrap().inputs, std::slice::from_ref(&good));
    assert_eq!(store.recover(&id).await.unwrap().last_receipt, Some(first));
    let quarantined = store.list_quarantined(None, 10).await.unwrap();
    let [(_, aside)] = &quarantined[..] else { panic!("{quarantined:?}") };
    assert_eq!((&*aside.table, &*aside.reason), (INPUTS.info.name, &*told[0].problem));
    assert_eq!(aside.key, ["r".to_owned(), bad.input_id.to_string()]);
    assert_eq!(aside.record, text.as_bytes());
    assert!(aside.at > 1_700_000_000_000, "{}", aside.at);
    // Nothing is set aside twice, and nothing of it is damaged.
    assert_eq!(set_aside(&store).await, []);
    assert_eq!(store.list_quarantined(None, 10).await.unwrap(), quarantined);
    // The place is free.
    store.persist_input_state(&id, &bad).await.unwrap();
    assert_eq!(store.load_input_states(&id).await.unwrap(), [good, bad]);
}

pub async fn what_was_set_aside_is_listed_moved_and_deleted(store: Store<impl Engine>) {
    let (mob, id) = (MetadataScope::Mob("m:1".into()), runtime("r:1"));
    damage(&store, LABELS.info, ("m:1", ""), "[]").await;
    damage(&store, METADATA.info, ("m:1", "subscription_cursor"), "many").await;
    damage(&store, STATES.info, (&id,), "\"asleep\"").await;
    damage(&store, CLAIMS.info, (&id,), "1").await;
    damage(&store, RECEIPTS.info, (&id, "no run", 7), "{}").await;
    assert_eq!(set_aside(&store).await.iter().filter(|finding| finding.quarantined).count(), 5);
    assert_eq!(store.get_labels(&mob).await.unwrap(), Default::default());
    assert_eq!(store.get_subscription_cursor("m:1").await.unwrap(), None);
    assert_eq!(store.load_runtime_state(&id).await.unwrap(), None);
    assert_eq!(store.claim(&id).await.unwrap().epoch(), 1);

    let all = store.list_quarantined(None, 10).await.unwrap();
    let [labels, cursor, receipt, state, claim] = [
        (LABELS.info.name, &b"[]"[..]),
        (METADATA.info.name, b"many"),
        (RECEIPTS.info.name, b"{}"),
        (STATES.info.name, b"\"asleep\""),
        (CLAIMS.info.name, b"1"),
    ];
    let mut found = bytes(&all);
    found.sort_unstable();
    let mut expected = [labels, cursor, receipt, state, claim];
    expected.sort_unstable();
    assert_eq!(found, expected);
    let page = store.list_quarantined(Some(&all[1].0), 2).await.unwrap();
    assert_eq!(page, all[2..4]);
    // It goes with an export.
    let other = Store::new();
    let mut import = other.import(crate::store::OnConflict::Refuse);
    import.write(exported(&store).await.as_bytes()).await.unwrap();
    import.finish().await.unwrap();
    assert_eq!(other.list_quarantined(None, 10).await.unwrap(), all);

    store.delete_quarantined(&all[0].0).await.unwrap();
    store.delete_quarantined(&all[0].0).await.unwrap();
    assert_eq!(store.list_quarantined(None, 10).await.unwrap(), all[1..]);
    for no_id in ["", "x", "runtime:r", "runtime:r:1"] {
        let refused = store.delete_quarantined(no_id).await;
        assert!(matches!(refused, Err(RuntimeStoreError::InvalidInput { .. })), "{no_id}: {refused:?}");
    }
}

pub async fn what_was_set_aside_goes_with_what_it_belonged_to(store: Store<impl Engine>) {
    for name in ["a", "b"] {
        damage(&store, STATES.info, (&runtime(name),), "7").await;
        damage(&store, LABELS.info, (name, ""), "7").await;
    }
    assert_eq!(set_aside(&store).await.len(), 4);
    store.delete_runtime(&runtime("a")).await.unwrap();
    store.delete_mob("b").await.unwrap();
    let left = store.list_quarantined(None, 10).await.unwrap();
    let left: Vec<_> = left.into_iter().map(|(_, aside)| (aside.table, aside.key)).collect();
    let expected = [(LABELS.info.name, vec!["a".to_owned(), String::new()]), (STATES.info.name, vec!["b".to_owned()])];
    assert_eq!(left, expected.map(|(table, key)| (table.to_owned(), key)));
}

pub async fn what_is_not_damaged_or_must_count_is_never_set_aside(store: Store<impl Engine>) {
    let id = runtime("r");
    let (first, third) = (receipt(0), receipt(0));
    store.atomic_apply(&id, None, first.clone(), vec![], None).await.unwrap();
    // A gap is no damage of what comes after it.
    let third = RunBoundaryReceipt { run_id: first.run_id, sequence: 2, ..third };
    store.atomic_apply(&id, None, third, vec![], None).await.unwrap();
    // What is to be deleted stays so, whatever the note holds.
    damage(&store, DELETIONS.info, (&runtime("half"),), "").await;
    let before = exported(&store).await;
    let told = set_aside(&store).await;
    assert_eq!(told.iter().map(|finding| finding.quarantined).collect::<Vec<_>>(), [false]);
    assert_eq!(exported(&store).await, before);
    assert!(matches!(store.claim(&runtime("half")).await.map(drop), Err(RuntimeStoreError::Deleted(_))));
}

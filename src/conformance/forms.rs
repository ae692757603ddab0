use crate::{InputId, Json, RunBoundaryReceipt, RuntimeStore, RuntimeStoreError, Store, engine::Engine};

use super::{
    door::AsText,
    samples::{holdings, queued, receipt, runtime},
};

pub async fn what_is_stored_in_one_form_is_read_in_the_other(store: Store<impl Engine>) {
    let (id, as_text, mut inputs, receipts) =
        (runtime("r"), AsText(store.clone()), vec![queued(), queued()], [receipt(0), receipt(1)]);
    let doors: [&dyn RuntimeStore; 2] = [&store, &as_text];
    for i in [0, 1] {
        doors[i].persist_input_state(&id, &inputs[i]).await.unwrap();
        doors[i].atomic_apply(&id, None, receipts[i].clone(), vec![], None).await.unwrap();
    }
    inputs.sort_by_key(|input| input.input_id);
    for door in doors {
        assert_eq!(door.load_input_states(&id).await.unwrap(), inputs);
        for receipt in &receipts {
            let stored = door.load_boundary_receipt(&id, &receipt.run_id, receipt.sequence).await.unwrap();
            assert_eq!(stored.as_ref(), Some(receipt));
        }
    }
}

pub async fn a_receipt_again_in_the_other_form_is_a_retry(store: Store<impl Engine>) {
    let (id, as_text) = (runtime("r"), AsText(store.clone()));
    let doors: [&dyn RuntimeStore; 2] = [&store, &as_text];
    for (first, again) in [(0, 1), (1, 0)] {
        let (receipt, inputs) = (receipt(u64::MAX), vec![queued(), queued()]);
        doors[first].atomic_apply(&id, None, receipt.clone(), inputs.clone(), None).await.unwrap();
        let before = holdings(&store, &id, &receipt).await;
        doors[again].atomic_apply(&id, None, receipt.clone(), inputs.clone(), None).await.unwrap();
        let different = RunBoundaryReceipt { message_count: u64::MAX, ..receipt.clone() };
        let outcome = doors[again].atomic_apply(&id, None, different, inputs, None).await;
        assert!(matches!(outcome, Err(RuntimeStoreError::Conflict(_))), "{outcome:?}");
        assert_eq!(holdings(&store, &id, &receipt).await, before);
    }
}

/// White space, the order of the members, how a string is escaped, `null` for what is not there and how a UUID is written
/// are no part of what a document says.
pub async fn a_receipt_in_another_spelling_is_the_same(store: Store<impl Engine>) {
    let (id, as_text) = (runtime("r"), AsText(store.clone()));
    let receipt = RunBoundaryReceipt { conversation_digest: None, ..receipt(u64::MAX) };
    // serde_json's objects are in the order of their names, a receipt is not.
    let value = serde_json::to_value(&receipt).unwrap();
    let sorted = serde_json::to_string_pretty(&value).unwrap();
    assert_ne!(serde_json::to_string(&receipt).unwrap(), value.to_string());
    let run_id = receipt.run_id.to_string();
    let spellings = [
        sorted.replace("run_", r"\u0072un\u005f"),
        sorted.replace("\"message_count\"", "\"conversation_digest\": null, \"message_count\""),
        sorted.replace(&run_id, &run_id.to_uppercase()),
        sorted,
    ];
    store.atomic_apply(&id, None, receipt.clone(), vec![], None).await.unwrap();
    for same in &spellings {
        as_text.commit_receipt_text(&id, same).await.unwrap();
    }
    let different = spellings[3].replace("\"message_count\": 3,", "\"message_count\": 4,");
    assert_ne!(different, spellings[3]);
    let outcome = as_text.commit_receipt_text(&id, &different).await;
    assert!(matches!(outcome, Err(RuntimeStoreError::Conflict(_))), "{outcome:?}");
}

/// As upstream's format has it.
pub async fn members_that_may_be_absent_have_their_defaults(store: Store<impl Engine>) {
    let (id, as_text) = (runtime("r"), AsText(store.clone()));
    let input_id = InputId::new();
    let now = "2026-11-22T02:48:30.193749452Z";
    let json = format!(
        r#"{{"input_id":"{input_id}","current_state":"queued","created_at":"{now}","updated_at":"{now}","note":[]}}"#
    );
    as_text.persist_input_text(&id, &json).await.unwrap();
    let stored = store.load_input_state(&id, &input_id).await.unwrap().unwrap();
    assert_eq!((stored.attempt_count, stored.recovery_count, stored.history.len()), (0, 0, 0));
    assert_eq!(stored.extra.get("note").map(Json::as_str), Some("[]"));
    assert!(serde_json::to_value(&stored).unwrap().get("history").is_none(), "an empty history is left out");

    let receipt = receipt(0);
    let mut json = serde_json::to_value(&receipt).unwrap();
    json.as_object_mut().unwrap().remove("contributing_input_ids").unwrap();
    let outcome = as_text.commit_receipt_text(&id, &json.to_string()).await;
    assert!(matches!(outcome, Err(RuntimeStoreError::InvalidInput { .. })), "{outcome:?}");
    assert_eq!(store.load_boundary_receipt(&id, &receipt.run_id, 0).await.unwrap(), None);
}

/// Written so, it would be a record with the same member twice, which nobody can read.
pub async fn an_unknown_member_with_a_known_name_is_refused(store: Store<impl Engine>) {
    let id = runtime("r");
    let (mut bad_receipt, mut bad_input, mut bad_change) = (receipt(0), queued(), queued());
    bad_receipt.extra.insert("sequence".into(), "7".parse().unwrap());
    bad_input.extra.insert("policy".into(), "7".parse().unwrap());
    bad_change.history[0].extra.insert("to".into(), "7".parse().unwrap());
    let step = crate::RuntimeState::Initializing.step(crate::RuntimeState::Idle).unwrap();
    for (outcome, named) in [
        (store.atomic_apply(&id, None, bad_receipt, vec![], None).await, "extra.sequence"),
        (store.atomic_apply(&id, None, receipt(0), vec![queued(), bad_input.clone()], None).await, "extra.policy"),
        (store.persist_input_state(&id, &bad_change).await, "extra.to"),
        (store.commit_machine_lifecycle(&id, step, &[bad_input]).await, "extra.policy"),
    ] {
        let Err(crate::RuntimeStoreError::InvalidInput { argument, .. }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(argument, named);
    }
    assert_eq!(store.list_runtimes(None, 1).await.unwrap(), []);
}

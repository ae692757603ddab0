use crate::{RunBoundary, RunBoundaryReceipt, RuntimeStoreError, SessionId, StoredInputState};

use super::{
    door::Door,
    samples::{holdings, queued, receipt, runtime, snapshot},
};

pub async fn a_boundary_commits_snapshot_receipt_and_inputs(store: impl Door) {
    let (id, receipt) = (runtime("r"), receipt(0));
    let mut inputs = vec![queued(), queued()];
    store.atomic_apply(&id, Some(snapshot("{}")), receipt.clone(), inputs.clone(), None).await.unwrap();
    inputs.sort_by_key(|input| input.input_id);
    assert_eq!(store.load_session_snapshot(&id).await.unwrap().as_deref(), Some(&b"{}"[..]));
    assert_eq!(store.load_boundary_receipt(&id, &receipt.run_id, 0).await.unwrap(), Some(receipt));
    assert_eq!(store.load_input_states(&id).await.unwrap(), inputs);
}

pub async fn a_receipt_that_was_never_written_is_none(store: impl Door) {
    let (id, written) = (runtime("r"), receipt(1));
    store.atomic_apply(&id, None, written.clone(), vec![], None).await.unwrap();
    assert_eq!(store.load_boundary_receipt(&id, &written.run_id, 2).await.unwrap(), None);
    assert_eq!(store.load_boundary_receipt(&id, &receipt(1).run_id, 1).await.unwrap(), None);
    assert_eq!(store.load_boundary_receipt(&runtime("rr"), &written.run_id, 1).await.unwrap(), None);
}

/// A retry after a lost acknowledgement, come so late that the runtime has moved on, must not undo what came after.
pub async fn the_same_receipt_again_succeeds_and_writes_nothing(store: impl Door) {
    let (id, receipt, input) = (runtime("r"), receipt(0), queued());
    store.atomic_apply(&id, Some(snapshot("1")), receipt.clone(), vec![input.clone()], None).await.unwrap();
    store.commit_session_snapshot(&id, snapshot("2")).await.unwrap();
    let before = holdings(&store, &id, &receipt).await;
    store.atomic_apply(&id, Some(snapshot("1")), receipt.clone(), vec![input], None).await.unwrap();
    assert_eq!(holdings(&store, &id, &receipt).await, before);
}

/// Acknowledged means stored, so another payload under a receipt that is committed must not be acknowledged.
pub async fn the_same_receipt_with_another_payload_conflicts_and_writes_nothing(store: impl Door) {
    let (id, receipt, key) = (runtime("r"), receipt(0), SessionId::new());
    let (session, inputs) = (snapshot(&format!(r#"{{"id":"{key}"}}"#)), vec![queued(), queued()]);
    let commit = |session, inputs, key| store.atomic_apply(&id, session, receipt.clone(), inputs, key);
    commit(Some(session.clone()), inputs.clone(), Some(key)).await.unwrap();
    // Whether the snapshot has moved on since does not matter.
    store.commit_session_snapshot(&id, snapshot("2")).await.unwrap();
    let before = holdings(&store, &id, &receipt).await;
    let changed = StoredInputState { attempt_count: 7, ..inputs[0].clone() };
    for (session, inputs, key) in [
        (Some(snapshot(&format!(r#"{{"id":"{key}" }}"#))), inputs.clone(), Some(key)),
        (Some(snapshot("2")), inputs.clone(), None),
        (Some(session.clone()), inputs.clone(), None),
        (None, inputs.clone(), None),
        (Some(session.clone()), vec![inputs[0].clone()], Some(key)),
        (Some(session.clone()), vec![inputs[0].clone(), inputs[1].clone(), queued()], Some(key)),
        (Some(session.clone()), vec![changed, inputs[1].clone()], Some(key)),
        (Some(session.clone()), vec![], Some(key)),
    ] {
        let outcome = commit(session, inputs, key).await;
        assert!(matches!(&outcome, Err(RuntimeStoreError::Conflict(told)) if told.contains("payload")), "{outcome:?}");
        assert_eq!(holdings(&store, &id, &receipt).await, before);
    }
    commit(Some(session), inputs, Some(key)).await.unwrap();
    assert_eq!(holdings(&store, &id, &receipt).await, before);
}

/// A boundary without a session is told from one with an empty session.
pub async fn no_session_and_an_empty_session_are_two_payloads(store: impl Door) {
    let (id, without, with) = (runtime("r"), receipt(0), receipt(1));
    store.atomic_apply(&id, None, without.clone(), vec![], None).await.unwrap();
    store.atomic_apply(&id, Some(snapshot("")), with.clone(), vec![], None).await.unwrap();
    for (receipt, session) in [(without, Some(snapshot(""))), (with, None)] {
        let outcome = store.atomic_apply(&id, session, receipt, vec![], None).await;
        assert!(matches!(outcome, Err(RuntimeStoreError::Conflict(_))), "{outcome:?}");
    }
}

/// The name under which a receipt's row keeps the fingerprint of its payload is no receipt's member.
pub async fn a_receipt_with_a_member_of_burrows_own_is_refused(store: impl Door) {
    let (id, mut receipt) = (runtime("r"), receipt(0));
    receipt.extra.insert("burrow_payload".into(), "1".parse().unwrap());
    let outcome = store.atomic_apply(&id, Some(snapshot("1")), receipt.clone(), vec![queued()], None).await;
    let Err(error @ RuntimeStoreError::InvalidInput { .. }) = outcome else { panic!("{outcome:?}") };
    assert!(error.to_string().contains("burrow_payload"), "{error}");
    assert_eq!(holdings(&store, &id, &receipt).await, holdings(&store, &runtime("none"), &receipt).await);
}

pub async fn a_different_receipt_conflicts_and_writes_nothing(store: impl Door) {
    let (id, receipt) = (runtime("r"), receipt(0));
    store.atomic_apply(&id, Some(snapshot("1")), receipt.clone(), vec![queued()], None).await.unwrap();
    let before = holdings(&store, &id, &receipt).await;
    let mut unknown_member = receipt.clone();
    unknown_member.extra.insert("note".into(), "1".parse().unwrap());
    for different in [
        RunBoundaryReceipt { message_count: 4, ..receipt.clone() },
        RunBoundaryReceipt { boundary: RunBoundary::Immediate, ..receipt.clone() },
        RunBoundaryReceipt { conversation_digest: None, ..receipt.clone() },
        unknown_member,
    ] {
        let outcome = store.atomic_apply(&id, Some(snapshot("2")), different, vec![queued()], None).await;
        assert!(matches!(outcome, Err(RuntimeStoreError::Conflict(_))), "{outcome:?}");
        assert_eq!(holdings(&store, &id, &receipt).await, before);
    }
}

pub async fn sequences_are_exact_to_the_last_digit(store: impl Door) {
    let (id, first) = (runtime("r"), receipt(0));
    let sequences = [0, 9, 10, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, u64::MAX - 1, u64::MAX];
    for sequence in sequences {
        let receipt = RunBoundaryReceipt { sequence, message_count: sequence, ..first.clone() };
        store.atomic_apply(&id, None, receipt, vec![], None).await.unwrap();
    }
    for sequence in sequences {
        let stored = store.load_boundary_receipt(&id, &first.run_id, sequence).await.unwrap().unwrap();
        assert_eq!((stored.sequence, stored.message_count), (sequence, sequence));
    }
}

pub async fn a_session_key_must_be_the_snapshots_id(store: impl Door) {
    let (id, receipt, key) = (runtime("r"), receipt(0), SessionId::new());
    let before = holdings(&store, &id, &receipt).await;
    let another = SessionId::new();
    for (wrong, found) in [
        (format!(r#"{{"id":"{another}"}}"#), another.to_string()),
        ("{}".into(), "missing".into()),
        (r#"{"id":7}"#.into(), "missing or not a UUID".into()),
        ("not json".into(), "missing or not a UUID".into()),
    ] {
        let outcome = store.atomic_apply(&id, Some(snapshot(&wrong)), receipt.clone(), vec![queued()], Some(key)).await;
        let Err(RuntimeStoreError::SessionKeyMismatch { expected, actual }) = outcome else { panic!("{outcome:?}") };
        assert_eq!(expected, key);
        assert!(actual.contains(&found), "{actual}");
        assert_eq!(holdings(&store, &id, &receipt).await, before);
    }
}

pub async fn a_session_key_that_matches_is_accepted(store: impl Door) {
    let (receipt, key) = (receipt(0), SessionId::new());
    let id = crate::LogicalRuntimeId::for_session(key);
    // However deep it is nested: only documents have a limit.
    let (open, close) = ("[".repeat(1000), "]".repeat(1000));
    let session = snapshot(&format!(r#"{{"version":2,"messages":{open}{close},"id":"{key}"}}"#));
    store.atomic_apply(&id, Some(session.clone()), receipt, vec![], Some(key)).await.unwrap();
    assert_eq!(store.load_session_snapshot(&id).await.unwrap().as_deref(), Some(&*session.session_snapshot));
}

pub async fn a_session_key_without_a_snapshot_is_ignored(store: impl Door) {
    let (id, receipt) = (runtime("r"), receipt(0));
    store.atomic_apply(&id, None, receipt.clone(), vec![], Some(SessionId::new())).await.unwrap();
    assert_eq!(store.load_boundary_receipt(&id, &receipt.run_id, 0).await.unwrap(), Some(receipt));
}

pub async fn no_runtime_is_named_by_the_raw_session_id(store: impl Door) {
    let (id, receipt, key) = (runtime("r"), receipt(0), SessionId::new());
    let session = snapshot(&format!(r#"{{"id":"{key}"}}"#));
    store.atomic_apply(&id, Some(session), receipt.clone(), vec![queued()], Some(key)).await.unwrap();
    let raw = runtime(&key.to_string());
    assert_eq!(store.load_session_snapshot(&raw).await.unwrap(), None);
    assert_eq!(store.load_input_states(&raw).await.unwrap(), []);
    assert_eq!(store.load_boundary_receipt(&raw, &receipt.run_id, 0).await.unwrap(), None);
}

pub async fn a_boundary_without_a_snapshot_keeps_the_last_one(store: impl Door) {
    let id = runtime("r");
    store.commit_session_snapshot(&id, snapshot("1")).await.unwrap();
    store.atomic_apply(&id, None, receipt(0), vec![], None).await.unwrap();
    assert_eq!(store.load_session_snapshot(&id).await.unwrap().as_deref(), Some(&b"1"[..]));
}

pub async fn runs_and_receipts_of_a_runtime_are_listed_in_pages(store: impl Door) {
    let id = runtime("r");
    let sequences = [0, 9, 10, 1 << 53, (1 << 63) - 1, 1 << 63, u64::MAX];
    let mut firsts = [receipt(0), receipt(0), receipt(0)];
    firsts.sort_by_key(|receipt| receipt.run_id);
    let mut expected = Vec::new();
    for first in &firsts {
        expected.extend(sequences.map(|sequence| RunBoundaryReceipt { sequence, ..first.clone() }));
    }
    for receipt in expected.iter().rev() {
        store.atomic_apply(&id, None, receipt.clone(), vec![], None).await.unwrap();
    }
    store.atomic_apply(&runtime("rr"), None, receipt(0), vec![], None).await.unwrap();

    let mut listed: Vec<RunBoundaryReceipt> = Vec::new();
    loop {
        let after = listed.last().map(|receipt| (&receipt.run_id, receipt.sequence));
        let page = store.list_receipts(&id, after, 4).await.unwrap();
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    assert_eq!(listed, expected);

    let runs = store.store().list_runs(&id, None, 2).await.unwrap();
    assert_eq!(runs, [firsts[0].run_id, firsts[1].run_id]);
    assert_eq!(store.store().list_runs(&id, runs.last(), 2).await.unwrap(), [firsts[2].run_id]);
}

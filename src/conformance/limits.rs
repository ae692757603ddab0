use crate::{
    Json, LabelPatch, Labels, LogicalRuntimeId, MetadataScope, MetadataStoreError, PersistedOpsSnapshot,
    RunBoundaryReceipt, RuntimeState, RuntimeStoreError, SessionDelta, StoredInputState, limits,
};

use super::{
    door::Door,
    samples::{holdings, queued, receipt, runtime},
};

fn session(size: usize) -> SessionDelta {
    SessionDelta::new(vec![7; size])
}

/// A JSON string of this many bytes.
fn text(size: usize) -> Json {
    format!("\"{}\"", "x".repeat(size - 2)).parse().unwrap()
}

/// A JSON value that is nested so deep.
fn nested(levels: usize) -> Json {
    ["[".repeat(levels), "]".repeat(levels)].concat().parse().unwrap()
}

fn input(note: &Json) -> StoredInputState {
    StoredInputState { extra: [("note".to_owned(), note.clone())].into(), ..queued() }
}

fn receipt_with(note: &Json) -> RunBoundaryReceipt {
    RunBoundaryReceipt { extra: [("note".to_owned(), note.clone())].into(), ..receipt(0) }
}

fn registry(note: &Json) -> PersistedOpsSnapshot {
    let cursors = r#"{"agent_applied_cursor":1,"runtime_observed_seq":2,"runtime_last_injected_seq":3}"#;
    let json = format!(
        r#"{{"epoch_id":"e","authority_state":{},"operation_specs":{{}},"completion_entries":[],"cursors":{cursors}}}"#,
        note.as_str()
    );
    serde_json::from_str(&json).unwrap()
}

/// The argument of an error that must be `InvalidInput`.
fn refused<T: std::fmt::Debug>(outcome: Result<T, RuntimeStoreError>) -> String {
    match outcome {
        Err(error @ RuntimeStoreError::InvalidInput { .. }) if error.is_retryable() => panic!("{error}"),
        Err(RuntimeStoreError::InvalidInput { argument, .. }) => argument,
        other => panic!("not refused: {:?}", other.map(drop)),
    }
}

fn io(outcome: Result<(), MetadataStoreError>) -> Result<(), RuntimeStoreError> {
    outcome.map_err(RuntimeStoreError::from)
}

async fn write_each(store: &impl Door, id: &LogicalRuntimeId, note: &Json) -> [Result<(), RuntimeStoreError>; 5] {
    let step = RuntimeState::Initializing.step(RuntimeState::Idle).unwrap();
    [
        store.persist_input_state(id, &input(note)).await,
        store.atomic_apply(id, None, receipt_with(note), vec![], None).await,
        store.atomic_apply(id, None, receipt(0), vec![queued(), input(note)], None).await,
        store.persist_ops_lifecycle(id, &registry(note)).await,
        store.commit_machine_lifecycle(id, step, &[input(note)]).await,
    ]
}

pub async fn a_snapshot_that_is_too_large_is_refused_alone(store: impl Door) {
    let id = runtime("r");
    let before = holdings(&store, &id, &receipt(0)).await;
    let large = || session(limits::SNAPSHOT + 1);
    let [alone, with_it, after] = [
        store.commit_session_snapshot(&id, large()).await,
        store.atomic_apply(&id, Some(large()), receipt(0), vec![queued()], None).await,
        store.commit_session_snapshot(&runtime("other"), session(10)).await,
    ];
    assert_eq!([refused(alone), refused(with_it)], ["session", "session"]);
    after.unwrap();
    assert_eq!(refused(store.persist_auth_oauth_flow_snapshot(&large().session_snapshot).await), "flows");
    let update = Box::new(|_: Option<&[u8]>| Ok(vec![7; limits::SNAPSHOT + 1]));
    assert_eq!(refused(store.update_auth_oauth_flow_snapshot(update).await), "what update returns");
    assert_eq!(store.load_auth_oauth_flow_snapshot().await.unwrap(), None);
    assert_eq!(holdings(&store, &id, &receipt(0)).await, before);
}

pub async fn a_snapshot_as_large_as_may_be_is_read_again(store: impl Door) {
    let id = runtime("r");
    let largest = session(limits::SNAPSHOT);
    store.commit_session_snapshot(&id, largest.clone()).await.unwrap();
    assert!(store.load_session_snapshot(&id).await.unwrap().as_deref() == Some(&*largest.session_snapshot));
}

pub async fn a_document_that_is_too_large_is_refused_by_every_write(store: impl Door) {
    let id = runtime("r");
    let told = write_each(&store, &id, &text(limits::DOCUMENT)).await.map(refused);
    let arguments = ["input", "receipt", "input", "snapshot", "input"];
    for (told, argument) in told.iter().zip(arguments) {
        assert!(told == argument || (argument == "input" && told == "inputs"), "{told}");
    }
    let scope = MetadataScope::Mob("m".to_owned());
    let large: Labels = [("a".to_owned(), "x".repeat(limits::DOCUMENT))].into();
    let half: Labels = [("b".to_owned(), "x".repeat(limits::DOCUMENT / 2))].into();
    let other: Labels = [("c".to_owned(), "x".repeat(limits::DOCUMENT / 2))].into();
    assert_eq!(refused(io(store.set_labels(&scope, large.clone()).await)), "labels");
    refused(store.compare_and_set_labels(&scope, Labels::new(), large).await);
    store.set_labels(&scope, half.clone()).await.unwrap();
    // Each is small enough, and both together are not.
    let patch = LabelPatch { set: other, remove: vec![] };
    assert_eq!(refused(store.patch_labels(&scope, patch).await), "patch.set");
    assert!(store.get_labels(&scope).await.unwrap() == half);
    assert_eq!(store.store().list_runtimes(None, 1).await.unwrap(), []);
}

pub async fn a_document_is_nested_as_deep_in_every_write(store: impl Door) {
    let id = runtime("r");
    // The document itself is one level.
    let deepest = nested(limits::LEVELS - 1);
    let too_deep = nested(limits::LEVELS);
    for outcome in write_each(&store, &id, &too_deep).await {
        refused(outcome);
    }
    assert_eq!(store.store().list_runtimes(None, 1).await.unwrap(), []);
    for written in write_each(&store, &id, &deepest).await {
        written.unwrap();
    }
    assert_eq!(store.load_input_states(&id).await.unwrap().len(), 4);
    assert_eq!(store.list_receipts(&id, None, 10).await.unwrap().len(), 2);
    assert_eq!(store.load_ops_lifecycle(&id).await.unwrap(), Some(registry(&deepest)));
}

pub async fn a_call_that_brings_too_much_is_refused_alone(store: impl Door) {
    let id = runtime("r");
    let input = input(&text(limits::DOCUMENT - 2000));
    let inputs = vec![input; (limits::CALL - limits::SNAPSHOT) / limits::DOCUMENT + 1];
    let large = store.atomic_apply(&id, Some(session(limits::SNAPSHOT)), receipt(0), inputs, None).await;
    assert_eq!(refused(large), "inputs");
    assert_eq!(store.store().list_runtimes(None, 1).await.unwrap(), []);
    store.atomic_apply(&id, Some(session(1)), receipt(0), vec![queued()], None).await.unwrap();
}

pub async fn an_id_that_is_too_long_names_nothing(store: impl Door) {
    let long = "x".repeat(limits::KEY + 1);
    let id = runtime(&long);
    assert_eq!(refused(store.commit_session_snapshot(&id, session(1)).await), "runtime_id");
    let mob = MetadataScope::Mob(long.clone());
    let labels: Labels = [("a".to_owned(), "b".to_owned())].into();
    for outcome in [store.set_labels(&mob, labels.clone()).await, store.set_subscription_cursor(mob.mob_id(), 1).await]
    {
        assert_eq!(refused(io(outcome)), "mob_id");
    }
    assert_eq!(store.get_labels(&mob).await.unwrap(), Labels::new());
    assert_eq!(store.load_session_snapshot(&id).await.unwrap(), None);
    let longest = MetadataScope::Mob(long[1..].to_owned());
    store.set_labels(&longest, labels.clone()).await.unwrap();
    assert_eq!(store.list_labels_for_mob(longest.mob_id()).await.unwrap(), [(longest, labels)]);
}

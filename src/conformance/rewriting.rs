use std::sync::{Arc, Mutex};

use crate::{RuntimeStore, RuntimeStoreError, SessionDelta, Store, StoredInputState, WatchScope, engine::Engine};

use super::samples::{at_once, queued, runtime, snapshot};

fn anew(input: &StoredInputState) -> StoredInputState {
    StoredInputState { persisted_input: Some(r#"{"burrow_seal":"AAAA"}"#.parse().unwrap()), ..input.clone() }
}

pub async fn only_what_was_seen_is_written_anew(store: Store<impl Engine>) {
    let (id, input) = (runtime("r"), queued());
    let large = || SessionDelta::new(vec![7; 200_000]);
    store.commit_session_snapshot(&id, large()).await.unwrap();
    store.persist_input_state(&id, &input).await.unwrap();
    // Others of the same length, the beginning alone, and nothing.
    for seen in [SessionDelta::new(vec![8; 200_000]), SessionDelta::new(vec![7; 60 * 1024]), snapshot("")] {
        assert!(!store.rewrite_session_snapshot(&id, seen, snapshot("x")).await.unwrap());
    }
    let other = StoredInputState { attempt_count: 9, ..input.clone() };
    assert!(!store.rewrite_input_state(&id, other, anew(&input)).await.unwrap());
    let refused = store.rewrite_input_state(&id, input.clone(), queued()).await;
    assert!(matches!(refused, Err(RuntimeStoreError::InvalidInput { .. })), "{refused:?}");
    let claim = store.claim(&id).await.unwrap();
    let refused = claim.rewrite_session_snapshot(&id, large(), snapshot("x")).await;
    assert!(matches!(refused, Err(RuntimeStoreError::Unsupported(_))), "{refused:?}");
    assert!(store.load_session_snapshot(&id).await.unwrap() == Some(vec![7; 200_000]));
    assert_eq!(store.load_input_states(&id).await.unwrap(), std::slice::from_ref(&input));

    assert!(store.rewrite_session_snapshot(&id, large(), snapshot("2")).await.unwrap());
    assert!(store.rewrite_input_state(&id, input.clone(), anew(&input)).await.unwrap());
    assert_eq!(store.load_session_snapshot(&id).await.unwrap().as_deref(), Some(&b"2"[..]));
    assert_eq!(store.load_input_states(&id).await.unwrap(), [anew(&input)]);
    // Whoever holds the runtime writes on.
    claim.commit_session_snapshot(&id, snapshot("3")).await.unwrap();
}

pub async fn what_is_gone_is_not_made_again(store: Store<impl Engine>) {
    let (id, input) = (runtime("r"), queued());
    store.commit_session_snapshot(&id, snapshot("1")).await.unwrap();
    store.persist_input_state(&id, &input).await.unwrap();
    store.delete_runtime(&id).await.unwrap();
    assert!(!store.rewrite_session_snapshot(&id, snapshot("1"), snapshot("2")).await.unwrap());
    assert!(!store.rewrite_session_snapshot(&id, snapshot(""), snapshot("2")).await.unwrap());
    assert!(!store.rewrite_input_state(&id, input.clone(), anew(&input)).await.unwrap());
    assert_eq!(store.list_runtimes(None, 1).await.unwrap(), []);
}

pub async fn watchers_are_told_nothing_of_what_is_written_anew(store: Store<impl Engine>) {
    let (id, input) = (runtime("r"), queued());
    store.commit_session_snapshot(&id, snapshot("1")).await.unwrap();
    store.persist_input_state(&id, &input).await.unwrap();
    let changes = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&changes);
    let _watch = store.watch(WatchScope::Everything, move |change| told.lock().unwrap().push(change.clone()));
    assert!(store.rewrite_session_snapshot(&id, snapshot("1"), snapshot("2")).await.unwrap());
    assert!(store.rewrite_input_state(&id, input.clone(), anew(&input)).await.unwrap());
    assert_eq!(*changes.lock().unwrap(), []);
    store.commit_session_snapshot(&id, snapshot("3")).await.unwrap();
    assert_eq!(changes.lock().unwrap().len(), 1);
}

pub async fn of_those_who_write_one_record_anew_at_once_one_does(store: Store<impl Engine>) {
    let id = runtime("r");
    store.commit_session_snapshot(&id, snapshot("0")).await.unwrap();
    let texts: Vec<String> = (1..9).map(|n| n.to_string()).collect();
    let outcomes =
        at_once(texts.iter().map(|text| store.rewrite_session_snapshot(&id, snapshot("0"), snapshot(text)))).await;
    let won: Vec<_> = outcomes.into_iter().map(Result::unwrap).zip(&texts).filter(|(won, _)| *won).collect();
    assert_eq!(won.len(), 1);
    let stored = store.load_session_snapshot(&id).await.unwrap().unwrap();
    assert_eq!(stored, won.first().unwrap().1.as_bytes());
}

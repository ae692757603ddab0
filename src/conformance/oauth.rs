use crate::{RuntimeStore, RuntimeStoreError, Store, engine::Engine};

pub async fn the_flows_come_back_byte_for_byte(store: Store<impl Engine>) {
    assert_eq!(store.load_auth_oauth_flow_snapshot().await.unwrap(), None);
    for snapshot in [&br#"{ "flows": [] }"#[..], b"", &[0, 255], &[7; 200_000]] {
        store.persist_auth_oauth_flow_snapshot(snapshot).await.unwrap();
        assert!(store.load_auth_oauth_flow_snapshot().await.unwrap().as_deref() == Some(snapshot));
    }
}

pub async fn an_update_sees_what_is_stored(store: Store<impl Engine>) {
    for expected in ["", "x", "xx"] {
        let update = move |stored: Option<&[u8]>| {
            assert_eq!(stored.unwrap_or_default(), expected.as_bytes());
            Ok([expected.as_bytes(), b"x"].concat())
        };
        store.update_auth_oauth_flow_snapshot(Box::new(update)).await.unwrap();
    }
    assert_eq!(store.load_auth_oauth_flow_snapshot().await.unwrap().as_deref(), Some(&b"xxx"[..]));
}

pub async fn an_update_that_fails_changes_nothing(store: Store<impl Engine>) {
    store.persist_auth_oauth_flow_snapshot(b"kept").await.unwrap();
    let refusal = || RuntimeStoreError::Conflict("the flow was consumed".into());
    let outcome = store.update_auth_oauth_flow_snapshot(Box::new(move |_| Err(refusal()))).await;
    assert!(matches!(outcome, Err(RuntimeStoreError::Conflict(reason)) if reason == "the flow was consumed"));
    assert_eq!(store.load_auth_oauth_flow_snapshot().await.unwrap().as_deref(), Some(&b"kept"[..]));
}

/// Each adds one to a counter: none may see the number that another is about to replace.
pub async fn updates_at_once_are_each_a_step_of_their_own(store: Store<impl Engine>) {
    let add_one = |stored: Option<&[u8]>| {
        let count: u32 = stored.map_or(0, |stored| std::str::from_utf8(stored).unwrap().parse().unwrap());
        Ok((count + 1).to_string().into_bytes())
    };
    let updates = (0..50).map(|_| store.update_auth_oauth_flow_snapshot(Box::new(add_one)));
    for outcome in super::samples::at_once(updates).await {
        outcome.unwrap();
    }
    assert_eq!(store.load_auth_oauth_flow_snapshot().await.unwrap().as_deref(), Some(&b"50"[..]));
}

/// On wasm32 a panic ends the instance, so there is nobody left to ask.
#[cfg(not(target_arch = "wasm32"))]
pub async fn a_panic_in_an_update_changes_nothing(store: Store<impl Engine>) {
    use futures_util::FutureExt;

    store.persist_auth_oauth_flow_snapshot(b"kept").await.unwrap();
    let update = store.update_auth_oauth_flow_snapshot(Box::new(|_| panic!("the updater's own bug")));
    let outcome = std::panic::AssertUnwindSafe(update).catch_unwind().await;
    assert!(!matches!(outcome, Ok(Ok(()))), "a panic is no success");
    assert_eq!(store.load_auth_oauth_flow_snapshot().await.unwrap().as_deref(), Some(&b"kept"[..]));
    store.persist_auth_oauth_flow_snapshot(b"usable").await.unwrap();
}

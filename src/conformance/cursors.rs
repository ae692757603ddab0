use crate::{MetadataStoreError, PersistentMetadataStore, RuntimeStoreError, Store, engine::Engine};

pub async fn a_cursor_never_set_is_none(store: Store<impl Engine>) {
    assert_eq!(store.get_subscription_cursor("m").await.unwrap(), None);
}

pub async fn a_cursor_is_exact_to_the_last_digit(store: Store<impl Engine>) {
    for cursor in [0, 1, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, u64::MAX] {
        store.set_subscription_cursor("m", cursor).await.unwrap();
        assert_eq!(store.get_subscription_cursor("m").await.unwrap(), Some(cursor));
    }
}

pub async fn each_mob_has_its_own(store: Store<impl Engine>) {
    store.set_subscription_cursor("m", 1).await.unwrap();
    store.set_subscription_cursor("mm", 2).await.unwrap();
    assert_eq!(store.get_subscription_cursor("m").await.unwrap(), Some(1));
    assert_eq!(store.get_subscription_cursor("mm").await.unwrap(), Some(2));
}

pub async fn an_empty_mob_is_refused(store: Store<impl Engine>) {
    for outcome in [store.get_subscription_cursor("").await.map(drop), store.set_subscription_cursor("", 1).await] {
        let Err(MetadataStoreError::Io(RuntimeStoreError::InvalidInput { argument, .. })) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(argument, "mob_id");
    }
}

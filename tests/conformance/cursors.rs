use burrow::{MetadataStoreError, RuntimeStoreError};

use super::Contract;

pub async fn a_cursor_never_set_is_none(store: impl Contract) {
    assert_eq!(store.get_subscription_cursor("m").await.unwrap(), None);
}

pub async fn a_cursor_is_exact_to_the_last_digit(store: impl Contract) {
    for cursor in [0, 1, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, u64::MAX] {
        store.set_subscription_cursor("m", cursor).await.unwrap();
        assert_eq!(store.get_subscription_cursor("m").await.unwrap(), Some(cursor));
    }
}

pub async fn each_mob_has_its_own(store: impl Contract) {
    store.set_subscription_cursor("m", 1).await.unwrap();
    store.set_subscription_cursor("mm", 2).await.unwrap();
    assert_eq!(store.get_subscription_cursor("m").await.unwrap(), Some(1));
    assert_eq!(store.get_subscription_cursor("mm").await.unwrap(), Some(2));
}

pub async fn an_empty_mob_is_refused(store: impl Contract) {
    for outcome in [store.get_subscription_cursor("").await.map(drop), store.set_subscription_cursor("", 1).await] {
        let Err(MetadataStoreError::Io(RuntimeStoreError::InvalidInput { argument, .. })) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!(argument, "mob_id");
    }
}

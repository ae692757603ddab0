use std::sync::{Arc, Mutex};

use crate::{ChangeKind, LabelPatch, Labels, MetadataScope, PersistentMetadataStore, RuntimeStoreError, WatchScope};

use super::{door::Door, samples::at_once};

const BEYOND_A_DOUBLE: u64 = (1 << 53) + 1;

fn run() -> MetadataScope {
    MetadataScope::Run("m".into(), "r".into())
}

fn labels<const N: usize>(pairs: [(&str, &str); N]) -> Labels {
    pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect()
}

fn patch<const S: usize, const R: usize>(set: [(&str, &str); S], remove: [&str; R]) -> LabelPatch {
    LabelPatch { set: labels(set), remove: remove.map(str::to_owned).into() }
}

fn is_conflict<T: std::fmt::Debug>(outcome: Result<T, RuntimeStoreError>) -> bool {
    matches!(outcome, Err(RuntimeStoreError::Conflict(_)))
}

pub async fn a_patch_changes_what_it_names_and_nothing_else(store: impl Door) {
    let scope = run();
    // Where there are no labels yet; to remove what is not there is no error.
    let first = labels([("env", "dev"), ("__proto__", "x")]);
    let now = store.patch_labels(&scope, patch([("env", "dev"), ("__proto__", "x")], ["team"])).await.unwrap();
    assert_eq!((now, store.get_labels(&scope).await.unwrap()), (first.clone(), first));

    let second = labels([("env", "prod"), ("team", "a")]);
    let now = store.patch_labels(&scope, patch([("env", "prod"), ("team", "a")], ["__proto__"])).await.unwrap();
    assert_eq!((now, store.get_labels(&scope).await.unwrap()), (second.clone(), second.clone()));
    assert_eq!(store.patch_labels(&scope, LabelPatch::default()).await.unwrap(), second);

    // Without labels there is no entry.
    assert_eq!(store.patch_labels(&scope, patch([], ["env", "team"])).await.unwrap(), Labels::new());
    assert_eq!(store.list_labels_for_mob("m").await.unwrap(), []);
}

pub async fn a_patch_that_cannot_be_made_changes_nothing(store: impl Door) {
    let scope = run();
    store.set_labels(&scope, labels([("env", "dev")])).await.unwrap();
    for (scope, patch) in [
        (scope.clone(), patch([("env", "prod"), ("team", "a")], ["env"])),
        (MetadataScope::Mob(String::new()), patch([("env", "prod")], [])),
        (MetadataScope::Run("m".into(), String::new()), patch([("env", "prod")], [])),
    ] {
        let refused = store.patch_labels(&scope, patch).await;
        assert!(matches!(refused, Err(RuntimeStoreError::InvalidInput { .. })), "{refused:?}");
    }
    let expected = [(scope, labels([("env", "dev")]))];
    assert_eq!(store.list_labels_for_mob("m").await.unwrap(), expected);
}

pub async fn patches_made_at_once_all_count(store: impl Door) {
    let scope = run();
    let names: Vec<String> = (0..20).map(|n| format!("key {n}")).collect();
    let add = names.iter().map(|name| store.patch_labels(&scope, patch([(name, "x")], [])));
    for outcome in at_once(add).await {
        outcome.unwrap();
    }
    assert_eq!(store.get_labels(&scope).await.unwrap().len(), names.len());
}

pub async fn labels_are_set_only_where_they_are_the_expected_ones(store: impl Door) {
    let (scope, none) = (run(), Labels::new());
    let (dev, prod) = (labels([("env", "dev"), ("team", "a")]), labels([("env", "prod")]));
    assert!(is_conflict(store.compare_and_set_labels(&scope, dev.clone(), prod.clone()).await));
    assert_eq!(store.list_labels_for_mob("m").await.unwrap(), []);
    store.compare_and_set_labels(&scope, none.clone(), dev.clone()).await.unwrap();
    assert!(is_conflict(store.compare_and_set_labels(&scope, none.clone(), prod.clone()).await));
    assert!(is_conflict(store.compare_and_set_labels(&scope, labels([("env", "dev")]), prod.clone()).await));
    assert_eq!(store.get_labels(&scope).await.unwrap(), dev);
    store.compare_and_set_labels(&scope, dev, prod.clone()).await.unwrap();
    assert_eq!(store.get_labels(&scope).await.unwrap(), prod);
    store.compare_and_set_labels(&scope, prod, none).await.unwrap();
    assert_eq!(store.list_labels_for_mob("m").await.unwrap(), []);
}

pub async fn of_comparisons_made_at_once_one_wins(store: impl Door) {
    let scope = run();
    let names: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let own = |name: &String| labels([("owner", name)]);
    let take = names.iter().map(|name| store.compare_and_set_labels(&scope, Labels::new(), own(name)));
    let outcomes = at_once(take).await;
    let won: Vec<_> = names.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok()).collect();
    assert_eq!(won.len(), 1, "{outcomes:?}");
    assert!(outcomes.iter().all(|outcome| outcome.is_ok() || is_conflict(outcome.clone())), "{outcomes:?}");
    assert_eq!(store.get_labels(&scope).await.unwrap(), own(won[0].0));
}

pub async fn a_cursor_advances_and_never_moves_back(door: impl Door) {
    let store = door.store();
    assert_eq!(store.advance_subscription_cursor("m", 7).await.unwrap(), 7);
    assert_eq!(store.advance_subscription_cursor("m", 3).await.unwrap(), 7);
    assert_eq!(store.advance_subscription_cursor("m", 7).await.unwrap(), 7);
    assert_eq!(store.get_subscription_cursor("m").await.unwrap(), Some(7));
    let advance = (1..=20).map(|n| store.advance_subscription_cursor("m", BEYOND_A_DOUBLE + n % 7));
    for outcome in at_once(advance).await {
        assert!(outcome.unwrap() > BEYOND_A_DOUBLE - 1);
    }
    assert_eq!(store.get_subscription_cursor("m").await.unwrap(), Some(BEYOND_A_DOUBLE + 6));
    assert_eq!(store.advance_subscription_cursor("m", u64::MAX).await.unwrap(), u64::MAX);
    let refused = store.advance_subscription_cursor("", 1).await;
    assert!(matches!(refused, Err(RuntimeStoreError::InvalidInput { .. })), "{refused:?}");
}

pub async fn a_cursor_is_set_only_where_it_is_the_expected_one(door: impl Door) {
    let store = door.store();
    assert!(is_conflict(store.compare_and_set_subscription_cursor("m", Some(0), 1).await));
    assert_eq!(store.get_subscription_cursor("m").await.unwrap(), None);
    store.compare_and_set_subscription_cursor("m", None, BEYOND_A_DOUBLE).await.unwrap();
    assert!(is_conflict(store.compare_and_set_subscription_cursor("m", None, 1).await));
    assert!(is_conflict(store.compare_and_set_subscription_cursor("m", Some(BEYOND_A_DOUBLE - 1), 1).await));
    assert_eq!(store.get_subscription_cursor("m").await.unwrap(), Some(BEYOND_A_DOUBLE));
    // Back too, for who says from where.
    store.compare_and_set_subscription_cursor("m", Some(BEYOND_A_DOUBLE), 1).await.unwrap();
    assert_eq!(store.get_subscription_cursor("m").await.unwrap(), Some(1));
}

pub async fn watchers_are_told_of_what_a_merge_changed(door: impl Door) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let listener = move |change: &crate::Change| heard.lock().unwrap().extend(change.kinds.clone());
    let watch = door.store().watch(WatchScope::Everything, listener);
    door.patch_labels(&run(), patch([("env", "dev")], [])).await.unwrap();
    door.store().advance_subscription_cursor("m", 7).await.unwrap();
    assert_eq!(*told.lock().unwrap(), [ChangeKind::Labels, ChangeKind::Cursor]);
    // Nothing changes.
    door.patch_labels(&run(), patch([("env", "dev")], ["team"])).await.unwrap();
    door.store().advance_subscription_cursor("m", 6).await.unwrap();
    assert!(is_conflict(door.compare_and_set_labels(&run(), Labels::new(), Labels::new()).await));
    assert_eq!(told.lock().unwrap().len(), 2);
    drop(watch);
}

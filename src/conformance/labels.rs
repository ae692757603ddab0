use crate::{Labels, MetadataScope, MetadataStoreError, RuntimeStoreError};

use super::door::Door;

fn mob(id: &str) -> MetadataScope {
    MetadataScope::Mob(id.into())
}

fn run(mob: &str, run: &str) -> MetadataScope {
    MetadataScope::Run(mob.into(), run.into())
}

fn labels<const N: usize>(pairs: [(&str, &str); N]) -> Labels {
    pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect()
}

pub async fn set_replaces_wholesale(store: impl Door) {
    store.set_labels(&mob("m"), labels([("env", "dev"), ("team", "a")])).await.unwrap();
    store.set_labels(&mob("m"), labels([("env", "prod")])).await.unwrap();
    assert_eq!(store.get_labels(&mob("m")).await.unwrap(), labels([("env", "prod")]));
}

pub async fn an_empty_set_clears(store: impl Door) {
    store.set_labels(&mob("m"), labels([("env", "dev")])).await.unwrap();
    store.set_labels(&mob("m"), Labels::new()).await.unwrap();
    assert_eq!(store.get_labels(&mob("m")).await.unwrap(), Labels::new());
    assert_eq!(store.list_labels_for_mob("m").await.unwrap(), []);
}

pub async fn get_is_empty_where_there_are_none(store: impl Door) {
    assert_eq!(store.get_labels(&mob("m")).await.unwrap(), Labels::new());
    assert_eq!(store.get_labels(&run("m", "r")).await.unwrap(), Labels::new());
}

pub async fn delete_returns_the_previous_set(store: impl Door) {
    store.set_labels(&run("m", "r"), labels([("env", "dev")])).await.unwrap();
    assert_eq!(store.delete_labels(&run("m", "r")).await.unwrap(), labels([("env", "dev")]));
    assert_eq!(store.delete_labels(&run("m", "r")).await.unwrap(), Labels::new());
    assert_eq!(store.get_labels(&run("m", "r")).await.unwrap(), Labels::new());
}

pub async fn any_string_is_a_key(store: impl Door) {
    let odd = labels([("", ""), ("__proto__", "x"), ("constructor", "y"), ("a\0b", "\u{1F9E0}"), ("ключ", "~7E")]);
    store.set_labels(&mob("m"), odd.clone()).await.unwrap();
    assert_eq!(store.get_labels(&mob("m")).await.unwrap(), odd);
}

pub async fn two_mobs_with_the_same_run_never_meet(store: impl Door) {
    store.set_labels(&run("a", "r"), labels([("who", "a")])).await.unwrap();
    store.set_labels(&run("b", "r"), labels([("who", "b")])).await.unwrap();
    store.delete_labels(&run("b", "r")).await.unwrap();
    assert_eq!(store.get_labels(&run("a", "r")).await.unwrap(), labels([("who", "a")]));
}

/// The order is that of the run ids' UTF-8 bytes: UTF-16 units would put the last two the other way round.
pub async fn list_gives_the_mob_then_its_runs_in_order(store: impl Door) {
    let scopes = [
        mob("m"),
        run("m", "10"),
        run("m", "9"),
        run("m", "A"),
        run("m", "a"),
        run("m", "~"),
        run("m", "é"),
        run("m", "\u{FFFD}"),
        run("m", "\u{1F9E0}"),
    ];
    for scope in scopes.iter().rev() {
        store.set_labels(scope, labels([("of", scope.run_id().unwrap_or("mob"))])).await.unwrap();
    }
    let expected = scopes.map(|scope| {
        let labels = labels([("of", scope.run_id().unwrap_or("mob"))]);
        (scope, labels)
    });
    assert_eq!(store.list_labels_for_mob("m").await.unwrap(), expected);
}

pub async fn no_mob_is_a_prefix_of_another(store: impl Door) {
    for id in ["m", "mo", "m\0", "m/", "m~"] {
        store.set_labels(&mob(id), labels([("id", id)])).await.unwrap();
        store.set_labels(&run(id, "r"), labels([("run of", id)])).await.unwrap();
    }
    let expected = [(mob("m"), labels([("id", "m")])), (run("m", "r"), labels([("run of", "m")]))];
    assert_eq!(store.list_labels_for_mob("m").await.unwrap(), expected);
}

pub async fn an_empty_id_is_refused_and_changes_nothing(store: impl Door) {
    store.set_labels(&mob("m"), labels([("env", "dev")])).await.unwrap();
    let before = store.list_labels_for_mob("m").await.unwrap();
    for (scope, argument) in [(mob(""), "mob_id"), (run("", "r"), "mob_id"), (run("m", ""), "run_id")] {
        for outcome in [
            store.set_labels(&scope, labels([("a", "b")])).await.map(|()| Labels::new()),
            store.get_labels(&scope).await,
            store.delete_labels(&scope).await,
        ] {
            let Err(MetadataStoreError::Io(RuntimeStoreError::InvalidInput { argument: named, .. })) = outcome else {
                panic!("{scope:?} gave {outcome:?}")
            };
            assert_eq!(named, argument);
        }
    }
    assert!(store.list_labels_for_mob("").await.is_err());
    assert_eq!(store.list_labels_for_mob("m").await.unwrap(), before);
}

pub async fn labels_are_found_by_selector(store: impl Door) {
    let mob = |id: &str| MetadataScope::Mob(id.into());
    let run = MetadataScope::Run("b".into(), "r".into());
    let labels = |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    store.set_labels(&mob("a"), labels(&[("env", "dev"), ("repo", "a")])).await.unwrap();
    store.set_labels(&mob("b"), labels(&[("env", "dev"), ("repo", "b"), ("canary", "")])).await.unwrap();
    store.set_labels(&run, labels(&[("env", "prod")])).await.unwrap();
    let found = async |selector: &str| {
        let found = store.select_labels(&selector.parse().unwrap()).await.unwrap();
        found.into_iter().map(|(scope, _)| scope).collect::<Vec<_>>()
    };
    assert_eq!(found("env=dev,repo in (a,b),!canary").await, [mob("a")]);
    assert_eq!(found("env").await, [mob("a"), mob("b"), run.clone()]);
    assert_eq!(found("env!=dev").await, [run]);
    assert_eq!(found("missing").await, []);
}

use std::sync::{Arc, Mutex};

use crate::{
    Change, ChangeKind, ChangeScope, MetadataScope, PersistentMetadataStore, RuntimeMetadataTable,
    RuntimeState::{Idle, Initializing, Running},
    RuntimeStore, Store, Watch, WatchScope,
    engine::Engine,
};

use super::samples::{queued, receipt, runtime, snapshot};

/// Collects the changes in a scope.
fn collected(store: &Store<impl Engine>, scope: WatchScope) -> (Watch, impl Fn() -> Vec<Change>) {
    let changes = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&changes);
    let watch = store.watch(scope, move |change| told.lock().unwrap().push(change.clone()));
    (watch, move || std::mem::take(&mut *changes.lock().unwrap()))
}

fn of_runtime(id: &str, kinds: &[ChangeKind]) -> Change {
    Change { scope: ChangeScope::Runtime(runtime(id)), kinds: kinds.to_vec() }
}

fn of_mob(scope: MetadataScope, kind: ChangeKind) -> Change {
    Change { scope: ChangeScope::Mob(scope), kinds: vec![kind] }
}

pub async fn every_commit_is_told_once_with_what_it_changed(store: Store<impl Engine>) {
    let (_watch, changes) = collected(&store, WatchScope::Everything);
    let (id, mob, run) = (runtime("r"), MetadataScope::Mob("m".into()), MetadataScope::Run("m".into(), "r".into()));
    let labels = || [("env".to_owned(), "dev".to_owned())].into();
    let inputs = vec![queued(), queued()];
    store.atomic_apply(&id, Some(snapshot("1")), receipt(0), inputs, None).await.unwrap();
    store.commit_session_snapshot(&id, snapshot("2")).await.unwrap();
    store.persist_input_state(&id, &queued()).await.unwrap();
    store.commit_machine_lifecycle(&id, Initializing.step(Idle).unwrap(), &[queued()]).await.unwrap();
    store.claim(&id).await.unwrap();
    store.set_labels(&mob, labels()).await.unwrap();
    store.set_labels(&run, labels()).await.unwrap();
    store.delete_labels(&run).await.unwrap();
    store.set_subscription_cursor("m", 1).await.unwrap();
    assert_eq!(
        changes(),
        [
            of_runtime("r", &[ChangeKind::Session, ChangeKind::Inputs, ChangeKind::Receipt]),
            of_runtime("r", &[ChangeKind::Session]),
            of_runtime("r", &[ChangeKind::Inputs]),
            of_runtime("r", &[ChangeKind::Inputs, ChangeKind::State]),
            of_runtime("r", &[ChangeKind::Claim]),
            of_mob(mob.clone(), ChangeKind::Labels),
            of_mob(run.clone(), ChangeKind::Labels),
            of_mob(run, ChangeKind::Labels),
            of_mob(mob, ChangeKind::Cursor),
        ]
    );
}

pub async fn what_was_refused_or_done_before_is_not_told(store: Store<impl Engine>) {
    let (id, receipt) = (runtime("r"), receipt(0));
    store.atomic_apply(&id, None, receipt.clone(), vec![], None).await.unwrap();
    let (_watch, changes) = collected(&store, WatchScope::Everything);
    store.atomic_apply(&id, None, receipt, vec![], None).await.unwrap();
    store.commit_machine_lifecycle(&id, Idle.step(Running).unwrap(), &[]).await.unwrap_err();
    store.load_input_states(&id).await.unwrap();
    assert_eq!(changes(), []);
}

pub async fn a_watcher_sees_its_own_scope(store: Store<impl Engine>) {
    let (_mob, of_the_mob) = collected(&store, WatchScope::Mob("m".into()));
    let (_runtime, of_the_runtime) = collected(&store, WatchScope::Runtime(runtime("r")));
    let run = MetadataScope::Run("m".into(), "r".into());
    store.set_subscription_cursor("mm", 1).await.unwrap();
    store.commit_session_snapshot(&runtime("m"), snapshot("1")).await.unwrap();
    store.set_labels(&run, [("a".to_owned(), "b".to_owned())].into()).await.unwrap();
    store.commit_session_snapshot(&runtime("r"), snapshot("1")).await.unwrap();
    assert_eq!(of_the_mob(), [of_mob(run, ChangeKind::Labels)]);
    assert_eq!(of_the_runtime(), [of_runtime("r", &[ChangeKind::Session])]);
}

pub async fn a_watch_that_was_dropped_sees_nothing_more(store: Store<impl Engine>) {
    let (watch, changes) = collected(&store, WatchScope::Everything);
    let (_other, others) = collected(&store, WatchScope::Everything);
    drop(watch);
    store.set_subscription_cursor("m", 1).await.unwrap();
    assert_eq!((changes().len(), others().len()), (0, 1));
}

pub async fn a_claimed_handle_tells_the_same_watchers(store: Store<impl Engine>) {
    let claim = store.claim(&runtime("r")).await.unwrap();
    let (_watch, changes) = collected(&store, WatchScope::Everything);
    claim.commit_session_snapshot(&runtime("r"), snapshot("1")).await.unwrap();
    assert_eq!(changes(), [of_runtime("r", &[ChangeKind::Session])]);
}

//! Calls made at once. An engine may commit them together; each must come to what it would have come to alone, in the
//! order in which they began.

use std::{
    pin::pin,
    sync::{Arc, Mutex},
};

use crate::{
    ChangeScope, MetadataScope, PersistentMetadataStore, RunBoundaryReceipt, RuntimeMetadataTable,
    RuntimeState::{Idle, Initializing, Running},
    RuntimeStore, RuntimeStoreError, Store, WatchScope,
    engine::Engine,
};

use super::{
    model::{Dice, Model},
    samples::{at_once, holdings, queued, receipt, runtime, snapshot},
};

/// More than any engine commits together.
const MANY: u64 = 200;

pub async fn no_write_is_lost_or_made_twice(store: Store<impl Engine>) {
    let add_one = |_| {
        let add_one = |stored: Option<&[u8]>| {
            let stored: u64 = stored.map_or(0, |text| str::from_utf8(text).unwrap().parse().unwrap());
            Ok((stored + 1).to_string().into_bytes())
        };
        store.update_auth_oauth_flow_snapshot(Box::new(add_one))
    };
    for outcome in at_once((0..MANY).map(add_one)).await {
        outcome.unwrap();
    }
    let stored = store.load_auth_oauth_flow_snapshot().await.unwrap();
    assert_eq!(stored, Some(MANY.to_string().into_bytes()));

    let (id, inputs) = (runtime("r"), (0..MANY).map(|_| queued()).collect::<Vec<_>>());
    at_once(inputs.iter().map(|input| store.persist_input_state(&id, input))).await;
    assert_eq!(store.load_input_states(&id).await.unwrap(), inputs);
}

pub async fn each_runtimes_calls_keep_their_order(store: Store<impl Engine>) {
    let ids: Vec<_> = (0..8).map(|i| runtime(&format!("r{i}"))).collect();
    let steps = [(Initializing, Idle), (Idle, Running), (Running, Idle), (Idle, Running)];
    let calls = steps.iter().enumerate().flat_map(|(i, (from, to))| {
        let store = &store;
        ids.iter().map(move |id| async move {
            store.commit_machine_lifecycle(id, from.step(*to).unwrap(), &[queued()]).await?;
            store.commit_session_snapshot(id, snapshot(&i.to_string())).await
        })
    });
    for outcome in at_once(calls).await {
        outcome.unwrap();
    }
    for id in &ids {
        assert_eq!(store.load_runtime_state(id).await.unwrap(), Some(Running));
        assert_eq!(store.load_input_states(id).await.unwrap().len(), steps.len());
        assert_eq!(store.load_session_snapshot(id).await.unwrap().as_deref(), Some(&b"3"[..]));
    }
}

pub async fn a_later_call_sees_what_an_earlier_one_wrote(store: Store<impl Engine>) {
    let (id, first, run) = (runtime("r"), receipt(0), MetadataScope::Run("m".into(), "r".into()));
    let labels = [("env".to_owned(), "dev".to_owned())].into();
    let different = RunBoundaryReceipt { message_count: 99, ..first.clone() };
    let input = queued();
    let apply = |text, receipt| store.atomic_apply(&id, Some(snapshot(text)), receipt, vec![input.clone()], None);
    let (committed, again, conflict, dropped, set, were, were_no_more) = futures_util::join!(
        apply("first", first.clone()),
        apply("first", first.clone()),
        apply("different", different),
        apply("another", first.clone()),
        store.set_labels(&run, labels),
        store.delete_labels(&run),
        store.delete_labels(&run),
    );
    committed.unwrap();
    again.unwrap();
    assert!(matches!(conflict, Err(RuntimeStoreError::Conflict(_))), "{conflict:?}");
    assert!(matches!(dropped, Err(RuntimeStoreError::Conflict(_))), "{dropped:?}");
    set.unwrap();
    assert_eq!((were.unwrap().len(), were_no_more.unwrap().len()), (1, 0));
    assert_eq!(store.load_session_snapshot(&id).await.unwrap().as_deref(), Some(&b"first"[..]));
    assert_eq!(store.load_input_states(&id).await.unwrap().len(), 1);
    assert_eq!(store.load_boundary_receipt(&id, &first.run_id, 0).await.unwrap(), Some(first));
}

pub async fn who_is_refused_is_refused_alone(store: Store<impl Engine>) {
    let refused = [3, 17, 18, 39];
    let (ids, receipt) = ((0..40).map(|i| runtime(&format!("r{i}"))).collect::<Vec<_>>(), receipt(0));
    let before = holdings(&store, &ids[3], &receipt).await;
    let from = |i: usize| if refused.contains(&i) { Idle } else { Initializing };
    let step = |i: usize| from(i).step(from(i)).unwrap();
    let inputs = [queued(), queued()];
    let calls = ids.iter().enumerate().map(|(i, id)| store.commit_machine_lifecycle(id, step(i), &inputs));
    for (i, outcome) in at_once(calls).await.into_iter().enumerate() {
        match refused.contains(&i) {
            true => {
                assert!(matches!(outcome, Err(RuntimeStoreError::Conflict(_))), "{i}: {outcome:?}");
                assert_eq!(holdings(&store, &ids[i], &receipt).await, before);
            }
            false => {
                outcome.unwrap();
                assert_eq!(store.load_runtime_state(&ids[i]).await.unwrap(), Some(Initializing));
                assert_eq!(store.load_input_states(&ids[i]).await.unwrap().len(), 2);
            }
        }
    }
}

pub async fn a_claim_fences_those_who_come_after_it(store: Store<impl Engine>) {
    let (id, another) = (runtime("r"), runtime("another"));
    let old = store.claim(&id).await.unwrap();
    let (before, new, after, others) = futures_util::join!(
        old.commit_session_snapshot(&id, snapshot("before")),
        store.claim(&id),
        old.commit_session_snapshot(&id, snapshot("after")),
        store.commit_session_snapshot(&another, snapshot("another")),
    );
    before.unwrap();
    others.unwrap();
    let Err(RuntimeStoreError::Fenced { held, current, .. }) = after else { panic!("{after:?}") };
    assert_eq!((held, current), (old.epoch(), new.unwrap().epoch()));
    assert_eq!(store.load_session_snapshot(&id).await.unwrap().as_deref(), Some(&b"before"[..]));
}

pub async fn watchers_are_told_of_each_call_once_and_in_order(store: Store<impl Engine>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let _watch = store.watch(WatchScope::Everything, move |change| {
        if let ChangeScope::Runtime(id) = &change.scope {
            heard.lock().unwrap().push(id.as_str().parse::<u64>().unwrap());
        }
    });
    let ids: Vec<_> = (0..MANY).map(|i| runtime(&i.to_string())).collect();
    // Every tenth is refused, and is not told of.
    let step = |i: usize| if i % 10 == 9 { Idle.step(Idle).unwrap() } else { Initializing.step(Idle).unwrap() };
    at_once(ids.iter().enumerate().map(|(i, id)| store.commit_machine_lifecycle(id, step(i), &[]))).await;
    assert_eq!(*told.lock().unwrap(), (0..MANY).filter(|i| i % 10 != 9).collect::<Vec<_>>());
}

pub async fn a_read_sees_what_was_called_before_it(store: Store<impl Engine>) {
    for i in 0..20 {
        let (_, _, first, _, second) = futures_util::join!(
            store.set_subscription_cursor("m", i),
            store.set_subscription_cursor("another", i),
            store.get_subscription_cursor("m"),
            store.set_subscription_cursor("another", i),
            store.get_subscription_cursor("m"),
        );
        assert_eq!((first.unwrap(), second.unwrap()), (Some(i), Some(i)));
    }
}

pub async fn a_call_goes_on_when_its_caller_goes_away(store: Store<impl Engine>) {
    let ids: Vec<_> = (0..30).map(|i| runtime(&i.to_string())).collect();
    let stay = {
        let mut leave = pin!(at_once(ids.iter().skip(1).map(|id| store.atomic_apply(
            id,
            Some(snapshot("1")),
            receipt(0),
            vec![queued()],
            None
        ))));
        let stay = store.commit_session_snapshot(&ids[0], snapshot("1"));
        let _ = futures_util::poll!(leave.as_mut());
        stay
    };
    stay.await.unwrap();
    for id in &ids {
        assert_eq!(store.load_session_snapshot(id).await.unwrap().as_deref(), Some(&b"1"[..]), "{id}");
    }
}

/// Calls are begun at random moments, and some of their callers go away.
pub async fn any_interleaving_comes_to_what_the_model_says(store: Store<impl Engine>) {
    let mut model = Model::default();
    for seed in 1..=6 {
        let mut dice = Dice::new(seed, 5_000);
        for round in 0..4 {
            let mut operations: Vec<_> = (0..dice.random.usize(1..90)).map(|_| dice.operation()).collect();
            operations.retain(|operation| !operation.is_in_steps());
            let expected: Vec<_> = operations.iter().map(|operation| model.apply(operation.clone())).collect();
            let mut calls: Vec<_> =
                operations.iter().map(|operation| Some(Box::pin(operation.clone().run(&store)))).collect();
            let mut outcomes: Vec<_> = calls.iter().map(|_| None).collect();
            for begun in 1..=calls.len() {
                // The next one begins; then, or later, some of those before it are polled, in any order.
                let again = (0..dice.random.usize(..3)).map(|_| dice.random.usize(..begun)).collect::<Vec<_>>();
                for i in [begun - 1].into_iter().chain(again) {
                    if let (Some(call), None) = (&mut calls[i], &outcomes[i])
                        && let std::task::Poll::Ready(outcome) = futures_util::poll!(call.as_mut())
                    {
                        outcomes[i] = Some(outcome);
                    }
                }
                match dice.random.u8(..12) {
                    // Gives the engine a turn.
                    0 => drop(store.get_subscription_cursor("m").await.unwrap()),
                    1 => calls[dice.random.usize(..begun)] = None,
                    _ => {}
                }
            }
            for (i, call) in calls.into_iter().enumerate() {
                let outcome = match (outcomes[i].take(), call) {
                    (Some(outcome), _) => outcome,
                    (None, Some(call)) => call.await,
                    (None, None) => continue,
                };
                assert_eq!(outcome, expected[i], "seed {seed}, round {round}, call {i}: {:?}", operations[i]);
            }
            model.compare(&store).await;
        }
    }
}

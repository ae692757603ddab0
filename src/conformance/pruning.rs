use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
    task::Poll,
};

use crate::{
    InputId,
    InputLifecycleState::{Abandoned, Consumed, Queued},
    LogicalRuntimeId, Prune, Pruned, RunBoundaryReceipt, RunId,
    RuntimeState::{Idle, Initializing, Running},
    RuntimeStore, RuntimeStoreError, Store, StoredInputState,
    engine::Engine,
};

use super::samples::{at_once, input, queued, receipt, runtime, snapshot};

/// Commits the boundaries 0, 1, … of a new run.
async fn run_of(store: &Store<impl Engine>, id: &LogicalRuntimeId, boundaries: u64) -> RunId {
    let first = receipt(0);
    for sequence in 0..boundaries {
        let receipt = RunBoundaryReceipt { sequence, ..first.clone() };
        store.atomic_apply(id, None, receipt, vec![], None).await.unwrap();
    }
    first.run_id
}

async fn sequences(store: &Store<impl Engine>, id: &LogicalRuntimeId, run: &RunId) -> Vec<u64> {
    let receipts = store.list_receipts(id, None, 1000).await.unwrap();
    receipts.iter().filter(|receipt| receipt.run_id == *run).map(|receipt| receipt.sequence).collect()
}

fn receipts(keep: u64) -> Prune {
    Prune { keep_receipts: Some(keep), ..Prune::default() }
}

fn inputs(keep: u64) -> Prune {
    Prune { keep_terminal_inputs: Some(keep), ..Prune::default() }
}

pub async fn old_receipts_go_and_the_latest_stay(store: Store<impl Engine>) {
    let id = runtime("r");
    let (old, new) = (run_of(&store, &id, 4).await, run_of(&store, &id, 3).await);
    let other = run_of(&store, &runtime("s"), 2).await;
    assert_eq!(store.prune(&id, receipts(5)).await.unwrap(), Pruned { receipts: 2, inputs: 0 });
    assert_eq!(sequences(&store, &id, &old).await, [2, 3]);
    assert_eq!(sequences(&store, &id, &new).await, [0, 1, 2]);
    assert_eq!(store.prune(&id, receipts(5)).await.unwrap(), Pruned::default());
    // The last of all stays in any case.
    assert_eq!(store.prune(&id, receipts(0)).await.unwrap(), Pruned { receipts: 4, inputs: 0 });
    assert!(sequences(&store, &id, &old).await.is_empty());
    assert_eq!(sequences(&store, &id, &new).await, [2]);
    assert_eq!(sequences(&store, &runtime("s"), &other).await, [0, 1]);
}

pub async fn a_pruned_boundary_is_a_retry_and_another_one_a_conflict(store: Store<impl Engine>) {
    let id = runtime("r");
    let run = receipt(0);
    let of_run = |sequence| RunBoundaryReceipt { sequence, ..run.clone() };
    for sequence in 0..4 {
        store.atomic_apply(&id, Some(snapshot("as it was")), of_run(sequence), vec![], None).await.unwrap();
    }
    store.commit_session_snapshot(&id, snapshot("now")).await.unwrap();
    store.prune(&id, receipts(1)).await.unwrap();
    for sequence in 0..4 {
        // Of older ones only the last can be compared: whatever comes with the others, nothing of it is written.
        drop(store.atomic_apply(&id, Some(snapshot("another")), of_run(sequence), vec![queued()], None).await);
        store.atomic_apply(&id, Some(snapshot("as it was")), of_run(sequence), vec![], None).await.unwrap();
    }
    let another = store.atomic_apply(&id, Some(snapshot("another")), of_run(2), vec![], None).await;
    assert!(matches!(another, Err(RuntimeStoreError::Conflict(_))), "{another:?}");
    assert_eq!(store.load_session_snapshot(&id).await.unwrap(), Some(b"now".to_vec()));
    assert_eq!(store.load_input_states(&id).await.unwrap(), []);
    assert_eq!(sequences(&store, &id, &run.run_id).await, [3]);
    // The next boundary of the run is committed as before.
    store.atomic_apply(&id, Some(snapshot("next")), of_run(4), vec![], None).await.unwrap();
    assert_eq!(sequences(&store, &id, &run.run_id).await, [3, 4]);
}

pub async fn what_live_inputs_and_an_open_run_need_stays(store: Store<impl Engine>) {
    let id = runtime("r");
    let (held, named) = (run_of(&store, &id, 4).await, run_of(&store, &id, 2).await);
    let belongs = StoredInputState { last_run_id: Some(held), last_boundary_sequence: Some(2), ..queued() };
    let taken_in = queued();
    let receipt = RunBoundaryReceipt { run_id: named, sequence: 2, ..receipt(0) };
    let receipt = RunBoundaryReceipt { contributing_input_ids: vec![taken_in.input_id], ..receipt };
    store.atomic_apply(&id, None, receipt, vec![belongs, taken_in], None).await.unwrap();
    let last = run_of(&store, &id, 3).await;
    store.commit_machine_lifecycle(&id, Initializing.step(Idle).unwrap(), &[]).await.unwrap();
    store.commit_machine_lifecycle(&id, Idle.step(Running).unwrap(), &[]).await.unwrap();

    assert_eq!(store.prune(&id, receipts(0)).await.unwrap(), Pruned { receipts: 4, inputs: 0 });
    assert_eq!(sequences(&store, &id, &held).await, [2, 3]);
    assert_eq!(sequences(&store, &id, &named).await, [2]);
    assert_eq!(sequences(&store, &id, &last).await, [0, 1, 2]);

    store.commit_machine_lifecycle(&id, Running.step(Idle).unwrap(), &[]).await.unwrap();
    assert_eq!(store.prune(&id, receipts(0)).await.unwrap(), Pruned { receipts: 2, inputs: 0 });
    assert_eq!(sequences(&store, &id, &last).await, [2]);
}

pub async fn old_terminal_inputs_go(store: Store<impl Engine>) {
    let id = runtime("r");
    let mut all: Vec<_> = [Consumed, Queued, Abandoned, Consumed, Queued, Consumed].map(input).into();
    all.sort_by_key(|input| input.input_id);
    for input in &all {
        store.persist_input_state(&id, input).await.unwrap();
    }
    let needed = all.iter().find(|input| input.current_state == Consumed).unwrap().input_id;
    let receipt = RunBoundaryReceipt { contributing_input_ids: vec![needed], ..receipt(0) };
    store.atomic_apply(&id, None, receipt, vec![], None).await.unwrap();

    let terminal: Vec<InputId> =
        all.iter().filter(|input| input.current_state != Queued).map(|input| input.input_id).collect();
    assert_eq!(store.prune(&id, inputs(4)).await.unwrap(), Pruned::default());
    let pruned = store.prune(&id, inputs(1)).await.unwrap();
    let kept = |id: &InputId| *id == terminal[3] || *id == needed;
    assert_eq!(pruned, Pruned { receipts: 0, inputs: 4 - terminal.iter().filter(|id| kept(id)).count() as u64 });
    all.retain(|input| input.current_state == Queued || kept(&input.input_id));
    assert_eq!(store.load_input_states(&id).await.unwrap(), all);
}

pub async fn only_what_was_made_before_a_time_goes(store: Store<impl Engine>) {
    let id = runtime("r");
    run_of(&store, &id, 2).await;
    store.persist_input_state(&id, &input(Consumed)).await.unwrap();
    // An id of version 4, which has no time in it.
    let timeless = "0d0e6f5a-64b9-4cd7-9a0e-3c6a0f1b2c3d";
    let timeless_input = StoredInputState { input_id: timeless.parse().unwrap(), ..input(Consumed) };
    store.persist_input_state(&id, &timeless_input).await.unwrap();
    let timeless_receipt = RunBoundaryReceipt { run_id: timeless.parse().unwrap(), ..receipt(0) };
    store.atomic_apply(&id, None, timeless_receipt.clone(), vec![], None).await.unwrap();
    // The greatest id is the last boundary.
    let last = RunBoundaryReceipt { run_id: "ffffffff-ffff-7fff-bfff-ffffffffffff".parse().unwrap(), ..receipt(0) };
    store.atomic_apply(&id, None, last.clone(), vec![], None).await.unwrap();

    let before = |before| Prune { before: Some(before), ..Prune::default() };
    assert_eq!(store.prune(&id, before(1_000)).await.unwrap(), Pruned::default());
    assert_eq!(store.prune(&id, before(u64::MAX)).await.unwrap(), Pruned { receipts: 2, inputs: 1 });
    assert_eq!(store.load_input_states(&id).await.unwrap(), [timeless_input]);
    assert_eq!(store.list_receipts(&id, None, 10).await.unwrap(), [timeless_receipt, last]);
}

pub async fn a_dry_run_counts_and_prunes_nothing(store: Store<impl Engine>) {
    let id = runtime("r");
    let run = run_of(&store, &id, 3).await;
    for state in [Consumed, Consumed, Queued] {
        store.persist_input_state(&id, &input(state)).await.unwrap();
    }
    let before = store.counts(&id).await.unwrap();
    let prune = Prune { keep_receipts: Some(1), keep_terminal_inputs: Some(1), ..Prune::default() };
    let would = store.prune(&id, Prune { dry_run: true, ..prune }).await.unwrap();
    assert_eq!(would, Pruned { receipts: 2, inputs: 1 });
    assert_eq!(store.counts(&id).await.unwrap(), before);
    assert_eq!(sequences(&store, &id, &run).await, [0, 1, 2]);
    assert_eq!(store.prune(&id, prune).await.unwrap(), would);
}

pub async fn what_is_to_be_pruned_must_be_said(store: Store<impl Engine>) {
    let id = runtime("r");
    run_of(&store, &id, 2).await;
    for prune in [Prune::default(), Prune { dry_run: true, ..Prune::default() }] {
        let refused = store.prune(&id, prune).await;
        assert!(matches!(refused, Err(RuntimeStoreError::InvalidInput { .. })), "{refused:?}");
    }
    assert_eq!(store.counts(&id).await.unwrap().receipts, 2);
}

pub async fn many_rows_are_pruned_in_steps(store: Store<impl Engine>) {
    let id = runtime("r");
    let run = run_of(&store, &id, 450).await;
    let prune = Prune { dry_run: true, ..receipts(7) };
    assert_eq!(store.prune(&id, prune).await.unwrap().receipts, 443);
    assert_eq!(store.prune(&id, receipts(7)).await.unwrap().receipts, 443);
    assert_eq!(sequences(&store, &id, &run).await, (443..450).collect::<Vec<_>>());
}

pub async fn a_pruning_stops_between_its_steps_where_the_caller_says_so(store: Store<impl Engine>) {
    let id = runtime("r");
    let run = run_of(&store, &id, 450).await;
    let asked = AtomicUsize::new(0);
    // Once more than it goes on.
    let go_on = || asked.fetch_add(1, Ordering::Relaxed) < 1;
    assert_eq!(store.prune_while(&id, receipts(7), &go_on).await.unwrap().receipts, 200);
    assert_eq!(sequences(&store, &id, &run).await, (200..450).collect::<Vec<_>>());
    assert_eq!(store.prune_while(&id, receipts(7), &|| false).await.unwrap(), Pruned::default());
    assert_eq!(store.prune(&id, receipts(7)).await.unwrap().receipts, 243);
    for _ in 0..3 {
        store.persist_input_state(&id, &input(Consumed)).await.unwrap();
    }
    let inputs = Prune { keep_terminal_inputs: Some(0), ..Prune::default() };
    assert_eq!(store.prune_while(&id, inputs, &|| false).await.unwrap(), Pruned::default());
    assert_eq!(store.prune_while(&id, inputs, &|| true).await.unwrap().inputs, 3);
}

pub async fn what_is_committed_meanwhile_is_not_pruned(store: Store<impl Engine>) {
    for steps in 0..12 {
        let id = runtime(&format!("r{steps}"));
        run_of(&store, &id, 3).await;
        let taken_in = input(Consumed);
        let last = RunBoundaryReceipt { contributing_input_ids: vec![taken_in.input_id], ..receipt(0) };
        let commit = async || store.atomic_apply(&id, None, last.clone(), vec![taken_in.clone()], None).await.unwrap();
        prune_around(&store, &id, Prune { keep_terminal_inputs: Some(0), ..receipts(0) }, steps, commit).await;
        assert_eq!(store.load_last_receipt(&id, None).await.unwrap().as_ref(), Some(&last), "after {steps} steps");
        let stored = store.load_input_state(&id, &taken_in.input_id).await.unwrap();
        assert_eq!(stored, Some(taken_in), "after {steps} steps");
    }
}

/// Prunes, does something else after so many steps of that, and ends the pruning.
async fn prune_around(
    store: &Store<impl Engine>,
    id: &LogicalRuntimeId,
    prune: Prune,
    steps: usize,
    other: impl AsyncFnOnce(),
) {
    let mut pruning = pin!(store.prune(id, prune));
    for _ in 0..steps {
        if poll_fn(|context| Poll::Ready(pruning.as_mut().poll(context))).await.is_ready() {
            return other().await;
        }
        // The engine answers in order, so by now it has answered what the pruning asked for.
        store.load_runtime_state(id).await.unwrap();
    }
    other().await;
    pruning.await.unwrap();
}

pub async fn a_boundary_that_comes_late_meanwhile_is_not_pruned_while_its_input_lives(store: Store<impl Engine>) {
    for steps in 0..12 {
        let id = runtime(&format!("r{steps}"));
        let old = run_of(&store, &id, 1).await;
        run_of(&store, &id, 1).await;
        let live = queued();
        let late = RunBoundaryReceipt { run_id: old, sequence: 3, ..receipt(3) };
        let late = RunBoundaryReceipt { contributing_input_ids: vec![live.input_id], ..late };
        let commit = async || store.atomic_apply(&id, None, late.clone(), vec![live.clone()], None).await.unwrap();
        prune_around(&store, &id, receipts(0), steps, commit).await;
        assert!(sequences(&store, &id, &old).await.contains(&3), "after {steps} steps");
    }
}

pub async fn a_run_that_is_opened_meanwhile_loses_no_more_receipts(store: Store<impl Engine>) {
    for steps in 0..12 {
        let id = runtime(&format!("r{steps}"));
        let run = run_of(&store, &id, 3).await;
        store.commit_machine_lifecycle(&id, Initializing.step(Idle).unwrap(), &[]).await.unwrap();
        let mut opened_with = Vec::new();
        let open = async || {
            store.commit_machine_lifecycle(&id, Idle.step(Running).unwrap(), &[]).await.unwrap();
            opened_with = sequences(&store, &id, &run).await;
        };
        prune_around(&store, &id, receipts(0), steps, open).await;
        assert_eq!(sequences(&store, &id, &run).await, opened_with, "after {steps} steps");
    }
}

pub async fn what_an_open_run_takes_in_late_meanwhile_stays(store: Store<impl Engine>) {
    for steps in 0..12 {
        let id = runtime(&format!("r{steps}"));
        let (taken_in, run) = (input(Consumed), run_of(&store, &id, 3).await);
        store.persist_input_state(&id, &taken_in).await.unwrap();
        store.commit_machine_lifecycle(&id, Initializing.step(Idle).unwrap(), &[]).await.unwrap();
        store.commit_machine_lifecycle(&id, Idle.step(Running).unwrap(), &[]).await.unwrap();
        let last = RunBoundaryReceipt { run_id: run, ..receipt(9) };
        store.atomic_apply(&id, None, last.clone(), vec![], None).await.unwrap();
        let late = RunBoundaryReceipt { sequence: 5, contributing_input_ids: vec![taken_in.input_id], ..last };
        let commit = async || store.atomic_apply(&id, None, late, vec![taken_in.clone()], None).await.unwrap();
        prune_around(&store, &id, inputs(0), steps, commit).await;
        let stored = store.load_input_state(&id, &taken_in.input_id).await.unwrap();
        assert_eq!(stored, Some(taken_in), "after {steps} steps");
    }
}

pub async fn what_the_last_boundary_takes_in_when_it_is_made_anew_meanwhile_stays(store: Store<impl Engine>) {
    for steps in 0..12 {
        let id = runtime(&format!("r{steps}"));
        let (taken_in, run) = (input(Consumed), run_of(&store, &id, 1).await);
        store.persist_input_state(&id, &taken_in).await.unwrap();
        let last = RunBoundaryReceipt { run_id: run, ..receipt(0) };
        let anew = RunBoundaryReceipt { contributing_input_ids: vec![taken_in.input_id], ..last };
        let make_anew = async || {
            store.delete_run(&id, &run).await.unwrap();
            store.atomic_apply(&id, None, anew, vec![taken_in.clone()], None).await.unwrap();
        };
        prune_around(&store, &id, inputs(0), steps, make_anew).await;
        let stored = store.load_input_state(&id, &taken_in.input_id).await.unwrap();
        assert_eq!(stored, Some(taken_in), "after {steps} steps");
    }
}

pub async fn an_older_input_that_ends_meanwhile_costs_no_later_one(store: Store<impl Engine>) {
    for steps in 0..12 {
        let id = runtime(&format!("r{steps}"));
        let mut all: Vec<_> = (0..3).map(|_| input(Consumed)).collect();
        all.sort_by_key(|input| input.input_id);
        let live = StoredInputState { current_state: Queued, ..all[0].clone() };
        for input in [&live, &all[1], &all[2]] {
            store.persist_input_state(&id, input).await.unwrap();
        }
        let end = async || store.persist_input_state(&id, &all[0]).await.unwrap();
        prune_around(&store, &id, inputs(1), steps, end).await;
        let latest = store.load_input_state(&id, &all[2].input_id).await.unwrap();
        assert_eq!(latest.as_ref(), Some(&all[2]), "after {steps} steps");
    }
}

pub async fn several_that_prune_at_once_keep_what_each_is_to_keep(store: Store<impl Engine>) {
    let id = runtime("r");
    let run = run_of(&store, &id, 450).await;
    let mut terminal: Vec<_> = (0..450).map(|_| input(Consumed)).collect();
    terminal.sort_by_key(|input| input.input_id);
    at_once(terminal.iter().map(|input| store.persist_input_state(&id, input))).await;
    let prune = Prune { keep_terminal_inputs: Some(9), ..receipts(7) };
    let pruned = at_once([(); 3].map(|()| store.prune(&id, prune))).await;
    let sum = |count: fn(&Pruned) -> u64| pruned.iter().map(|pruned| count(pruned.as_ref().unwrap())).sum::<u64>();
    assert_eq!((sum(|pruned| pruned.receipts), sum(|pruned| pruned.inputs)), (443, 441));
    assert_eq!(sequences(&store, &id, &run).await, (443..450).collect::<Vec<_>>());
    assert_eq!(store.load_input_states(&id).await.unwrap(), terminal[441..]);
}

pub async fn a_boundary_that_never_was_is_committed_after_later_ones_were_pruned(store: Store<impl Engine>) {
    let id = runtime("r");
    let run = receipt(0);
    let of_run = |sequence| RunBoundaryReceipt { sequence, ..run.clone() };
    let commit = async |sequence, session: &str| {
        store.atomic_apply(&id, Some(snapshot(session)), of_run(sequence), vec![], None).await
    };
    for sequence in [1, 2, 6] {
        commit(sequence, "as it was").await.unwrap();
    }
    run_of(&store, &id, 1).await;
    assert_eq!(store.prune(&id, receipts(0)).await.unwrap().receipts, 3);
    for sequence in [4, 0, 5] {
        let session = format!("{sequence}");
        commit(sequence, &session).await.unwrap();
        assert_eq!(store.load_session_snapshot(&id).await.unwrap(), Some(session.clone().into_bytes()));
        // It is a boundary as any other.
        commit(sequence, &session).await.unwrap();
        let another = commit(sequence, "another").await;
        assert!(matches!(another, Err(RuntimeStoreError::Conflict(_))), "{another:?}");
    }
    assert_eq!(sequences(&store, &id, &run.run_id).await, [0, 4, 5]);
    // What is pruned now is behind what was before, which stays the proof.
    assert_eq!(store.prune(&id, receipts(0)).await.unwrap().receipts, 3);
    store.commit_session_snapshot(&id, snapshot("now")).await.unwrap();
    for sequence in [0, 1, 2, 4, 5, 6] {
        commit(sequence, "as it was").await.unwrap();
    }
    let another = commit(6, "another").await;
    assert!(matches!(another, Err(RuntimeStoreError::Conflict(_))), "{another:?}");
    assert_eq!(store.load_session_snapshot(&id).await.unwrap(), Some(b"now".to_vec()));
    commit(3, "late").await.unwrap();
    assert_eq!(store.load_session_snapshot(&id).await.unwrap(), Some(b"late".to_vec()));
}

pub async fn a_run_whose_id_has_no_time_keeps_its_receipts(store: Store<impl Engine>) {
    let id = runtime("r");
    let timeless = RunBoundaryReceipt { run_id: "0d0e6f5a-64b9-4cd7-9a0e-3c6a0f1b2c3d".parse().unwrap(), ..receipt(0) };
    for sequence in 0..3 {
        store.atomic_apply(&id, None, RunBoundaryReceipt { sequence, ..timeless.clone() }, vec![], None).await.unwrap();
    }
    let run = run_of(&store, &id, 3).await;
    assert_eq!(store.prune(&id, receipts(1)).await.unwrap().receipts, 2);
    assert_eq!(sequences(&store, &id, &timeless.run_id).await, [0, 1, 2]);
    assert_eq!(sequences(&store, &id, &run).await, [2]);
}

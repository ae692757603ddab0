//! Random sequences of operations, on a store and on a model that is too simple to be wrong.

use std::collections::BTreeMap;

use burrow::{
    InputId, Labels, MetadataScope, PersistentMetadataStore, RunBoundaryReceipt, RunId, RuntimeMetadataTable,
    RuntimeState, RuntimeStore, SessionDelta, Store, StoredInputState, engine::Engine,
};
use fastrand::Rng;

use super::{queued, receipt, runtime};

/// What the contract says, over plain maps.
#[derive(Default)]
struct Model {
    labels: BTreeMap<(String, String), Labels>,
    cursors: BTreeMap<String, u64>,
    inputs: BTreeMap<(String, InputId), StoredInputState>,
    receipts: BTreeMap<(String, RunId, u64), RunBoundaryReceipt>,
    snapshots: BTreeMap<String, Vec<u8>>,
    states: BTreeMap<String, RuntimeState>,
}

impl Model {
    fn set_labels(&mut self, (mob, run): (String, String), labels: Labels) {
        match labels.is_empty() {
            true => self.labels.remove(&(mob, run)),
            false => self.labels.insert((mob, run), labels),
        };
    }

    fn apply(
        &mut self,
        id: &str,
        session: Option<Vec<u8>>,
        receipt: RunBoundaryReceipt,
        inputs: Vec<StoredInputState>,
    ) -> bool {
        let key = (id.to_owned(), receipt.run_id, receipt.sequence);
        if let Some(stored) = self.receipts.get(&key) {
            return *stored == receipt;
        }
        self.receipts.insert(key, receipt);
        self.snapshots.extend(session.map(|session| (id.to_owned(), session)));
        self.inputs.extend(inputs.into_iter().map(|input| ((id.to_owned(), input.input_id), input)));
        true
    }

    fn step(&mut self, id: &str, from: RuntimeState, to: RuntimeState, inputs: Vec<StoredInputState>) -> bool {
        let stored = self.states.get(id).copied().unwrap_or_default();
        if stored == from {
            self.states.insert(id.to_owned(), to);
            self.inputs.extend(inputs.into_iter().map(|input| ((id.to_owned(), input.input_id), input)));
        }
        stored == from
    }
}

const NAMES: [&str; 6] = ["a", "ab", "~", "é", "\u{FFFD}", "\u{1F9E0}"];
const NUMBERS: [u64; 6] = [0, 1, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, u64::MAX];

pub async fn any_sequence_of_operations_leaves_what_the_model_says(store: Store<impl Engine>) {
    let mut random = Rng::with_seed(0x000b_0220);
    let mut model = Model::default();
    let runs = [RunId::new(), RunId::new()];
    let inputs: Vec<StoredInputState> = (0..6).map(|_| queued()).collect();
    for step in 0..300 {
        operate(&store, &mut model, &mut random, &runs, &inputs).await;
        if step % 20 == 0 {
            compare(&store, &model).await;
        }
    }
    compare(&store, &model).await;
}

async fn operate(
    store: &Store<impl Engine>,
    model: &mut Model,
    random: &mut Rng,
    runs: &[RunId],
    inputs: &[StoredInputState],
) {
    let name = NAMES[random.usize(..NAMES.len())];
    let id = runtime(name);
    let number = NUMBERS[random.usize(..NUMBERS.len())];
    let mut some_inputs: Vec<_> =
        (0..random.usize(..3)).map(|_| inputs[random.usize(..inputs.len())].clone()).collect();
    for input in &mut some_inputs {
        input.attempt_count = random.u32(..);
        input.last_boundary_sequence = Some(number);
    }
    match random.u8(..7) {
        0 => {
            let run = ["", "r", "\u{1F9E0}"][random.usize(..3)];
            let labels: Labels = (0..random.usize(..3)).map(|i| (i.to_string(), number.to_string())).collect();
            let scope = match run {
                "" => MetadataScope::Mob(name.into()),
                run => MetadataScope::Run(name.into(), run.into()),
            };
            if random.bool() {
                store.set_labels(&scope, labels.clone()).await.unwrap();
                model.set_labels((name.into(), run.into()), labels);
            } else {
                let deleted = store.delete_labels(&scope).await.unwrap();
                assert_eq!(deleted, model.labels.remove(&(name.into(), run.into())).unwrap_or_default());
            }
        }
        1 => {
            store.set_subscription_cursor(name, number).await.unwrap();
            model.cursors.insert(name.into(), number);
        }
        2 => {
            let session = vec![number as u8; random.usize(..130_000)];
            store.commit_session_snapshot(&id, SessionDelta::new(session.clone())).await.unwrap();
            model.snapshots.insert(name.into(), session);
        }
        3 | 4 => {
            let receipt = RunBoundaryReceipt {
                run_id: runs[random.usize(..runs.len())],
                message_count: random.u64(..2),
                ..receipt(number)
            };
            let session = random.bool().then(|| vec![random.u8(..); 9]);
            let delta = session.clone().map(SessionDelta::new);
            let outcome = store.atomic_apply(&id, delta, receipt.clone(), some_inputs.clone(), None).await;
            assert_eq!(outcome.is_ok(), model.apply(name, session, receipt, some_inputs), "{outcome:?}");
        }
        5 => {
            let (from, to) = (RuntimeState::ALL[random.usize(..4)], RuntimeState::ALL[random.usize(..4)]);
            if let Ok(step) = from.step(to) {
                let outcome = store.commit_machine_lifecycle(&id, step, &some_inputs).await;
                assert_eq!(outcome.is_ok(), model.step(name, from, to, some_inputs), "{outcome:?}");
            }
        }
        _ => {
            for input in some_inputs {
                store.persist_input_state(&id, &input).await.unwrap();
                model.inputs.insert((name.into(), input.input_id), input);
            }
        }
    }
}

async fn compare(store: &Store<impl Engine>, model: &Model) {
    for name in NAMES {
        let id = runtime(name);
        let of_name = |key: &String| key == name;
        let inputs: Vec<_> =
            model.inputs.iter().filter(|((id, _), _)| of_name(id)).map(|(_, input)| input.clone()).collect();
        assert_eq!(store.load_input_states(&id).await.unwrap(), inputs);
        assert!(store.load_session_snapshot(&id).await.unwrap().as_ref() == model.snapshots.get(name));
        assert_eq!(store.load_runtime_state(&id).await.unwrap().as_ref(), model.states.get(name));
        let receipts: Vec<_> =
            model.receipts.iter().filter(|((id, ..), _)| of_name(id)).map(|(_, receipt)| receipt.clone()).collect();
        assert_eq!(store.list_receipts(&id, None, 1000).await.unwrap(), receipts);
        let labels: Vec<_> =
            model.labels.iter().filter(|((mob, _), _)| of_name(mob)).map(|(_, labels)| labels.clone()).collect();
        let listed = store.list_labels_for_mob(name).await.unwrap();
        assert_eq!(listed.into_iter().map(|(_, labels)| labels).collect::<Vec<_>>(), labels);
        assert_eq!(store.get_subscription_cursor(name).await.unwrap().as_ref(), model.cursors.get(name));
    }
    for ((id, run, sequence), receipt) in &model.receipts {
        let stored = store.load_boundary_receipt(&runtime(id), run, *sequence).await.unwrap();
        assert_eq!(stored.as_ref(), Some(receipt));
    }
    let runtimes = NAMES.iter().filter(|name| {
        model.inputs.keys().any(|(id, _)| id == *name)
            || model.receipts.keys().any(|(id, ..)| id == *name)
            || model.snapshots.contains_key(**name)
            || model.states.contains_key(**name)
    });
    assert_eq!(store.list_runtimes(None, 100).await.unwrap(), runtimes.map(|name| runtime(name)).collect::<Vec<_>>());
    let mobs = NAMES
        .iter()
        .filter(|name| model.labels.keys().any(|(mob, _)| mob == *name) || model.cursors.contains_key(**name));
    assert_eq!(store.list_mobs(None, 100).await.unwrap(), mobs.copied().collect::<Vec<_>>());
}

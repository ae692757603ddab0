//! By hand, in memory: maps of cloned structs behind a mutex.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Mutex,
};

use burrow::{InputId, LogicalRuntimeId, RunBoundaryReceipt, RunId, SessionDelta, StoredInputState};

use super::contender::{Boundary, Contender};

#[derive(Default)]
pub struct Map(Mutex<HashMap<LogicalRuntimeId, Runtime>>);

#[derive(Default)]
struct Runtime {
    session: Option<SessionDelta>,
    receipts: HashMap<(RunId, u64), RunBoundaryReceipt>,
    inputs: BTreeMap<InputId, StoredInputState>,
}

impl Map {
    fn with<T>(&self, runtime: &LogicalRuntimeId, body: impl FnOnce(&mut Runtime) -> T) -> T {
        body(self.0.lock().unwrap().entry(runtime.clone()).or_default())
    }
}

impl Contender for Map {
    const BLOCKS: bool = true;

    async fn boundary(&self, runtime: &LogicalRuntimeId, Boundary { session, receipt, inputs }: Boundary) {
        self.with(runtime, |of| {
            of.session = Some(session);
            of.inputs.extend(inputs.into_iter().map(|input| (input.input_id, input)));
            of.receipts.insert((receipt.run_id, receipt.sequence), receipt);
        });
    }

    async fn input(&self, runtime: &LogicalRuntimeId, input: &StoredInputState) {
        self.with(runtime, |of| of.inputs.insert(input.input_id, input.clone()));
    }

    async fn inputs(&self, runtime: &LogicalRuntimeId) -> Vec<StoredInputState> {
        self.with(runtime, |of| of.inputs.values().cloned().collect())
    }

    async fn session(&self, runtime: &LogicalRuntimeId) -> Option<Vec<u8>> {
        self.with(runtime, |of| of.session.as_ref().map(|session| session.session_snapshot.to_vec()))
    }

    async fn receipt(&self, runtime: &LogicalRuntimeId, run: &RunId, sequence: u64) -> Option<RunBoundaryReceipt> {
        self.with(runtime, |of| of.receipts.get(&(*run, sequence)).cloned())
    }
}

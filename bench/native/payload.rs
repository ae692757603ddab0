//! What the workloads write, made ahead of the timed part and different each time.

use burrow::{
    InputDurability, InputId, InputLifecycleState, InputStateChange, Json, LogicalRuntimeId, RunBoundary,
    RunBoundaryReceipt, RunId, SessionDelta, StoredInputState, Timestamp,
};
use fastrand::Rng;

use super::contender::Boundary;

const SNAPSHOT_BYTES: usize = 32 * 1024;
const INPUT_BYTES: usize = 1100;
const INPUTS_PER_BOUNDARY: usize = 4;

/// Makes payloads of one run.
pub struct Payload {
    rng: Rng,
    run: RunId,
    sequence: u64,
    /// The length of an input's JSON without its text.
    bare: usize,
}

impl Payload {
    pub fn new() -> Self {
        let mut payload = Self { rng: Rng::with_seed(7), run: RunId::new(), sequence: 0, bare: 0 };
        payload.bare = serde_json::to_string(&payload.input_with("")).unwrap().len();
        payload
    }

    /// The next boundary of the run: a snapshot of 32 KB, a receipt, four inputs.
    pub fn boundary(&mut self) -> Boundary {
        let inputs: Vec<_> = (0..INPUTS_PER_BOUNDARY).map(|_| self.input()).collect();
        let receipt = RunBoundaryReceipt {
            contributing_input_ids: inputs.iter().map(|input| input.input_id).collect(),
            conversation_digest: Some(self.text(64)),
            message_count: 2 * self.sequence + 2,
            ..RunBoundaryReceipt::new(self.run, RunBoundary::RunCheckpoint, self.sequence)
        };
        self.sequence += 1;
        let snapshot = format!(r#"{{"messages":"{}"}}"#, self.text(SNAPSHOT_BYTES - 15));
        Boundary { session: SessionDelta::new(snapshot.into_bytes()), receipt, inputs }
    }

    /// An input whose JSON has 1.1 KB.
    pub fn input(&mut self) -> StoredInputState {
        let text = self.text(INPUT_BYTES - self.bare);
        self.input_with(&text)
    }

    fn input_with(&self, text: &str) -> StoredInputState {
        let at: Timestamp = "2026-11-22T02:48:30.193749452Z".parse().unwrap();
        let step =
            |from, to| InputStateChange { timestamp: at.clone(), from, to, reason: None, extra: Default::default() };
        let prompt = format!(r#"{{"input_type":"prompt","text":"{text}"}}"#);
        StoredInputState {
            input_id: InputId::new(),
            current_state: InputLifecycleState::Applied,
            policy: Some(r#"{"drain":"next_boundary","wake":true}"#.parse::<Json>().unwrap()),
            runtime_semantics: None,
            terminal_outcome: None,
            durability: Some(InputDurability::Durable),
            idempotency_key: None,
            attempt_count: 1,
            recovery_count: 0,
            history: vec![
                step(InputLifecycleState::Accepted, InputLifecycleState::Queued),
                step(InputLifecycleState::Queued, InputLifecycleState::Applied),
            ],
            reconstruction_source: None,
            persisted_input: Some(prompt.parse().unwrap()),
            last_run_id: Some(self.run),
            // Always of the same length, so that all inputs have one size.
            last_boundary_sequence: Some(1_000_000 + self.sequence),
            created_at: at.clone(),
            updated_at: at.clone(),
            extra: Default::default(),
        }
    }

    fn text(&mut self, length: usize) -> String {
        (0..length).map(|_| self.rng.alphanumeric()).collect()
    }
}

/// The runtime with this number.
pub fn runtime(number: usize) -> LogicalRuntimeId {
    LogicalRuntimeId::new(format!("rt:session:01a20127-b8f1-725e-bae9-{number:012}")).unwrap()
}

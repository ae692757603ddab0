//! The values that calls stand for, as the store takes and gives them.

use std::collections::BTreeSet;

use burrow::{
    InputId, InputLifecycleState, LogicalRuntimeId, MetadataScope, OpsCursors, PersistedOpsSnapshot, RunBoundary,
    RunBoundaryReceipt, RunId, SessionId, StoredInputState, Timestamp,
};

use super::call::{Answer, Boundary, Prune, Receipt, Session, boundary_of, is_live};

pub fn mob(mob: u8) -> String {
    format!("mob-{mob}")
}

/// The mob's own scope for run 0.
pub fn scope(of: u8, run: u8) -> MetadataScope {
    match run {
        0 => MetadataScope::Mob(mob(of)),
        run => MetadataScope::Run(mob(of), format!("run-{run}")),
    }
}

pub fn run_of(scope: &MetadataScope) -> u8 {
    scope.run_id().map_or(0, |run| digits(run) as u8)
}

pub fn runtime(runtime: u8) -> LogicalRuntimeId {
    LogicalRuntimeId::new(format!("agent-{runtime}")).unwrap()
}

pub fn run(run: u8) -> RunId {
    uuid(0xa0 + run).parse().unwrap()
}

pub fn session_id(runtime: u8) -> SessionId {
    uuid(0xb0 + runtime).parse().unwrap()
}

fn input_id(input: u8) -> InputId {
    uuid(0xc0 + input).parse().unwrap()
}

fn uuid(number: u8) -> String {
    format!("01a20127-b8f1-725e-bae9-39a85b9ab5{number:02x}")
}

/// The number that a value of ours ends with.
fn digits(text: &str) -> u64 {
    let from = text.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    text[from..].parse().unwrap_or(u64::MAX)
}

pub fn snapshot(runtime: u8, session: Session) -> Vec<u8> {
    let id = if session.own { session_id(runtime).to_string() } else { uuid(0xff) };
    format!(r#"{{"id":"{id}","version":{}}}"#, session.version).into_bytes()
}

pub fn read_snapshot(runtime: u8, bytes: &[u8]) -> Result<Session, Answer> {
    let text = String::from_utf8_lossy(bytes);
    let version = digits(text.trim_end_matches('}')) as u16;
    let candidates = [true, false].map(|own| Session { own, version });
    let found = candidates.into_iter().find(|session| snapshot(runtime, *session) == bytes);
    found.ok_or_else(|| Answer::Strange(text.into_owned()))
}

pub fn input(id: u8, version: u16) -> StoredInputState {
    let now: Timestamp = "2026-11-22T02:48:30Z".parse().unwrap();
    StoredInputState {
        input_id: input_id(id),
        current_state: if is_live(version) { InputLifecycleState::Queued } else { InputLifecycleState::Consumed },
        policy: None,
        runtime_semantics: None,
        terminal_outcome: None,
        durability: None,
        idempotency_key: None,
        attempt_count: version.into(),
        recovery_count: 0,
        history: Vec::new(),
        reconstruction_source: None,
        persisted_input: None,
        last_run_id: boundary_of(version).map(|(of, _)| run(of)),
        last_boundary_sequence: boundary_of(version).map(|(_, sequence)| sequence),
        created_at: now.clone(),
        updated_at: now,
        extra: Default::default(),
    }
}

pub fn read_input_id(id: InputId) -> u8 {
    id.as_uuid().as_bytes()[15].wrapping_sub(0xc0)
}

pub fn read_input(found: &StoredInputState) -> Result<(u8, u16), Answer> {
    let (id, version) = (read_input_id(found.input_id), found.attempt_count as u16);
    if *found == input(id, version) { Ok((id, version)) } else { Err(Answer::Strange(format!("{found:?}"))) }
}

pub fn receipt(boundary: &Boundary) -> RunBoundaryReceipt {
    let receipt = RunBoundaryReceipt::new(run(boundary.run), RunBoundary::RunCheckpoint, boundary.sequence);
    let named: BTreeSet<_> = boundary.inputs.iter().map(|(id, _)| input_id(*id)).collect();
    let contributing_input_ids = named.into_iter().collect();
    RunBoundaryReceipt { message_count: boundary.message_count, contributing_input_ids, ..receipt }
}

pub fn read_receipt(found: &RunBoundaryReceipt) -> Receipt {
    (found.run_id.as_uuid().as_bytes()[15].wrapping_sub(0xa0), found.sequence, found.message_count)
}

pub fn prune(Prune { keep_receipts, keep_inputs, dry_run }: Prune) -> burrow::Prune {
    burrow::Prune { keep_receipts, keep_terminal_inputs: keep_inputs, before: None, dry_run }
}

pub fn ops(version: u64) -> PersistedOpsSnapshot {
    PersistedOpsSnapshot {
        epoch_id: "epoch".to_owned(),
        authority_state: "{}".parse().unwrap(),
        operation_specs: "{}".parse().unwrap(),
        completion_entries: "[]".parse().unwrap(),
        cursors: OpsCursors {
            agent_applied_cursor: version,
            runtime_observed_seq: version,
            runtime_last_injected_seq: 0,
            extra: Default::default(),
        },
        extra: Default::default(),
    }
}

pub fn read_ops(found: &PersistedOpsSnapshot) -> Result<u64, Answer> {
    let version = found.cursors.agent_applied_cursor;
    if *found == ops(version) { Ok(version) } else { Err(Answer::Strange(format!("{found:?}"))) }
}

/// The flows under way, one after the other.
pub fn flows(flows: &[u16]) -> Vec<u8> {
    flows.iter().flat_map(|flow| flow.to_be_bytes()).collect()
}

pub fn read_flows(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks(2).map(|flow| flow.iter().fold(0, |number, byte| number << 8 | u16::from(*byte))).collect()
}

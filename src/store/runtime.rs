//! The rules of [`RuntimeStore`].

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    OAuthFlowUpdate, Operation, RuntimeStore, Store,
    claim::Fence,
    payload::{Payload, StoredReceipt},
    recovery::{deletion, inputs, is_deleted},
    schema::{INPUTS, OAUTH_FLOWS, OPS, PRUNED, RECEIPTS, SESSIONS, SNAPSHOTS, STATES},
};
use crate::{
    engine::{Bytes, Digest, Engine, Key, Order, ReadSet, Reads, Result, Table, Text, Write},
    model::{
        Document, InputId, LogicalRuntimeId, MachineLifecycleCommit, PersistedOpsSnapshot, RunBoundaryReceipt, RunId,
        RuntimeState, RuntimeStoreError, SessionDelta, SessionId, StoredInputState, json::document::Stored, limits,
        random::salt,
    },
};

pub(crate) fn persist_oauth_flows(snapshot_json: &[u8]) -> Result<Operation<()>> {
    limits::snapshot("flows", snapshot_json.len())?;
    Ok(Operation::write(vec![OAUTH_FLOWS.put((OAUTH_FLOWS_ID,), Bytes::new(snapshot_json))]))
}

pub(crate) fn oauth_flows() -> Result<Operation<Option<Arc<Bytes>>>> {
    Ok(bytes(&OAUTH_FLOWS, (OAUTH_FLOWS_ID,)))
}

/// The name that errors give to the new snapshot.
pub(crate) const UPDATE: &str = "what update returns";

pub(crate) fn update_oauth_flows(mut update: OAuthFlowUpdate) -> Result<Operation<()>> {
    let mut reads = Reads::new();
    let stored = reads.get(&OAUTH_FLOWS, (OAUTH_FLOWS_ID,));
    Ok(Operation::transact(reads, move |seen| {
        let next = update(seen.one(stored)?.as_ref().map(|snapshot| &**snapshot.bytes()))?;
        limits::snapshot(UPDATE, next.len())?;
        Ok(vec![OAUTH_FLOWS.put((OAUTH_FLOWS_ID,), Bytes::new(next))])
    }))
}

pub(crate) fn commit_session(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    session: &SessionDelta,
) -> Result<Operation<()>> {
    let session = Bytes::new(session.session_snapshot.clone());
    Operation::write_runtime(fence, runtime_id, vec![put_snapshot(runtime_id, session)?])
}

pub(crate) fn commit_boundary(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    session: Option<&SessionDelta>,
    receipt: Document<RunBoundaryReceipt>,
    inputs: Vec<Document<StoredInputState>>,
    session_key: Option<SessionId>,
) -> Result<Operation<()>> {
    let mut writes = Vec::with_capacity(inputs.len() + 3);
    let salt = salt()?;
    // For the sum of the snapshot and for the fingerprint.
    let digest = session.map(|session| Digest::of(salt, &session.session_snapshot));
    if let (Some(session), Some(digest)) = (session, digest) {
        if let Some(key) = session_key {
            session.check_session_key(key)?;
            writes.push(SESSIONS.put((&key,), Text(runtime_id.to_string())));
        }
        let session = Bytes::with_digest(session.session_snapshot.clone(), digest);
        writes.push(put_snapshot(runtime_id, session)?);
    }
    limits::call(
        "inputs",
        session.map_or(0, |session| session.session_snapshot.len()) + receipt.size() + size(&inputs),
    )?;
    writes.extend(inputs.iter().map(|input| put_input(runtime_id, input)));
    let (run_id, sequence) = *receipt.key();
    let key = receipt_key(runtime_id, &run_id, sequence);
    let payload = Payload { session: session.cloned(), inputs, session_key };
    let receipt = Arc::new(StoredReceipt { receipt, payload: Some(payload.fingerprint(salt, digest)) });
    writes.push(RECEIPTS.put(key.clone(), receipt.clone()));

    let mut reads = Reads::new();
    let stored = reads.get_predicting(&RECEIPTS, key, None);
    let pruned = reads.get_predicting(&PRUNED, (runtime_id, &run_id), None);
    let decide = move |seen: &ReadSet| {
        // Of all receipts of a run that were pruned, only the last is kept and can be compared.
        let pruned = seen.one(pruned)?.filter(|proof| proof.covers(sequence));
        let (stored, pruned) = (seen.one(stored)?, pruned.as_ref().map(|proof| proof.last()));
        let differs = match stored.as_deref().or(pruned) {
            None => return Ok(writes.clone()),
            Some(last) if last.receipt.key().1 > sequence => return Ok(Vec::new()),
            Some(stored) if stored.receipt != receipt.receipt => "a different receipt",
            Some(stored) if stored.payload.is_some_and(|fingerprint| !payload.has(fingerprint)) => {
                "the same receipt and another payload (its session, inputs or session key)"
            }
            // A retry: the first commit's acknowledgement was lost.
            Some(_) => return Ok(Vec::new()),
        };
        Err(RuntimeStoreError::Conflict(format!(
            "boundary {sequence} of run {run_id} is committed with {differs}; nothing was written"
        )))
    };
    Operation::transact_runtime(fence, runtime_id, reads, decide)
}

pub(crate) fn input(
    runtime_id: &LogicalRuntimeId,
    input_id: &InputId,
) -> Result<Operation<Option<Document<StoredInputState>>>> {
    let mut reads = Reads::new();
    let deletion = deletion(&mut reads, runtime_id);
    let input = reads.get(&INPUTS, (runtime_id, input_id));
    Ok(Operation::read(reads, move |seen| {
        if is_deleted(seen, deletion) { Ok(None) } else { Ok(seen.one(input)?.as_deref().cloned()) }
    }))
}

pub(crate) fn persist_input(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    input: Document<StoredInputState>,
) -> Result<Operation<()>> {
    Operation::write_runtime(fence, runtime_id, vec![put_input(runtime_id, &input)])
}

pub(crate) fn receipt(
    runtime_id: &LogicalRuntimeId,
    run_id: &RunId,
    sequence: u64,
) -> Result<Operation<Option<Document<RunBoundaryReceipt>>>> {
    let mut reads = Reads::new();
    let deletion = deletion(&mut reads, runtime_id);
    let stored = reads.get(&RECEIPTS, receipt_key(runtime_id, run_id, sequence));
    Ok(Operation::read(reads, move |seen| {
        let stored = if is_deleted(seen, deletion) { None } else { seen.one(stored)? };
        Ok(stored.map(|stored| stored.receipt.clone()))
    }))
}

pub(crate) fn session(runtime_id: &LogicalRuntimeId) -> Result<Operation<Option<Arc<Bytes>>>> {
    Ok(bytes(&SNAPSHOTS, (runtime_id,)))
}

pub(crate) fn state(runtime_id: &LogicalRuntimeId) -> Result<Operation<Option<RuntimeState>>> {
    Ok(document(&STATES, (runtime_id,)).map(|state| state.as_ref().map(Document::read).transpose()))
}

pub(crate) fn transition(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    commit: MachineLifecycleCommit,
    inputs: Vec<Document<StoredInputState>>,
) -> Result<Operation<()>> {
    limits::call("inputs", size(&inputs))?;
    let mut writes: Vec<_> = inputs.iter().map(|input| put_input(runtime_id, input)).collect();
    writes.push(STATES.put((runtime_id,), Document::new(commit.runtime_state())?));

    let mut reads = Reads::new();
    let key = (runtime_id,);
    let stored = match commit.expected() {
        // Usually the runtime is new and has no stored state.
        Some(RuntimeState::Initializing) => reads.get_predicting(&STATES, key, None),
        Some(state) => reads.get_predicting(&STATES, key, Some(Document::new(state)?)),
        None => reads.get(&STATES, key),
    };
    let decide = move |seen: &ReadSet| {
        let state = seen.one(stored)?.map(|state| state.read()).transpose()?.unwrap_or_default();
        commit.check(state)?;
        Ok(writes.clone())
    };
    Operation::transact_runtime(fence, runtime_id, reads, decide)
}

pub(crate) fn persist_ops(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    snapshot: Document<PersistedOpsSnapshot>,
) -> Result<Operation<()>> {
    Operation::write_runtime(fence, runtime_id, vec![OPS.put((runtime_id,), snapshot)])
}

pub(crate) fn ops(runtime_id: &LogicalRuntimeId) -> Result<Operation<Option<Document<PersistedOpsSnapshot>>>> {
    Ok(document(&OPS, (runtime_id,)))
}

/// Loads one document.
fn document<T: Stored>(table: &Table<Document<T>>, key: impl Into<Key>) -> Operation<Option<Document<T>>> {
    let mut reads = Reads::new();
    let document = reads.get(table, key);
    Operation::read(reads, move |seen| Ok(seen.one(document)?.as_deref().cloned()))
}

/// Loads one record of bytes.
fn bytes(table: &Table<Bytes>, key: impl Into<Key>) -> Operation<Option<Arc<Bytes>>> {
    let mut reads = Reads::new();
    let bytes = reads.get(table, key);
    Operation::read(reads, move |seen| seen.one(bytes))
}

/// The key of the one record that holds all OAuth flows.
pub(super) const OAUTH_FLOWS_ID: &str = "auth_oauth_flow_state";

fn put_snapshot(runtime_id: &LogicalRuntimeId, session: Bytes) -> Result<Write> {
    limits::snapshot("session", session.bytes().len())?;
    Ok(SNAPSHOTS.put((runtime_id,), session))
}

fn put_input(runtime_id: &LogicalRuntimeId, input: &Document<StoredInputState>) -> Write {
    INPUTS.put((runtime_id, input.key()), input.clone())
}

/// The bytes of all inputs together.
fn size(inputs: &[Document<StoredInputState>]) -> usize {
    inputs.iter().map(Document::size).sum()
}

/// Structs as documents.
fn documents(inputs: Vec<StoredInputState>) -> Result<Vec<Document<StoredInputState>>> {
    inputs.into_iter().map(Document::new).collect()
}

fn receipt_key(runtime_id: &LogicalRuntimeId, run_id: &RunId, sequence: u64) -> Key {
    (runtime_id, run_id, sequence).into()
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl<E: Engine> RuntimeStore for Store<E> {
    fn auth_authority_key(&self) -> Option<String> {
        self.engine.authority_key()
    }

    async fn persist_auth_oauth_flow_snapshot(&self, snapshot_json: &[u8]) -> Result<()> {
        self.run(persist_oauth_flows(snapshot_json)).await
    }

    async fn load_auth_oauth_flow_snapshot(&self) -> Result<Option<Vec<u8>>> {
        Ok(self.run(oauth_flows()).await?.map(|flows| flows.bytes().to_vec()))
    }

    async fn update_auth_oauth_flow_snapshot(&self, update: OAuthFlowUpdate) -> Result<()> {
        self.run(update_oauth_flows(update)).await
    }

    async fn commit_session_snapshot(&self, runtime_id: &LogicalRuntimeId, session: SessionDelta) -> Result<()> {
        self.run(commit_session(self.fence(), runtime_id, &session)).await
    }

    async fn atomic_apply(
        &self,
        runtime_id: &LogicalRuntimeId,
        session_delta: Option<SessionDelta>,
        receipt: RunBoundaryReceipt,
        inputs: Vec<StoredInputState>,
        session_key: Option<SessionId>,
    ) -> Result<()> {
        let session = session_delta.as_ref();
        let (receipt, inputs) = (Document::new(receipt)?, documents(inputs)?);
        self.run(commit_boundary(self.fence(), runtime_id, session, receipt, inputs, session_key)).await
    }

    async fn load_input_states(&self, runtime_id: &LogicalRuntimeId) -> Result<Vec<StoredInputState>> {
        self.run(inputs(runtime_id, None, None, Order::Ascending)).await?.iter().map(Document::read).collect()
    }

    async fn load_input_state(
        &self,
        runtime_id: &LogicalRuntimeId,
        input_id: &InputId,
    ) -> Result<Option<StoredInputState>> {
        self.run(input(runtime_id, input_id)).await?.map(|found| found.read()).transpose()
    }

    async fn persist_input_state(&self, runtime_id: &LogicalRuntimeId, input: &StoredInputState) -> Result<()> {
        self.run(persist_input(self.fence(), runtime_id, Document::new(input.clone())?)).await
    }

    async fn load_boundary_receipt(
        &self,
        runtime_id: &LogicalRuntimeId,
        run_id: &RunId,
        sequence: u64,
    ) -> Result<Option<RunBoundaryReceipt>> {
        self.run(receipt(runtime_id, run_id, sequence)).await?.map(|found| found.read()).transpose()
    }

    async fn load_session_snapshot(&self, runtime_id: &LogicalRuntimeId) -> Result<Option<Vec<u8>>> {
        Ok(self.run(session(runtime_id)).await?.map(|session| session.bytes().to_vec()))
    }

    async fn load_runtime_state(&self, runtime_id: &LogicalRuntimeId) -> Result<Option<RuntimeState>> {
        self.run(state(runtime_id)).await
    }

    async fn commit_machine_lifecycle(
        &self,
        runtime_id: &LogicalRuntimeId,
        commit: MachineLifecycleCommit,
        inputs: &[StoredInputState],
    ) -> Result<()> {
        self.run(transition(self.fence(), runtime_id, commit, documents(inputs.to_vec())?)).await
    }

    async fn persist_ops_lifecycle(
        &self,
        runtime_id: &LogicalRuntimeId,
        snapshot: &PersistedOpsSnapshot,
    ) -> Result<()> {
        self.run(persist_ops(self.fence(), runtime_id, Document::new(snapshot.clone())?)).await
    }

    async fn load_ops_lifecycle(&self, runtime_id: &LogicalRuntimeId) -> Result<Option<PersistedOpsSnapshot>> {
        self.run(ops(runtime_id)).await?.map(|found| found.read()).transpose()
    }
}

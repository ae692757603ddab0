//! The rules of [`RuntimeStore`].

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    OAuthFlowUpdate, Operation, RuntimeStore, Store,
    claim::Fence,
    document::{Input, Receipt, Stored},
    schema::{INPUTS, OAUTH_FLOWS, OPS, RECEIPTS, SESSIONS, SNAPSHOTS, STATES},
};
use crate::{
    engine::{Bytes, Document, Engine, Key, Page, ReadSet, Reads, Result, Table, Text, Write},
    model::{
        InputId, LogicalRuntimeId, MachineLifecycleCommit, PersistedOpsSnapshot, RunBoundaryReceipt, RunId,
        RuntimeState, RuntimeStoreError, SessionDelta, SessionId, StoredInputState, wire::Wire,
    },
};

pub(crate) fn persist_oauth_flows(snapshot_json: &[u8]) -> Result<Operation<()>> {
    Ok(Operation::write(vec![OAUTH_FLOWS.put((OAUTH_FLOWS_ID,), Bytes(snapshot_json.into()))]))
}

pub(crate) fn oauth_flows() -> Result<Operation<Option<Vec<u8>>>> {
    Ok(bytes(&OAUTH_FLOWS, (OAUTH_FLOWS_ID,)))
}

pub(crate) fn update_oauth_flows(mut update: OAuthFlowUpdate) -> Result<Operation<()>> {
    let mut reads = Reads::new();
    let stored = reads.get(&OAUTH_FLOWS, (OAUTH_FLOWS_ID,));
    Ok(Operation::transact(reads, move |seen| {
        let next = update(seen.one(stored)?.as_ref().map(|snapshot| &*snapshot.0))?;
        Ok(vec![OAUTH_FLOWS.put((OAUTH_FLOWS_ID,), Bytes(next.into()))])
    }))
}

pub(crate) fn commit_session(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    session: &SessionDelta,
) -> Result<Operation<()>> {
    Operation::write_runtime(fence, runtime_id, vec![put_snapshot(runtime_id, session)])
}

pub(crate) fn commit_boundary<R: Receipt, I: Input>(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    session: Option<&SessionDelta>,
    receipt: R,
    inputs: Vec<I>,
    session_key: Option<SessionId>,
) -> Result<Operation<()>> {
    let mut writes = Vec::with_capacity(inputs.len() + 3);
    if let Some(session) = session {
        if let Some(key) = session_key {
            session.check_session_key(key)?;
            writes.push(SESSIONS.put((&key,), Text(runtime_id.to_string())));
        }
        writes.push(put_snapshot(runtime_id, session));
    }
    receipt.check()?;
    for input in inputs {
        writes.push(put_input(runtime_id, input)?);
    }
    let (run_id, sequence) = receipt.place()?;
    let key = receipt_key(runtime_id, &run_id, sequence);
    let receipt = Arc::new(Document(receipt));
    let receipts = RECEIPTS.holding::<Document<R>>();
    writes.push(receipts.put(key.clone(), receipt.clone()));

    let mut reads = Reads::new();
    let stored = reads.expect(&receipts, key, None);
    let decide = move |seen: &ReadSet| match seen.one(stored)? {
        None => Ok(writes.clone()),
        // It was committed before, and its acknowledgement was lost.
        Some(stored) if stored == receipt => Ok(Vec::new()),
        Some(_) => Err(RuntimeStoreError::Conflict(format!(
            "boundary {sequence} of run {run_id} is committed with a different receipt; nothing was written"
        ))),
    };
    Operation::transact_runtime(fence, runtime_id, reads, decide)
}

pub(crate) fn inputs<I: Input>(runtime_id: &LogicalRuntimeId) -> Result<Operation<Vec<I>>> {
    let mut reads = Reads::new();
    let inputs = reads.values(&INPUTS.holding::<Document<I>>(), (runtime_id,), Page::default());
    Ok(Operation::read(reads, move |seen| {
        Ok(seen.many(inputs)?.into_iter().map(|(_, input)| input.0.clone()).collect())
    }))
}

pub(crate) fn input<I: Input>(runtime_id: &LogicalRuntimeId, input_id: &InputId) -> Result<Operation<Option<I>>> {
    Ok(document(&INPUTS.holding(), (runtime_id, input_id)))
}

pub(crate) fn persist_input(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    input: impl Input,
) -> Result<Operation<()>> {
    Operation::write_runtime(fence, runtime_id, vec![put_input(runtime_id, input)?])
}

pub(crate) fn receipt<R: Receipt>(
    runtime_id: &LogicalRuntimeId,
    run_id: &RunId,
    sequence: u64,
) -> Result<Operation<Option<R>>> {
    Ok(document(&RECEIPTS.holding(), receipt_key(runtime_id, run_id, sequence)))
}

pub(crate) fn session(runtime_id: &LogicalRuntimeId) -> Result<Operation<Option<Vec<u8>>>> {
    Ok(bytes(&SNAPSHOTS, (runtime_id,)))
}

pub(crate) fn state(runtime_id: &LogicalRuntimeId) -> Result<Operation<Option<RuntimeState>>> {
    Ok(document(&STATES, (runtime_id,)))
}

pub(crate) fn transition(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    commit: MachineLifecycleCommit,
    inputs: Vec<impl Input>,
) -> Result<Operation<()>> {
    let mut writes = inputs.into_iter().map(|input| put_input(runtime_id, input)).collect::<Result<Vec<_>>>()?;
    writes.push(STATES.put((runtime_id,), Document(commit.runtime_state())));

    let mut reads = Reads::new();
    let key = (runtime_id,);
    let stored = match commit.expected() {
        // Most often the runtime is new, and has no state yet.
        Some(RuntimeState::Initializing) => reads.expect(&STATES, key, None),
        Some(state) => reads.expect(&STATES, key, Some(Document(state))),
        None => reads.get(&STATES, key),
    };
    let decide = move |seen: &ReadSet| {
        let state = seen.one(stored)?.map_or_else(RuntimeState::default, |state| state.0);
        commit.check(state)?;
        Ok(writes.clone())
    };
    Operation::transact_runtime(fence, runtime_id, reads, decide)
}

pub(crate) fn persist_ops(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    snapshot: impl Stored,
) -> Result<Operation<()>> {
    snapshot.check()?;
    Operation::write_runtime(
        fence,
        runtime_id,
        vec![OPS.holding::<Document<_>>().put((runtime_id,), Document(snapshot))],
    )
}

pub(crate) fn ops<O: Stored>(runtime_id: &LogicalRuntimeId) -> Result<Operation<Option<O>>> {
    Ok(document(&OPS.holding(), (runtime_id,)))
}

/// Loads one document.
fn document<T: Wire + Clone + Send + Sync + 'static>(
    table: &Table<Document<T>>,
    key: impl Into<Key>,
) -> Operation<Option<T>> {
    let mut reads = Reads::new();
    let document = reads.get(table, key);
    Operation::read(reads, move |seen| Ok(seen.one(document)?.map(|document| document.0.clone())))
}

/// Loads one record of bytes.
fn bytes(table: &Table<Bytes>, key: impl Into<Key>) -> Operation<Option<Vec<u8>>> {
    let mut reads = Reads::new();
    let bytes = reads.get(table, key);
    Operation::read(reads, move |seen| Ok(seen.one(bytes)?.map(|bytes| bytes.0.to_vec())))
}

/// The key of the one record that holds all OAuth flows.
const OAUTH_FLOWS_ID: &str = "auth_oauth_flow_state";

fn put_snapshot(runtime_id: &LogicalRuntimeId, session: &SessionDelta) -> Write {
    SNAPSHOTS.put((runtime_id,), Bytes(session.session_snapshot.clone()))
}

fn put_input(runtime_id: &LogicalRuntimeId, input: impl Input) -> Result<Write> {
    input.check()?;
    Ok(INPUTS.holding::<Document<_>>().put((runtime_id, &input.id()?), Document(input)))
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
        self.run(oauth_flows()).await
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
        self.run(commit_boundary(self.fence(), runtime_id, session, receipt, inputs, session_key)).await
    }

    async fn load_input_states(&self, runtime_id: &LogicalRuntimeId) -> Result<Vec<StoredInputState>> {
        self.run(inputs(runtime_id)).await
    }

    async fn load_input_state(
        &self,
        runtime_id: &LogicalRuntimeId,
        input_id: &InputId,
    ) -> Result<Option<StoredInputState>> {
        self.run(input(runtime_id, input_id)).await
    }

    async fn persist_input_state(&self, runtime_id: &LogicalRuntimeId, input: &StoredInputState) -> Result<()> {
        self.run(persist_input(self.fence(), runtime_id, input.clone())).await
    }

    async fn load_boundary_receipt(
        &self,
        runtime_id: &LogicalRuntimeId,
        run_id: &RunId,
        sequence: u64,
    ) -> Result<Option<RunBoundaryReceipt>> {
        self.run(receipt(runtime_id, run_id, sequence)).await
    }

    async fn load_session_snapshot(&self, runtime_id: &LogicalRuntimeId) -> Result<Option<Vec<u8>>> {
        self.run(session(runtime_id)).await
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
        self.run(transition(self.fence(), runtime_id, commit, inputs.to_vec())).await
    }

    async fn persist_ops_lifecycle(
        &self,
        runtime_id: &LogicalRuntimeId,
        snapshot: &PersistedOpsSnapshot,
    ) -> Result<()> {
        self.run(persist_ops(self.fence(), runtime_id, snapshot.clone())).await
    }

    async fn load_ops_lifecycle(&self, runtime_id: &LogicalRuntimeId) -> Result<Option<PersistedOpsSnapshot>> {
        self.run(ops(runtime_id)).await
    }
}

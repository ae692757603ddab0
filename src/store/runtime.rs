//! The rules of [`RuntimeStore`].

use async_trait::async_trait;

use super::{Decision, OAuthFlowUpdate, RuntimeStore, Store};
use crate::{
    engine::{
        Engine, Key, Page, ReadSet, Reads, Result, Write,
        table::{Bytes, Document, INPUTS, OAUTH_FLOWS, OPS, RECEIPTS, SESSIONS, SNAPSHOTS, STATES, Text},
    },
    model::{
        InputId, LogicalRuntimeId, MachineLifecycleCommit, PersistedOpsSnapshot, RunBoundaryReceipt, RunId,
        RuntimeState, RuntimeStoreError, SessionDelta, SessionId, StoredInputState,
    },
};

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl<E: Engine> RuntimeStore for Store<E> {
    fn auth_authority_key(&self) -> Option<String> {
        self.engine.authority_key()
    }

    async fn persist_auth_oauth_flow_snapshot(&self, snapshot_json: &[u8]) -> Result<()> {
        self.write(vec![OAUTH_FLOWS.put((OAUTH_FLOWS_ID,), Bytes(snapshot_json.into()))]).await
    }

    async fn load_auth_oauth_flow_snapshot(&self) -> Result<Option<Vec<u8>>> {
        let snapshot = self.load(&OAUTH_FLOWS, (OAUTH_FLOWS_ID,)).await?;
        Ok(snapshot.map(|snapshot| snapshot.0.to_vec()))
    }

    async fn update_auth_oauth_flow_snapshot(&self, mut update: OAuthFlowUpdate) -> Result<()> {
        let mut reads = Reads::new();
        let stored = reads.get(&OAUTH_FLOWS, (OAUTH_FLOWS_ID,));
        let decide = move |seen: &ReadSet| {
            let next = update(seen.one(stored)?.as_ref().map(|snapshot| &*snapshot.0))?;
            Ok(vec![OAUTH_FLOWS.put((OAUTH_FLOWS_ID,), Bytes(next.into()))])
        };
        self.transact(reads, decide).await.map(drop)
    }

    async fn commit_session_snapshot(&self, runtime_id: &LogicalRuntimeId, session: SessionDelta) -> Result<()> {
        self.write_runtime(runtime_id, vec![put_snapshot(runtime_id, &session)]).await
    }

    async fn atomic_apply(
        &self,
        runtime_id: &LogicalRuntimeId,
        session: Option<SessionDelta>,
        receipt: RunBoundaryReceipt,
        inputs: Vec<StoredInputState>,
        session_key: Option<SessionId>,
    ) -> Result<()> {
        let mut writes = Vec::with_capacity(inputs.len() + 3);
        if let Some(session) = &session {
            if let Some(key) = session_key {
                session.check_session_key(key)?;
                writes.push(SESSIONS.put((key.to_string(),), Text(runtime_id.to_string())));
            }
            writes.push(put_snapshot(runtime_id, session));
        }
        receipt.check_extra()?;
        for input in &inputs {
            writes.push(put_input(runtime_id, input)?);
        }
        let key = receipt_key(runtime_id, &receipt.run_id, receipt.sequence);
        writes.push(RECEIPTS.put(key.clone(), Document(receipt.clone())));

        let mut reads = Reads::new();
        let stored = reads.get(&RECEIPTS, key);
        let decide = move |seen: &ReadSet| match seen.one(stored)? {
            None => Ok(Decision::Write(writes.clone())),
            Some(stored) if stored.0 == receipt => Ok(Decision::AlreadyDone),
            Some(_) => Err(RuntimeStoreError::Conflict(format!(
                "boundary {} of run {} is committed with a different receipt; nothing was written",
                receipt.sequence, receipt.run_id
            ))),
        };
        self.transact_runtime(runtime_id, reads, decide).await
    }

    async fn load_input_states(&self, runtime_id: &LogicalRuntimeId) -> Result<Vec<StoredInputState>> {
        let mut reads = Reads::new();
        let inputs = reads.range(&INPUTS, (runtime_id.as_str(),), Page::default());
        let seen = self.engine.read(reads).await?;
        Ok(seen.many(inputs)?.into_iter().map(|(_, input)| input.0.clone()).collect())
    }

    async fn load_input_state(
        &self,
        runtime_id: &LogicalRuntimeId,
        input_id: &InputId,
    ) -> Result<Option<StoredInputState>> {
        let input = self.load(&INPUTS, (runtime_id.as_str(), input_id.to_string())).await?;
        Ok(input.map(|input| input.0.clone()))
    }

    async fn persist_input_state(&self, runtime_id: &LogicalRuntimeId, input: &StoredInputState) -> Result<()> {
        self.write_runtime(runtime_id, vec![put_input(runtime_id, input)?]).await
    }

    async fn load_boundary_receipt(
        &self,
        runtime_id: &LogicalRuntimeId,
        run_id: &RunId,
        sequence: u64,
    ) -> Result<Option<RunBoundaryReceipt>> {
        let receipt = self.load(&RECEIPTS, receipt_key(runtime_id, run_id, sequence)).await?;
        Ok(receipt.map(|receipt| receipt.0.clone()))
    }

    async fn load_session_snapshot(&self, runtime_id: &LogicalRuntimeId) -> Result<Option<Vec<u8>>> {
        let snapshot = self.load(&SNAPSHOTS, (runtime_id.as_str(),)).await?;
        Ok(snapshot.map(|snapshot| snapshot.0.to_vec()))
    }

    async fn load_runtime_state(&self, runtime_id: &LogicalRuntimeId) -> Result<Option<RuntimeState>> {
        let state = self.load(&STATES, (runtime_id.as_str(),)).await?;
        Ok(state.map(|state| state.0))
    }

    async fn commit_machine_lifecycle(
        &self,
        runtime_id: &LogicalRuntimeId,
        commit: MachineLifecycleCommit,
        inputs: &[StoredInputState],
    ) -> Result<()> {
        let mut writes = inputs.iter().map(|input| put_input(runtime_id, input)).collect::<Result<Vec<_>>>()?;
        writes.push(STATES.put((runtime_id.as_str(),), Document(commit.runtime_state())));

        let mut reads = Reads::new();
        let stored = reads.get(&STATES, (runtime_id.as_str(),));
        let decide = move |seen: &ReadSet| {
            let state = seen.one(stored)?.map_or_else(RuntimeState::default, |state| state.0);
            commit.check(state)?;
            Ok(Decision::Write(writes.clone()))
        };
        self.transact_runtime(runtime_id, reads, decide).await
    }

    async fn persist_ops_lifecycle(
        &self,
        runtime_id: &LogicalRuntimeId,
        snapshot: &PersistedOpsSnapshot,
    ) -> Result<()> {
        snapshot.check_extra()?;
        snapshot.cursors.check_extra()?;
        let write = OPS.put((runtime_id.as_str(),), Document(snapshot.clone()));
        self.write_runtime(runtime_id, vec![write]).await
    }

    async fn load_ops_lifecycle(&self, runtime_id: &LogicalRuntimeId) -> Result<Option<PersistedOpsSnapshot>> {
        let snapshot = self.load(&OPS, (runtime_id.as_str(),)).await?;
        Ok(snapshot.map(|snapshot| snapshot.0.clone()))
    }
}

/// The key of the one record that holds all OAuth flows.
const OAUTH_FLOWS_ID: &str = "auth_oauth_flow_state";

fn put_snapshot(runtime_id: &LogicalRuntimeId, session: &SessionDelta) -> Write {
    SNAPSHOTS.put((runtime_id.as_str(),), Bytes(session.session_snapshot.clone()))
}

fn put_input(runtime_id: &LogicalRuntimeId, input: &StoredInputState) -> Result<Write> {
    input.check()?;
    Ok(INPUTS.put((runtime_id.as_str(), input.input_id.to_string()), Document(input.clone())))
}

fn receipt_key(runtime_id: &LogicalRuntimeId, run_id: &RunId, sequence: u64) -> Key {
    (runtime_id.as_str(), run_id.to_string(), sequence).into()
}

//! The two forms in which documents come to a store: as structs, from a Rust program, and as JSON text, from JavaScript.
//! A rule about documents holds through both.

use async_trait::async_trait;

use crate::{
    Document, InputId, LabelPatch, LabelSelector, Labels, LogicalRuntimeId, MachineLifecycleCommit, MetadataScope,
    MetadataStoreError, OAuthFlowUpdate, PersistedOpsSnapshot, PersistentMetadataStore, RunBoundaryReceipt, RunId,
    RuntimeMetadataTable, RuntimeState, RuntimeStore, RuntimeStoreError, SessionDelta, SessionId, Store,
    StoredInputState,
    engine::{Engine, Order},
    model::json::{document::Stored, wire::to_json},
    store::{listing, merging, metadata, recovery, runtime},
};

type Result<T, E = RuntimeStoreError> = std::result::Result<T, E>;

/// A store, by one of its doors.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait Door: RuntimeStore + PersistentMetadataStore + RuntimeMetadataTable {
    /// The engine beneath the store.
    type Engine: Engine;

    /// The store itself, for what has no documents.
    fn store(&self) -> &Store<Self::Engine>;

    /// As the store's.
    async fn list_receipts(
        &self,
        runtime_id: &LogicalRuntimeId,
        after: Option<(&RunId, u64)>,
        limit: u32,
    ) -> Result<Vec<RunBoundaryReceipt>>;

    /// As the store's.
    async fn select_labels(&self, selector: &LabelSelector) -> Result<Vec<(MetadataScope, Labels)>>;

    /// As the store's.
    async fn patch_labels(&self, scope: &MetadataScope, patch: LabelPatch) -> Result<Labels>;

    /// As the store's.
    async fn compare_and_set_labels(&self, scope: &MetadataScope, expected: Labels, labels: Labels) -> Result<()>;
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl<E: Engine> Door for Store<E> {
    type Engine = E;

    fn store(&self) -> &Store<E> {
        self
    }

    async fn list_receipts(
        &self,
        runtime_id: &LogicalRuntimeId,
        after: Option<(&RunId, u64)>,
        limit: u32,
    ) -> Result<Vec<RunBoundaryReceipt>> {
        self.list_receipts(runtime_id, after, limit).await
    }

    async fn select_labels(&self, selector: &LabelSelector) -> Result<Vec<(MetadataScope, Labels)>> {
        self.select_labels(selector).await
    }

    async fn patch_labels(&self, scope: &MetadataScope, patch: LabelPatch) -> Result<Labels> {
        self.patch_labels(scope, patch).await
    }

    async fn compare_and_set_labels(&self, scope: &MetadataScope, expected: Labels, labels: Labels) -> Result<()> {
        self.compare_and_set_labels(scope, expected, labels).await
    }
}

/// A store that is given documents as JSON text, and gives them back so.
#[derive(Clone, Debug)]
pub struct AsText<E>(pub Store<E>);

impl<E: Engine> AsText<E> {
    /// Commits a boundary of nothing but a receipt.
    pub(super) async fn commit_receipt_text(&self, runtime_id: &LogicalRuntimeId, receipt: &str) -> Result<()> {
        let receipt = document("receipt", receipt)?;
        self.0.run(runtime::commit_boundary(self.0.fence(), runtime_id, None, receipt, vec![], None)).await
    }

    /// Stores an input.
    pub(super) async fn persist_input_text(&self, runtime_id: &LogicalRuntimeId, input: &str) -> Result<()> {
        self.0.run(runtime::persist_input(self.0.fence(), runtime_id, document("input", input)?)).await
    }
}

fn document<T: Stored>(argument: &str, json: &str) -> Result<Document<T>> {
    Document::from_json(json).map_err(|reason| RuntimeStoreError::invalid(argument, reason))
}

/// A struct as a document that came as text.
fn text<T: Stored>(argument: &str, value: &T) -> Result<Document<T>> {
    document(argument, &to_json(value))
}

/// The struct of a document that a store gave, from its text.
fn read<T: Stored>(document: &Document<T>) -> T {
    T::read(&document.json()).unwrap()
}

fn read_each(found: Vec<(MetadataScope, Document<Labels>)>) -> Vec<(MetadataScope, Labels)> {
    found.into_iter().map(|(scope, labels)| (scope, read(&labels))).collect()
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl<E: Engine> Door for AsText<E> {
    type Engine = E;

    fn store(&self) -> &Store<E> {
        &self.0
    }

    async fn list_receipts(
        &self,
        runtime_id: &LogicalRuntimeId,
        after: Option<(&RunId, u64)>,
        limit: u32,
    ) -> Result<Vec<RunBoundaryReceipt>> {
        Ok(self.0.run(listing::receipts(runtime_id, after, limit, Order::Ascending)).await?.iter().map(read).collect())
    }

    async fn select_labels(&self, selector: &LabelSelector) -> Result<Vec<(MetadataScope, Labels)>> {
        Ok(read_each(self.0.run(listing::selected(selector.clone())).await?))
    }

    async fn patch_labels(&self, scope: &MetadataScope, patch: LabelPatch) -> Result<Labels> {
        Ok(read(
            &self
                .0
                .run(merging::patch_labels(self.0.fence(), scope, text("patch.set", &patch.set)?, patch.remove))
                .await?,
        ))
    }

    async fn compare_and_set_labels(&self, scope: &MetadataScope, expected: Labels, labels: Labels) -> Result<()> {
        let (expected, labels) = (text("expected", &expected)?, text("labels", &labels)?);
        self.0.run(merging::compare_and_set_labels(self.0.fence(), scope, expected, labels)).await
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl<E: Engine> RuntimeStore for AsText<E> {
    fn auth_authority_key(&self) -> Option<String> {
        self.0.auth_authority_key()
    }

    async fn persist_auth_oauth_flow_snapshot(&self, snapshot_json: &[u8]) -> Result<()> {
        self.0.persist_auth_oauth_flow_snapshot(snapshot_json).await
    }

    async fn load_auth_oauth_flow_snapshot(&self) -> Result<Option<Vec<u8>>> {
        self.0.load_auth_oauth_flow_snapshot().await
    }

    async fn update_auth_oauth_flow_snapshot(&self, update: OAuthFlowUpdate) -> Result<()> {
        self.0.update_auth_oauth_flow_snapshot(update).await
    }

    async fn commit_session_snapshot(&self, runtime_id: &LogicalRuntimeId, session: SessionDelta) -> Result<()> {
        self.0.commit_session_snapshot(runtime_id, session).await
    }

    async fn atomic_apply(
        &self,
        runtime_id: &LogicalRuntimeId,
        session: Option<SessionDelta>,
        receipt: RunBoundaryReceipt,
        inputs: Vec<StoredInputState>,
        session_key: Option<SessionId>,
    ) -> Result<()> {
        let receipt = text("receipt", &receipt)?;
        let inputs = inputs.iter().map(|input| text("inputs", input)).collect::<Result<Vec<_>>>()?;
        let fence = self.0.fence();
        let commit = runtime::commit_boundary(fence, runtime_id, session.as_ref(), receipt, inputs, session_key);
        self.0.run(commit).await
    }

    async fn load_input_states(&self, runtime_id: &LogicalRuntimeId) -> Result<Vec<StoredInputState>> {
        Ok(self.0.run(recovery::inputs(runtime_id, None, None, Order::Ascending)).await?.iter().map(read).collect())
    }

    async fn load_input_state(&self, runtime_id: &LogicalRuntimeId, id: &InputId) -> Result<Option<StoredInputState>> {
        Ok(self.0.run(runtime::input(runtime_id, id)).await?.as_ref().map(read))
    }

    async fn persist_input_state(&self, runtime_id: &LogicalRuntimeId, input: &StoredInputState) -> Result<()> {
        self.0.run(runtime::persist_input(self.0.fence(), runtime_id, text("input", input)?)).await
    }

    async fn load_boundary_receipt(
        &self,
        runtime_id: &LogicalRuntimeId,
        run_id: &RunId,
        sequence: u64,
    ) -> Result<Option<RunBoundaryReceipt>> {
        Ok(self.0.run(runtime::receipt(runtime_id, run_id, sequence)).await?.as_ref().map(read))
    }

    async fn load_session_snapshot(&self, runtime_id: &LogicalRuntimeId) -> Result<Option<Vec<u8>>> {
        self.0.load_session_snapshot(runtime_id).await
    }

    async fn load_runtime_state(&self, runtime_id: &LogicalRuntimeId) -> Result<Option<RuntimeState>> {
        self.0.load_runtime_state(runtime_id).await
    }

    async fn commit_machine_lifecycle(
        &self,
        runtime_id: &LogicalRuntimeId,
        commit: MachineLifecycleCommit,
        inputs: &[StoredInputState],
    ) -> Result<()> {
        let inputs = inputs.iter().map(|input| text("inputs", input)).collect::<Result<Vec<_>>>()?;
        self.0.run(runtime::transition(self.0.fence(), runtime_id, commit, inputs)).await
    }

    async fn persist_ops_lifecycle(
        &self,
        runtime_id: &LogicalRuntimeId,
        snapshot: &PersistedOpsSnapshot,
    ) -> Result<()> {
        self.0.run(runtime::persist_ops(self.0.fence(), runtime_id, text("snapshot", snapshot)?)).await
    }

    async fn load_ops_lifecycle(&self, runtime_id: &LogicalRuntimeId) -> Result<Option<PersistedOpsSnapshot>> {
        Ok(self.0.run(runtime::ops(runtime_id)).await?.as_ref().map(read))
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl<E: Engine> PersistentMetadataStore for AsText<E> {
    async fn get_subscription_cursor(&self, mob_id: &str) -> Result<Option<u64>, MetadataStoreError> {
        self.0.get_subscription_cursor(mob_id).await
    }

    async fn set_subscription_cursor(&self, mob_id: &str, cursor: u64) -> Result<(), MetadataStoreError> {
        self.0.set_subscription_cursor(mob_id, cursor).await
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl<E: Engine> RuntimeMetadataTable for AsText<E> {
    async fn set_labels(&self, scope: &MetadataScope, labels: Labels) -> Result<(), MetadataStoreError> {
        Ok(self.0.run(metadata::set_labels(self.0.fence(), scope, text("labels", &labels)?)).await?)
    }

    async fn get_labels(&self, scope: &MetadataScope) -> Result<Labels, MetadataStoreError> {
        Ok(read(&self.0.run(metadata::labels(scope)).await?))
    }

    async fn delete_labels(&self, scope: &MetadataScope) -> Result<Labels, MetadataStoreError> {
        Ok(read(&self.0.run(metadata::delete_labels(self.0.fence(), scope)).await?))
    }

    async fn list_labels_for_mob(&self, mob_id: &str) -> Result<Vec<(MetadataScope, Labels)>, MetadataStoreError> {
        Ok(read_each(self.0.run(metadata::labels_of_mob(mob_id)).await?))
    }
}

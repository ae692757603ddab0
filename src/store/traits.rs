//! The contract, as agent-runtime users know it.
//!
//! Each trait is declared through a pair of attributes: futures are `Send` everywhere but on wasm32, where browser
//! handles belong to one thread. The traits themselves are `Send + Sync` on both, so that a store can stand behind
//! the `Arc<dyn RuntimeStore>` that runtimes hold.

use async_trait::async_trait;

use crate::model::{
    InputId, Labels, LogicalRuntimeId, MachineLifecycleCommit, MetadataScope, MetadataStoreError, PersistedOpsSnapshot,
    RunBoundaryReceipt, RunId, RuntimeState, RuntimeStoreError, SessionDelta, SessionId, StoredInputState,
};

/// Makes the next snapshot of the OAuth flows from the stored one.
#[cfg(not(target_arch = "wasm32"))]
pub type OAuthFlowUpdate = Box<dyn FnMut(Option<&[u8]>) -> Result<Vec<u8>, RuntimeStoreError> + Send>;
/// Makes the next snapshot of the OAuth flows from the stored one.
#[cfg(target_arch = "wasm32")]
pub type OAuthFlowUpdate = Box<dyn FnMut(Option<&[u8]>) -> Result<Vec<u8>, RuntimeStoreError>>;

/// Keeps the state of runtimes. A resolved future means committed; an error other than `OutcomeUnknown` means that nothing
/// was written.
///
/// Any method may fail with `WriteFailed`, `ReadFailed`, `QuotaExceeded` or `Closed` as its engine does, and a load
/// with `Decode` when the record it asks for cannot be read. A future that is dropped before it resolves leaves its
/// write whole or absent, never part of it.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait RuntimeStore: Send + Sync {
    /// A stable name of the durable store, the same each time it is opened: `sqlite:<canonical path>`,
    /// `indexeddb:<origin>/<name>`. `None` where nothing is durable.
    fn auth_authority_key(&self) -> Option<String>;

    /// Replaces the snapshot of the OAuth flows under way: opaque JSON bytes that carry the PKCE verifiers and device
    /// codes which must survive a restart.
    async fn persist_auth_oauth_flow_snapshot(&self, snapshot_json: &[u8]) -> Result<(), RuntimeStoreError>;

    /// The snapshot of the OAuth flows under way, byte for byte, `None` where there is none.
    async fn load_auth_oauth_flow_snapshot(&self) -> Result<Option<Vec<u8>>, RuntimeStoreError>;

    /// Replaces the snapshot of the OAuth flows by what `update` makes of it, as one atomic step: no other tab, process
    /// or thread writes in between. `update` may be called again when the transaction must start over.
    ///
    /// # Errors
    /// Whatever `update` returns; nothing is then changed. A panic in it changes nothing either.
    async fn update_auth_oauth_flow_snapshot(&self, update: OAuthFlowUpdate) -> Result<(), RuntimeStoreError>;

    /// Replaces the runtime's session snapshot outside any run boundary: no receipt is written.
    async fn commit_session_snapshot(
        &self,
        runtime_id: &LogicalRuntimeId,
        session: SessionDelta,
    ) -> Result<(), RuntimeStoreError>;

    /// Commits a run boundary: the snapshot, the receipt and the inputs, all or none.
    ///
    /// With a session key, the snapshot's JSON `id` must equal it, and the session is then findable by its id too; a
    /// key without a snapshot is ignored. The same receipt again, under its (runtime, run, sequence), is a retry
    /// after a lost acknowledgement: it succeeds and writes nothing. An input that is given twice is stored as given
    /// last.
    ///
    /// # Errors
    /// `SessionKeyMismatch`; `Conflict` when a different receipt is stored under the same (runtime, run, sequence).
    async fn atomic_apply(
        &self,
        runtime_id: &LogicalRuntimeId,
        session: Option<SessionDelta>,
        receipt: RunBoundaryReceipt,
        inputs: Vec<StoredInputState>,
        session_key: Option<SessionId>,
    ) -> Result<(), RuntimeStoreError>;

    /// All inputs of the runtime, in the order of their ids.
    async fn load_input_states(
        &self,
        runtime_id: &LogicalRuntimeId,
    ) -> Result<Vec<StoredInputState>, RuntimeStoreError>;

    /// One input, `None` where there is none.
    async fn load_input_state(
        &self,
        runtime_id: &LogicalRuntimeId,
        input_id: &InputId,
    ) -> Result<Option<StoredInputState>, RuntimeStoreError>;

    /// Stores one input, durable before it returns.
    async fn persist_input_state(
        &self,
        runtime_id: &LogicalRuntimeId,
        input: &StoredInputState,
    ) -> Result<(), RuntimeStoreError>;

    /// One receipt, `None` where there is none.
    async fn load_boundary_receipt(
        &self,
        runtime_id: &LogicalRuntimeId,
        run_id: &RunId,
        sequence: u64,
    ) -> Result<Option<RunBoundaryReceipt>, RuntimeStoreError>;

    /// The runtime's latest session snapshot, byte for byte, `None` where there is none.
    async fn load_session_snapshot(&self, runtime_id: &LogicalRuntimeId) -> Result<Option<Vec<u8>>, RuntimeStoreError>;

    /// The runtime's lifecycle state, `None` where none was ever committed.
    async fn load_runtime_state(
        &self,
        runtime_id: &LogicalRuntimeId,
    ) -> Result<Option<RuntimeState>, RuntimeStoreError>;

    /// Commits a lifecycle step and the inputs that change with it, all or none.
    ///
    /// # Errors
    /// `Conflict` when the stored state is no longer the one that the step began at.
    async fn commit_machine_lifecycle(
        &self,
        runtime_id: &LogicalRuntimeId,
        commit: MachineLifecycleCommit,
        inputs: &[StoredInputState],
    ) -> Result<(), RuntimeStoreError>;

    /// Replaces the snapshot of the runtime's operation registry.
    async fn persist_ops_lifecycle(
        &self,
        runtime_id: &LogicalRuntimeId,
        snapshot: &PersistedOpsSnapshot,
    ) -> Result<(), RuntimeStoreError>;

    /// The snapshot of the runtime's operation registry, without loss, `None` where there is none.
    async fn load_ops_lifecycle(
        &self,
        runtime_id: &LogicalRuntimeId,
    ) -> Result<Option<PersistedOpsSnapshot>, RuntimeStoreError>;
}

/// Keeps how far each mob's subscription has been read.
///
/// # Errors
/// An empty mob id is `Io(InvalidInput)`, a stored value that is no number `Decode`, and an engine's failure `Io`.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait PersistentMetadataStore: Send + Sync {
    /// The mob's cursor, `None` where none was ever set.
    async fn get_subscription_cursor(&self, mob_id: &str) -> Result<Option<u64>, MetadataStoreError>;

    /// Sets the mob's cursor, exact up to 2^64-1.
    async fn set_subscription_cursor(&self, mob_id: &str, cursor: u64) -> Result<(), MetadataStoreError>;
}

/// Keeps the labels of mobs and runs.
///
/// # Errors
/// An empty mob or run id is `Io(InvalidInput)`, an unreadable record `Decode`, and an engine's failure `Io`.
#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
pub trait RuntimeMetadataTable: Send + Sync {
    /// Replaces all labels of the scope; an empty set clears them.
    async fn set_labels(&self, scope: &MetadataScope, labels: Labels) -> Result<(), MetadataStoreError>;

    /// The labels of the scope, empty where there are none.
    async fn get_labels(&self, scope: &MetadataScope) -> Result<Labels, MetadataStoreError>;

    /// Removes the labels of the scope and returns what they were.
    async fn delete_labels(&self, scope: &MetadataScope) -> Result<Labels, MetadataStoreError>;

    /// The mob's own labels, where it has any, then those of each of its runs, in the order of the run ids.
    async fn list_labels_for_mob(&self, mob_id: &str) -> Result<Vec<(MetadataScope, Labels)>, MetadataStoreError>;
}

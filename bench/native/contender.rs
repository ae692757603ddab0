//! What every contender can do, and burrow as one of them.

use burrow::{
    LogicalRuntimeId, RunBoundaryReceipt, RunId, RuntimeStore, SessionDelta, Store, StoredInputState, engine::Engine,
};

/// What one boundary commits.
#[derive(Clone)]
pub struct Boundary {
    pub session: SessionDelta,
    pub receipt: RunBoundaryReceipt,
    pub inputs: Vec<StoredInputState>,
}

/// What the workloads need of a store. A call that resolves is durable, as far as the store is.
pub trait Contender: Send + Sync + 'static {
    /// Whether its calls block their thread: then callers at once are threads, else tasks.
    const BLOCKS: bool;

    fn boundary(&self, runtime: &LogicalRuntimeId, boundary: Boundary) -> impl Future<Output = ()> + Send;

    fn input(&self, runtime: &LogicalRuntimeId, input: &StoredInputState) -> impl Future<Output = ()> + Send;

    fn inputs(&self, runtime: &LogicalRuntimeId) -> impl Future<Output = Vec<StoredInputState>> + Send;

    fn session(&self, runtime: &LogicalRuntimeId) -> impl Future<Output = Option<Vec<u8>>> + Send;

    fn receipt(
        &self,
        runtime: &LogicalRuntimeId,
        run: &RunId,
        sequence: u64,
    ) -> impl Future<Output = Option<RunBoundaryReceipt>> + Send;
}

impl<E: Engine> Contender for Store<E> {
    const BLOCKS: bool = false;

    async fn boundary(&self, runtime: &LogicalRuntimeId, Boundary { session, receipt, inputs }: Boundary) {
        self.atomic_apply(runtime, Some(session), receipt, inputs, None).await.unwrap();
    }

    async fn input(&self, runtime: &LogicalRuntimeId, input: &StoredInputState) {
        self.persist_input_state(runtime, input).await.unwrap();
    }

    async fn inputs(&self, runtime: &LogicalRuntimeId) -> Vec<StoredInputState> {
        self.load_input_states(runtime).await.unwrap()
    }

    async fn session(&self, runtime: &LogicalRuntimeId) -> Option<Vec<u8>> {
        self.load_session_snapshot(runtime).await.unwrap()
    }

    async fn receipt(&self, runtime: &LogicalRuntimeId, run: &RunId, sequence: u64) -> Option<RunBoundaryReceipt> {
        self.load_boundary_receipt(runtime, run, sequence).await.unwrap()
    }
}

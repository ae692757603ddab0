//! **burrow** keeps what an AI-agent runtime must never lose: session snapshots, run-boundary receipts, queued inputs,
//! lifecycle state, labels and event cursors. One atomic contract, the same on every engine: IndexedDB in browsers,
//! SQLite (feature `sqlite`) or memory elsewhere.
//!
//! A resolved future means committed. An error other than `OutcomeUnknown` means that nothing of the operation was written.
//!
//! ```
//! # #[cfg(target_arch = "wasm32")]
//! # fn main() {}
//! # #[cfg(not(target_arch = "wasm32"))]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), burrow::RuntimeStoreError> {
//! use burrow::{InMemoryRuntimeStore, LogicalRuntimeId, RunBoundary, RunBoundaryReceipt, RunId, RuntimeStore, SessionDelta};
//!
//! let store = InMemoryRuntimeStore::new();
//! let runtime = LogicalRuntimeId::new("agent-1")?;
//! let receipt = RunBoundaryReceipt::new(RunId::new(), RunBoundary::RunStart, 0);
//! let snapshot = SessionDelta::new(*b"{\"messages\":[]}");
//!
//! store.atomic_apply(&runtime, Some(snapshot), receipt.clone(), vec![], None).await?;
//!
//! assert_eq!(store.load_boundary_receipt(&runtime, &receipt.run_id, 0).await?, Some(receipt));
//! # Ok(())
//! # }
//! ```
//!
//! The rooms, in the order of their imports: [`model`] says what is kept, [`engine`] where, [`store`] what it means; [`rpc`] is a
//! door to it. With the feature `conformance`, the module of that name has the contract as tests, for an engine of your own.

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod engine;
pub mod model;
pub mod rpc;
pub mod store;

#[cfg(all(feature = "js", target_arch = "wasm32"))]
mod js;

pub use engine::Watch;
pub use model::*;
pub use store::{
    InMemoryMetadataStore, InMemoryRuntimeStore, OAuthFlowUpdate, PersistentMetadataStore, RuntimeClaim,
    RuntimeMetadataTable, RuntimeStore, Store,
};
#[cfg(target_arch = "wasm32")]
pub use store::{IndexedDbMetadataStore, IndexedDbRuntimeStore};
#[cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
pub use store::{SqliteMetadataStore, SqliteRuntimeStore};

/// Runs the README's example.
#[cfg(all(doctest, not(target_arch = "wasm32")))]
#[doc = include_str!("../README.md")]
struct Readme;

//! **burrow** keeps what an AI-agent runtime must never lose: session snapshots, run-boundary receipts, queued inputs,
//! lifecycle state, labels and event cursors. One atomic contract, the same on every engine. A resolved future means
//! committed; an error other than `OutcomeUnknown` means that nothing of the operation was written. [`RuntimeStore`],
//! [`PersistentMetadataStore`] and [`RuntimeMetadataTable`] are the contract, and [`Store`] implements all three.
//!
//! In memory, on every target:
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
//! In an SQLite file, with the feature `sqlite`, on native targets:
//!
//! ```
//! # #[cfg(any(not(feature = "sqlite"), target_arch = "wasm32"))]
//! # fn main() {}
//! # #[cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), burrow::RuntimeStoreError> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("agents.sqlite");
//! use burrow::{PersistentMetadataStore, SqliteMetadataStore};
//!
//! let store = SqliteMetadataStore::open(&path).await?;
//! store.set_subscription_cursor("mob-a", 42).await?;
//! drop(store); // the last handle: closes the file
//!
//! let store = SqliteMetadataStore::open(&path).await?;
//! assert_eq!(store.get_subscription_cursor("mob-a").await?, Some(42));
//! # Ok(())
//! # }
//! ```
//!
//! In IndexedDB, on wasm32:
//!
//! ```no_run
//! # #[cfg(target_arch = "wasm32")]
//! # async fn example() -> Result<(), burrow::RuntimeStoreError> {
//! use burrow::{IndexedDbMetadataStore, MetadataScope, RuntimeMetadataTable, engine::indexed_db::Durability};
//!
//! let store = IndexedDbMetadataStore::open("agents", Durability::Strict).await?;
//! let mob = MetadataScope::Mob("mob-a".to_owned());
//! store.set_labels(&mob, [("env".to_owned(), "dev".to_owned())].into()).await?;
//! # Ok(())
//! # }
//! # fn main() {}
//! ```
//!
//! To write an engine of your own, implement [`engine::Engine`]; with the feature `conformance`, the module of that name tests
//! it against the contract.

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
    Contents, Counts, InMemoryMetadataStore, InMemoryRuntimeStore, MobClaim, OAuthFlowUpdate, PersistentMetadataStore,
    Prune, Pruned, Recovered, RuntimeClaim, RuntimeMetadataTable, RuntimeStore, Store,
};
#[cfg(target_arch = "wasm32")]
pub use store::{IndexedDbMetadataStore, IndexedDbRuntimeStore};
#[cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
pub use store::{SqliteMetadataStore, SqliteRuntimeStore};

/// Runs the README's example.
#[cfg(all(doctest, not(target_arch = "wasm32")))]
#[doc = include_str!("../README.md")]
struct Readme;

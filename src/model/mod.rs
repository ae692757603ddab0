//! What is kept: plain types, no I/O.
//!
//! Every type that is stored as a JSON object keeps the members it does not know ([`Extra`]) and writes them
//! back unchanged, so that a newer writer's data survives an older reader.

mod change;
mod error;
pub(crate) mod ids;
mod input;
pub(crate) mod json;
mod labels;
mod lifecycle;
pub mod limits;
mod ops;
pub(crate) mod random;
mod receipt;
mod selector;
mod session;
mod timestamp;

pub use change::{Change, ChangeKind, ChangeScope, WatchScope};
pub use error::{Cause, MetadataStoreError, RuntimeStoreError};
pub use ids::{InputId, LogicalRuntimeId, RunId, SessionId};
pub use input::{
    InputDurability, InputLifecycleState, InputStateChange, InputTerminalOutcome, OutcomeType, StoredInputState,
};
#[doc(hidden)]
pub use json::document::Document;
pub use json::value::{Extra, Json};
pub use labels::{LabelPatch, Labels, MetadataScope};
pub use lifecycle::{MachineLifecycleCommit, RuntimeState};
pub use ops::{OpsCursors, PersistedOpsSnapshot};
pub(crate) use receipt::PAYLOAD_MEMBER;
pub use receipt::{RunBoundary, RunBoundaryReceipt};
pub use selector::LabelSelector;
pub use session::SessionDelta;
pub use timestamp::Timestamp;

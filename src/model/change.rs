//! What a commit changed: enough to know what to load again, never the payload.

use serde::{Deserialize, Serialize};

use super::{LogicalRuntimeId, MetadataScope};

/// One commit, as its watchers see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What the commit was about.
    pub scope: ChangeScope,
    /// What of it was written, each kind once.
    pub kinds: Vec<ChangeKind>,
}

/// What a commit was about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChangeScope {
    /// A mob, or one of its runs.
    Mob(MetadataScope),
    /// A runtime.
    Runtime(LogicalRuntimeId),
}

/// What of a mob or runtime was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The labels.
    Labels,
    /// The subscription cursor.
    Cursor,
    /// The session snapshot.
    Session,
    /// A boundary's receipt.
    Receipt,
    /// Inputs.
    Inputs,
    /// The lifecycle state.
    State,
    /// The operation registry.
    Ops,
    /// The claim: somebody took the runtime, or gave it up.
    Claim,
}

impl ChangeKind {
    /// The kind's name: `labels`, `cursor` and so on.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Labels => "labels",
            Self::Cursor => "cursor",
            Self::Session => "session",
            Self::Receipt => "receipt",
            Self::Inputs => "inputs",
            Self::State => "state",
            Self::Ops => "ops",
            Self::Claim => "claim",
        }
    }
}

/// Which commits a watcher wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchScope {
    /// Every one.
    Everything,
    /// Those about a mob and its runs, by the mob's id.
    Mob(String),
    /// Those about a runtime.
    Runtime(LogicalRuntimeId),
}

impl WatchScope {
    /// Whether a commit is among them.
    pub fn includes(&self, change: &Change) -> bool {
        match (self, &change.scope) {
            (Self::Everything, _) => true,
            (Self::Mob(mob), ChangeScope::Mob(scope)) => scope.mob_id() == mob,
            (Self::Runtime(runtime), ChangeScope::Runtime(changed)) => runtime == changed,
            _ => false,
        }
    }
}

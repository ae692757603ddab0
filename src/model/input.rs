//! One queued input and the life it has had.

use serde::{Deserialize, Serialize};

use super::{Extra, InputId, Json, RunId, RuntimeStoreError, Timestamp, open::open_object};

/// Where an input stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputLifecycleState {
    /// Taken in, not yet queued.
    Accepted,
    /// Waiting for a run.
    Queued,
    /// Chosen for the next boundary.
    Staged,
    /// Part of a run.
    Applied,
    /// Part of a run that has not yet confirmed it.
    AppliedPendingConsumption,
    /// Done with.
    Consumed,
    /// Replaced by a later input.
    Superseded,
    /// Merged into another input.
    Coalesced,
    /// Given up.
    Abandoned,
}

impl InputLifecycleState {
    /// Whether nothing more can happen to the input.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Consumed | Self::Superseded | Self::Coalesced | Self::Abandoned)
    }
}

/// How an input must be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputDurability {
    /// Must survive a restart.
    Durable,
    /// May be lost with the process.
    Ephemeral,
    /// Can be made again from something durable.
    Derived,
}

/// How an input ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeType {
    /// A run used it up.
    Consumed,
    /// A later input took its place: `superseded_by`.
    Superseded,
    /// It became part of another: `aggregate_id`.
    Coalesced,
    /// It was given up: `reason`.
    Abandoned,
}

/// The end of an input. Which of the optional members is present goes by `outcome_type`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct InputTerminalOutcome {
    /// How it ended.
    pub outcome_type: OutcomeType,
    /// The input that replaced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<InputId>,
    /// The input it was merged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate_id: Option<InputId>,
    /// Why it was given up, in the runtime's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Json>,
    /// Members this version does not know.
    #[serde(flatten, skip_deserializing)]
    pub extra: Extra,
}

open_object!(InputTerminalOutcome);

/// One step in an input's history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct InputStateChange {
    /// When it happened.
    pub timestamp: Timestamp,
    /// The state before.
    pub from: InputLifecycleState,
    /// The state after.
    pub to: InputLifecycleState,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Members this version does not know.
    #[serde(flatten, skip_deserializing)]
    pub extra: Extra,
}

open_object!(InputStateChange);

/// One queued input, as it is stored. Wire format: that of meerkat-runtime 0.6, one flat object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct StoredInputState {
    /// The input.
    pub input_id: InputId,
    /// Where it stands.
    pub current_state: InputLifecycleState,
    /// The runtime's policy decision on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<Json>,
    /// The runtime's reading of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_semantics: Option<Json>,
    /// How it ended, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal_outcome: Option<InputTerminalOutcome>,
    /// How it must be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durability: Option<InputDurability>,
    /// The sender's key against doing the same twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// How often a run took it up.
    pub attempt_count: u32,
    /// How often it was recovered after a restart.
    pub recovery_count: u32,
    /// What has happened to it, oldest first.
    pub history: Vec<InputStateChange>,
    /// What it can be made again from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconstruction_source: Option<Json>,
    /// The input itself, in the runtime's own form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persisted_input: Option<Json>,
    /// The run that last took it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_run_id: Option<RunId>,
    /// The boundary of that run; exact up to 2^64-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_boundary_sequence: Option<u64>,
    /// When it was taken in.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Members this version does not know.
    #[serde(flatten, skip_deserializing)]
    pub extra: Extra,
}

open_object!(StoredInputState);

impl StoredInputState {
    /// Refuses unknown members that have a known one's name, here and in the objects within.
    pub(crate) fn check(&self) -> Result<(), RuntimeStoreError> {
        self.check_extra()?;
        self.history.iter().try_for_each(InputStateChange::check_extra)?;
        self.terminal_outcome.as_ref().map_or(Ok(()), InputTerminalOutcome::check_extra)
    }
}

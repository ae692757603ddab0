//! Queued inputs and their history.

use super::{
    Document, Extra, InputId, Json, RunId, RuntimeStoreError, Timestamp,
    json::{
        document::Stored,
        lexer::Members,
        wire::{read_member, wire_names, wire_object},
    },
};

/// Where an input stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

wire_names!(InputLifecycleState {
    Accepted = "accepted",
    Queued = "queued",
    Staged = "staged",
    Applied = "applied",
    AppliedPendingConsumption = "applied_pending_consumption",
    Consumed = "consumed",
    Superseded = "superseded",
    Coalesced = "coalesced",
    Abandoned = "abandoned",
});

impl InputLifecycleState {
    /// Whether nothing more can happen to the input.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Consumed | Self::Superseded | Self::Coalesced | Self::Abandoned)
    }
}

/// How an input must be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InputDurability {
    /// Must survive a restart.
    Durable,
    /// May be lost with the process.
    Ephemeral,
    /// Can be made again from something durable.
    Derived,
}

wire_names!(InputDurability { Durable = "durable", Ephemeral = "ephemeral", Derived = "derived" });

/// How an input ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

wire_names!(OutcomeType {
    Consumed = "consumed",
    Superseded = "superseded",
    Coalesced = "coalesced",
    Abandoned = "abandoned",
});

/// The end of an input. `outcome_type` says which of the optional members is present.
#[derive(Clone, Debug, PartialEq)]
pub struct InputTerminalOutcome {
    /// How it ended.
    pub outcome_type: OutcomeType,
    /// The input that replaced it.
    pub superseded_by: Option<InputId>,
    /// The input it was merged into.
    pub aggregate_id: Option<InputId>,
    /// Why it was given up, in the runtime's own words.
    pub reason: Option<Json>,
    /// Members this version does not know.
    pub extra: Extra,
}

wire_object!(InputTerminalOutcome { outcome_type, superseded_by, aggregate_id, reason });

/// One step in an input's history.
#[derive(Clone, Debug, PartialEq)]
pub struct InputStateChange {
    /// When it happened.
    pub timestamp: Timestamp,
    /// The state before.
    pub from: InputLifecycleState,
    /// The state after.
    pub to: InputLifecycleState,
    /// Why, in words.
    pub reason: Option<String>,
    /// Members this version does not know.
    pub extra: Extra,
}

wire_object!(InputStateChange { timestamp, from, to, reason });

/// One queued input, as it is stored. Wire format: that of meerkat-runtime 0.6, one flat object.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredInputState {
    /// The input.
    pub input_id: InputId,
    /// Where it stands.
    pub current_state: InputLifecycleState,
    /// The runtime's policy decision on it.
    pub policy: Option<Json>,
    /// The runtime's reading of it.
    pub runtime_semantics: Option<Json>,
    /// How it ended, once it has.
    pub terminal_outcome: Option<InputTerminalOutcome>,
    /// How it must be kept.
    pub durability: Option<InputDurability>,
    /// The sender's key by which the runtime recognises a repeated input.
    pub idempotency_key: Option<String>,
    /// How often a run took it up.
    pub attempt_count: u32,
    /// How often it was recovered after a restart.
    pub recovery_count: u32,
    /// Its state changes, oldest first.
    pub history: Vec<InputStateChange>,
    /// What it can be reconstructed from.
    pub reconstruction_source: Option<Json>,
    /// The input itself, in the runtime's own form.
    pub persisted_input: Option<Json>,
    /// The run that last took it up.
    pub last_run_id: Option<RunId>,
    /// The boundary of that run; exact up to 2^64-1.
    pub last_boundary_sequence: Option<u64>,
    /// When it was taken in.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Members this version does not know.
    pub extra: Extra,
}

wire_object!(StoredInputState {
    input_id,
    current_state,
    policy,
    runtime_semantics,
    terminal_outcome,
    durability,
    idempotency_key,
    attempt_count = default,
    recovery_count = default,
    history = omitted,
    reconstruction_source,
    persisted_input,
    last_run_id,
    last_boundary_sequence,
    created_at,
    updated_at,
});

impl Document<StoredInputState> {
    /// Where the input stands.
    pub(crate) fn state(&self) -> Result<InputLifecycleState, RuntimeStoreError> {
        match self.as_struct() {
            Some(input) => Ok(input.current_state),
            None => Ok(self.member("current_state")?.unwrap_or(InputLifecycleState::Accepted)),
        }
    }

    /// The boundary that it belongs to: a run, and a sequence in it.
    pub(crate) fn boundary(&self) -> Result<Option<(RunId, u64)>, RuntimeStoreError> {
        let (run, sequence): (_, Option<u64>) = match self.as_struct() {
            Some(input) => (input.last_run_id, input.last_boundary_sequence),
            None => (self.member("last_run_id")?, self.member("last_boundary_sequence")?),
        };
        Ok(run.map(|run| (run, sequence.unwrap_or_default())))
    }
}

impl Stored for StoredInputState {
    const NAME: &'static str = "input";

    type Key = InputId;

    fn key(&self) -> InputId {
        self.input_id
    }

    fn names(key: &InputId) -> Vec<String> {
        vec![key.to_string()]
    }

    fn key_in(members: &Members<'_>) -> Result<InputId, String> {
        read_member(members, "input_id")
    }

    /// Refuses unknown members with the name of a known one, here and in the nested objects.
    fn check(&self) -> Result<(), RuntimeStoreError> {
        self.check_extra()?;
        self.history.iter().try_for_each(InputStateChange::check_extra)?;
        self.terminal_outcome.as_ref().map_or(Ok(()), InputTerminalOutcome::check_extra)
    }
}

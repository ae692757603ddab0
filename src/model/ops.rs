//! The snapshot of a runtime's operation registry.

use super::{
    Extra, Json, RuntimeStoreError,
    json::{document::Stored, lexer::Members, wire::wire_object},
};

/// How far each part of a runtime has read the stream of completed operations.
#[derive(Clone, Debug, PartialEq)]
pub struct OpsCursors {
    /// The last completion that the agent has applied; exact up to 2^64-1.
    pub agent_applied_cursor: u64,
    /// The last completion that the runtime has seen; exact up to 2^64-1.
    pub runtime_observed_seq: u64,
    /// The last completion that the runtime has passed on; exact up to 2^64-1.
    pub runtime_last_injected_seq: u64,
    /// Members this version does not know.
    pub extra: Extra,
}

wire_object!(OpsCursors { agent_applied_cursor, runtime_observed_seq, runtime_last_injected_seq });

/// The operation registry of a runtime. Wire format: that of meerkat-runtime 0.6; what the registry itself owns is kept
/// as JSON, to the letter.
#[derive(Clone, Debug, PartialEq)]
pub struct PersistedOpsSnapshot {
    /// The registry's epoch.
    pub epoch_id: String,
    /// The state of the registry's authority.
    pub authority_state: Json,
    /// The operations, by id.
    pub operation_specs: Json,
    /// The completed operations.
    pub completion_entries: Json,
    /// How far each part has read them.
    pub cursors: OpsCursors,
    /// Members this version does not know.
    pub extra: Extra,
}

wire_object!(PersistedOpsSnapshot { epoch_id, authority_state, operation_specs, completion_entries, cursors });

impl Stored for PersistedOpsSnapshot {
    const NAME: &'static str = "snapshot";

    type Key = ();

    fn key(&self) {}

    fn key_in(_: &Members<'_>) -> Result<(), String> {
        Ok(())
    }

    fn check(&self) -> Result<(), RuntimeStoreError> {
        self.check_extra()?;
        self.cursors.check_extra()
    }
}

//! The receipt that a run leaves at each boundary.

use serde::{Deserialize, Serialize};

use super::{Extra, InputId, RunId, open::open_object};

/// Where in a run a boundary lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunBoundary {
    /// At once, outside any run's own rhythm.
    Immediate,
    /// Before the run's first step.
    RunStart,
    /// Between two steps of the run.
    RunCheckpoint,
}

/// Proof that a run reached a boundary: what went into it and where it stands in the run.
///
/// Wire format: that of meerkat-runtime 0.6. One receipt exists per (runtime, run, sequence).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
pub struct RunBoundaryReceipt {
    /// The run.
    pub run_id: RunId,
    /// The kind of boundary.
    pub boundary: RunBoundary,
    /// The inputs that this boundary took in, in order.
    pub contributing_input_ids: Vec<InputId>,
    /// SHA-256 of the conversation at this point, in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_digest: Option<String>,
    /// Messages in the conversation at this point.
    pub message_count: u64,
    /// The boundary's place in its run; exact up to 2^64-1.
    pub sequence: u64,
    /// Members this version does not know.
    #[serde(flatten, skip_deserializing)]
    pub extra: Extra,
}

open_object!(RunBoundaryReceipt);

impl RunBoundaryReceipt {
    /// A receipt that no input contributed to yet, of an empty conversation.
    pub fn new(run_id: RunId, boundary: RunBoundary, sequence: u64) -> Self {
        Self {
            run_id,
            boundary,
            contributing_input_ids: Vec::new(),
            conversation_digest: None,
            message_count: 0,
            sequence,
            extra: Extra::new(),
        }
    }
}

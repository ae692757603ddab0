//! The receipt that a run leaves at each boundary.

use super::{
    Document, Extra, InputId, RunId, RuntimeStoreError,
    json::{
        document::Stored,
        lexer::Members,
        wire::{read_member, wire_names, wire_object},
    },
};

/// Where in a run a boundary lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunBoundary {
    /// At once, outside any run's own rhythm.
    Immediate,
    /// Before the run's first step.
    RunStart,
    /// Between two steps of the run.
    RunCheckpoint,
}

wire_names!(RunBoundary { Immediate = "immediate", RunStart = "run_start", RunCheckpoint = "run_checkpoint" });

/// The member of a stored receipt's JSON under which burrow keeps a fingerprint of what was committed with it.
pub(crate) const PAYLOAD_MEMBER: &str = "burrow_payload";

/// Proof that a run reached a boundary: what went into it and where it stands in the run.
///
/// Wire format: that of meerkat-runtime 0.6. One receipt exists per (runtime, run, sequence).
#[derive(Clone, Debug, PartialEq)]
pub struct RunBoundaryReceipt {
    /// The run.
    pub run_id: RunId,
    /// The kind of boundary.
    pub boundary: RunBoundary,
    /// The inputs that this boundary took in, in order.
    pub contributing_input_ids: Vec<InputId>,
    /// SHA-256 of the conversation at this point, in hex.
    pub conversation_digest: Option<String>,
    /// Messages in the conversation at this point.
    pub message_count: u64,
    /// The boundary's place in its run; exact up to 2^64-1.
    pub sequence: u64,
    /// Members this version does not know.
    pub extra: Extra,
}

wire_object!(RunBoundaryReceipt {
    run_id,
    boundary,
    contributing_input_ids,
    conversation_digest,
    message_count,
    sequence,
});

impl Document<RunBoundaryReceipt> {
    /// The inputs that the boundary took in.
    pub(crate) fn inputs(&self) -> Result<Vec<InputId>, RuntimeStoreError> {
        match self.as_struct() {
            Some(receipt) => Ok(receipt.contributing_input_ids.clone()),
            None => Ok(self.member("contributing_input_ids")?.unwrap_or_default()),
        }
    }
}

const RESERVED: &str = "burrow keeps a fingerprint of its own under this name; leave the member out";

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

impl Stored for RunBoundaryReceipt {
    const NAME: &'static str = "receipt";

    /// Its run and its place there.
    type Key = (RunId, u64);

    fn key(&self) -> Self::Key {
        (self.run_id, self.sequence)
    }

    fn names((run, sequence): &Self::Key) -> Vec<String> {
        vec![run.to_string(), sequence.to_string()]
    }

    fn key_in(members: &Members<'_>) -> Result<Self::Key, String> {
        if members.get(PAYLOAD_MEMBER).is_some() {
            return Err(format!("{PAYLOAD_MEMBER}: {RESERVED}"));
        }
        Ok((read_member(members, "run_id")?, read_member(members, "sequence")?))
    }

    fn check(&self) -> Result<(), RuntimeStoreError> {
        if self.extra.contains_key(PAYLOAD_MEMBER) {
            return Err(RuntimeStoreError::invalid(format!("extra.{PAYLOAD_MEMBER}"), RESERVED));
        }
        self.check_extra()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn receipt() -> Value {
        json!({
            "run_id": "01a20127-b8f1-725e-bae9-39a85b9ab50a", "boundary": "run_start",
            "contributing_input_ids": [], "message_count": 1, "sequence": 0,
        })
    }

    #[test]
    fn what_is_no_receipt_is_refused_by_the_members_name() {
        assert!(serde_json::from_value::<RunBoundaryReceipt>(receipt()).is_ok());
        for (member, bad, told) in [
            ("boundary", json!("later"), "boundary: unknown variant `later`, expected one of `immediate`"),
            ("run_id", json!("x"), "run_id: expected a UUID, got \"x\""),
            ("contributing_input_ids", json!([""]), "contributing_input_ids: expected a UUID"),
            ("sequence", json!(-1), "sequence: expected a whole number from 0 to 2^64-1, got -1"),
            ("message_count", json!(1.5), "message_count: expected a whole number from 0 to 2^64-1, got 1.5"),
            ("sequence", json!(null), "sequence: expected a whole number from 0 to 2^64-1, got null"),
        ] {
            let mut value = receipt();
            value[member] = bad;
            let error = serde_json::from_str::<RunBoundaryReceipt>(&value.to_string()).map_err(|e| e.to_string());
            assert!(error.as_ref().is_err_and(|error| error.starts_with(told)), "{member}: {error:?}");
        }
        for not_an_object in ["[]", "null", "7", "{}"] {
            assert!(serde_json::from_str::<RunBoundaryReceipt>(not_an_object).is_err(), "{not_an_object}");
        }
    }
}

//! A session's snapshot on its way into the store.

use std::sync::Arc;

use super::{
    RuntimeStoreError, SessionId,
    json::{lexer::Members, wire::read_member},
};

/// A session's new snapshot: opaque bytes (JSON, by convention), stored and returned verbatim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDelta {
    /// The serialised session. Cheap to clone.
    pub session_snapshot: Arc<[u8]>,
}

impl SessionDelta {
    /// Takes the serialised session.
    pub fn new(session_snapshot: impl Into<Arc<[u8]>>) -> Self {
        Self { session_snapshot: session_snapshot.into() }
    }

    /// Checks that the snapshot is the session `key`'s: a JSON object whose `id` is that UUID. Anything else is
    /// [`RuntimeStoreError::SessionKeyMismatch`].
    pub fn check_session_key(&self, key: SessionId) -> Result<(), RuntimeStoreError> {
        let id = str::from_utf8(&self.session_snapshot)
            .map_err(|_| "the snapshot is not UTF-8".to_owned())
            .and_then(Members::read_of_any_depth)
            .and_then(|members| read_member::<SessionId>(&members, "id"));
        let actual = match id {
            Ok(id) if id == key => return Ok(()),
            Ok(id) => id.to_string(),
            Err(reason) => format!("missing or not a UUID ({reason})"),
        };
        Err(RuntimeStoreError::SessionKeyMismatch { expected: key, actual })
    }
}

//! A session's snapshot on its way into the store.

use std::sync::Arc;

use serde::Deserialize;

use super::{RuntimeStoreError, SessionId};

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
        #[derive(Deserialize)]
        struct Identified {
            id: SessionId,
        }
        let actual = match serde_json::from_slice::<Identified>(&self.session_snapshot) {
            Ok(Identified { id }) if id == key => return Ok(()),
            Ok(Identified { id }) => id.to_string(),
            Err(error) => format!("missing or not a UUID ({error})"),
        };
        Err(RuntimeStoreError::SessionKeyMismatch { expected: key, actual })
    }
}

//! Errors, one variant for each thing that a caller can do about them.

use std::{error::Error, fmt, sync::Arc};

use super::{LogicalRuntimeId, RuntimeState, SessionId};

/// The engine's own error behind one of ours: a browser's `DOMException`, an SQLite error.
#[derive(Clone)]
pub struct Cause(Arc<dyn Error + Send + Sync>);

impl Cause {
    /// Wraps an engine's error.
    pub fn new(error: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(error))
    }

    /// The engine's error, if it is of type `E`.
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// Why an operation of a store failed. Nothing of the operation was written, whatever the variant but
/// [`OutcomeUnknown`](Self::OutcomeUnknown).
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RuntimeStoreError {
    /// The engine could not write; the cause says why.
    #[error("write failed: {message}")]
    WriteFailed {
        /// What was being written and what the engine said.
        message: String,
        /// The engine's own error.
        #[source]
        cause: Option<Cause>,
    },
    /// The engine could not read; the cause says why.
    #[error("read failed: {message}")]
    ReadFailed {
        /// What was being read and what the engine said.
        message: String,
        /// The engine's own error.
        #[source]
        cause: Option<Cause>,
    },
    /// A snapshot was committed under a session key that is not the snapshot's own `id`.
    #[error(
        "session key mismatch: the commit names session {expected}, but the snapshot's `id` is {actual}; \
         commit it under its own id"
    )]
    SessionKeyMismatch {
        /// The session key that the caller passed.
        expected: SessionId,
        /// The `id` in the snapshot, or a description of what stands in its place.
        actual: String,
    },
    /// Something that the operation needs does not exist.
    #[error("not found: {0}")]
    NotFound(String),
    /// This environment or engine cannot do what was asked.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// This environment gives no random values, of which ids and claims are made: at the module level of a Worker, or where
    /// JavaScript has no `crypto`. Its code is `Unsupported` too.
    #[error("unsupported: {message}")]
    NoRandomValues {
        /// Why there are none.
        message: &'static str,
        /// Whether there may be some later.
        later: bool,
    },
    /// A defect in burrow itself: please report it.
    #[error("internal error: {0}")]
    Internal(String),
    /// The stored data is not what the caller has seen: load it again and decide anew.
    #[error("conflict: {0}")]
    Conflict(String),
    /// The runtime was claimed again since: claim it, load its data, and decide anew.
    #[error(
        "fenced: runtime {runtime_id} was claimed by somebody else (epoch {current}, this handle holds {held}); \
         claim it again, load its state and decide anew"
    )]
    Fenced {
        /// The runtime.
        runtime_id: LogicalRuntimeId,
        /// The epoch of the claim that the write was made under.
        held: u64,
        /// The epoch of the latest claim.
        current: u64,
    },
    /// The mob was claimed again since: claim it, load its labels and cursor, and decide anew. Its code is `Fenced` too.
    #[error(
        "fenced: mob {mob_id} was claimed by somebody else (epoch {current}, this handle holds {held}); \
         claim it again, load its labels and cursor, and decide anew"
    )]
    MobFenced {
        /// The mob.
        mob_id: String,
        /// The epoch of the claim that the write was made under.
        held: u64,
        /// The epoch of the latest claim.
        current: u64,
    },
    /// The disk, the origin's quota or a store's memory is full. Reads and deletes still work; delete something, then try again. On a
    /// disk that is full an SQLite file of less than 1 MiB, or one with a snapshot of more than some MiB in its log, has no room for a
    /// delete: free something else there first.
    #[error("quota exceeded: {message}; delete data, then try again")]
    QuotaExceeded {
        /// What was being written.
        message: String,
        /// The engine's own error.
        #[source]
        cause: Option<Cause>,
    },
    /// The connection was lost after the commit was sent, and it could not be found out whether it was made: the operation is
    /// committed whole or not at all. Load what it was about to see. The one error after which something may be written.
    #[error("outcome unknown: {message}; load what the operation was about to see whether it was committed")]
    OutcomeUnknown {
        /// What happened.
        message: String,
        /// The engine's own error.
        #[source]
        cause: Option<Cause>,
    },
    /// Another tab or process has the database locked, or open in an older version, for too long.
    #[error("blocked: {0}")]
    Blocked(String),
    /// The database was written by a newer burrow. Nothing was changed; use that version or a newer one.
    #[error("schema too new: {0}; nothing was changed, open it with a newer burrow")]
    SchemaTooNew(String),
    /// The database belongs to another program. Nothing was changed; give another name or path.
    #[error("foreign database: {0}; nothing was changed, give another name or path")]
    ForeignDatabase(String),
    /// The database was deleted, moved or replaced while the store was open: open the store again once the database is where it
    /// should be; a new one is made where there is none. Or the runtime or mob of a claim was deleted, or the runtime that is written
    /// to is being deleted: the message says which.
    #[error("deleted: {0}")]
    Deleted(String),
    /// The browser could not read the database and deleted its data. A new, empty one was made: open the store again, and
    /// restore the data from elsewhere.
    #[error("data lost: {0}; a new, empty database was made: open the store again, and restore from elsewhere")]
    DataLost(String),
    /// The database's files are damaged or cannot be opened, and to try again is not known to help; the message says what to do.
    /// In Chromium no database of the origin can be opened or deleted by then, so that the site's data must be cleared.
    #[error("unopenable: {message}")]
    Unopenable {
        /// What was being opened and what the engine said.
        message: String,
        /// The engine's own error.
        #[source]
        cause: Option<Cause>,
    },
    /// The store was closed, by the caller or by the browser: open it again.
    #[error("closed: {0}")]
    Closed(String),
    /// A stored record cannot be read as what its table holds. It was left as it is.
    #[error("cannot decode {table} {key}: {reason}; the record was left as it is")]
    Decode {
        /// The table that holds the record.
        table: &'static str,
        /// The record's key, as `[column, column]`.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An argument is not of the form that the operation takes.
    #[error("invalid input: {argument}: {reason}")]
    InvalidInput {
        /// The argument's name.
        argument: String,
        /// What is wrong with it and what is expected.
        reason: String,
    },
    /// What was asked for is more than one answer can hold. Ask for less: a page with a lower limit, or the ids, and each record by
    /// its own.
    #[error("too large: {0}; ask for less: a page with a lower limit, or the ids and then each record by its id")]
    TooLarge(String),
    /// The lifecycle does not allow this step.
    #[error("illegal transition: a runtime that is {from} cannot become {to}")]
    IllegalTransition {
        /// The state the step starts from.
        from: RuntimeState,
        /// The state it asks for.
        to: RuntimeState,
    },
}

impl RuntimeStoreError {
    /// A stable name for programs to match on; the same string as `error.code` in JavaScript.
    pub fn code(&self) -> &'static str {
        match self {
            Self::WriteFailed { .. } => "WriteFailed",
            Self::ReadFailed { .. } => "ReadFailed",
            Self::SessionKeyMismatch { .. } => "SessionKeyMismatch",
            Self::NotFound(_) => "NotFound",
            Self::Unsupported(_) | Self::NoRandomValues { .. } => "Unsupported",
            Self::Internal(_) => "Internal",
            Self::Conflict(_) => "Conflict",
            Self::Fenced { .. } | Self::MobFenced { .. } => "Fenced",
            Self::QuotaExceeded { .. } => "QuotaExceeded",
            Self::OutcomeUnknown { .. } => "OutcomeUnknown",
            Self::Blocked(_) => "Blocked",
            Self::SchemaTooNew(_) => "SchemaTooNew",
            Self::ForeignDatabase(_) => "ForeignDatabase",
            Self::Deleted(_) => "Deleted",
            Self::DataLost(_) => "DataLost",
            Self::Unopenable { .. } => "Unopenable",
            Self::Closed(_) => "Closed",
            Self::Decode { .. } => "Decode",
            Self::InvalidInput { .. } => "InvalidInput",
            Self::TooLarge(_) => "TooLarge",
            Self::IllegalTransition { .. } => "IllegalTransition",
        }
    }

    /// Whether the same call may succeed when it is simply repeated. After a [`Conflict`](Self::Conflict) it cannot: what the
    /// caller decided on is out of date.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::WriteFailed { .. }
                | Self::ReadFailed { .. }
                | Self::Blocked(_)
                | Self::NoRandomValues { later: true, .. }
        )
    }

    /// The engine's own error behind this one, where there is one.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::WriteFailed { cause, .. }
            | Self::ReadFailed { cause, .. }
            | Self::QuotaExceeded { cause, .. }
            | Self::Unopenable { cause, .. }
            | Self::OutcomeUnknown { cause, .. } => cause.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn invalid(argument: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::InvalidInput { argument: argument.into(), reason: reason.into() }
    }
}

/// Why an operation on cursors or labels failed. Nothing of it was written.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataStoreError {
    /// A stored value does not parse. It was left as it is.
    #[error("cannot decode {table} {key}: {reason}; the record was left as it is")]
    Decode {
        /// The table that holds the record.
        table: &'static str,
        /// The record's key, as `[column, column]`.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The store could not do it; the inner error says why.
    #[error(transparent)]
    Io(RuntimeStoreError),
}

impl MetadataStoreError {
    /// As [`RuntimeStoreError::is_retryable`].
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Io(error) if error.is_retryable())
    }
}

impl From<RuntimeStoreError> for MetadataStoreError {
    fn from(error: RuntimeStoreError) -> Self {
        match error {
            RuntimeStoreError::Decode { table, key, reason } => Self::Decode { table, key, reason },
            other => Self::Io(other),
        }
    }
}

impl From<MetadataStoreError> for RuntimeStoreError {
    fn from(error: MetadataStoreError) -> Self {
        match error {
            MetadataStoreError::Decode { table, key, reason } => Self::Decode { table, key, reason },
            MetadataStoreError::Io(inner) => inner,
        }
    }
}

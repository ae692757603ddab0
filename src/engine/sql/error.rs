//! SQLite's errors as ours.

use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::model::{Cause, RuntimeStoreError};

/// What SQLite was asked to do when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Read,
    Write,
}

/// Names the failure by what a caller can do about it; `doing` says what was being done, in which database.
pub(super) fn failed(asked: Asked, doing: &str, database: &str, error: Error) -> RuntimeStoreError {
    let message = format!("{doing} in {database}: {error}");
    if matches!(error, Error::NulError(_)) {
        return RuntimeStoreError::invalid("path", "a path has no NUL character in it");
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => RuntimeStoreError::Blocked(format!(
            "{message}; another connection did not finish its transaction in time, try again once it has"
        )),
        Some(ErrorCode::DiskFull) => RuntimeStoreError::QuotaExceeded { message, cause: Some(Cause::new(error)) },
        Some(ErrorCode::NotADatabase) => RuntimeStoreError::Unsupported(format!(
            "{message}; it holds something else, or is encrypted, and was left as it is: give another path"
        )),
        Some(ErrorCode::ReadOnly) => {
            RuntimeStoreError::Unsupported(format!("{message}; make the file and its folder writable"))
        }
        Some(ErrorCode::CannotOpen) => RuntimeStoreError::Unsupported(format!(
            "{message}; this process must be able to write the file and its folder, where SQLite keeps its log"
        )),
        Some(ErrorCode::TooBig) => {
            RuntimeStoreError::Unsupported(format!("{message}; SQLite keeps at most 1 GB in one record"))
        }
        _ => {
            let cause = Some(Cause::new(error));
            match asked {
                Asked::Read => RuntimeStoreError::ReadFailed { message, cause },
                Asked::Write => RuntimeStoreError::WriteFailed { message, cause },
            }
        }
    }
}

/// Why a file could not be opened: SQLite has one code for all that can be wrong with a path.
pub(super) fn cannot_open(path: &Path, error: Error) -> RuntimeStoreError {
    let folder = path.parent().unwrap_or(path);
    if path.is_dir() {
        RuntimeStoreError::invalid("path", format!("{path:?} is a folder; name a file in it"))
    } else if !folder.exists() {
        RuntimeStoreError::NotFound(format!("cannot create {path:?}: there is no folder {folder:?}; create it first"))
    } else if !folder.is_dir() {
        RuntimeStoreError::invalid("path", format!("{folder:?} is a file, so {path:?} cannot be in it"))
    } else {
        failed(Asked::Read, "opening", &format!("{path:?}"), error)
    }
}

//! Converts SQLite's errors to burrow's.

use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::model::{Cause, RuntimeStoreError};

/// Whether the failed call was to read or to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// Chooses the variant by what a caller can do about the failure; `doing` says what was being done to the database.
pub(super) fn failed(access: Access, doing: &str, database: &str, error: Error) -> RuntimeStoreError {
    let message = format!("{database}: {doing}: {error}");
    if matches!(error, Error::NulError(_)) {
        return RuntimeStoreError::invalid("path", "a path has no NUL character in it");
    }
    if is_busy(&error) {
        return RuntimeStoreError::Blocked(format!(
            "{message}; another connection did not finish its transaction in time, try again once it has"
        ));
    }
    match error.sqlite_error_code() {
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
        Some(ErrorCode::DatabaseCorrupt) => RuntimeStoreError::Unopenable {
            message: format!(
                "{message}; the file is damaged, to try again does not help: restore it from a backup, or save what can \
                 be read with `.recover` of the sqlite3 shell"
            ),
            cause: Some(Cause::new(error)),
        },
        _ => {
            let cause = Some(Cause::new(error));
            match access {
                Access::Read => RuntimeStoreError::ReadFailed { message, cause },
                Access::Write => RuntimeStoreError::WriteFailed { message, cause },
            }
        }
    }
}

/// Whether another connection holds a lock that was needed.
pub(super) fn is_busy(error: &Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Why a file could not be opened: SQLite has only one code for every fault of a path.
pub(super) fn cannot_open(path: &Path, error: Error) -> RuntimeStoreError {
    let folder = path.parent().unwrap_or(path);
    if path.is_dir() {
        RuntimeStoreError::invalid("path", format!("{path:?} is a folder; name a file in it"))
    } else if !folder.exists() {
        RuntimeStoreError::NotFound(format!("cannot create {path:?}: there is no folder {folder:?}; create it first"))
    } else if !folder.is_dir() {
        RuntimeStoreError::invalid("path", format!("{folder:?} is a file, so {path:?} cannot be in it"))
    } else {
        failed(Access::Read, "opening", &format!("{path:?}"), error)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn each_failure_is_named_by_what_can_be_done_about_it() {
        for (code, expected) in [
            (ffi::SQLITE_BUSY, "Blocked"),
            (ffi::SQLITE_BUSY_SNAPSHOT, "Blocked"),
            (ffi::SQLITE_LOCKED, "Blocked"),
            (ffi::SQLITE_FULL, "QuotaExceeded"),
            (ffi::SQLITE_NOTADB, "Unsupported"),
            (ffi::SQLITE_READONLY_DIRECTORY, "Unsupported"),
            (ffi::SQLITE_CANTOPEN, "Unsupported"),
            (ffi::SQLITE_TOOBIG, "Unsupported"),
            (ffi::SQLITE_IOERR_WRITE, "WriteFailed"),
            (ffi::SQLITE_CORRUPT, "Unopenable"),
            (ffi::SQLITE_CORRUPT_INDEX, "Unopenable"),
        ] {
            let failure = || Error::SqliteFailure(ffi::Error::new(code), Some("said so".to_owned()));
            let error = failed(Access::Write, "writing a table", "\"a.sqlite\"", failure());
            assert_eq!(error.code(), expected, "{code}");
            assert!(error.to_string().contains("\"a.sqlite\": writing a table: said so"), "{error}");
            if expected == "WriteFailed" {
                assert_eq!(failed(Access::Read, "", "", failure()).code(), "ReadFailed");
            }
        }
    }
}

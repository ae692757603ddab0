//! Converts SQLite's errors to burrow's.

use std::error::Error;

use crate::model::{Cause, RuntimeStoreError};

/// SQLite's primary result codes, the lowest byte of every code (<https://sqlite.org/rescode.html>).
mod primary {
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const READONLY: i32 = 8;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    pub(super) const TOOBIG: i32 = 18;
    pub(super) const NOTADB: i32 = 26;
}

/// The log's index cannot be made as long as it must be (`SQLITE_IOERR_SHMSIZE`).
const NO_ROOM_FOR_THE_INDEX: i32 = 4874;

/// Whether the failed call was to read or to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// Chooses the variant by what a caller can do about the failure; `doing` says what was being done to the database.
/// `code` is SQLite's own, where the error is SQLite's.
pub(super) fn failed(
    access: Access,
    doing: &str,
    database: &str,
    code: Option<i32>,
    error: impl Error + Send + Sync + 'static,
) -> RuntimeStoreError {
    let message = format!("{database}: {doing}: {error}");
    let primary = code.map(|code| if code == NO_ROOM_FOR_THE_INDEX { primary::FULL } else { code & 0xFF });
    match primary {
        Some(primary::BUSY | primary::LOCKED) => RuntimeStoreError::Blocked(format!(
            "{message}; another connection did not finish its transaction in time, try again once it has"
        )),
        Some(primary::FULL) => RuntimeStoreError::QuotaExceeded { message, cause: Some(Cause::new(error)) },
        Some(primary::NOTADB) => RuntimeStoreError::Unsupported(format!(
            "{message}; it holds something else, or is encrypted, and was left as it is: give another path"
        )),
        Some(primary::READONLY) => {
            RuntimeStoreError::Unsupported(format!("{message}; make the file and its folder writable"))
        }
        Some(primary::CANTOPEN) => RuntimeStoreError::Unsupported(format!(
            "{message}; this process must be able to write the file and its folder, where SQLite keeps its log"
        )),
        Some(primary::TOOBIG) => {
            RuntimeStoreError::Unsupported(format!("{message}; SQLite keeps at most 1 GB in one record"))
        }
        Some(primary::CORRUPT) => RuntimeStoreError::Unopenable {
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

/// The same for an error of rusqlite's.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn failed_natively(
    access: Access,
    doing: &str,
    database: &str,
    error: rusqlite::Error,
) -> RuntimeStoreError {
    if matches!(error, rusqlite::Error::NulError(_)) {
        return RuntimeStoreError::invalid("path", "a path has no NUL character in it");
    }
    failed(access, doing, database, error.sqlite_error().map(|error| error.extended_code), error)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use rusqlite::{Error, ffi};

    use super::*;

    #[test]
    fn each_failure_is_named_by_what_can_be_done_about_it() {
        for (code, expected) in [
            (ffi::SQLITE_BUSY, "Blocked"),
            (ffi::SQLITE_BUSY_SNAPSHOT, "Blocked"),
            (ffi::SQLITE_LOCKED, "Blocked"),
            (ffi::SQLITE_FULL, "QuotaExceeded"),
            (ffi::SQLITE_IOERR_SHMSIZE, "QuotaExceeded"),
            (ffi::SQLITE_NOTADB, "Unsupported"),
            (ffi::SQLITE_READONLY_DIRECTORY, "Unsupported"),
            (ffi::SQLITE_CANTOPEN, "Unsupported"),
            (ffi::SQLITE_TOOBIG, "Unsupported"),
            (ffi::SQLITE_IOERR_WRITE, "WriteFailed"),
            (ffi::SQLITE_CORRUPT, "Unopenable"),
            (ffi::SQLITE_CORRUPT_INDEX, "Unopenable"),
        ] {
            let failure = || Error::SqliteFailure(ffi::Error::new(code), Some("said so".to_owned()));
            let error = failed_natively(Access::Write, "writing a table", "\"a.sqlite\"", failure());
            assert_eq!(error.code(), expected, "{code}");
            assert!(error.to_string().contains("\"a.sqlite\": writing a table: said so"), "{error}");
            if expected == "WriteFailed" {
                assert_eq!(failed_natively(Access::Read, "", "", failure()).code(), "ReadFailed");
            }
        }
    }
}

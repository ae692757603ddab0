//! The driver on rusqlite: SQLite compiled into the process, on a file or in memory.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{
    Connection, MAIN_DB, OpenFlags, ToSql, Transaction, TransactionBehavior, params_from_iter,
    types::{ToSqlOutput, ValueRef},
};

use super::{
    Result, Tables,
    cell::{Cell, Found},
    database::Database,
    driver::Driver,
    error::{Asked, cannot_open, failed, is_busy},
    schema,
    statement::{Statement, Statements},
};
use crate::model::{Cause, RuntimeStoreError};

/// How long a call waits for another process to finish its transaction.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens the database in a file, which is created if it is not there, and gives it with the file's canonical path.
pub(super) fn open_file(path: &Path, tables: Tables) -> Result<(Database<Rusqlite>, String)> {
    let invalid = |error: std::io::Error| RuntimeStoreError::invalid("path", error.to_string());
    // Absolute, so that SQLite does not take `:memory:`, `file:…` or nothing at all for something other than a file.
    let path = std::path::absolute(path).map_err(invalid)?;
    let driver = Rusqlite::open(&path, format!("{:?}", utf8(&path)?), tables)?;
    Ok((driver.with_statements(tables), utf8(&canonical(&path)?)?.to_owned()))
}

/// A new, empty database in memory.
pub(super) fn open_in_memory(tables: Tables) -> Result<Database<Rusqlite>> {
    Ok(Rusqlite::in_memory(tables)?.with_statements(tables))
}

fn canonical(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path).map_err(|error| RuntimeStoreError::ReadFailed {
        message: format!("finding the canonical path of {}: {error}", path.display()),
        cause: Some(Cause::new(error)),
    })
}

fn utf8(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| RuntimeStoreError::invalid("path", format!("expected Unicode, got {path:?}")))
}

/// A connection. What it says in errors begins with the database's name.
#[derive(Debug)]
pub(super) struct Rusqlite {
    connection: Connection,
    name: String,
}

impl Rusqlite {
    pub(super) fn in_memory(tables: Tables) -> Result<Self> {
        let name = "a database in memory".to_owned();
        let connection = Connection::open_in_memory().map_err(|error| failed(Asked::Read, "opening", &name, error))?;
        let driver = Self { connection, name };
        schema::make_current(&driver, tables)?;
        Ok(driver)
    }

    fn open(path: &Path, name: String, tables: Tables) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| cannot_open(path, error))?;
        let driver = Self { connection, name };
        driver.refuse_read_only()?;
        driver.be_patient()?;
        // A database that is too new, or is none, must be left as it is: so before anything is changed in it.
        let current = schema::is_current(&driver, tables)?;
        driver.write_ahead()?;
        if !current {
            schema::make_current(&driver, tables)?;
        }
        Ok(driver)
    }

    /// SQLite opens what it may not write for reading only, and would fail at the first write.
    fn refuse_read_only(&self) -> Result<()> {
        let read_only = self.connection.is_readonly(MAIN_DB);
        if read_only.map_err(|error| self.failed(Asked::Read, "opening", error))? {
            let name = &self.name;
            let message = format!("{name} is read-only for this process; make the file and its folder writable");
            return Err(RuntimeStoreError::Unsupported(message));
        }
        Ok(())
    }

    /// Waits for others up to [`PATIENCE`].
    fn be_patient(&self) -> Result<()> {
        self.connection.busy_timeout(PATIENCE).map_err(|error| self.failed(Asked::Read, "opening", error))
    }

    /// Makes a commit one flush to the disk of a log beside the file: readers never wait for a writer then, nor a
    /// writer for readers.
    fn write_ahead(&self) -> Result<()> {
        let failed = |error| self.failed(Asked::Write, "turning on write-ahead logging", error);
        let mode = self.journal_mode_wal().map_err(failed)?;
        if mode != "wal" {
            let name = &self.name;
            let message = format!("{name}: the log must share memory, and mode stays {mode}; use a local disk");
            return Err(RuntimeStoreError::Unsupported(message));
        }
        self.connection.pragma_update(None, "synchronous", "FULL").map_err(failed)
    }

    /// The mode that the database is in then. SQLite itself does not wait here for others: it has a read lock to raise,
    /// and two that waited so would wait for each other. Asking again gives the lock up in between.
    fn journal_mode_wal(&self) -> rusqlite::Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mode = self.connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0));
            match mode {
                Err(error) if is_busy(&error) && Instant::now() < deadline => thread::sleep(Duration::from_millis(10)),
                mode => return mode,
            }
        }
    }

    fn with_statements(self, tables: Tables) -> Database<Self> {
        let statements = Statements::of(tables);
        self.connection.set_prepared_statement_cache_capacity(statements.len());
        Database::new(self, statements)
    }

    fn within<T>(&self, behavior: TransactionBehavior, body: impl FnOnce() -> Result<T>) -> Result<T> {
        let asked = match behavior {
            TransactionBehavior::Deferred => Asked::Read,
            _ => Asked::Write,
        };
        // Rolled back when it is dropped without a commit: on an error, and as a panic unwinds.
        let transaction = Transaction::new_unchecked(&self.connection, behavior)
            .map_err(|error| self.failed(asked, "beginning a transaction", error))?;
        let outcome = body()?;
        transaction.commit().map_err(|error| self.failed(asked, "committing", error))?;
        Ok(outcome)
    }

    fn failed(&self, asked: Asked, doing: &str, error: rusqlite::Error) -> RuntimeStoreError {
        failed(asked, doing, &self.name, error)
    }
}

impl Driver for Rusqlite {
    fn query<T>(
        &self,
        statement: &Statement,
        parameters: &[Cell<'_>],
        mut row: impl FnMut(&[Found<'_>]) -> T,
    ) -> Result<Vec<T>> {
        let mut query = || -> rusqlite::Result<Vec<T>> {
            let mut prepared = self.connection.prepare_cached(&statement.sql)?;
            let columns = prepared.column_count();
            let mut rows = prepared.query(params_from_iter(parameters))?;
            let mut all = Vec::new();
            while let Some(raw) = rows.next()? {
                let found = (0..columns).map(|i| raw.get_ref(i).map(found)).collect::<rusqlite::Result<Vec<_>>>()?;
                all.push(row(&found));
            }
            Ok(all)
        };
        query().map_err(|error| self.failed(Asked::Read, &statement.doing, error))
    }

    fn execute(&self, statement: &Statement, parameters: &[Cell<'_>]) -> Result<()> {
        let prepared = self.connection.prepare_cached(&statement.sql);
        let done = prepared.and_then(|mut prepared| prepared.execute(params_from_iter(parameters)));
        done.map(drop).map_err(|error| self.failed(Asked::Write, &statement.doing, error))
    }

    fn snapshot<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T> {
        self.within(TransactionBehavior::Deferred, body)
    }

    fn transaction<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T> {
        self.within(TransactionBehavior::Immediate, body)
    }
}

fn found(cell: ValueRef<'_>) -> Found<'_> {
    match cell {
        ValueRef::Integer(number) => Ok(Cell::Integer(number)),
        ValueRef::Text(text) => str::from_utf8(text).map(Cell::Text).map_err(|_| "TEXT that is not UTF-8"),
        ValueRef::Blob(bytes) => Ok(Cell::Blob(bytes.into())),
        ValueRef::Real(_) => Err("a REAL"),
        ValueRef::Null => Err("NULL"),
    }
}

impl ToSql for Cell<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::engine::{
        Bytes, Commit, Reads, Write,
        group_commit::{Call, Group},
        samples::{BLOBS, TABLES},
    };

    fn open() -> (tempfile::TempDir, Rusqlite) {
        let folder = tempfile::tempdir().unwrap();
        let driver = Rusqlite::open(&folder.path().join("burrow.sqlite"), "a file".to_owned(), TABLES).unwrap();
        (folder, driver)
    }

    fn pragma<T: rusqlite::types::FromSql>(driver: &Rusqlite, name: &str) -> T {
        driver.connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
    }

    #[test]
    fn a_commit_is_flushed_to_the_disk_before_it_is_acknowledged() {
        let (_folder, driver) = open();
        assert_eq!(pragma::<String>(&driver, "journal_mode"), "wal");
        const FULL: i64 = 2;
        assert_eq!(pragma::<i64>(&driver, "synchronous"), FULL);
        assert_eq!(pragma::<i64>(&driver, "busy_timeout"), 5000);
    }

    #[test]
    fn a_full_disk_refuses_a_write_whole_and_takes_others_once_there_is_room() {
        let (_folder, driver) = open();
        let full_at = pragma::<i64>(&driver, "page_count") + 100;
        driver.connection.pragma_update(None, "max_page_count", full_at).unwrap();
        let database = driver.with_statements(TABLES);
        let put = |id: &str, length: usize| BLOBS.put((id,), Bytes(vec![7; length].into()));
        let transact = |writes: Vec<Write>| {
            let commit = move |_: &_| Ok(Commit { writes: writes.clone(), change: None });
            let (call, _answer) = Call::new(Reads::new(), Box::new(commit));
            database.transact(&mut Group::of(call))
        };
        let stored = |id: &str| {
            let mut reads = Reads::new();
            let one = reads.get(&BLOBS, (id,));
            database.read(&reads).unwrap().one(one).unwrap().map(|bytes| bytes.0.len())
        };
        transact(vec![put("first", 300_000)]).unwrap();

        let error = transact(vec![put("small", 10), put("first", 10), put("large", 600_000)]).unwrap_err();
        let RuntimeStoreError::QuotaExceeded { message, cause: Some(cause) } = &error else { panic!("{error:?}") };
        assert!(message.contains("writing blobs") && message.contains("full"), "{message}");
        assert!(cause.downcast_ref::<rusqlite::Error>().is_some());
        assert_eq!((stored("small"), stored("first"), stored("large")), (None, Some(300_000), None));

        transact(vec![BLOBS.delete(("first",))]).unwrap();
        transact(vec![put("large", 300_000)]).unwrap();
        assert_eq!(stored("large"), Some(300_000));
    }
}

//! The driver on rusqlite: SQLite compiled into the process, on a file or in memory.

use std::{
    cell::OnceCell,
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{
    Connection, MAIN_DB, OpenFlags, ToSql, Transaction, TransactionBehavior,
    config::DbConfig,
    params_from_iter,
    types::{ToSqlOutput, ValueRef},
};

use super::{
    Result, Tables,
    cell::{Cell, CellResult},
    driver::Driver,
    error::{Access, failed_natively as failed},
    files::{self, Files, Identity, cannot_open, remove_if_empty},
    reserve::{self, Reserve},
    schema,
    statement::{Select, Statement},
    worker::IsCancelled,
};
use crate::model::{Cause, RuntimeStoreError};

/// How long a call waits for another process to finish its transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// While a database is opened: how long one attempt waits for a lock. Between attempts, its own locks are given up and
/// the caller may have cancelled.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(50);

/// Opens the database in a file, which is created if it does not exist, and returns it with the file's canonical path.
///
/// Turning the log on upgrades a read lock, for which SQLite does not wait: two connections that did would wait for each
/// other. Trying again gives the read lock up in between.
pub(super) fn open_file(path: &Path, tables: Tables, is_cancelled: IsCancelled<'_>) -> Result<(Rusqlite, String)> {
    let invalid = |error: io::Error| RuntimeStoreError::invalid("path", error.to_string());
    // Absolute, so that SQLite does not take `:memory:`, `file:…` or nothing at all for something other than a file.
    let path = std::path::absolute(path).map_err(invalid)?;
    let name = format!("{:?}", utf8(&path)?);
    if utf8(&path)?.ends_with(std::path::is_separator) {
        return Err(RuntimeStoreError::invalid("path", format!("{name} names a folder; name a file in it")));
    }
    let deadline = Instant::now() + BUSY_TIMEOUT;
    let mut is_full = false;
    loop {
        match Rusqlite::open(&path, &name, tables) {
            Err(RuntimeStoreError::Blocked(_)) if Instant::now() < deadline && !is_cancelled() => {
                thread::sleep(ATTEMPT_TIMEOUT / 5)
            }
            // Opening takes some room, too.
            Err(RuntimeStoreError::QuotaExceeded { .. }) if files::give_up_reserve(&path) => is_full = true,
            outcome => {
                if let (Ok((_, path)), true) = (&outcome, is_full) {
                    drop(files::keep_reserve(Path::new(path), reserve::LONGEST));
                }
                return outcome;
            }
        }
    }
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

/// A connection. Its error messages begin with the database's name.
#[derive(Debug)]
pub(super) struct Rusqlite {
    connection: Connection,
    name: String,
    /// `None` in memory, and until all three exist.
    files: Option<Files>,
    reserve: Reserve,
    /// Set once the files were lost: the error of every later call.
    lost: OnceCell<RuntimeStoreError>,
    /// What a test does between the last look at the files and the commit.
    #[cfg(test)]
    before_commit: tests::BeforeCommit,
}

impl Rusqlite {
    pub(super) fn in_memory(tables: Tables) -> Result<Self> {
        let name = "a database in memory".to_owned();
        let connection = Connection::open_in_memory().map_err(|error| failed(Access::Read, "opening", &name, error))?;
        let driver = Self::new(connection, &name);
        schema::make_current(&driver, tables)?;
        Ok(driver)
    }

    fn new(connection: Connection, name: &str) -> Self {
        Self {
            connection,
            name: name.to_owned(),
            files: None,
            reserve: Reserve::default(),
            lost: OnceCell::new(),
            #[cfg(test)]
            before_commit: tests::BeforeCommit::default(),
        }
    }

    fn open(path: &Path, name: &str, tables: Tables) -> Result<(Self, String)> {
        let before = fs::metadata(path).ok();
        if before.as_ref().is_some_and(|before| !before.is_file() && !before.is_dir()) {
            return Err(RuntimeStoreError::invalid("path", format!("{name} is a device or a pipe; name a file")));
        }
        before.as_ref().map_or(Ok(()), |before| files::refuse_second_name(before, name))?;
        let examined = match &before {
            Some(before) if before.len() > 0 => Some(Self::examine(path, name, tables)?),
            _ => None,
        };
        let opened = Self::open_to_use(path, name, tables, examined);
        if before.is_none() && matches!(&opened, Err(error) if !matches!(error, RuntimeStoreError::Blocked(_))) {
            remove_if_empty(path);
        }
        opened
    }

    /// Whether all tables exist, and the file's identity. It uses a connection of its own that changes nothing: a database
    /// that is refused must be left as it is.
    fn examine(path: &Path, name: &str, tables: Tables) -> Result<(bool, Identity)> {
        let path = canonical(path)?;
        let driver = Self::connect(&path, name, OpenFlags::empty())?;
        driver.keep_log(&path)?;
        let current = schema::is_current(&driver, tables)?;
        Ok((current, driver.identity(&path)?))
    }

    fn open_to_use(
        path: &Path,
        name: &str,
        tables: Tables,
        examined: Option<(bool, Identity)>,
    ) -> Result<(Self, String)> {
        let mut driver = Self::connect(path, name, OpenFlags::SQLITE_OPEN_CREATE)?;
        let path = canonical(path)?;
        let identity = driver.identity(&path)?;
        let (current, same) = examined.map_or((false, true), |(current, examined)| (current, examined == identity));
        if !same {
            return Err(RuntimeStoreError::Blocked(format!("{name} was replaced by another file just now")));
        }
        let utf8 = utf8(&path)?.to_owned();
        driver.write_ahead()?;
        if !current {
            schema::make_current(&driver, tables)?;
        }
        // It fails where a newer burrow has upgraded the file in between. Reading also opens the log.
        schema::is_current(&driver, tables)?;
        driver.files = Some(Files::of(&path).map_err(|error| driver.moved(error))?);
        driver.set_busy_timeout(BUSY_TIMEOUT)?;
        Ok((driver, utf8))
    }

    fn connect(path: &Path, name: &str, more: OpenFlags) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| {
            cannot_open(path).unwrap_or_else(|| failed(Access::Read, "opening", &format!("{path:?}"), error))
        })?;
        let driver = Self::new(connection, name);
        driver.refuse_read_only()?;
        driver.set_busy_timeout(ATTEMPT_TIMEOUT)?;
        Ok(driver)
    }

    /// SQLite opens a file without write permission read-only, and would fail at the first write.
    fn refuse_read_only(&self) -> Result<()> {
        let read_only = self.connection.is_readonly(MAIN_DB);
        if read_only.map_err(|error| self.failed(Access::Read, "opening", error))? {
            let name = &self.name;
            let message = format!("{name} is read-only for this process; make the file and its folder writable");
            return Err(RuntimeStoreError::Unsupported(message));
        }
        Ok(())
    }

    /// Keeps a log that another process left as it is: SQLite would checkpoint and remove it when this connection is
    /// closed, and would rebuild a missing index.
    fn keep_log(&self, path: &Path) -> Result<()> {
        if fs::metadata(files::log(path)).is_ok_and(|log| log.len() > 0) {
            let failed = |error| self.failed(Access::Read, "opening", error);
            self.leave_log().map_err(failed)?;
            if !files::index(path).exists() {
                self.connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(failed)?;
            }
        }
        Ok(())
    }

    fn leave_log(&self) -> rusqlite::Result<()> {
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
    }

    fn set_busy_timeout(&self, timeout: Duration) -> Result<()> {
        self.connection.busy_timeout(timeout).map_err(|error| self.failed(Access::Read, "opening", error))
    }

    fn identity(&self, path: &Path) -> Result<Identity> {
        Identity::of(path).map_err(|error| self.moved(error))
    }

    fn moved(&self, error: io::Error) -> RuntimeStoreError {
        RuntimeStoreError::Blocked(format!("{}: its files were moved while they were opened: {error}", self.name))
    }

    /// Write-ahead logging: a commit is one flush of the log, and readers and a writer do not wait for each other.
    fn write_ahead(&self) -> Result<()> {
        let failed = |error| self.failed(Access::Write, "turning on write-ahead logging", error);
        let mode: String =
            self.connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(failed)?;
        if mode != "wal" {
            let name = &self.name;
            let message = format!("{name}: the log must share memory, and mode stays {mode}; use a local disk");
            return Err(RuntimeStoreError::Unsupported(message));
        }
        self.connection.pragma_update(None, "synchronous", "FULL").map_err(failed)
    }

    fn within<T>(&self, behavior: TransactionBehavior, body: impl FnOnce() -> Result<T>) -> Result<T> {
        let access = match behavior {
            TransactionBehavior::Deferred => Access::Read,
            _ => Access::Write,
        };
        // Rolled back when it is dropped without a commit: on an error, and as a panic unwinds.
        let transaction = Transaction::new_unchecked(&self.connection, behavior)
            .map_err(|error| self.failed(access, "beginning a transaction", error))?;
        let outcome = body()?;
        self.check_files()?;
        #[cfg(test)]
        self.before_commit.run();
        transaction.commit().map_err(|error| self.failed(access, "committing", error))?;
        Ok(outcome)
    }

    /// Fails once the files are not those that were opened, and from then on always: other processes may have written to
    /// them without this connection's locks.
    fn check_files(&self) -> Result<()> {
        if let Some(lost) = self.lost.get() {
            return Err(lost.clone());
        }
        match self.files.as_ref().map(Files::check) {
            Some(Err(lost)) => Err(self.lost.get_or_init(|| lost).clone()),
            _ => Ok(()),
        }
    }

    fn failed(&self, access: Access, doing: &str, error: rusqlite::Error) -> RuntimeStoreError {
        failed(access, doing, &self.name, error)
    }
}

/// SQLite's last connection to a database removes the log by its name. Where another file has that name by now, the log
/// must stay.
impl Drop for Rusqlite {
    fn drop(&mut self) {
        if self.check_files().is_err() {
            // It fails only for a setting that this SQLite does not know.
            drop(self.leave_log());
        }
    }
}

/// A prepared statement, and what it does, for errors.
pub(super) struct Prepared<'c> {
    statement: rusqlite::Statement<'c>,
    doing: String,
}

impl Driver for Rusqlite {
    /// `SQLITE_MAX_LENGTH`.
    const LARGEST: usize = 1_000_000_000;

    const SELECT: Select = Select::Bare;

    type Prepared<'d> = Prepared<'d>;

    fn prepare(&self, statement: &Statement) -> Result<Prepared<'_>> {
        let prepared = self.connection.prepare(&statement.sql);
        let statement_of_it = prepared.map_err(|error| self.failed(Access::Read, &statement.doing, error))?;
        Ok(Prepared { statement: statement_of_it, doing: statement.doing.clone() })
    }

    fn query<T>(
        &self,
        prepared: &mut Prepared<'_>,
        parameters: &[Cell<'_>],
        mut row: impl FnMut(&[CellResult<'_>]) -> T,
    ) -> Result<Vec<T>> {
        let columns = prepared.statement.column_count();
        let mut query = || -> rusqlite::Result<Vec<T>> {
            let mut rows = prepared.statement.query(params_from_iter(parameters))?;
            let mut all = Vec::new();
            while let Some(raw) = rows.next()? {
                let found = (0..columns).map(|i| raw.get_ref(i).map(found)).collect::<rusqlite::Result<Vec<_>>>()?;
                all.push(row(&found));
            }
            Ok(all)
        };
        query().map_err(|error| self.failed(Access::Read, &prepared.doing, error))
    }

    fn execute(&self, prepared: &mut Prepared<'_>, parameters: &[Cell<'_>]) -> Result<()> {
        let done = prepared.statement.execute(params_from_iter(parameters));
        // Otherwise it would keep a copy of the record until its next run.
        prepared.statement.clear_bindings();
        done.map(drop).map_err(|error| self.failed(Access::Write, &prepared.doing, error))
    }

    fn snapshot<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T> {
        self.within(TransactionBehavior::Deferred, body)
    }

    fn transaction<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T> {
        let outcome = self.within(TransactionBehavior::Immediate, body)?;
        // The commit may have gone to files that nobody will open again.
        self.check_files().map_err(|lost| RuntimeStoreError::OutcomeUnknown {
            message: format!("{lost}, as something was committed to it"),
            cause: None,
        })?;
        Ok(outcome)
    }

    fn keep_reserve(&self) {
        if let Some(files) = &self.files {
            // Without it nothing else fails.
            self.reserve.keep(files.length(), |length| files::keep_reserve(files.path(), length).is_ok());
        }
    }

    fn give_up_reserve(&self) {
        let Some(path) = self.files.as_ref().map(Files::path) else { return };
        files::give_up_reserve(path);
        self.reserve.is_given_up();
    }

    fn empty_log(&self) -> bool {
        let within = |timeout| self.connection.busy_timeout(timeout).is_ok();
        let truncate = || self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        // Otherwise each call on a full disk would wait for another's reader as long as for a writer.
        let is_emptied = within(ATTEMPT_TIMEOUT / 5) && truncate().is_ok_and(|is_blocked: bool| !is_blocked);
        within(BUSY_TIMEOUT) && is_emptied && self.files.is_some()
    }
}

fn found(cell: ValueRef<'_>) -> CellResult<'_> {
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
mod tests;

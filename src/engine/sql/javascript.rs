//! The driver on a synchronous SQLite of JavaScript's: Node's, Deno's, Bun's, better-sqlite3, a Durable Object's.

use std::cell::OnceCell;

use js_sys::{Array, ArrayBuffer, Function, JsString, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use super::{
    Result,
    cell::{Cell, CellResult},
    driver::Driver,
    error::{self, Access},
    reserve::Reserve,
    statement::{Select, Statement},
};
use crate::{
    engine::ForeignError,
    model::{RuntimeStoreError, limits},
};

#[wasm_bindgen]
extern "C" {
    /// An open SQLite database: an object with these members, such as `pkg/src/sqlite/` makes. Numbers go in as decimal text,
    /// which the affinity of their columns makes integers again: not every library can bind a 64-bit integer.
    #[derive(Clone, Debug)]
    #[wasm_bindgen(typescript_type = "JsDatabase")]
    pub type JsDatabase;

    /// The name that errors give to the database.
    #[wasm_bindgen(method, getter)]
    fn name(this: &JsDatabase) -> String;

    /// A prepared statement: a function of an array of strings and `Uint8Array`s, which returns the rows as arrays.
    #[wasm_bindgen(method, catch)]
    fn prepare(this: &JsDatabase, sql: &str) -> std::result::Result<Function, JsValue>;

    /// Runs `body` in a transaction, which no other connection writes beside if it is to `write`, and commits if it returns
    /// true. Otherwise, and when anything throws, nothing is written.
    #[wasm_bindgen(method, catch)]
    fn transaction(this: &JsDatabase, write: bool, body: &mut dyn FnMut() -> bool) -> std::result::Result<(), JsValue>;

    /// Whether its rows hold some 2 MB only: a Durable Object's.
    #[wasm_bindgen(method, getter)]
    fn splits(this: &JsDatabase) -> bool;

    /// Says how the database's files were lost since it was opened; undefined while they are the same.
    #[wasm_bindgen(method)]
    fn lost(this: &JsDatabase) -> Option<String>;

    /// The file beside the database that keeps room on the disk; undefined where there is none.
    #[wasm_bindgen(method, getter)]
    fn reserve(this: &JsDatabase) -> Option<JsReserve>;

    /// Empties the log and gives its room back. False where that cannot be.
    #[wasm_bindgen(method, js_name = emptyLog)]
    fn empty_log(this: &JsDatabase) -> bool;

    /// SQLite's result code for an error that was thrown, where it has one.
    #[wasm_bindgen(method)]
    fn code(this: &JsDatabase, error: &JsValue) -> Option<i32>;

    /// Lets go of the database.
    #[wasm_bindgen(method)]
    pub(super) fn close(this: &JsDatabase);

    /// A file that keeps room on the disk.
    #[wasm_bindgen(typescript_type = "JsReserve")]
    type JsReserve;

    /// How long the database's files were together when `lost` was asked last.
    #[wasm_bindgen(method, getter)]
    fn length(this: &JsReserve) -> f64;

    /// Makes the file so long. False where there is room for less, which it keeps.
    #[wasm_bindgen(method)]
    fn keep(this: &JsReserve, length: f64) -> bool;

    /// Removes it, where there is one.
    #[wasm_bindgen(method, js_name = giveUp)]
    fn give_up(this: &JsReserve);
}

/// When a commit is called complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// Once it has been flushed to the disk.
    #[default]
    Full,
    /// Once the operating system has it.
    Normal,
}

pub(super) struct JsDriver {
    database: JsDatabase,
    name: String,
    splits: bool,
    reserve: Reserve,
    /// Set once the files were lost: the error of every later call.
    lost: OnceCell<RuntimeStoreError>,
}

impl JsDriver {
    pub(super) fn new(database: JsDatabase) -> Self {
        let (name, splits) = (database.name(), database.splits());
        Self { database, name, splits, reserve: Reserve::default(), lost: OnceCell::new() }
    }

    /// Write-ahead logging, where the database is a file that can have it.
    pub(super) fn write_ahead(&self, synchronous: Synchronous) -> Result<()> {
        let doing = "turning on write-ahead logging";
        let mode = self.pragma("PRAGMA journal_mode = WAL", doing)?;
        if mode != "wal" {
            let name = &self.name;
            let message = format!("{name}: the log must share memory, and mode stays {mode}; use a local disk");
            return Err(RuntimeStoreError::Unsupported(message));
        }
        let synchronous = match synchronous {
            Synchronous::Full => "PRAGMA synchronous = FULL",
            Synchronous::Normal => "PRAGMA synchronous = NORMAL",
        };
        self.pragma(synchronous, doing).map(drop)
    }

    /// The first text that a pragma answers.
    fn pragma(&self, sql: &str, doing: &str) -> Result<String> {
        let statement = Statement { sql: sql.to_owned(), doing: doing.to_owned(), tagged: 0 };
        let mut answers = self.query(&mut self.prepare(&statement)?, &[], |row| match row.first() {
            Some(Ok(Cell::Text(text))) => (*text).to_owned(),
            _ => String::new(),
        })?;
        Ok(answers.pop().unwrap_or_default())
    }

    fn within<T>(&self, write: bool, body: impl FnOnce() -> Result<T>) -> Result<T> {
        let access = if write { Access::Write } else { Access::Read };
        let mut body = Some(body);
        let mut outcome = None;
        let ended = self.database.transaction(write, &mut || {
            let Some(body) = body.take() else { return false };
            let done = body().and_then(|done| self.check_files().map(|()| done));
            let commits = done.is_ok();
            outcome = Some(done);
            commits
        });
        match (outcome, ended) {
            (Some(Err(refused)), _) => Err(refused),
            (Some(Ok(done)), Ok(())) => Ok(done),
            (Some(Ok(_)), Err(error)) => Err(self.failed(access, "committing", error)),
            (None, Err(error)) => Err(self.failed(access, "beginning a transaction", error)),
            (None, Ok(())) => Err(RuntimeStoreError::Internal("a transaction that did nothing".to_owned())),
        }
    }

    /// Fails once the files are not those that were opened, and from then on always: other processes may have written to
    /// them without this connection's locks.
    fn check_files(&self) -> Result<()> {
        if let Some(lost) = self.lost.get() {
            return Err(lost.clone());
        }
        match self.database.lost() {
            Some(how) => Err(self
                .lost
                .get_or_init(|| RuntimeStoreError::Deleted(format!("{how}; open the store again")))
                .clone()),
            None => Ok(()),
        }
    }

    fn failed(&self, access: Access, doing: &str, error: JsValue) -> RuntimeStoreError {
        let code = self.database.code(&error);
        let error = ForeignError::new(error);
        // A handle of the program's own.
        if error.to_string().contains("within a transaction") {
            return RuntimeStoreError::Blocked(format!(
                "{}: {doing}: the program has begun a transaction on this handle; try again once it has ended",
                self.name
            ));
        }
        // A Durable Object's `deleteAll()`, or somebody else's hand.
        if error.to_string().contains("no such table") {
            return RuntimeStoreError::Deleted(format!("{}: {doing}: {error}; open the store again", self.name));
        }
        error::failed(access, doing, &self.name, code, error)
    }
}

/// A prepared statement, what it does, for errors, and how many of its columns are tagged.
pub(super) struct Prepared {
    statement: Function,
    doing: String,
    tagged: usize,
}

impl Driver for JsDriver {
    /// `SQLITE_MAX_LENGTH`.
    const LARGEST: usize = 1_000_000_000;

    const SELECT: Select = Select::Tagged;

    fn splits(&self) -> bool {
        self.splits
    }

    type Prepared<'d> = Prepared;

    fn prepare(&self, statement: &Statement) -> Result<Prepared> {
        let Statement { sql, doing, tagged } = statement;
        let prepared = self.database.prepare(sql);
        let statement = prepared.map_err(|error| self.failed(Access::Read, doing, error))?;
        Ok(Prepared { statement, doing: doing.clone(), tagged: *tagged })
    }

    fn query<T>(
        &self,
        prepared: &mut Prepared,
        parameters: &[Cell<'_>],
        mut row: impl FnMut(&[CellResult<'_>]) -> T,
    ) -> Result<Vec<T>> {
        let rows = self.run(Access::Read, prepared, parameters)?;
        let mut taken = 0;
        let one = |columns: JsValue| {
            let columns: &Array = columns.unchecked_ref();
            // Before they are copied.
            taken += columns.iter().map(|cell| size(&cell)).sum::<usize>();
            limits::answer(taken)?;
            let cells = columns.iter().enumerate();
            let stored: Vec<Stored> = cells.map(|(i, cell)| Stored::of(&cell, i < prepared.tagged)).collect();
            let found: Vec<CellResult<'_>> = stored.iter().map(Stored::cell).collect();
            Ok(row(&found))
        };
        rows.iter().map(one).collect()
    }

    fn execute(&self, prepared: &mut Prepared, parameters: &[Cell<'_>]) -> Result<()> {
        self.run(Access::Write, prepared, parameters).map(drop)
    }

    fn snapshot<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T> {
        self.within(false, body)
    }

    fn transaction<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T> {
        let outcome = self.within(true, body)?;
        // The commit may have gone to files that nobody will open again.
        self.check_files().map_err(|lost| RuntimeStoreError::OutcomeUnknown {
            message: format!("{lost}, as something was committed to it"),
            cause: None,
        })?;
        Ok(outcome)
    }

    fn keep_reserve(&self) {
        if let Some(file) = self.database.reserve() {
            self.reserve.keep(file.length() as u64, |length| file.keep(length as f64));
        }
    }

    fn give_up_reserve(&self) {
        if let Some(file) = self.database.reserve() {
            file.give_up();
            self.reserve.is_given_up();
        }
    }

    fn empty_log(&self) -> bool {
        self.database.empty_log()
    }
}

impl JsDriver {
    fn run(&self, access: Access, prepared: &Prepared, parameters: &[Cell<'_>]) -> Result<Array> {
        let parameters: Array = parameters.iter().map(parameter).collect();
        let rows = prepared.statement.call1(&JsValue::UNDEFINED, &parameters);
        Ok(rows.map_err(|error| self.failed(access, &prepared.doing, error))?.unchecked_into())
    }
}

fn parameter(cell: &Cell<'_>) -> JsValue {
    match cell {
        Cell::Integer(number) => number.to_string().into(),
        Cell::Text(text) => (*text).into(),
        Cell::Blob(bytes) => Uint8Array::from(&**bytes).into(),
    }
}

/// A cell on this side.
enum Stored {
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
    Other(&'static str),
}

impl Stored {
    fn of(cell: &JsValue, tagged: bool) -> Self {
        if let Some(text) = cell.as_string() {
            Self::Text(text)
        } else if let Some(number) = cell.as_f64() {
            // Only the version of the tables comes as a number.
            if number.fract() == 0.0 { Self::Integer(number as i64) } else { Self::Other("a REAL") }
        } else if cell.is_bigint() {
            i64::try_from(cell.clone()).map_or(Self::Other("a number"), Self::Integer)
        } else if let Some(bytes) = bytes(cell) {
            if tagged { Self::untagged(bytes) } else { Self::Blob(bytes) }
        } else {
            Self::Other("NULL")
        }
    }

    fn untagged(mut bytes: Vec<u8>) -> Self {
        let tag = if bytes.is_empty() { 0 } else { bytes.remove(0) };
        let text = |bytes| String::from_utf8(bytes).map_err(|_| "TEXT that is not UTF-8");
        match tag {
            b't' => text(bytes).map_or_else(Self::Other, Self::Text),
            b'i' => {
                text(bytes).ok().and_then(|digits| digits.parse().ok()).map_or(Self::Other("a number"), Self::Integer)
            }
            b'b' => Self::Blob(bytes),
            _ => Self::Other("a REAL"),
        }
    }

    fn cell(&self) -> CellResult<'_> {
        match self {
            Self::Integer(number) => Ok(Cell::Integer(*number)),
            Self::Text(text) => Ok(Cell::Text(text)),
            Self::Blob(bytes) => Ok(Cell::Blob(bytes.as_slice().into())),
            Self::Other(instead) => Err(instead),
        }
    }
}

/// How many bytes a cell has at least.
fn size(cell: &JsValue) -> usize {
    match cell.dyn_ref::<JsString>() {
        Some(text) => text.length() as usize,
        None if ArrayBuffer::is_view(cell) => cell.unchecked_ref::<Uint8Array>().byte_length() as usize,
        None => cell.dyn_ref::<ArrayBuffer>().map_or(0, |buffer| buffer.byte_length() as usize),
    }
}

/// The bytes of a BLOB, which is an array, or a buffer, of whichever realm.
fn bytes(cell: &JsValue) -> Option<Vec<u8>> {
    if ArrayBuffer::is_view(cell) {
        Some(cell.unchecked_ref::<Uint8Array>().to_vec())
    } else {
        cell.is_object().then(|| Uint8Array::new(cell).to_vec())
    }
}

//! Lines back into a store.

use std::mem::take;

use super::{
    super::{
        Operation, Store,
        checking::check,
        schema::{DELETIONS, TABLES},
        steps::{Outcome, Steps},
    },
    lines::{Line, Reader, Record},
    put::{Batch, Incoming},
};
use crate::{
    engine::{Encoded, Engine, Key, Result, TableInfo, ValueType},
    model::{RuntimeStoreError, json::writer::quoted, limits},
};

/// What an import does about a record under whose key the store has another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// Ends with `Conflict`, and leaves the stored record as it is.
    #[default]
    Refuse,
    /// Puts the imported record in its place. In the place of another claim it puts a new one, later than both, so that nobody writes
    /// on who held one of them.
    Overwrite,
}

/// How far an import has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The records of the file that are in the store by now.
    pub records: u64,
    /// How many of them were written; the others were there already.
    pub written: u64,
}

/// The longest line: a document, each byte of which takes six in a string, under the longest key.
const LINE: usize = 6 * (limits::DOCUMENT + limits::KEY) + 1024;

/// Lines on their way into a store: see [`Store::import`].
#[derive(Debug)]
pub struct Import<E> {
    store: Store<E>,
    lines: Importing,
}

impl<E: Engine> Import<E> {
    pub(super) fn new(store: Store<E>, on_conflict: OnConflict) -> Self {
        Self { lines: Importing::new(&store, on_conflict), store }
    }

    /// How far it has come.
    pub fn imported(&self) -> Imported {
        self.lines.imported
    }

    /// Takes the next bytes of the file, cut wherever they are, and commits what there is enough of for a transaction.
    ///
    /// # Errors
    /// `InvalidInput` for a line that is none of an export's, or whose record is none of its table's; `SchemaTooNew` for a file of a
    /// newer burrow; `Conflict` for a record that differs from the stored one. The error names the line. What was committed before
    /// stays, and the import is over: begun anew, it passes over what is there already.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.lines.give(Some(bytes))?;
        self.store.walk(&mut self.lines).await
    }

    /// Commits the rest, and says how much was imported.
    ///
    /// # Errors
    /// As [`write`](Self::write), and `InvalidInput` for a file that was cut off.
    pub async fn finish(mut self) -> Result<Imported> {
        self.lines.give(None)?;
        self.store.walk(&mut self.lines).await?;
        Ok(self.lines.imported)
    }
}

/// An import without its store.
pub(crate) struct Importing {
    reader: Reader,
    /// Bytes, of which those from `from` on were not read yet, and there is no line feed in them before `sought`.
    bytes: Vec<u8>,
    from: usize,
    sought: usize,
    /// How many lines were read.
    lines: u64,
    batch: Batch,
    /// Bytes of a record that goes on in the next line.
    pieces: Option<(&'static TableInfo, Key, Vec<u8>)>,
    counts: [u64; TABLES.len()],
    pub(crate) imported: Imported,
    stage: Stage,
    /// Whether there are no more bytes to come.
    finishes: bool,
    is_claimed: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Begins,
    Goes,
    /// The last line was there.
    Ended,
    /// A step has failed, or has not ended: no more lines are taken.
    Failed,
}

impl std::fmt::Debug for Importing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Importing").field("imported", &self.imported).finish_non_exhaustive()
    }
}

impl Importing {
    pub(crate) fn new<E: Engine>(store: &Store<E>, on_conflict: OnConflict) -> Self {
        Self {
            reader: Reader::default(),
            bytes: Vec::new(),
            from: 0,
            sought: 0,
            lines: 0,
            batch: Batch::new(on_conflict),
            pieces: None,
            counts: [0; TABLES.len()],
            imported: Imported::default(),
            stage: Stage::Begins,
            finishes: false,
            is_claimed: store.fence().is_some(),
        }
    }

    /// Gives it the next bytes, or says that there are no more.
    pub(crate) fn give(&mut self, bytes: Option<&[u8]>) -> Result<()> {
        if self.is_claimed {
            let reason =
                "an import writes to every runtime: make it with the store, and not with a claim on one of them";
            return Err(RuntimeStoreError::Unsupported(reason.to_owned()));
        }
        if self.stage == Stage::Failed {
            return Err(RuntimeStoreError::Closed("this import has failed; begin another".to_owned()));
        }
        match bytes {
            None => self.finishes = true,
            Some(bytes) => {
                self.sought -= self.from;
                self.bytes.drain(..take(&mut self.from));
                self.bytes.extend_from_slice(bytes);
            }
        }
        Ok(())
    }

    /// Reads lines until there is enough for a transaction, or there are no more.
    fn read(&mut self, mut stage: Stage) -> Result<Stage> {
        while !self.batch.is_full() {
            let rest = self.bytes.get(self.sought..).unwrap_or_default();
            let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
                self.sought = self.bytes.len();
                if self.sought - self.from > LINE {
                    self.lines += 1;
                    return Err(self.invalid(format!("it has more than {LINE} bytes")));
                }
                break;
            };
            self.lines += 1;
            let end = self.sought + length;
            let line = self.reader.line(self.bytes.get(self.from..end).unwrap_or_default());
            (self.from, self.sought) = (end + 1, end + 1);
            stage = self.line(line, stage)?;
        }
        Ok(stage)
    }

    /// Reads what came behind the last line feed.
    fn finish(&mut self, mut stage: Stage) -> Result<Stage> {
        let lines = self.lines;
        let rest = self.bytes.split_off(take(&mut self.from));
        self.bytes.clear();
        self.sought = 0;
        // Something may have taken the last line feed.
        if !rest.is_empty() && (stage == Stage::Ended || rest.ends_with(b"}")) {
            self.lines += 1;
            let line = self.reader.line(&rest);
            stage = self.line(line, stage)?;
        }
        // The whole lines before the cut are written first, so that a repeated import has less to do.
        if stage != Stage::Ended && self.batch.is_empty() {
            let reason =
                format!("it was cut off after line {lines}: the last line of an export says how many records it has");
            return Err(RuntimeStoreError::invalid(SOURCE, reason));
        }
        Ok(stage)
    }

    fn line(&mut self, line: std::result::Result<Line, String>, stage: Stage) -> Result<Stage> {
        match (stage, line.map_err(|reason| self.invalid(reason))?) {
            (Stage::Begins, Line::Header) => return Ok(Stage::Goes),
            (Stage::Begins, Line::Newer(reason)) => {
                return Err(RuntimeStoreError::SchemaTooNew([SOURCE, ": ", &reason].concat()));
            }
            (Stage::Goes, Line::Record(record)) => {
                return self.record(record).map(|()| stage).map_err(|reason| self.invalid(reason));
            }
            (Stage::Goes, Line::End(counts)) if self.pieces.is_none() && counts == self.counts => {
                return Ok(Stage::Ended);
            }
            _ => {}
        }
        let reason = match stage {
            Stage::Begins => "expected the first line of an export",
            Stage::Ended => "expected nothing behind the last line",
            _ => "expected another record: there were not those before it that it counts, or a first line stands here",
        };
        Err(self.invalid(reason.to_owned()))
    }

    fn record(&mut self, Record { table, key, value, more }: Record) -> std::result::Result<(), String> {
        let told = |error: RuntimeStoreError| error.to_string();
        let value = match (self.pieces.take(), value) {
            (None, value) if !more => value,
            (before, Encoded::Bytes(piece)) => {
                let mut bytes = match before {
                    None => Vec::new(),
                    Some((of, same, bytes)) if of.name == table.name && same == key => bytes,
                    Some(_) => return Err(NOT_THE_REST.to_owned()),
                };
                limits::snapshot(SOURCE, bytes.len() + piece.len()).map_err(told)?;
                bytes.extend_from_slice(&piece);
                if more {
                    self.pieces = Some((table, key, bytes));
                    return Ok(());
                }
                Encoded::Bytes(bytes.into())
            }
            (_, Encoded::Text(_)) => return Err(NOT_THE_REST.to_owned()),
        };
        limits::key(table.key[0].name, key.size()).map_err(told)?;
        if table.value_type == ValueType::Json {
            limits::document(value.as_text()?)?;
        }
        check(table, &key, &value)?;
        if table.name == DELETIONS.info.name {
            let runtime = quoted(key.text(0));
            return Err(format!("the runtime {runtime} was being deleted: delete it to its end, and export anew"));
        }
        if let Some((_, count)) = TABLES.iter().zip(&mut self.counts).find(|(info, _)| info.name == table.name) {
            *count += 1;
        }
        self.batch.add(Incoming { line: self.lines, table, key, value });
        Ok(())
    }

    fn invalid(&self, reason: String) -> RuntimeStoreError {
        RuntimeStoreError::invalid(SOURCE, format!("line {}: {reason}", self.lines))
    }
}

impl Steps for Importing {
    fn next(&mut self) -> Result<Vec<Operation<Outcome>>> {
        // Should this fail, or what it gives be dropped, the import is over.
        let mut stage = std::mem::replace(&mut self.stage, Stage::Failed);
        if !self.batch.is_retried() {
            stage = self.read(stage)?;
            if self.finishes && !self.batch.is_full() {
                stage = self.finish(stage)?;
            }
        }
        let commits = if self.batch.is_full() || self.finishes || stage == Stage::Ended {
            self.batch.commits()?
        } else {
            Vec::new()
        };
        self.stage = stage;
        Ok(commits)
    }

    fn took(&mut self, outcomes: Vec<Result<Outcome>>) -> Result<()> {
        let stage = std::mem::replace(&mut self.stage, Stage::Failed);
        if let Some((records, written)) = self.batch.took(outcomes)? {
            self.imported.records += records;
            self.imported.written += written;
        }
        self.stage = stage;
        Ok(())
    }
}

const NOT_THE_REST: &str = "expected the rest of the record before it";

/// What errors call the file.
pub(super) const SOURCE: &str = "source";

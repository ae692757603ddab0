//! Lines back into a store.

use std::{collections::BTreeMap, mem::take};

use super::{
    super::{Store, checking::check},
    lines::{Line, Reader},
    put::{Batch, Incoming},
};
use crate::{
    engine::{Encoded, Engine, Key, Result, TableInfo, ValueType},
    model::{RuntimeStoreError, limits},
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
pub struct Import<E> {
    store: Store<E>,
    reader: Reader,
    /// What came of a line that has not ended yet.
    rest: Vec<u8>,
    /// How many lines have ended.
    lines: u64,
    batch: Batch,
    /// Bytes of a record that goes on in the next line.
    pieces: Option<(&'static TableInfo, Key, Vec<u8>)>,
    counts: BTreeMap<String, u64>,
    imported: Imported,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Begins,
    Goes,
    /// The last line was there.
    Ended,
    Failed,
}

impl<E> std::fmt::Debug for Import<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Import").field("imported", &self.imported).finish_non_exhaustive()
    }
}

impl<E> Import<E> {
    /// How far it has come.
    pub fn imported(&self) -> Imported {
        self.imported
    }
}

impl<E: Engine> Import<E> {
    pub(super) fn new(store: Store<E>, on_conflict: OnConflict) -> Self {
        Self {
            store,
            reader: Reader::default(),
            rest: Vec::new(),
            lines: 0,
            batch: Batch::new(on_conflict),
            pieces: None,
            counts: BTreeMap::new(),
            imported: Imported::default(),
            stage: Stage::Begins,
        }
    }

    /// Takes the next bytes of the file, cut wherever they are, and commits what there is enough of for a transaction.
    ///
    /// # Errors
    /// `InvalidInput` for a line that is none of an export's, or whose record is none of its table's; `SchemaTooNew` for a file of a
    /// newer burrow; `Conflict` for a record that differs from the stored one. The error names the line. What was committed before
    /// stays, and the import is over: begun anew, it passes over what is there already.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let stage = self.begin()?;
        self.stage = self.take(bytes, stage).await?;
        Ok(())
    }

    /// Commits the rest, and says how much was imported.
    ///
    /// # Errors
    /// As [`write`](Self::write), and `InvalidInput` for a file that was cut off.
    pub async fn finish(mut self) -> Result<Imported> {
        let mut stage = self.begin()?;
        let lines = self.lines;
        // Something may have taken the last line feed.
        let rest = take(&mut self.rest);
        if !rest.is_empty() && (stage == Stage::Ended || rest.ends_with(b"}")) {
            self.lines += 1;
            let line = self.reader.line(&rest);
            stage = self.line(line, stage).await?;
        }
        if stage != Stage::Ended {
            // What came whole before it was cut off is kept, so that less is left to do.
            self.commit().await?;
            let reason =
                format!("it was cut off after line {lines}: the last line of an export says how many records it has");
            return Err(RuntimeStoreError::invalid(SOURCE, reason));
        }
        Ok(self.imported)
    }

    /// Should what follows fail or be dropped, the import is over.
    fn begin(&mut self) -> Result<Stage> {
        if self.store.fence().is_some() {
            let reason =
                "an import writes to every runtime: make it with the store, and not with a claim on one of them";
            return Err(RuntimeStoreError::Unsupported(reason.to_owned()));
        }
        match std::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Failed => Err(RuntimeStoreError::Closed("this import has failed; begin another".to_owned())),
            stage => Ok(stage),
        }
    }

    async fn take(&mut self, mut bytes: &[u8], mut stage: Stage) -> Result<Stage> {
        while let Some(at) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(at);
            bytes = rest.get(1..).unwrap_or_default();
            self.lines += 1;
            let begun = take(&mut self.rest);
            let next =
                if begun.is_empty() { self.reader.line(line) } else { self.reader.line(&[&begun, line].concat()) };
            stage = self.line(next, stage).await?;
        }
        if self.rest.len() + bytes.len() > LINE {
            self.lines += 1;
            return Err(self.invalid(format!("it has more than {LINE} bytes")));
        }
        self.rest.extend_from_slice(bytes);
        Ok(stage)
    }

    async fn line(&mut self, line: std::result::Result<Line, String>, stage: Stage) -> Result<Stage> {
        match (stage, line.map_err(|reason| self.invalid(reason))?) {
            (Stage::Begins, Line::Header) => Ok(Stage::Goes),
            (Stage::Begins, Line::Newer(reason)) => Err(RuntimeStoreError::SchemaTooNew(format!("{SOURCE}: {reason}"))),
            (Stage::Begins, _) => Err(self.invalid("expected the first line of an export".to_owned())),
            (Stage::Ended, _) => Err(self.invalid("expected nothing behind the last line".to_owned())),
            (_, Line::Header | Line::Newer(_)) => Err(self.invalid("a first line stands here again".to_owned())),
            (_, Line::Record { table, key, value, more }) => {
                self.record(table, key, value, more).await.map(|()| Stage::Goes)
            }
            (_, Line::End(counts)) => {
                let counted = counts.into_iter().filter(|(_, count)| *count > 0);
                if self.pieces.is_some() || !counted.eq(self.counts.clone()) {
                    return Err(self.invalid("there were other records before it than it counts".to_owned()));
                }
                self.commit().await?;
                Ok(Stage::Ended)
            }
        }
    }

    async fn record(&mut self, table: &'static TableInfo, key: Key, value: Encoded, more: bool) -> Result<()> {
        let value = match (self.pieces.take(), value) {
            (None, value) if !more => value,
            (before, Encoded::Bytes(piece)) => {
                let mut bytes = match before {
                    Some((of, same, bytes)) if of.name == table.name && same == key => bytes,
                    None => Vec::new(),
                    Some(_) => return Err(self.invalid("expected the rest of the record before it".to_owned())),
                };
                limits::snapshot(SOURCE, bytes.len() + piece.len()).map_err(|error| self.invalid(error.to_string()))?;
                bytes.extend_from_slice(&piece);
                if more {
                    self.pieces = Some((table, key, bytes));
                    return Ok(());
                }
                Encoded::Bytes(bytes.into())
            }
            (_, Encoded::Text(_)) => {
                return Err(self.invalid("expected the rest of the record before it".to_owned()));
            }
        };
        self.check(table, &key, &value).map_err(|reason| self.invalid(reason))?;
        *self.counts.entry(table.name.to_owned()).or_default() += 1;
        self.batch.add(Incoming { line: self.lines, table, key, value });
        if self.batch.is_full() { self.commit().await } else { Ok(()) }
    }

    fn check(&self, table: &'static TableInfo, key: &Key, value: &Encoded) -> std::result::Result<(), String> {
        let told = |error: RuntimeStoreError| error.to_string();
        limits::key(table.key[0].name, key.size()).map_err(told)?;
        if table.value_type == ValueType::Json {
            limits::document(value.as_text()?)?;
        }
        check(table, key, value)
    }

    async fn commit(&mut self) -> Result<()> {
        let records = self.batch.len() as u64;
        self.imported.written += self.batch.commit(&self.store).await?;
        self.imported.records += records;
        Ok(())
    }

    fn invalid(&self, reason: String) -> RuntimeStoreError {
        RuntimeStoreError::invalid(SOURCE, format!("line {}: {reason}", self.lines))
    }
}

/// What errors call the file.
pub(super) const SOURCE: &str = "source";

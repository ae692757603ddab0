//! A store as lines.

use std::sync::Arc;

use super::{
    super::{
        Operation, Store,
        checking::check,
        steps::{Found, Outcome, Steps},
        walk::Walk,
    },
    lines::{PIECE, Value, Writer},
};
use crate::{
    engine::{Encoded, Engine, Key, Page, ReadSet, Reads, Result, TableInfo, ValueType},
    model::RuntimeStoreError,
    store::{
        deleting::runtime_of,
        schema::{DELETIONS, TABLES},
    },
};

/// The lines of an export, as they are read from the store: see [`Store::export`].
#[derive(Debug)]
pub struct Export<E> {
    store: Store<E>,
    lines: Exporting,
}

impl<E: Engine> Export<E> {
    pub(super) fn new(store: Store<E>) -> Self {
        Self { store, lines: Exporting::new() }
    }

    /// How many records were read so far.
    pub fn records(&self) -> u64 {
        self.lines.counts.iter().sum()
    }

    /// The next lines, each ended by a line feed: about a mebibyte, or one line that is longer. `None` after the last.
    ///
    /// # Errors
    /// `Decode` for a record that cannot be read as what its table holds: [`Store::verify`] finds all of them. After an error there
    /// are no more lines.
    pub async fn next(&mut self) -> Result<Option<String>> {
        // Should this fail or be dropped, there are no more lines.
        let mut lines = std::mem::replace(&mut self.lines, Exporting { stage: Stage::Ended, ..Exporting::new() });
        self.store.walk(&mut lines).await?;
        let text = lines.take();
        self.lines = lines;
        Ok(text)
    }
}

/// An export without its store.
pub(crate) struct Exporting {
    walk: Walk,
    /// The table that is read.
    table: Option<&'static TableInfo>,
    writer: Writer,
    counts: [u64; TABLES.len()],
    /// The runtimes whose deletion had begun, once they are known. They are left out: a part of one is no runtime, and its note would hide
    /// a whole one where it is imported.
    deleted: Option<Vec<Key>>,
    /// A value of bytes, and how many of them were written.
    bytes: Option<(Key, Arc<[u8]>, usize)>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Begins,
    Goes,
    Ended,
}

impl std::fmt::Debug for Exporting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Exporting")
    }
}

impl Exporting {
    pub(crate) fn new() -> Self {
        Self {
            walk: Walk::new(),
            table: None,
            writer: Writer::default(),
            counts: [0; TABLES.len()],
            deleted: None,
            bytes: None,
            stage: Stage::Begins,
        }
    }

    /// The lines that were made; `None` where there are no more.
    pub(crate) fn take(&mut self) -> Option<String> {
        let text = std::mem::take(&mut self.writer.text);
        if text.is_empty() { None } else { Some(text) }
    }

    fn write_piece(&mut self, table: &'static TableInfo, key: Key, bytes: Arc<[u8]>, from: usize) {
        let rest = bytes.get(from..).unwrap_or_default();
        let piece = rest.get(..PIECE).unwrap_or(rest);
        let more = rest.len() > piece.len();
        self.writer.record(table, &key, Value::Bytes(piece), more);
        if more {
            self.bytes = Some((key, bytes, from + PIECE));
        }
    }

    fn write(&mut self, table: &'static TableInfo, key: &Key, record: Encoded) -> std::result::Result<(), String> {
        check(table, key, &record)?;
        match table.value_type {
            ValueType::Bytes => {
                let bytes = match record {
                    Encoded::Bytes(bytes) => bytes,
                    Encoded::Text(text) => text.as_bytes().into(),
                };
                self.write_piece(table, key.clone(), bytes, 0);
            }
            ValueType::Json => self.writer.record(table, key, Value::Json(record.as_text()?), false),
            ValueType::Text => self.writer.record(table, key, Value::Text(record.as_text()?), false),
        }
        if let Some((_, count)) = TABLES.iter().zip(&mut self.counts).find(|(info, _)| info.name == table.name) {
            *count += 1;
        }
        Ok(())
    }

    fn is_deleted(&self, table: &TableInfo, key: &Key, record: &std::result::Result<Encoded, String>) -> bool {
        let runtime = record.as_ref().ok().and_then(|record| runtime_of(table, key, record));
        runtime.is_some_and(|runtime| self.deleted.iter().flatten().any(|deleted| deleted.text(0) == runtime))
    }

    fn write_all(&mut self, table: &'static TableInfo, found: Vec<Found>) -> Result<()> {
        for (key, record) in found {
            if table.name == DELETIONS.info.name || self.is_deleted(table, &key, &record) {
                continue;
            }
            let written = record.and_then(|record| self.write(table, &key, record));
            written.map_err(|reason| RuntimeStoreError::Decode { table: table.name, key: key.to_string(), reason })?;
        }
        Ok(())
    }
}

impl Steps for Exporting {
    fn next(&mut self) -> Result<Vec<Operation<Outcome>>> {
        if self.stage == Stage::Begins {
            self.writer.header();
            self.stage = Stage::Goes;
        }
        if self.stage == Stage::Ended || !self.writer.text.is_empty() {
            return Ok(Vec::new());
        }
        if let (Some(table), Some((key, bytes, from))) = (self.table, self.bytes.take()) {
            self.write_piece(table, key, bytes, from);
            return Ok(Vec::new());
        }
        if self.deleted.is_none() {
            let mut reads = Reads::new();
            let deleted = reads.range(&DELETIONS, Key::all(), Page::default());
            let keys = move |seen: &ReadSet| {
                Ok(Outcome::Keys(seen.many(deleted)?.iter().map(|(key, _)| Key::clone(key)).collect()))
            };
            return Ok(vec![Operation::read(reads, keys)]);
        }
        let Some((table, read)) = self.walk.next() else {
            self.writer.end(&self.counts);
            self.stage = Stage::Ended;
            return Ok(Vec::new());
        };
        self.table = Some(table);
        Ok(vec![read])
    }

    fn took(&mut self, outcomes: Vec<Result<Outcome>>) -> Result<()> {
        for outcome in outcomes {
            if self.deleted.is_none() {
                let Outcome::Keys(keys) = outcome? else { continue };
                self.deleted = Some(keys);
                continue;
            }
            let found = self.walk.took(outcome)?;
            if let Some(table) = self.table {
                self.write_all(table, found)?;
            }
        }
        Ok(())
    }
}

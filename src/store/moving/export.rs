//! A store as lines.

use std::sync::Arc;

use super::{
    super::{checking::check, walk::Walk},
    lines::{PIECE, Value, Writer},
};
use crate::{
    engine::{Encoded, Engine, Key, Result, TableInfo, ValueType},
    model::RuntimeStoreError,
    store::schema::TABLES,
};

/// The lines of an export, as they are read from the store: see [`Store::export`](crate::Store::export).
pub struct Export<E> {
    walk: Walk<E>,
    writer: Writer,
    counts: [u64; TABLES.len()],
    /// A value of bytes, and how many of them were written.
    bytes: Option<(&'static TableInfo, Key, Arc<[u8]>, usize)>,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Begins,
    Goes,
    Ended,
}

impl<E> std::fmt::Debug for Export<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Export").field("records", &self.records()).finish_non_exhaustive()
    }
}

impl<E> Export<E> {
    /// How many records were read so far.
    pub fn records(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl<E: Engine> Export<E> {
    pub(super) fn new(walk: Walk<E>) -> Self {
        Self { walk, writer: Writer::default(), counts: [0; TABLES.len()], bytes: None, stage: Stage::Begins }
    }

    /// The next lines, each ended by a line feed: about a mebibyte, or one line that is longer. `None` after the last.
    ///
    /// # Errors
    /// `Decode` for a record that cannot be read as what its table holds: [`Store::verify`](crate::Store::verify) finds all of
    /// them. After an error there are no more lines.
    pub async fn next(&mut self) -> Result<Option<String>> {
        if self.stage == Stage::Ended {
            return Ok(None);
        }
        // Should this fail or be dropped, there are no more lines.
        let stage = std::mem::replace(&mut self.stage, Stage::Ended);
        if stage == Stage::Begins {
            self.writer.header();
        }
        self.stage = self.write_more().await?;
        Ok(Some(std::mem::take(&mut self.writer.text)))
    }

    async fn write_more(&mut self) -> Result<Stage> {
        if self.bytes.is_none() && !self.read_more().await? {
            self.writer.end(&self.counts);
            return Ok(Stage::Ended);
        }
        if let Some((table, key, bytes, from)) = self.bytes.take() {
            let rest = bytes.get(from..).unwrap_or_default();
            let piece = rest.get(..PIECE).unwrap_or(rest);
            let more = rest.len() > piece.len();
            self.writer.record(table, &key, Value::Bytes(piece), more);
            if more {
                self.bytes = Some((table, key, bytes, from + PIECE));
            }
        }
        Ok(Stage::Goes)
    }

    /// Writes the lines of the next records, or sets the next value of bytes; whether there was any.
    async fn read_more(&mut self) -> Result<bool> {
        let Some((table, records)) = self.walk.next().await? else { return Ok(false) };
        let count = TABLES.iter().zip(&mut self.counts).find(|(info, _)| info.name == table.name);
        if let Some((_, count)) = count {
            *count += records.len() as u64;
        }
        for (key, record) in records {
            let record = record.and_then(|record| {
                check(table, &key, &record)?;
                match (table.value_type, record) {
                    (ValueType::Bytes, Encoded::Bytes(bytes)) => self.bytes = Some((table, key.clone(), bytes, 0)),
                    (ValueType::Bytes, Encoded::Text(text)) => {
                        self.bytes = Some((table, key.clone(), text.as_bytes().into(), 0));
                    }
                    (ValueType::Json, record) => {
                        self.writer.record(table, &key, Value::Json(record.as_text()?), false);
                    }
                    (ValueType::Text, record) => {
                        self.writer.record(table, &key, Value::Text(record.as_text()?), false);
                    }
                }
                Ok(())
            });
            record.map_err(|reason: String| RuntimeStoreError::Decode {
                table: table.name,
                key: key.to_string(),
                reason,
            })?;
        }
        Ok(true)
    }
}

//! Tables, described as data: this is all that an engine knows of them.

use std::{marker::PhantomData, sync::Arc};

use super::{Encoded, Key, Record, Value, Write};

/// The tables that an engine is given when it is opened.
pub type Tables = &'static [&'static TableInfo];

/// A table and the type of its records.
#[derive(Debug)]
pub struct Table<V> {
    /// The description for engines.
    pub info: &'static TableInfo,
    record: PhantomData<fn() -> V>,
}

/// A table as engines see it.
#[derive(Debug)]
pub struct TableInfo {
    /// The name of the SQL table or object store.
    pub name: &'static str,
    /// The key columns, together the primary key.
    pub key: &'static [Column],
    /// The name of the value column.
    pub value: &'static str,
    /// What the value column holds.
    pub value_type: ValueType,
    /// Whether every record differs from all others that are ever written: whoever finds the one that it put knows that its
    /// transaction was committed.
    pub unique_records: bool,
    /// Whether a key looks as if it was made just now, so that there is probably no record under it; `None` where keys do not
    /// show that. It is a hint to engines for which it is faster to insert a record than to overwrite one.
    pub looks_new: Option<fn(&Key) -> bool>,
    /// Whether beside each record there is a sum, by which it is told whether it is damaged. For tables of bytes only.
    pub has_sums: bool,
    /// Which records are live, where most of them, in the long run, are not.
    pub live: Option<Live>,
}

/// Which of a table's records are live: something may still happen to them. An engine may find them without reading the others.
#[derive(Debug)]
pub struct Live {
    /// Whether an encoded record is.
    pub is: fn(&Encoded) -> bool,
    /// The same as an SQL expression over the row, which an index can have as its condition.
    pub sql: &'static str,
    /// Where live records are kept by an engine that has no such index: a table with the same columns.
    pub table: &'static TableInfo,
}

/// A key column.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub column_type: ColumnType,
}

/// What a key column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// A string.
    Text,
    /// A whole number up to 2^64-1.
    U64,
}

/// What a value column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// JSON text.
    Json,
    /// Plain text.
    Text,
    /// Opaque bytes, of any length.
    Bytes,
}

impl Column {
    /// A column of strings.
    pub const fn text(name: &'static str) -> Self {
        Self { name, column_type: ColumnType::Text }
    }

    /// A column of whole numbers.
    pub const fn number(name: &'static str) -> Self {
        Self { name, column_type: ColumnType::U64 }
    }
}

impl TableInfo {
    /// The description of a table: its name, its key columns, and the name and type of its value column.
    pub const fn new(name: &'static str, key: &'static [Column], value: (&'static str, ValueType)) -> Self {
        Self {
            name,
            key,
            value: value.0,
            value_type: value.1,
            unique_records: false,
            looks_new: None,
            has_sums: false,
            live: None,
        }
    }

    /// The same with records that are all different.
    pub const fn with_unique_records(self) -> Self {
        Self { unique_records: true, ..self }
    }

    /// The same with keys that show when they were made.
    pub const fn with_new_keys(self, looks_new: fn(&Key) -> bool) -> Self {
        Self { looks_new: Some(looks_new), ..self }
    }

    /// The same with a sum beside each record.
    pub const fn with_sums(self) -> Self {
        Self { has_sums: true, ..self }
    }

    /// The same with records of which some are live.
    pub const fn with_live(self, live: Live) -> Self {
        Self { live: Some(live), ..self }
    }
}

impl<V: Record> Table<V> {
    /// The table of a description; its records must encode to what the value column holds.
    pub const fn new(info: &'static TableInfo) -> Self {
        Self { info, record: PhantomData }
    }

    /// Sets the record under a key.
    pub fn put(&self, key: impl Into<Key>, record: impl Into<Arc<V>>) -> Write {
        Write::Put(self.info, key.into(), Value::new::<V>(record))
    }

    /// Removes the record under a key, if there is one.
    pub fn delete(&self, key: impl Into<Key>) -> Write {
        Write::Delete(self.info, key.into())
    }

    /// Removes every record whose key starts with a prefix.
    pub fn delete_range(&self, prefix: impl Into<Key>) -> Write {
        Write::DeleteRange(self.info, prefix.into())
    }
}

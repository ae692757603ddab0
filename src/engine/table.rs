//! Every table, described as data. The names and the SQL types are those of databases that meerkat-runtime 0.6 and
//! mobkit 0.6 write; the tables whose names begin with `burrow_` are our own.

use std::{marker::PhantomData, sync::Arc};

use super::{Encoded, Key, Record, Value, Write};
use crate::model::{
    Labels, PersistedOpsSnapshot, RunBoundaryReceipt, RuntimeState, StoredInputState,
    wire::{Wire, to_json},
};

/// The queued inputs of a runtime.
pub static INPUTS: Table<Document<StoredInputState>> = Table::of(&TableInfo::new(
    "runtime_input_states",
    &[text("runtime_id"), text("input_id")],
    ("state_json", ValueType::Json),
));

/// The receipts of a runtime's runs.
pub static RECEIPTS: Table<Document<RunBoundaryReceipt>> = Table::of(&TableInfo::new(
    "runtime_boundary_receipts",
    &[text("runtime_id"), text("run_id"), number("sequence")],
    ("receipt_json", ValueType::Json),
));

/// The latest session snapshot of a runtime.
pub static SNAPSHOTS: Table<Bytes> = Table::of(&TableInfo::new(
    "runtime_session_snapshots",
    &[text("runtime_id")],
    ("session_snapshot", ValueType::Bytes),
));

/// The lifecycle state of a runtime.
pub static STATES: Table<Document<RuntimeState>> =
    Table::of(&TableInfo::new("runtime_states", &[text("runtime_id")], ("runtime_state_json", ValueType::Json)));

/// The operation registry of a runtime.
pub static OPS: Table<Document<PersistedOpsSnapshot>> =
    Table::of(&TableInfo::new("runtime_ops_lifecycle", &[text("runtime_id")], ("state_json", ValueType::Json)));

/// The OAuth flows under way, in one record.
pub static OAUTH_FLOWS: Table<Bytes> =
    Table::of(&TableInfo::new("runtime_auth_oauth_flow_state", &[text("id")], ("state_json", ValueType::Bytes)));

/// Cursors and other single values of a mob.
pub static METADATA: Table<Text> =
    Table::of(&TableInfo::new("mobkit_metadata", &[text("mob_id"), text("key")], ("value", ValueType::Text)));

/// Labels; the run id is `""` for the mob's own.
pub static LABELS: Table<Document<Labels>> =
    Table::of(&TableInfo::new("burrow_labels", &[text("mob_id"), text("run_id")], ("labels_json", ValueType::Json)));

/// The runtime under which a session was last committed with its key.
pub static SESSIONS: Table<Text> =
    Table::of(&TableInfo::new("burrow_sessions", &[text("session_id")], ("runtime_id", ValueType::Text)));

/// The latest claim on a runtime: its epoch and its token.
pub static CLAIMS: Table<Text> =
    Table::of(&TableInfo::new("burrow_claims", &[text("runtime_id")], ("claim", ValueType::Text)));

/// Every table there is.
pub static ALL: [&TableInfo; 10] = [
    INPUTS.info,
    RECEIPTS.info,
    SNAPSHOTS.info,
    STATES.info,
    OPS.info,
    OAUTH_FLOWS.info,
    METADATA.info,
    LABELS.info,
    SESSIONS.info,
    CLAIMS.info,
];

/// A table and the type of its records.
#[derive(Debug)]
pub struct Table<V> {
    /// The description that engines go by.
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

const fn text(name: &'static str) -> Column {
    Column { name, column_type: ColumnType::Text }
}

const fn number(name: &'static str) -> Column {
    Column { name, column_type: ColumnType::U64 }
}

impl TableInfo {
    const fn new(name: &'static str, key: &'static [Column], value: (&'static str, ValueType)) -> Self {
        Self { name, key, value: value.0, value_type: value.1 }
    }
}

impl<V: Record> Table<V> {
    const fn of(info: &'static TableInfo) -> Self {
        Self { info, record: PhantomData }
    }

    /// The same table, its records in another form that encodes to the same.
    pub(crate) const fn holding<W>(&self) -> Table<W> {
        Table { info: self.info, record: PhantomData }
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

/// A record kept as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Document<T>(pub T);

impl<T: Wire + Send + Sync + 'static> Record for Document<T> {
    fn encode(&self) -> Result<Encoded, String> {
        Ok(Encoded::Text(to_json(&self.0)))
    }

    fn decode(encoded: &Encoded) -> Result<Self, String> {
        T::read(encoded.as_text()?).map(Self)
    }
}

/// A record of opaque bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Arc<[u8]>);

impl Record for Bytes {
    fn encode(&self) -> Result<Encoded, String> {
        Ok(Encoded::Bytes(Arc::clone(&self.0)))
    }

    fn decode(encoded: &Encoded) -> Result<Self, String> {
        Ok(Self(match encoded {
            Encoded::Bytes(bytes) => Arc::clone(bytes),
            Encoded::Text(text) => text.as_bytes().into(),
        }))
    }
}

/// A record of plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(pub String);

impl Record for Text {
    fn encode(&self) -> Result<Encoded, String> {
        Ok(Encoded::Text(self.0.clone()))
    }

    fn decode(encoded: &Encoded) -> Result<Self, String> {
        match encoded {
            Encoded::Text(text) => Ok(Self(text.clone())),
            Encoded::Bytes(_) => Err("expected text, found bytes".to_owned()),
        }
    }
}

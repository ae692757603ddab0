//! Records: typed values on this side of the cut, text or bytes on the other.

use std::{any::Any, fmt, sync::Arc};

/// A record in the form that engines with a disk keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// JSON or plain text.
    Text(String),
    /// Opaque bytes.
    Bytes(Arc<[u8]>),
}

/// What a table holds. Encoding and decoding are each other's inverse.
pub trait Record: fmt::Debug + Send + Sync + Sized + 'static {
    /// The form for engines with a disk; `Err` says why the value has none.
    fn encode(&self) -> Result<Encoded, String>;

    /// Reads that form; `Err` says what is wrong with it.
    fn decode(encoded: &Encoded) -> Result<Self, String>;
}

/// A record of any table, shared and immutable: a clone costs nothing.
#[derive(Clone)]
pub struct Value(Arc<dyn AnyRecord>);

impl Value {
    pub(super) fn new<V: Record>(record: impl Into<Arc<V>>) -> Self {
        Self(record.into())
    }

    /// The form for engines with a disk; `Err` says why the value has none.
    pub fn encode(&self) -> Result<Encoded, String> {
        self.0.encode_any()
    }

    pub(super) fn downcast<V: Record>(&self) -> Option<Arc<V>> {
        (Arc::clone(&self.0) as Arc<dyn Any + Send + Sync>).downcast().ok()
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

trait AnyRecord: Any + Send + Sync + fmt::Debug {
    fn encode_any(&self) -> Result<Encoded, String>;
}

impl<V: Record> AnyRecord for V {
    fn encode_any(&self) -> Result<Encoded, String> {
        self.encode()
    }
}

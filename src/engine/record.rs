//! Records: typed values on this side of the cut, text or bytes on the other.

use std::{any::Any, fmt, sync::Arc};

use crate::model::json::document::{Document, Stored};

/// A record in the form that engines with a disk keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// JSON or plain text.
    Text(String),
    /// Opaque bytes.
    Bytes(Arc<[u8]>),
}

impl Encoded {
    /// How many bytes it has.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    /// Its bytes, as text or not.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// The text, which may also be there as its bytes; `Err` where they are none.
    pub(crate) fn as_text(&self) -> Result<&str, String> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Bytes(bytes) => str::from_utf8(bytes).map_err(|error| error.to_string()),
        }
    }
}

/// What a table holds. Encoding and decoding are each other's inverse.
pub trait Record: Send + Sync + Sized + 'static {
    /// The form for engines with a disk; `Err` says why the value has none.
    fn encode(&self) -> Result<Encoded, String>;

    /// How many bytes that form has.
    fn size(&self) -> usize;

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

    /// How many bytes that form has.
    pub fn size(&self) -> usize {
        self.0.size_of_any()
    }

    pub(super) fn downcast<V: Record>(&self) -> Option<Arc<V>> {
        (Arc::clone(&self.0) as Arc<dyn Any + Send + Sync>).downcast().ok()
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the record itself: the wasm would carry the code that shows every type there is.
        f.write_str("Value")
    }
}

trait AnyRecord: Any + Send + Sync {
    fn encode_any(&self) -> Result<Encoded, String>;
    fn size_of_any(&self) -> usize;
}

impl<V: Record> AnyRecord for V {
    fn encode_any(&self) -> Result<Encoded, String> {
        self.encode()
    }

    fn size_of_any(&self) -> usize {
        self.size()
    }
}

impl<T: Stored> Record for Document<T> {
    fn encode(&self) -> Result<Encoded, String> {
        Ok(Encoded::Text(self.json().into_owned()))
    }

    fn size(&self) -> usize {
        Self::size(self)
    }

    fn decode(encoded: &Encoded) -> Result<Self, String> {
        Self::from_stored(encoded.as_text()?)
    }
}

/// A record of any table as it is stored, whatever it is. A table holds it as it holds its own records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw(pub Encoded);

impl Record for Raw {
    fn encode(&self) -> Result<Encoded, String> {
        Ok(self.0.clone())
    }

    fn size(&self) -> usize {
        self.0.size()
    }

    fn decode(encoded: &Encoded) -> Result<Self, String> {
        Ok(Self(encoded.clone()))
    }
}

/// A record of opaque bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Arc<[u8]>);

impl Record for Bytes {
    fn encode(&self) -> Result<Encoded, String> {
        Ok(Encoded::Bytes(Arc::clone(&self.0)))
    }

    fn size(&self) -> usize {
        self.0.len()
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

    fn size(&self) -> usize {
        self.0.len()
    }

    fn decode(encoded: &Encoded) -> Result<Self, String> {
        match encoded {
            Encoded::Text(text) => Ok(Self(text.clone())),
            Encoded::Bytes(_) => Err("expected text, found bytes".to_owned()),
        }
    }
}

//! Records: typed values on this side of the cut, text or bytes on the other.

use std::{any::Any, fmt, sync::Arc};

#[cfg(any(feature = "sqlite", target_arch = "wasm32"))]
use super::TableInfo;
use super::{Digest, Key};
use crate::model::json::{
    document::{Document, Stored},
    writer::quoted,
};
#[cfg(any(feature = "sqlite", target_arch = "wasm32"))]
use crate::model::{RuntimeStoreError, random::salt};

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

    /// Checks that it is the record of this key, as far as it names its own; `Err` says which it is.
    fn check_key(&self, key: &Key) -> Result<(), String> {
        let _ = key;
        Ok(())
    }

    /// The hash of its bytes, where somebody has made it already.
    #[doc(hidden)]
    fn digest(&self) -> Option<Digest> {
        None
    }
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

    /// What is kept beside its bytes; `None` for a table that keeps nothing there.
    ///
    /// # Errors
    /// `NoRandomValues` where there are none to make a salt of.
    #[cfg(any(feature = "sqlite", target_arch = "wasm32"))]
    pub(super) fn sum(
        &self,
        encoded: &Encoded,
        table: &TableInfo,
        key: &Key,
    ) -> Result<Option<[u8; 32]>, RuntimeStoreError> {
        if !table.has_sums {
            return Ok(None);
        }
        let digest = match self.0.digest_of_any() {
            Some(digest) => digest,
            None => Digest::of(salt()?, encoded.as_bytes()),
        };
        Ok(Some(digest.sum(table, key)))
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
    #[cfg(any(feature = "sqlite", target_arch = "wasm32"))]
    fn digest_of_any(&self) -> Option<Digest>;
}

impl<V: Record> AnyRecord for V {
    fn encode_any(&self) -> Result<Encoded, String> {
        self.encode()
    }

    fn size_of_any(&self) -> usize {
        self.size()
    }

    #[cfg(any(feature = "sqlite", target_arch = "wasm32"))]
    fn digest_of_any(&self) -> Option<Digest> {
        self.digest()
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

    fn check_key(&self, key: &Key) -> Result<(), String> {
        check_names(&T::names(self.key()), key)
    }
}

fn check_names(names: &[String], key: &Key) -> Result<(), String> {
    for (named, column) in names.iter().zip(key.parts().iter().skip(1)) {
        let column = column.to_string();
        if *named != column {
            return Err(["the record is that of ", &quoted(named), ", its key is that of ", &quoted(&column)].concat());
        }
    }
    Ok(())
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
#[derive(Clone, Debug)]
pub struct Bytes {
    bytes: Arc<[u8]>,
    digest: Option<Digest>,
}

impl Bytes {
    /// A record of these bytes.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { bytes: bytes.into(), digest: None }
    }

    /// The same, with their hash, so that it need not be made again.
    pub(crate) fn with_digest(bytes: Arc<[u8]>, digest: Digest) -> Self {
        Self { bytes, digest: Some(digest) }
    }

    /// The bytes.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }
}

/// Their hash is of them, and is not always there.
impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Record for Bytes {
    fn encode(&self) -> Result<Encoded, String> {
        Ok(Encoded::Bytes(Arc::clone(&self.bytes)))
    }

    fn size(&self) -> usize {
        self.bytes.len()
    }

    fn decode(encoded: &Encoded) -> Result<Self, String> {
        Ok(match encoded {
            Encoded::Bytes(bytes) => Self::new(Arc::clone(bytes)),
            Encoded::Text(text) => Self::new(text.as_bytes()),
        })
    }

    fn digest(&self) -> Option<Digest> {
        self.digest
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

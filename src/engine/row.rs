//! Rows: records as engines return them.

use std::sync::Arc;

use super::{Encoded, Key, Record, TableInfo, Value};

/// A record as an engine returns it.
#[derive(Clone, Debug)]
pub enum Row {
    /// As it was put.
    Live(Value),
    /// As it is stored. It is decoded when it is asked for, so that an unreadable record fails only calls that need it.
    Stored(Encoded),
    /// What no engine of burrow's has stored; says what is wrong with it.
    Unreadable(String),
    /// Only the key was asked for.
    KeyOnly,
}

impl Row {
    /// Whether it is a live record of the table. One that cannot be read is: nobody knows that it is not.
    pub fn is_live(&self, table: &TableInfo) -> bool {
        let Some(live) = &table.live else { return true };
        match self {
            Self::Live(value) => value.encode().map_or(true, |encoded| (live.is)(&encoded)),
            Self::Stored(encoded) => (live.is)(encoded),
            Self::Unreadable(_) | Self::KeyOnly => true,
        }
    }

    /// How many bytes it has; of a row of which only the key was read, the key.
    pub(crate) fn size(&self, key: &Key) -> usize {
        match self {
            Self::Live(value) => value.size(),
            Self::Stored(encoded) => encoded.size(),
            Self::Unreadable(_) => 0,
            Self::KeyOnly => key.size(),
        }
    }

    pub(super) fn raw(&self) -> Result<Encoded, String> {
        match self {
            Self::Live(value) => value.encode(),
            Self::Stored(encoded) => Ok(encoded.clone()),
            Self::Unreadable(reason) => Err(reason.clone()),
            Self::KeyOnly => Err("only its key was read".to_owned()),
        }
    }

    pub(super) fn record<V: Record>(&self, key: &Key) -> Result<Arc<V>, String> {
        let put;
        let encoded = match self {
            Self::Live(value) => match value.downcast() {
                Some(record) => return Ok(record),
                // The types differ where the record was put, or is asked for, as a `Raw` one.
                None => {
                    put = value.encode()?;
                    &put
                }
            },
            Self::Stored(encoded) => encoded,
            Self::Unreadable(reason) => return Err(reason.clone()),
            Self::KeyOnly => return Err("only its key was read".to_owned()),
        };
        let record = V::decode(encoded)?;
        record.check_key(key)?;
        Ok(Arc::new(record))
    }
}

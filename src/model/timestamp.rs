//! Instants.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{
    RuntimeStoreError,
    json::{leaf, schema::Schema, wire::Wire, writer::JsonWriter},
};

/// An instant in [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339) form, kept as it was written: the number of
/// fraction digits and the offset survive, which a parsed instant would lose.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Timestamp(Box<str>);

impl Timestamp {
    /// The text, `2026-11-22T02:48:30.193749452Z` for example.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Timestamp {
    type Err = RuntimeStoreError;

    /// Takes RFC 3339 text; anything else is [`RuntimeStoreError::InvalidInput`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if leaf::is_rfc3339(text.as_bytes()) {
            Ok(Self(text.into()))
        } else {
            Err(RuntimeStoreError::invalid("timestamp", leaf::expected("RFC 3339", text)))
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Wire for Timestamp {
    const SCHEMA: Schema = Schema::Time;

    fn read(json: &str) -> Result<Self, String> {
        leaf::time(json).map(|text| Self(text.into()))
    }

    fn write(&self, to: &mut JsonWriter) {
        to.string(&self.0);
    }
}

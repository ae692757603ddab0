//! JSON that burrow keeps but does not interpret.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    leaf::expected,
    lexer::{Members, valid},
    schema::Schema,
    wire::{self, Wire},
    writer::{JsonWriter, canonical},
};
use crate::model::RuntimeStoreError;

/// The members of a stored object that this version of burrow does not know, by name.
pub type Extra = BTreeMap<String, Json>;

/// The members that are left when a type has taken those it knows.
pub fn rest(members: Members<'_>) -> Extra {
    members.into_iter().map(|(name, json)| (name.into_owned(), Json::of_valid(json))).collect()
}

/// A JSON value that belongs to the caller. It is kept as its text, so numbers, the order of members and unknown shapes come
/// back exactly as they were written. Cheap to clone.
#[derive(Clone)]
pub struct Json(Arc<str>);

impl Json {
    /// Serialises a value. One that JSON cannot represent is [`RuntimeStoreError::InvalidInput`].
    pub fn from_value(value: &impl Serialize) -> Result<Self, RuntimeStoreError> {
        serde_json::to_string(value)
            .map(|json| Self(json.into()))
            .map_err(|error| RuntimeStoreError::invalid("json", error.to_string()))
    }

    /// The JSON text, byte for byte as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the value as a `T`; a shape that is not a `T`'s is [`RuntimeStoreError::InvalidInput`].
    pub fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, RuntimeStoreError> {
        serde_json::from_str(self.as_str()).map_err(|error| RuntimeStoreError::invalid("json", error.to_string()))
    }

    /// Takes text that is known to be JSON.
    fn of_valid(json: &str) -> Self {
        Self(json.into())
    }
}

impl FromStr for Json {
    type Err = RuntimeStoreError;

    /// Takes JSON text; text that is not JSON is [`RuntimeStoreError::InvalidInput`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        valid(text).map(Self::of_valid).ok_or_else(|| RuntimeStoreError::invalid("json", expected("JSON", text)))
    }
}

/// A member's text is JSON already.
impl Wire for Json {
    const SCHEMA: Schema = Schema::Any;

    fn read(json: &str) -> Result<Self, String> {
        Ok(Self::of_valid(json))
    }

    fn write(&self, to: &mut JsonWriter) {
        to.json(&self.0);
    }
}

/// Two values are equal when they are the same JSON: white space, the order of members and how a string is escaped do not
/// matter. Numbers are compared as they are written, to the last digit.
impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || canonical(&self.0) == canonical(&other.0)
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        wire::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        wire::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_json_in_another_spelling_is_equal_and_no_digit_is_overlooked() {
        let json = |text: &str| text.parse::<Json>().ok();
        for (a, b) in
            [(r#"{"a":1,"b":[true,null]}"#, r#"{ "b" : [ true , null ], "a" : 1 }"#), (r#""\u00e9""#, "\"é\"")]
        {
            assert_eq!(json(a), json(b));
        }
        for (a, b) in [
            ("184467440737095516170", "184467440737095516171"),
            (r#"{"a":1}"#, r#"{"a":1,"b":1}"#),
            ("[1,2]", "[2,1]"),
            ("1", "\"1\""),
            ("null", "false"),
        ] {
            assert_ne!(json(a), json(b));
        }
    }

    /// The work is that of sorting them: compared one with all others, this would take minutes.
    #[test]
    fn objects_with_many_members_in_another_order_are_compared_at_once() {
        let object = |numbers: &mut dyn Iterator<Item = u32>| {
            let members: Vec<_> = numbers.map(|n| format!(r#""member {n}":{n}"#)).collect();
            format!("{{{}}}", members.join(",")).parse::<Json>().ok()
        };
        let many = 40_000;
        assert_eq!(object(&mut (0..many)), object(&mut (0..many).rev()));
        assert_ne!(object(&mut (0..many)), object(&mut (1..=many).rev()));
    }
}

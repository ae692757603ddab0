//! JSON that burrow keeps but does not interpret, and the one text format it checks.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{
    RuntimeStoreError,
    kind::Kind,
    text::{Members, items, unescaped, valid},
    wire::{Wire, Writer, expected},
};

/// A JSON value that belongs to somebody else. It is kept as its text, so every number, member order and
/// unknown shape comes back exactly as it was written, and a clone costs nothing.
#[derive(Clone)]
pub struct Json(Arc<str>);

impl Json {
    /// Any serialisable value, as JSON. A value that JSON cannot hold is [`RuntimeStoreError::InvalidInput`].
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
    pub(super) fn of_valid(json: &str) -> Self {
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
    const KIND: Kind = Kind::Any;

    fn read(json: &str) -> Result<Self, String> {
        Ok(Self::of_valid(json))
    }

    fn write(&self, to: &mut Writer) {
        to.json(&self.0);
    }
}

/// Two values are equal when they are the same JSON: white space, the order of members and how a string is escaped do not
/// matter. Numbers are compared as they are written, to the last digit.
impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

/// Whether two texts are the same JSON.
pub(super) fn same(a: &str, b: &str) -> bool {
    same_within(a, b, 128)
}

/// Beyond `depth`, only what is written the same is the same.
fn same_within(a: &str, b: &str, depth: usize) -> bool {
    if a == b {
        return true;
    }
    if depth == 0 {
        return false;
    }
    match (a.as_bytes().first(), b.as_bytes().first()) {
        (Some(b'{'), Some(b'{')) => match (Members::read(a), Members::read(b)) {
            (Ok(a), Ok(b)) => {
                let has = |members: &Members<'_>, name: &str, value| {
                    members.get(name).is_some_and(|other| same_within(value, other, depth - 1))
                };
                // Both ways, since a name may be there twice.
                a.iter().all(|(name, _)| has(&b, name, a.get(name).unwrap_or_default()))
                    && b.iter().all(|(name, _)| a.get(name).is_some())
            }
            _ => false,
        },
        (Some(b'['), Some(b'[')) => match (items(a), items(b)) {
            (Ok(a), Ok(b)) => a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same_within(a, b, depth - 1)),
            _ => false,
        },
        (Some(b'"'), Some(b'"')) => unescaped(a).is_some_and(|text| unescaped(b) == Some(text)),
        _ => false,
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        super::wire::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::wire::deserialize(deserializer)
    }
}

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
        if is_rfc3339(text.as_bytes()) {
            Ok(Self(text.into()))
        } else {
            Err(RuntimeStoreError::invalid("timestamp", expected("RFC 3339", text)))
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
    const KIND: Kind = Kind::Time;

    fn read(json: &str) -> Result<Self, String> {
        String::read(json).ok().and_then(|text| text.parse().ok()).ok_or_else(|| expected("RFC 3339", json))
    }

    fn write(&self, to: &mut Writer) {
        to.string(&self.0);
    }
}

/// Checks the grammar and each field's range; that a month has its 31st is left to those who compute with it.
pub(super) fn is_rfc3339(text: &[u8]) -> bool {
    let number = |from: usize, digits: usize| {
        text.get(from..from + digits)?
            .iter()
            .try_fold(0u32, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
    };
    let within = |from, range: std::ops::RangeInclusive<u32>| number(from, 2).is_some_and(|n| range.contains(&n));
    let is = |at: usize, any_of: &[u8]| text.get(at).is_some_and(|b| any_of.contains(b));
    let date = number(0, 4).is_some() && is(4, b"-") && within(5, 1..=12) && is(7, b"-") && within(8, 1..=31);
    let time = is(10, b"Tt ")
        && within(11, 0..=23)
        && is(13, b":")
        && within(14, 0..=59)
        && is(16, b":")
        && within(17, 0..=60);
    let digits = match text.get(19) {
        Some(b'.') => text[20..].iter().take_while(|b| b.is_ascii_digit()).count(),
        _ => 0,
    };
    let offset = if digits > 0 { 20 + digits } else { 19 };
    let zulu = is(offset, b"Zz") && text.len() == offset + 1;
    let numeric = is(offset, b"+-")
        && within(offset + 1, 0..=23)
        && is(offset + 3, b":")
        && within(offset + 4, 0..=59)
        && text.len() == offset + 6;
    date && time && (zulu || numeric)
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

    #[test]
    fn rfc3339_is_told_from_what_only_looks_like_it() {
        for good in ["2026-11-22T02:48:30Z", "2026-11-22t02:48:30.193749452z", "2026-11-22 02:48:60.5-23:59"] {
            assert!(good.parse::<Timestamp>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "2026-11-22",
            "2026-13-22T02:48:30Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T02:48:30.Z",
            "2026-11-22T02:48:30",
            "2026-11-22T02:48:30+1:00",
            "2026-11-22T02:48:30Z ",
            "２026-11-22T02:48:30Z",
        ] {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }
}

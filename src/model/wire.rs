//! JSON as burrow reads and writes it.
//!
//! serde's derived code is compiled anew for each type and each format, which made up half of the wasm, and its
//! `flatten` loses large numbers. Here an object is split into its members, each still as its text, and a type takes
//! from them what it knows and keeps the rest.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;

use super::{
    Json,
    kind::Kind,
    text::{Members, items, unescaped},
};

/// The members of a stored object that this version of burrow does not know, by name.
pub type Extra = BTreeMap<String, Json>;

/// What has a form in JSON.
pub(crate) trait Wire: Sized {
    /// The form.
    const KIND: Kind;

    /// Reads JSON text; `Err` says what is wrong with it.
    fn read(json: &str) -> Result<Self, String>;

    /// Writes JSON text.
    fn write(&self, to: &mut Writer);

    /// What a member is that is not there; `None` where it must be.
    fn absent() -> Option<Self> {
        None
    }

    /// Whether a member is left out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// A value as JSON text.
pub(crate) fn to_json(value: &impl Wire) -> String {
    let mut writer = Writer::default();
    value.write(&mut writer);
    writer.into_text()
}

/// Text in quotes, for errors. Not `{:?}`, whose tables of all printable characters the wasm would carry.
pub(crate) fn quoted(text: &str) -> String {
    let mut writer = Writer::default();
    writer.string(text);
    writer.text
}

/// A value as JSON text for JavaScript: where its numbers would lose digits of a u64, that is a string.
#[cfg(any(test, all(feature = "js", target_arch = "wasm32")))]
pub(crate) fn to_json_for_js(value: &impl Wire) -> String {
    let mut writer = Writer { text: String::new(), for_js: true };
    value.write(&mut writer);
    writer.text
}

/// JSON text in the making.
#[derive(Default)]
pub(crate) struct Writer {
    text: String,
    pub(super) for_js: bool,
}

impl Writer {
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// Text that is JSON already.
    pub(crate) fn json(&mut self, json: &str) {
        self.text.push_str(json);
    }

    pub(crate) fn string(&mut self, text: &str) {
        self.text.push('"');
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\')
            && let Some((plain, after)) = rest.split_at_checked(at)
        {
            self.json(plain);
            let mut after = after.chars();
            match after.next() {
                Some(quote @ ('"' | '\\')) => self.text.extend(['\\', quote]),
                Some('\n') => self.json("\\n"),
                Some(control) => self.json(&format!("\\u{:04x}", u32::from(control))),
                None => {}
            }
            rest = after.as_str();
        }
        self.json(rest);
        self.text.push('"');
    }

    /// Every item, between brackets and with commas.
    pub(crate) fn array<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        let mut before = '[';
        for item in items {
            self.text.push(before);
            before = ',';
            write(self, item);
        }
        self.json(if before == '[' { "[]" } else { "]" });
    }

    pub(crate) fn object(&mut self) -> ObjectWriter<'_> {
        ObjectWriter { to: self, before: '{' }
    }
}

/// A JSON object in the making.
pub(crate) struct ObjectWriter<'a> {
    to: &'a mut Writer,
    before: char,
}

impl ObjectWriter<'_> {
    pub(crate) fn member(&mut self, name: &str, value: &impl Wire) {
        if !value.is_absent() {
            value.write(self.named(name));
        }
    }

    pub(super) fn named(&mut self, name: &str) -> &mut Writer {
        self.to.text.push(self.before);
        self.before = ',';
        self.to.string(name);
        self.to.text.push(':');
        self.to
    }

    pub(crate) fn end(self) {
        self.to.json(if self.before == '{' { "{}" } else { "}" });
    }
}

/// Says what should have been there, and what is.
pub(crate) fn expected(what: &str, json: &str) -> String {
    const SHOWN: usize = 40;
    let mut rest = json.chars();
    let shown: String = rest.by_ref().take(SHOWN).collect();
    let more = if rest.as_str().is_empty() { "" } else { "…" };
    format!("expected {what}, got {shown}{more}")
}

/// Finds a name among those that a value may have.
pub(crate) fn find_name(json: &str, names: &[&str]) -> Result<usize, String> {
    let name = String::read(json)?;
    names.iter().position(|known| *known == name).ok_or_else(|| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("unknown variant `{name}`, expected one of {}", names.join(", "))
    })
}

impl Wire for String {
    const KIND: Kind = Kind::Text;

    fn read(json: &str) -> Result<Self, String> {
        unescaped(json).map(Cow::into_owned).ok_or_else(|| expected("a string", json))
    }

    fn write(&self, to: &mut Writer) {
        to.string(self);
    }
}

impl Wire for u64 {
    const KIND: Kind = Kind::U64;

    fn read(json: &str) -> Result<Self, String> {
        json.trim().parse().map_err(|_| expected("a whole number from 0 to 2^64-1", json))
    }

    fn write(&self, to: &mut Writer) {
        to.json(&self.to_string());
    }
}

impl Wire for u32 {
    const KIND: Kind = Kind::U32;

    fn read(json: &str) -> Result<Self, String> {
        json.trim().parse().map_err(|_| expected("a whole number from 0 to 2^32-1", json))
    }

    fn write(&self, to: &mut Writer) {
        to.json(&self.to_string());
    }
}

impl<T: Wire> Wire for Option<T> {
    const KIND: Kind = Kind::Optional(&T::KIND);

    fn read(json: &str) -> Result<Self, String> {
        if json == "null" { Ok(None) } else { T::read(json).map(Some) }
    }

    fn write(&self, to: &mut Writer) {
        match self {
            Some(value) => value.write(to),
            None => to.json("null"),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Wire> Wire for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);

    fn read(json: &str) -> Result<Self, String> {
        items(json)?.into_iter().map(T::read).collect()
    }

    fn write(&self, to: &mut Writer) {
        to.array(self, |to, item| item.write(to));
    }
}

impl<T: Wire> Wire for BTreeMap<String, T> {
    const KIND: Kind = Kind::Map(&T::KIND);

    fn read(json: &str) -> Result<Self, String> {
        let members = Members::read(json)?;
        let mut map = Self::new();
        for (name, value) in members.iter() {
            let value = T::read(value).map_err(|reason| format!("{name}: {reason}"))?;
            map.insert(name.clone().into_owned(), value);
        }
        Ok(map)
    }

    fn write(&self, to: &mut Writer) {
        let mut object = to.object();
        for (name, value) in self {
            object.member(name, value);
        }
        object.end();
    }
}

/// For [`serde`], a type whose form in JSON is its own.
pub(crate) fn serialize<S: Serializer>(value: &impl Wire, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(to_json(value)).map_err(S::Error::custom)?.serialize(serializer)
}

/// For [`serde`], a type whose form in JSON is its own.
pub(crate) fn deserialize<'de, T: Wire, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(Box::<RawValue>::deserialize(deserializer)?.get()).map_err(D::Error::custom)
}

/// Gives a type its form in JSON: an object of the members named, which are its fields, and of those in its field
/// `extra`, which burrow does not know.
macro_rules! wire_object {
    ($type:ident { $($member:ident),+ $(,)? }) => {
        impl $crate::model::wire::Wire for $type {
            const KIND: $crate::model::kind::Kind = $crate::model::kind::Kind::Object(&[
                $((stringify!($member), $crate::model::kind::of_field::<Self, _>(|object| &object.$member))),+
            ]);

            fn read(json: &str) -> Result<Self, String> {
                let mut members = $crate::model::text::Members::read(json)?;
                Ok(Self { $($member: members.take(stringify!($member))?,)+ extra: members.rest() })
            }

            fn write(&self, to: &mut $crate::model::wire::Writer) {
                let mut object = to.object();
                $(object.member(stringify!($member), &self.$member);)+
                for (name, value) in &self.extra {
                    object.member(name, value);
                }
                object.end();
            }
        }

        impl $type {
            /// Refuses an unknown member that has a known one's name: it would be in the object twice.
            pub(crate) fn check_extra(&self) -> Result<(), $crate::RuntimeStoreError> {
                match [$(stringify!($member)),+].into_iter().find(|name| self.extra.contains_key(*name)) {
                    None => Ok(()),
                    Some(name) => Err($crate::RuntimeStoreError::invalid(
                        format!("extra.{name}"),
                        concat!(stringify!($type), " has a member of that name"),
                    )),
                }
            }
        }

        /// As JSON, through `serde_json` only: the unknown members are kept as its raw text.
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::model::wire::serialize(self, serializer)
            }
        }

        /// From JSON, through `serde_json` only: the unknown members are kept as its raw text.
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::model::wire::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use wire_object;

/// Gives an enum its form in JSON: a string, one per variant.
macro_rules! wire_names {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// The name in JSON.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl $crate::model::wire::Wire for $type {
            const KIND: $crate::model::kind::Kind = $crate::model::kind::Kind::Name(&[$($name),+]);

            fn read(json: &str) -> Result<Self, String> {
                let at = $crate::model::wire::find_name(json, &[$($name),+])?;
                Ok([$(Self::$variant),+][at])
            }

            fn write(&self, to: &mut $crate::model::wire::Writer) {
                to.string(self.as_str());
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::model::wire::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::model::wire::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use wire_names;

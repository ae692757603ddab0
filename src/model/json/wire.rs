//! Rust types in JSON: read and written by the rules of the leaves. A type's one declaration ([`wire_object`],
//! [`wire_names`]) yields its reader, its writer and its schema.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use serde_json::value::RawValue;

use super::{
    leaf,
    lexer::{Members, items},
    schema::{MISSING, Schema},
    writer::{JsonWriter, ObjectWriter},
};

/// A type with a JSON form.
pub trait Wire: Sized {
    /// The form.
    const SCHEMA: Schema;

    /// Reads JSON text; `Err` says what is wrong with it.
    fn read(json: &str) -> Result<Self, String>;

    /// Writes JSON text.
    fn write(&self, to: &mut JsonWriter);

    /// The value of an absent member; `None` where the member is required.
    fn absent() -> Option<Self> {
        None
    }

    /// Whether a member with this value is left out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// The form of a field.
pub const fn schema_of_field<T, F: Wire>(_: fn(&T) -> &F) -> &'static Schema {
    &F::SCHEMA
}

/// A value as JSON text.
pub fn to_json(value: &impl Wire) -> String {
    let mut writer = JsonWriter::default();
    value.write(&mut writer);
    writer.into_text()
}

/// A value as JSON text for JavaScript: a u64 that a JavaScript number does not hold exactly is a string.
#[cfg(any(test, all(feature = "js", target_arch = "wasm32")))]
pub fn to_json_for_js(value: &impl Wire) -> String {
    let mut writer = JsonWriter::default();
    writer.for_js = true;
    value.write(&mut writer);
    writer.into_text()
}

/// Takes a member out of an object; an error names it.
pub fn take<T: Wire>(members: &mut Members<'_>, name: &str) -> Result<T, String> {
    take_or(members, name, T::absent)
}

/// Takes a member out; an absent one has the value of `absent`.
pub fn take_or<T: Wire>(
    members: &mut Members<'_>,
    name: &str,
    absent: impl FnOnce() -> Option<T>,
) -> Result<T, String> {
    let read = match members.remove(name) {
        Some(json) => T::read(json),
        None => absent().ok_or_else(|| MISSING.to_owned()),
    };
    read.map_err(|reason| format!("{name}: {reason}"))
}

/// Reads a member of an object; an error names it.
pub fn read_member<T: Wire>(members: &Members<'_>, name: &str) -> Result<T, String> {
    let read = members.get(name).map_or_else(|| Err(MISSING.to_owned()), T::read);
    read.map_err(|reason| format!("{name}: {reason}"))
}

/// Writes a member, unless it is left out.
pub fn put(object: &mut ObjectWriter<'_>, name: &str, value: &impl Wire) {
    if !value.is_absent() {
        value.write(object.named(name));
    }
}

/// Writes a member, unless it has its default.
pub fn put_unless_default<T: Wire + Default + PartialEq>(object: &mut ObjectWriter<'_>, name: &str, value: &T) {
    if *value != T::default() {
        put(object, name, value);
    }
}

impl Wire for String {
    const SCHEMA: Schema = Schema::Text;

    fn read(json: &str) -> Result<Self, String> {
        leaf::text(json).map(Cow::into_owned)
    }

    fn write(&self, to: &mut JsonWriter) {
        to.string(self);
    }
}

impl Wire for u64 {
    const SCHEMA: Schema = Schema::U64;

    fn read(json: &str) -> Result<Self, String> {
        leaf::u64(json)
    }

    fn write(&self, to: &mut JsonWriter) {
        to.json(&self.to_string());
    }
}

impl Wire for u32 {
    const SCHEMA: Schema = Schema::U32;

    fn read(json: &str) -> Result<Self, String> {
        leaf::u32(json)
    }

    fn write(&self, to: &mut JsonWriter) {
        to.json(&self.to_string());
    }
}

impl<T: Wire> Wire for Option<T> {
    const SCHEMA: Schema = Schema::Optional(&T::SCHEMA);

    fn read(json: &str) -> Result<Self, String> {
        if json == "null" { Ok(None) } else { T::read(json).map(Some) }
    }

    fn write(&self, to: &mut JsonWriter) {
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
    const SCHEMA: Schema = Schema::List(&T::SCHEMA);

    fn read(json: &str) -> Result<Self, String> {
        items(json)?.into_iter().map(T::read).collect()
    }

    fn write(&self, to: &mut JsonWriter) {
        to.array(self, |to, item| item.write(to));
    }
}

impl<T: Wire> Wire for BTreeMap<String, T> {
    const SCHEMA: Schema = Schema::Map(&T::SCHEMA);

    fn read(json: &str) -> Result<Self, String> {
        let members = Members::read(json)?;
        let mut map = Self::new();
        for (name, value) in members {
            let value = T::read(value).map_err(|reason| format!("{name}: {reason}"))?;
            map.insert(name.into_owned(), value);
        }
        Ok(map)
    }

    fn write(&self, to: &mut JsonWriter) {
        let mut object = to.object();
        for (name, value) in self {
            put(&mut object, name, value);
        }
        object.end();
    }
}

/// For [`serde`], a type whose form in JSON is its own.
pub fn serialize<S: Serializer>(value: &impl Wire, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(to_json(value)).map_err(S::Error::custom)?.serialize(serializer)
}

/// For [`serde`], a type whose form in JSON is its own.
pub fn deserialize<'de, T: Wire, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(Box::<RawValue>::deserialize(deserializer)?.get()).map_err(D::Error::custom)
}

/// Gives a type its form in JSON: an object of the members named, which are its fields, and of those in its field
/// `extra`, which burrow does not know. A member marked `= default` has its type's default where it is not there; one
/// marked `= omitted` is also left out when it has that value.
macro_rules! wire_object {
    ($type:ident { $($member:ident $(= $rule:ident)?),+ $(,)? }) => {
        impl $crate::model::json::wire::Wire for $type {
            const SCHEMA: $crate::model::json::schema::Schema = $crate::model::json::schema::Schema::Object(&[
                $($crate::model::json::schema::Member {
                    name: stringify!($member),
                    schema: $crate::model::json::wire::schema_of_field::<Self, _>(|object| &object.$member),
                    may_be_absent: $crate::model::json::wire::wire_object!(@may_be_absent $($rule)?),
                }),+
            ]);

            fn read(json: &str) -> Result<Self, String> {
                let mut members = $crate::model::json::lexer::Members::read(json)?;
                Ok(Self {
                    $($member: $crate::model::json::wire::wire_object!(@read members, $member $($rule)?),)+
                    extra: $crate::model::json::value::rest(members),
                })
            }

            fn write(&self, to: &mut $crate::model::json::writer::JsonWriter) {
                let mut object = to.object();
                $($crate::model::json::wire::wire_object!(@write object, self, $member $($rule)?);)+
                for (name, value) in &self.extra {
                    $crate::model::json::wire::put(&mut object, name, value);
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
                $crate::model::json::wire::serialize(self, serializer)
            }
        }

        /// From JSON, through `serde_json` only: the unknown members are kept as its raw text.
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::model::json::wire::deserialize(deserializer)
            }
        }
    };
    (@may_be_absent) => { false };
    (@may_be_absent $rule:ident) => { true };
    (@read $members:ident, $member:ident) => {
        $crate::model::json::wire::take(&mut $members, stringify!($member))?
    };
    (@read $members:ident, $member:ident $rule:ident) => {
        $crate::model::json::wire::take_or(&mut $members, stringify!($member), || Some(Default::default()))?
    };
    (@write $object:ident, $self:ident, $member:ident omitted) => {
        $crate::model::json::wire::put_unless_default(&mut $object, stringify!($member), &$self.$member)
    };
    (@write $object:ident, $self:ident, $member:ident $($rule:ident)?) => {
        $crate::model::json::wire::put(&mut $object, stringify!($member), &$self.$member)
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

        impl $crate::model::json::wire::Wire for $type {
            const SCHEMA: $crate::model::json::schema::Schema =
                $crate::model::json::schema::Schema::Name(&[$($name),+]);

            fn read(json: &str) -> Result<Self, String> {
                let at = $crate::model::json::leaf::name(json, &[$($name),+])?;
                Ok([$(Self::$variant),+][at])
            }

            fn write(&self, to: &mut $crate::model::json::writer::JsonWriter) {
                to.string(self.as_str());
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::model::json::wire::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::model::json::wire::deserialize(deserializer)
            }
        }
    };
}
pub(crate) use wire_names;

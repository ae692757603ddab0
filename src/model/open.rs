//! How a stored object keeps the members it does not know.
//!
//! serde's `flatten` would do it, but it buffers every value in a form that loses large numbers. Here each unknown
//! member is kept as its JSON text. A type derives serde with `remote = "Self"`, which makes the derived code
//! inherent functions, and [`open_object!`] wraps those.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, IntoDeserializer, MapAccess, Visitor},
};

use super::{Json, RuntimeStoreError};

/// The members of a stored object that this version of burrow does not know, by name.
pub type Extra = BTreeMap<String, Json>;

/// Gives an object with a field `extra: Extra` its serde traits, unknown members kept.
macro_rules! open_object {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                <$type>::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let mut extra = $crate::model::Extra::new();
                let known =
                    <$type>::deserialize($crate::model::open::KeepUnknown { inner: deserializer, extra: &mut extra })?;
                Ok(Self { extra, ..known })
            }
        }

        impl $type {
            /// Refuses an unknown member that has a known one's name: it would make the object unreadable.
            pub(crate) fn check_extra(&self) -> Result<(), $crate::RuntimeStoreError> {
                match <$type>::deserialize($crate::model::open::FieldNames) {
                    Err(names) => names.check(stringify!($type), &self.extra),
                    Ok(_) => Ok(()),
                }
            }
        }
    };
}
pub(crate) use open_object;

/// Feeds a derived `deserialize` the members it lists and puts all others aside.
pub(super) struct KeepUnknown<'a, D> {
    pub(super) inner: D,
    pub(super) extra: &'a mut Extra,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for KeepUnknown<'_, D> {
    type Error = D::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(ObjectVisitor { visitor, fields, extra: self.extra })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Asks a derived `deserialize` for the names of its members, which are its error.
pub(super) struct FieldNames;

/// The names of a type's members.
#[derive(Debug)]
pub(super) struct Names(&'static [&'static str]);

impl Names {
    pub(super) fn check(&self, of: &str, extra: &Extra) -> Result<(), RuntimeStoreError> {
        match self.0.iter().find(|name| extra.contains_key(**name)) {
            None => Ok(()),
            Some(name) => {
                Err(RuntimeStoreError::invalid(format!("extra.{name}"), format!("{of} has a member of that name")))
            }
        }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Names {}

impl serde::de::Error for Names {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(&[])
    }
}

impl<'de> Deserializer<'de> for FieldNames {
    type Error = Names;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Names> {
        Err(Names(fields))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Names> {
        Err(Names(&[]))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct ObjectVisitor<'a, V> {
    visitor: V,
    fields: &'static [&'static str],
    extra: &'a mut Extra,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for ObjectVisitor<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(KnownMembers { map, fields: self.fields, extra: self.extra, member: "" })
    }
}

struct KnownMembers<'a, A> {
    map: A,
    fields: &'static [&'static str],
    extra: &'a mut Extra,
    member: &'static str,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for KnownMembers<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(member) = self.map.next_key_seed(Member(self.fields))? {
            match member {
                Ok(known) => {
                    self.member = known;
                    return seed.deserialize(known.into_deserializer()).map(Some);
                }
                Err(unknown) => {
                    let value = self.map.next_value()?;
                    self.extra.insert(unknown, value);
                }
            }
        }
        Ok(None)
    }

    /// An error names the member it is in.
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let member = self.member;
        self.map.next_value_seed(seed).map_err(|error| A::Error::custom(format_args!("{member}: {error}")))
    }
}

/// Reads a member's name: one of the fields, without allocating, or somebody else's.
struct Member(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Member {
    type Value = Result<&'static str, String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Member {
    type Value = Result<&'static str, String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|field| **field == name).copied().ok_or_else(|| name.to_owned()))
    }
}

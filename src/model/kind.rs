//! The forms of JSON, as data: what a text must be to be read as a type.

#![cfg_attr(
    not(all(feature = "js", target_arch = "wasm32")),
    allow(dead_code, reason = "a Rust program reads its documents as structs")
)]

use std::{marker::PhantomData, sync::Arc};

use uuid::Uuid;

use super::{
    json::{is_rfc3339, same},
    text::{Members, items, unescaped},
    wire::{Wire, Writer, expected, find_name},
};

/// The largest whole number below which JavaScript's numbers hold every one: 2^53-1.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// A form of JSON.
pub(crate) enum Kind {
    /// Whatever somebody else made it.
    Any,
    /// A string.
    Text,
    /// A UUID.
    Uuid,
    /// An instant in RFC 3339 form.
    Time,
    /// A whole number up to 2^64-1.
    U64,
    /// A whole number up to 2^32-1.
    U32,
    /// One of these strings.
    Name(&'static [&'static str]),
    /// This, or `null`, or not there at all.
    Optional(&'static Kind),
    /// An array of these.
    List(&'static Kind),
    /// An object with these as its members, whatever their names.
    Map(&'static Kind),
    /// An object with these members, and any others.
    Object(&'static [(&'static str, &'static Kind)]),
}

/// The form of a field.
pub(crate) const fn of_field<T, F: Wire>(_: fn(&T) -> &F) -> &'static Kind {
    &F::KIND
}

impl Kind {
    /// Checks that JSON text has this form; `Err` says what is wrong with it. Notes whether a u64 in it is more than a
    /// number of JavaScript's can hold.
    fn check(&self, json: &str, large: &mut bool) -> Result<(), String> {
        let is = |is: bool, what: &str| if is { Ok(()) } else { Err(expected(what, json)) };
        match self {
            Self::Any => Ok(()),
            Self::Text => is(json.starts_with('"'), "a string"),
            Self::Uuid => is(unescaped(json).is_some_and(|text| Uuid::try_parse(&text).is_ok()), "a UUID"),
            Self::Time => is(unescaped(json).is_some_and(|text| is_rfc3339(text.as_bytes())), "RFC 3339"),
            Self::U64 => u64::read(json).map(|number| *large |= number > MAX_SAFE_INTEGER),
            Self::U32 => u32::read(json).map(drop),
            Self::Name(names) => find_name(json, names).map(drop),
            Self::Optional(_) if json == "null" => Ok(()),
            Self::Optional(kind) => kind.check(json, large),
            Self::List(kind) => items(json)?.into_iter().try_for_each(|item| kind.check(item, large)),
            Self::Map(kind) => {
                Members::read(json)?.iter().try_for_each(|(name, value)| named(name, kind.check(value, large)))
            }
            Self::Object(kinds) => {
                let members = Members::read(json)?;
                kinds.iter().try_for_each(|(name, kind)| {
                    let checked = match (members.get(name), kind) {
                        (Some(value), _) => kind.check(value, large),
                        (None, Self::Optional(_)) => Ok(()),
                        (None, _) => Err("missing".to_owned()),
                    };
                    named(name, checked)
                })
            }
        }
    }
}

impl Kind {
    /// Writes JSON text of this form with each u64 as a string of its digits.
    fn write_for_js(&self, json: &str, to: &mut Writer) {
        match (self, Members::read(json)) {
            (Self::U64, _) => to.string(json),
            (Self::Optional(kind), _) if json != "null" => kind.write_for_js(json, to),
            (Self::Object(kinds), Ok(members)) => {
                let mut object = to.object();
                for (name, value) in members.iter() {
                    let kind = kinds.iter().find(|(known, _)| known == name).map_or(&Self::Any, |(_, kind)| kind);
                    kind.write_for_js(value, object.named(name));
                }
                object.end();
            }
            _ => to.json(json),
        }
    }
}

fn named(name: &str, checked: Result<(), String>) -> Result<(), String> {
    checked.map_err(|reason| format!("{name}: {reason}"))
}

/// JSON text that was checked to be a `T`, and is kept as it is: to take it apart and write it anew would cost more than
/// all else that a commit does in wasm.
#[derive(Debug)]
pub(crate) struct Checked<T> {
    json: Arc<str>,
    large: bool,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Checked<T> {
    fn clone(&self) -> Self {
        Self { json: Arc::clone(&self.json), large: self.large, of: PhantomData }
    }
}

/// Two texts are equal when they are the same JSON.
impl<T> PartialEq for Checked<T> {
    fn eq(&self, other: &Self) -> bool {
        same(&self.json, &other.json)
    }
}

impl<T> Checked<T> {
    /// The object without members.
    pub(crate) fn empty_object() -> Self {
        Self { json: "{}".into(), large: false, of: PhantomData }
    }

    /// A member, which the check has found to be there.
    pub(crate) fn member<M: Wire>(&self, name: &str) -> Result<M, String> {
        Members::read(&self.json)?.take(name)
    }
}

impl<T: Wire> Wire for Checked<T> {
    const KIND: Kind = T::KIND;

    fn read(json: &str) -> Result<Self, String> {
        let mut large = false;
        T::KIND.check(json, &mut large)?;
        Ok(Self { json: json.into(), large, of: PhantomData })
    }

    fn write(&self, to: &mut Writer) {
        if self.large && to.for_js {
            T::KIND.write_for_js(&self.json, to);
        } else {
            to.json(&self.json);
        }
    }
}

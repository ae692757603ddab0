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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PersistedOpsSnapshot, RunBoundaryReceipt, StoredInputState, wire::to_json};

    const ID: &str = "01a20127-b8f1-725e-bae9-39a85b9ab50a";
    const NOW: &str = "2026-11-22T02:48:30.193749452Z";

    fn receipt() -> serde_json::Value {
        serde_json::json!({
            "run_id": ID, "boundary": "run_start", "contributing_input_ids": [ID], "conversation_digest": "07",
            "message_count": 1, "sequence": u64::MAX, "future": {"a": [null]},
        })
    }

    fn input() -> serde_json::Value {
        serde_json::json!({
            "input_id": ID, "current_state": "abandoned", "policy": {"any": 1},
            "terminal_outcome": {"outcome_type": "abandoned", "reason": "x", "aggregate_id": ID}, "durability": "durable",
            "idempotency_key": "k", "attempt_count": 1, "recovery_count": 4_294_967_295u32,
            "history": [{"timestamp": NOW, "from": "accepted", "to": "queued", "reason": "because"}],
            "last_run_id": ID, "last_boundary_sequence": 7, "created_at": NOW, "updated_at": NOW,
        })
    }

    fn registry() -> serde_json::Value {
        serde_json::json!({
            "epoch_id": "e", "authority_state": {}, "operation_specs": {}, "completion_entries": [],
            "cursors": {"agent_applied_cursor": 1, "runtime_observed_seq": 2, "runtime_last_injected_seq": u64::MAX},
        })
    }

    /// Every value in the document replaced by each of these, and taken out, one at a time.
    fn mutations(document: &serde_json::Value) -> Vec<serde_json::Value> {
        let bad = serde_json::json!([null, true, -1, 1.5, 4_294_967_296u64, "", "x", ID, NOW, "queued", [], ["x"], {}, {"a": 1}]);
        let mut all = vec![document.clone()];
        let places: Vec<String> = places(document, String::new());
        for place in places {
            for value in bad.as_array().into_iter().flatten() {
                let mut changed = document.clone();
                if let Some(there) = changed.pointer_mut(&place) {
                    *there = value.clone();
                }
                all.push(changed);
            }
            let mut without = document.clone();
            let (parent, name) = place.rsplit_once('/').unwrap_or_default();
            if let Some(object) = without.pointer_mut(parent).and_then(|parent| parent.as_object_mut()) {
                object.remove(name);
            }
            all.push(without);
        }
        all
    }

    fn places(value: &serde_json::Value, at: String) -> Vec<String> {
        let children: Vec<(String, &serde_json::Value)> = match value {
            serde_json::Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
            serde_json::Value::Array(items) => items.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
            _ => Vec::new(),
        };
        let below = children.into_iter().flat_map(|(name, child)| places(child, format!("{at}/{name}")));
        below.chain((!at.is_empty()).then(|| at.clone())).collect()
    }

    fn agree<T: Wire>(document: &serde_json::Value) {
        let mut refused = 0;
        for changed in mutations(document) {
            let json = changed.to_string();
            let (read, checked) = (T::read(&json).map(drop), Checked::<T>::read(&json).map(drop));
            assert_eq!(read, checked, "{json}");
            refused += usize::from(read.is_err());
        }
        assert!(refused > 20 && T::read(&document.to_string()).is_ok(), "{refused} refused");
    }

    #[test]
    fn checking_a_text_and_reading_it_refuse_the_same_for_the_same_reason() {
        agree::<RunBoundaryReceipt>(&receipt());
        agree::<StoredInputState>(&input());
        agree::<PersistedOpsSnapshot>(&registry());
    }

    #[test]
    fn a_u64_that_a_double_would_round_is_a_string_for_javascript_and_all_else_is_as_it_was() {
        let for_js = |json: &str| {
            Checked::<RunBoundaryReceipt>::read(json).map(|checked| crate::model::wire::to_json_for_js(&checked))
        };
        let large = receipt().to_string();
        let quoted = large.replace(&u64::MAX.to_string(), &format!("\"{}\"", u64::MAX));
        let quoted = quoted.replace(r#""message_count":1"#, r#""message_count":"1""#);
        assert_eq!(for_js(&large), Ok(quoted));
        let small = large.replace(&u64::MAX.to_string(), &MAX_SAFE_INTEGER.to_string());
        assert_eq!(for_js(&small), Ok(small.clone()));
        assert_eq!(Checked::<RunBoundaryReceipt>::read(&large).map(|checked| to_json(&checked)), Ok(large));
    }
}

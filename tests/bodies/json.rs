//! Every stored type against serde_json, on any text: what the one takes the other takes, as the same value.

use std::{collections::BTreeMap, fmt};

use burrow::{Document, Json, Labels, PersistedOpsSnapshot, RunBoundaryReceipt, RuntimeState, StoredInputState};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeOwned, MapAccess, Visitor},
};
use serde_json::value::RawValue;
use uuid::Uuid;

/// The text of a document of one of the types, which the first byte chooses.
pub fn body(data: &[u8]) {
    let Some((which, text)) = data.split_first() else { return };
    let Ok(text) = str::from_utf8(text) else { return };
    // How deep a document may be nested is burrow's own rule, with tests of its own.
    if text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() > 100 {
        return;
    }
    match which % 6 {
        0 => agree::<RunBoundaryReceipt>(&RECEIPT, text),
        1 => agree::<StoredInputState>(&INPUT, text),
        2 => agree::<PersistedOpsSnapshot>(&REGISTRY, text),
        3 => agree::<Labels>(&LABELS, text),
        4 => agree::<RuntimeState>(&STATE, text),
        _ => {
            let is_json = serde_json::from_str::<&RawValue>(text).is_ok();
            assert_eq!(text.parse::<Json>().is_ok(), is_json, "{text}");
            is_json
        }
    };
}

/// Whether burrow takes the text as a `T` exactly where serde_json does, and as the same value: read as a struct, kept as a
/// checked document, and written again. Gives whether it is one.
pub fn agree<T: Kept>(form: &Form, json: &str) -> bool {
    let read = serde_json::from_str::<T>(json);
    let kept = T::kept(json);
    let Some(meant) = meaning(form, json) else {
        assert!(read.is_err(), "read as a struct: {json}");
        assert!(kept.is_err(), "taken as a document: {json}");
        return false;
    };
    let read = read.unwrap_or_else(|error| panic!("as a struct: {error}: {json}"));
    let kept = kept.unwrap_or_else(|error| panic!("as a document: {error}: {json}"));
    assert_eq!(kept.read, read, "{json}");
    assert!(kept.is_same_to_the_store, "not the same to the store: {json}");
    assert_eq!(meaning(form, &kept.json).as_ref(), Some(&meant), "kept: {json}");
    let written = serde_json::to_string(&read).unwrap();
    assert_eq!(meaning(form, &written).as_ref(), Some(&meant), "written as {written}: {json}");
    true
}

/// A type of documents.
pub trait Kept: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug {
    fn kept(json: &str) -> Result<KeptAs<Self>, String>;
}

/// A text as it is kept.
pub struct KeptAs<T> {
    read: T,
    json: String,
    /// Whether the store takes it for the same document as the struct.
    is_same_to_the_store: bool,
}

macro_rules! kept {
    ($($type:ty),+) => {$(
        impl Kept for $type {
            fn kept(json: &str) -> Result<KeptAs<Self>, String> {
                let document = Document::<Self>::from_json(json)?;
                let read = document.read().unwrap();
                let is_same_to_the_store = document == Document::new(read.clone()).unwrap();
                Ok(KeptAs { read, json: document.json().into_owned(), is_same_to_the_store })
            }
        }
    )+};
}
kept!(RunBoundaryReceipt, StoredInputState, PersistedOpsSnapshot, Labels, RuntimeState);

/// A form of JSON.
pub enum Form {
    Any,
    Text,
    Uuid,
    Time,
    U64,
    U32,
    Name(&'static [&'static str]),
    List(&'static Form),
    Map(&'static Form),
    Object(&'static [(&'static str, Need, Form)]),
}

/// What holds where a member is not there.
pub enum Need {
    /// An object without the member is refused.
    Required,
    /// Nothing: `null` is the same.
    Optional,
    /// An absent member counts as this text.
    Or(&'static str),
}

const NAMES_OF_STATES: &[&str] = &["initializing", "idle", "attached", "running", "retired", "stopped", "destroyed"];

const NAMES_OF_INPUT_STATES: &[&str] = &[
    "accepted",
    "queued",
    "staged",
    "applied",
    "applied_pending_consumption",
    "consumed",
    "superseded",
    "coalesced",
    "abandoned",
];

pub const RECEIPT: Form = Form::Object(&[
    ("run_id", Need::Required, Form::Uuid),
    ("boundary", Need::Required, Form::Name(&["immediate", "run_start", "run_checkpoint"])),
    ("contributing_input_ids", Need::Required, Form::List(&Form::Uuid)),
    ("conversation_digest", Need::Optional, Form::Text),
    ("message_count", Need::Required, Form::U64),
    ("sequence", Need::Required, Form::U64),
]);

const OUTCOME: Form = Form::Object(&[
    ("outcome_type", Need::Required, Form::Name(&["consumed", "superseded", "coalesced", "abandoned"])),
    ("superseded_by", Need::Optional, Form::Uuid),
    ("aggregate_id", Need::Optional, Form::Uuid),
    ("reason", Need::Optional, Form::Any),
]);

const CHANGE: Form = Form::Object(&[
    ("timestamp", Need::Required, Form::Time),
    ("from", Need::Required, Form::Name(NAMES_OF_INPUT_STATES)),
    ("to", Need::Required, Form::Name(NAMES_OF_INPUT_STATES)),
    ("reason", Need::Optional, Form::Text),
]);

pub const INPUT: Form = Form::Object(&[
    ("input_id", Need::Required, Form::Uuid),
    ("current_state", Need::Required, Form::Name(NAMES_OF_INPUT_STATES)),
    ("policy", Need::Optional, Form::Any),
    ("runtime_semantics", Need::Optional, Form::Any),
    ("terminal_outcome", Need::Optional, OUTCOME),
    ("durability", Need::Optional, Form::Name(&["durable", "ephemeral", "derived"])),
    ("idempotency_key", Need::Optional, Form::Text),
    ("attempt_count", Need::Or("0"), Form::U32),
    ("recovery_count", Need::Or("0"), Form::U32),
    ("history", Need::Or("[]"), Form::List(&CHANGE)),
    ("reconstruction_source", Need::Optional, Form::Any),
    ("persisted_input", Need::Optional, Form::Any),
    ("last_run_id", Need::Optional, Form::Uuid),
    ("last_boundary_sequence", Need::Optional, Form::U64),
    ("created_at", Need::Required, Form::Time),
    ("updated_at", Need::Required, Form::Time),
]);

pub const REGISTRY: Form = Form::Object(&[
    ("epoch_id", Need::Required, Form::Text),
    ("authority_state", Need::Required, Form::Any),
    ("operation_specs", Need::Required, Form::Any),
    ("completion_entries", Need::Required, Form::Any),
    (
        "cursors",
        Need::Required,
        Form::Object(&[
            ("agent_applied_cursor", Need::Required, Form::U64),
            ("runtime_observed_seq", Need::Required, Form::U64),
            ("runtime_last_injected_seq", Need::Required, Form::U64),
        ]),
    ),
]);

pub const LABELS: Form = Form::Map(&Form::Text);

pub const STATE: Form = Form::Name(NAMES_OF_STATES);

/// What a text says as a value of this form, in a spelling of its own, by serde_json's reading of it; `None` where it is none.
fn meaning(form: &Form, json: &str) -> Option<String> {
    let text = || serde_json::from_str::<String>(json).ok();
    match form {
        Form::Any => serde_json::from_str::<&RawValue>(json).ok().map(|json| json.get().to_owned()),
        Form::Text => text().map(|text| format!("{text:?}")),
        Form::Uuid => text().and_then(|text| Uuid::try_parse(&text).ok()).map(|uuid| uuid.to_string()),
        Form::Time => text().filter(|text| is_time(text)),
        Form::U64 => serde_json::from_str::<u64>(json).ok().map(|number| number.to_string()),
        Form::U32 => serde_json::from_str::<u32>(json).ok().map(|number| number.to_string()),
        Form::Name(names) => text().filter(|text| names.contains(&text.as_str())),
        Form::List(form) => {
            let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            let items: Option<Vec<_>> = items.into_iter().map(|item| meaning(form, item.get())).collect();
            Some(format!("[{}]", items?.join(",")))
        }
        Form::Map(form) => {
            let Members(members) = serde_json::from_str(json).ok()?;
            // Where a name occurs twice the last value counts; the first is checked all the same.
            let members: Option<BTreeMap<_, _>> =
                members.into_iter().map(|(name, json)| Some((name, meaning(form, json.get())?))).collect();
            Some(format!("{:?}", members?))
        }
        Form::Object(known) => {
            let mut members: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
            let mut meant = BTreeMap::new();
            for (name, need, form) in *known {
                let value = match (members.remove(*name).map(RawValue::get), need) {
                    (None | Some("null"), Need::Optional) => continue,
                    (None, Need::Or(default)) => (*default).to_owned(),
                    (None, Need::Required) => return None,
                    (Some(json), _) => meaning(form, json)?,
                };
                meant.insert((*name).to_owned(), value);
            }
            meant.extend(members.into_iter().map(|(name, json)| (name, json.get().to_owned())));
            Some(format!("{meant:?}"))
        }
    }
}

/// By the grammar of RFC 3339, and not by how many days a month has.
fn is_time(text: &str) -> bool {
    let (date, zone) = text.split_at_checked(19).unwrap_or_default();
    let like = |text: &str, form: &str| {
        text.len() == form.len()
            && text.bytes().zip(form.bytes()).all(|(byte, like)| match like {
                b'0' => byte.is_ascii_digit(),
                b'T' => b"Tt ".contains(&byte),
                other => byte == other,
            })
    };
    let within = |text: &str, last: u8| text.parse::<u8>().is_ok_and(|number| number <= last);
    let fraction = zone.strip_prefix('.').map(|zone| zone.trim_start_matches(|c: char| c.is_ascii_digit()));
    let fraction_is_whole = fraction.is_none_or(|rest| rest.len() + 1 < zone.len());
    let zone = fraction.unwrap_or(zone);
    like(date, "0000-00-00T00:00:00")
        && fraction_is_whole
        && (1..=12).contains(&date[5..7].parse().unwrap_or(0))
        && (1..=31).contains(&date[8..10].parse().unwrap_or(0))
        && within(&date[11..13], 23)
        && within(&date[14..16], 59)
        && within(&date[17..], 60)
        && (matches!(zone, "Z" | "z")
            || ((like(zone, "+00:00") || like(zone, "-00:00")) && within(&zone[1..3], 23) && within(&zone[4..], 59)))
}

/// The members of an object, all of them.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

//! Every stored type against serde_json, on random text: what the one takes the other takes, as the same value, whether the
//! text is read as a struct or kept as a checked document. The seed is new in each run and printed:
//! `BURROW_SEED=… cargo test --test json` repeats one.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod random;

use std::{collections::BTreeMap, fmt};

use burrow::{Document, Labels, PersistedOpsSnapshot, RunBoundaryReceipt, RuntimeState, StoredInputState};
use fastrand::Rng;
use random::{Form, Need, TIMES};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use uuid::Uuid;

const TEXTS_PER_TYPE: usize = 2000;

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

const RECEIPT: Form = Form::Object(&[
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

const INPUT: Form = Form::Object(&[
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

const REGISTRY: Form = Form::Object(&[
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

/// What a text says as a value of this form, in a spelling of its own, by serde_json's reading of it; `None` where it is none.
fn meaning(form: &Form, json: &str) -> Option<String> {
    let text = || serde_json::from_str::<String>(json).ok();
    match form {
        Form::Any => serde_json::from_str::<&RawValue>(json).ok().map(|json| json.get().to_owned()),
        Form::Text => text().map(|text| format!("{text:?}")),
        Form::Uuid => text().and_then(|text| Uuid::try_parse(&text).ok()).map(|uuid| uuid.to_string()),
        Form::Time => text().filter(|text| TIMES.contains(&text.as_str())),
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
            // Of two with one name the last counts, and the first must be of the form all the same.
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

fn seeded() -> Rng {
    let seed = std::env::var("BURROW_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("BURROW_SEED={seed}");
    Rng::with_seed(seed)
}

macro_rules! agrees_with_serde_json {
    ($($name:ident: $type:ty, $form:expr;)+) => {$(
        #[test]
        fn $name() {
            let mut random = seeded();
            let (mut taken, mut refused) = (0, 0);
            for _ in 0..TEXTS_PER_TYPE {
                let json = random::text(&mut random, &$form);
                let meant = meaning(&$form, &json);
                let read = serde_json::from_str::<$type>(&json);
                let document = Document::<$type>::from_json(&json);
                let Some(meant) = meant else {
                    assert!(read.is_err(), "read as a struct: {json}");
                    assert!(document.is_err(), "taken as a document: {json}");
                    refused += 1;
                    continue;
                };
                let read = read.unwrap_or_else(|error| panic!("as a struct: {error}: {json}"));
                let document = document.unwrap_or_else(|error| panic!("as a document: {error}: {json}"));
                assert_eq!(document.read().unwrap(), read, "{json}");
                assert_eq!(document, Document::new(read.clone()).unwrap(), "not the same to the store: {json}");
                assert_eq!(meaning(&$form, &document.json()).as_ref(), Some(&meant), "kept: {json}");
                let written = serde_json::to_string(&read).unwrap();
                assert_eq!(meaning(&$form, &written).as_ref(), Some(&meant), "written as {written}: {json}");
                taken += 1;
            }
            assert!(taken > 20 && refused > 20, "{taken} taken, {refused} refused");
        }
    )+};
}

agrees_with_serde_json! {
    receipts: RunBoundaryReceipt, RECEIPT;
    inputs: StoredInputState, INPUT;
    registries: PersistedOpsSnapshot, REGISTRY;
    labels: Labels, Form::Map(&Form::Text);
    states: RuntimeState, Form::Name(NAMES_OF_STATES);
}

/// What is no JSON, or more than one value, wherever it stands.
#[test]
fn what_is_no_json_is_refused() {
    for broken in [
        "",
        "nul",
        "+1",
        "01",
        "1.",
        ".5",
        "1e",
        "'x'",
        "[1,]",
        "{,}",
        r#""\x""#,
        r#""\u12""#,
        "{} {}",
        "\u{0}",
        "[",
        "\"\n\"",
    ] {
        for json in [broken.to_owned(), format!(r#"{{"future":{broken}}}"#), format!(r#"{{"future":[{broken}]}}"#)] {
            // An array may well be empty.
            if serde_json::from_str::<&RawValue>(&json).is_err() {
                let receipt = r#"{"run_id":"01a20127-b8f1-725e-bae9-39a85b9ab50a","boundary":"immediate","#.to_owned()
                    + r#""contributing_input_ids":[],"message_count":0,"sequence":0,"more":"#;
                assert!(Document::<RunBoundaryReceipt>::from_json(&format!("{receipt}0}}")).is_ok());
                assert!(Document::<RunBoundaryReceipt>::from_json(&format!("{receipt}{json}}}")).is_err(), "{json}");
                assert!(Document::<Labels>::from_json(&json).is_err(), "{json}");
            }
        }
    }
}

/// Half a character: JSON to some, a string to nobody.
#[test]
fn half_a_character_is_refused_where_a_string_is_asked_for() {
    for json in [r#"{"a":"\ud83e"}"#, r#"{"a":"\udde0\ud83e"}"#, r#"{"\ud83e":"a"}"#] {
        assert!(Document::<Labels>::from_json(json).is_err(), "{json}");
        assert!(serde_json::from_str::<Labels>(json).is_err(), "{json}");
    }
}

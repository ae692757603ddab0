//! Documents as Rust reads them, as the store checks them, and as serde_json understands them: random texts, a fresh seed
//! each run. `BURROW_SEED=… cargo test --test json` repeats one.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fmt::Write as _;

use burrow::{Document, Labels, PersistedOpsSnapshot, RunBoundaryReceipt, RuntimeState, StoredInputState};
use fastrand::Rng;
use serde_json::Value;

const ID: &str = r#""01a20127-b8f1-725e-bae9-39a85b9ab50a""#;
const NOW: &str = r#""2026-11-22T02:48:30.193749452Z""#;

/// Values that any member may have, each in JSON.
const VALUES: &[&str] = &[
    "null",
    "true",
    "[]",
    "{}",
    "0",
    "-0",
    "1",
    "-1",
    "1.0",
    "1e2",
    "1E400",
    "0.1234567890123456789",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    r#""""#,
    r#""x""#,
    r#""\u0041\n\"\\\/""#,
    r#""\ud83e\udde0""#,
    r#""\ud83e""#,
    r#""\udde0\ud83e""#,
    r#""🧠é""#,
    r#""queued""#,
    r#""run_start""#,
    r#""consumed""#,
    r#""durable""#,
    r#""idle""#,
    ID,
    NOW,
    r#""2026-11-22T02:48:30""#,
    r#"{"a":[{"b":null}]}"#,
    r#"["01a20127-b8f1-725e-bae9-39a85b9ab50a"]"#,
    r#"[""]"#,
    r#"{"outcome_type":"consumed"}"#,
    r#"{"outcome_type":"abandoned","reason":{"any":1},"aggregate_id":null}"#,
    r#"{"outcome_type":"else"}"#,
    r#"[{"timestamp":"2026-11-22T02:48:30Z","from":"accepted","to":"queued","reason":null,"more":1}]"#,
    r#"[{"timestamp":"2026-11-22T02:48:30Z","from":"accepted"}]"#,
    r#"{"agent_applied_cursor":1,"runtime_observed_seq":18446744073709551615,"runtime_last_injected_seq":0}"#,
];

/// What is no JSON, or more than one value.
const BROKEN: &[&str] = &[
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
];

const RECEIPT: &[(&str, &str)] = &[
    ("run_id", ID),
    ("boundary", r#""run_start""#),
    ("contributing_input_ids", "[]"),
    ("conversation_digest", r#""07""#),
    ("message_count", "1"),
    ("sequence", "0"),
];
const INPUT: &[(&str, &str)] = &[
    ("input_id", ID),
    ("current_state", r#""queued""#),
    ("policy", "{}"),
    ("runtime_semantics", "null"),
    ("terminal_outcome", r#"{"outcome_type":"consumed"}"#),
    ("durability", r#""durable""#),
    ("idempotency_key", r#""k""#),
    ("attempt_count", "1"),
    ("recovery_count", "0"),
    ("history", "[]"),
    ("reconstruction_source", "[]"),
    ("persisted_input", r#"{"text":"x"}"#),
    ("last_run_id", ID),
    ("last_boundary_sequence", "7"),
    ("created_at", NOW),
    ("updated_at", NOW),
];
const OPS: &[(&str, &str)] = &[
    ("epoch_id", r#""e""#),
    ("authority_state", "{}"),
    ("operation_specs", "{}"),
    ("completion_entries", "[]"),
    ("cursors", r#"{"agent_applied_cursor":1,"runtime_observed_seq":2,"runtime_last_injected_seq":3}"#),
];
const LABELS: &[(&str, &str)] = &[("env", r#""dev""#), ("", r#""""#), ("__proto__", r#""x""#)];

/// A random object: the known members, some changed, absent, twice or in another order, and some that nobody knows.
fn object(rng: &mut Rng, known: &[(&str, &str)]) -> String {
    let mut members: Vec<(String, String)> =
        known.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    for _ in 0..rng.usize(..4) {
        let value = rng.choice(VALUES).unwrap().to_string();
        let at = rng.usize(..members.len());
        match rng.u8(..6) {
            0 => drop(members.remove(at)),
            1 => members.push((members[at].0.clone(), value)),
            2 => members.push((["future", "", "é", "\u{1}", "a\"b"][rng.usize(..5)].into(), value)),
            3 => members.swap(at, 0),
            _ => members[at].1 = value,
        }
        if members.is_empty() {
            break;
        }
    }
    let mut json = String::from("{");
    for (i, (name, value)) in members.iter().enumerate() {
        let space = [" ", "\n", "", "", ""][rng.usize(..5)];
        write!(json, "{}{space}{}{space}:{space}{value}", if i > 0 { "," } else { "" }, escaped(rng, name)).unwrap();
    }
    json + "}"
}

/// A name in one of the ways in which JSON may write it.
fn escaped(rng: &mut Rng, name: &str) -> String {
    if rng.u8(..8) > 0 {
        return serde_json::to_string(name).unwrap();
    }
    let units: String = name.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    format!("\"{units}\"")
}

/// What the three say of one text.
macro_rules! agree {
    ($type:ty, $json:expr, $seed:expr) => {{
        let json: &str = $json;
        let context = format!("BURROW_SEED={}: {json}", $seed);
        let read = serde_json::from_str::<$type>(json).map_err(|error| error.to_string());
        let checked = Document::<$type>::from_json(json);
        assert_eq!(read.is_ok(), checked.is_ok(), "{context}: {read:?} {checked:?}");
        // What is no JSON to serde_json is none to burrow. (The reverse does not hold: a form is asked for besides.)
        let value = serde_json::from_str::<Value>(json);
        if let (Ok(read), Ok(checked)) = (&read, checked) {
            assert_eq!(*read, checked.read().unwrap(), "{context}");
            // A text and the struct that was read from it are the same document to the store.
            let written = serde_json::to_string(read).unwrap();
            let again: $type = serde_json::from_str(&written).unwrap();
            assert_eq!(again, *read, "{context}: {written}");
            if let Ok(value) = value {
                same_members(&value, &serde_json::from_str(&written).unwrap(), &context);
            }
        }
        read.is_ok()
    }};
}

/// Whatever is written was there, with the same value; what was there is written, but for `null` and defaults.
fn same_members(given: &Value, written: &Value, context: &str) {
    let (Value::Object(given), Value::Object(written)) = (given, written) else { return };
    for (name, value) in written {
        match given.get(name) {
            None => assert!(["attempt_count", "recovery_count"].contains(&&**name) && *value == 0, "{context}: {name}"),
            Some(Value::Object(_) | Value::Array(_)) => {}
            Some(other) => assert_eq!(other, value, "{context}: {name}"),
        }
    }
    for (name, value) in given {
        let left_out = value.is_null() || (name == "history" && *value == Value::Array(vec![]));
        assert!(left_out || written.contains_key(name), "{context}: {name}");
    }
}

fn seed() -> u64 {
    let seed =
        std::env::var("BURROW_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
    println!("BURROW_SEED={seed}");
    seed
}

#[test]
fn reading_checking_and_serde_json_agree_on_every_document() {
    let seed = seed();
    let mut rng = Rng::with_seed(seed);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let is_ok = match rng.u8(..4) {
            0 => agree!(RunBoundaryReceipt, &object(&mut rng, RECEIPT), seed),
            1 => agree!(StoredInputState, &object(&mut rng, INPUT), seed),
            2 => agree!(PersistedOpsSnapshot, &object(&mut rng, OPS), seed),
            _ => agree!(Labels, &object(&mut rng, LABELS), seed),
        };
        if is_ok { taken += 1 } else { refused += 1 }
    }
    assert!(taken > 2000 && refused > 2000, "BURROW_SEED={seed}: {taken} taken, {refused} refused");
}

#[test]
fn what_is_no_json_is_refused_by_all() {
    for broken in BROKEN {
        let documents = [(*broken).to_owned(), format!(r#"{{"future":{broken}}}"#), format!("[{broken}]")];
        for json in documents {
            if serde_json::from_str::<Value>(&json).is_ok() {
                continue;
            }
            assert!(
                !agree!(Labels, &json, 0) && !agree!(RunBoundaryReceipt, &json, 0) && !agree!(RuntimeState, &json, 0)
            );
        }
    }
}

/// Half a character in a label: JSON to some, a string to nobody.
#[test]
fn half_a_character_is_refused_where_a_string_is_asked_for() {
    for json in [r#"{"a":"\ud83e"}"#, r#"{"a":"\udde0\ud83e"}"#, r#"{"\ud83e":"a"}"#] {
        assert!(!agree!(Labels, json, 0), "{json}");
    }
}

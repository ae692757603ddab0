//! Every stored type against serde_json, on random text (`tests/bodies/json.rs` says what must hold of any). The seed is new in each run and printed:
//! `BURROW_SEED=… cargo test --test json` repeats one.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[allow(dead_code, reason = "its other part is run by tests/properties")]
#[path = "../bodies/json.rs"]
mod json;
mod random;

use burrow::{Document, Labels, PersistedOpsSnapshot, RunBoundaryReceipt, RuntimeState, StoredInputState};
use fastrand::Rng;
use json::{INPUT, LABELS, RECEIPT, REGISTRY, STATE};
use serde_json::value::RawValue;

const TEXTS_PER_TYPE: usize = 2000;

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
                match json::agree::<$type>(&$form, &random::text(&mut random, &$form)) {
                    true => taken += 1,
                    false => refused += 1,
                }
            }
            assert!(taken > 20 && refused > 20, "{taken} taken, {refused} refused");
        }
    )+};
}

agrees_with_serde_json! {
    receipts: RunBoundaryReceipt, RECEIPT;
    inputs: StoredInputState, INPUT;
    registries: PersistedOpsSnapshot, REGISTRY;
    labels: Labels, LABELS;
    states: RuntimeState, STATE;
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

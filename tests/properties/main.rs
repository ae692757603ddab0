//! What must hold of any input, tried on random ones: `fuzz/` looks for more with the same functions, for as long as wanted.
//! The seed is new in each run and printed: `BURROW_SEED=… cargo test --all-features --test properties` repeats one.
#![cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[path = "../bodies/mod.rs"]
mod bodies;

use burrow::engine;
use fastrand::Rng;

/// Runs a body on inputs of random bytes, and on those of `samples` with some of them changed.
fn tried(body: fn(&[u8]), times: usize, samples: &[&str]) {
    let seed = std::env::var("BURROW_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("BURROW_SEED={seed}");
    let mut random = Rng::with_seed(seed);
    for _ in 0..times {
        let mut input: Vec<u8> = match random.choice(samples) {
            Some(sample) if random.bool() => sample.bytes().collect(),
            _ => (0..random.usize(..200)).map(|_| random.u8(..)).collect(),
        };
        for _ in 0..random.usize(..4) {
            let at = random.usize(..=input.len());
            match random.u8(..3) {
                0 => input.insert(at, random.u8(..)),
                1 if at < input.len() => drop(input.remove(at)),
                _ if at < input.len() => input[at] = random.u8(..),
                _ => {}
            }
        }
        body(&input);
    }
}

const RECEIPT: &str = concat!(
    "\0",
    r#"{"run_id":"01a20127-b8f1-725e-bae9-39a85b9ab50a","boundary":"run_start","contributing_input_ids":[],"#,
    r#""message_count":1,"sequence":0,"more":[1e5,"\ud83e\udde0"]}"#
);
const INPUT: &str = concat!(
    "\u{1}",
    r#"{"input_id":"01a20127-b8f1-725e-bae9-39a85b9ab50a","current_state":"queued","#,
    r#""created_at":"2026-11-22T02:48:30Z","updated_at":"2026-11-22T02:48:30.5+01:00"}"#
);
const LABELS: &str = "\u{3}{\"env\":\"dev\",\"\":\"\\n\"}";
const ANY_JSON: &str = "\u{5}[null,true,-1.5e-3,\"\\ud83e\",{\"a\":{}}]";

#[test]
fn json() {
    tried(bodies::json::body, 40_000, &[RECEIPT, INPUT, LABELS, ANY_JSON]);
}

#[test]
fn selectors() {
    tried(bodies::selectors::body, 40_000, &["\0env in (dev, test),!canary", "\0a!=b", "\0env notin ()"]);
}

#[test]
fn rpc() {
    let request = r#"0{"jsonrpc":"2.0","method":"mobkit/mob_labels/set","params":{"labels":{"a":"b"}},"id":1}"#;
    tried(bodies::rpc::body, 20_000, &[request, "0[]", "0[1]"]);
}

#[test]
fn keys() {
    tried(bodies::keys::body, 1500, &["1a~7E", "1~C3~A9", "118446744073709551615", "100000000000000000042"]);
}

#[test]
fn cells() {
    tried(bodies::cells::body, 300, &[]);
}

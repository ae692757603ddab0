//! Damaged files: random bytes in random places. Every call gives an answer or a typed error, nothing is deleted, and what
//! is not damaged is read as before.
//!
//! BURROW_SEED=N repeats the one that failed; BURROW_SEEDS=N runs so many of each kind.
#![cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod cells;
mod pages;
mod population;
#[path = "../samples/mod.rs"]
mod samples;
mod swaps;

use std::time::{Duration, UNIX_EPOCH};

use fastrand::Rng;

/// Longer than any call takes that does not hang: one that waits for a lock gives up after 5 s.
const DEADLINE: Duration = Duration::from_secs(30);

/// The seeds of this run: `few` where the environment names none.
fn seeds(few: u64) -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let (first, count) = match number("BURROW_SEED") {
        Some(seed) => (seed, 1),
        None => (UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64 >> 16 << 16, number("BURROW_SEEDS").unwrap_or(few)),
    };
    println!("seeds from {first}, {count} of them");
    first..first + count
}

fn bytes(random: &mut Rng, most: usize) -> Vec<u8> {
    (0..random.usize(..=most)).map(|_| random.u8(..)).collect()
}

//! Simulations: several clients, claims and watchers on one database, on which everything takes its time and may fail, in an
//! order that a seed repeats. A model says whether what the clients saw can have happened.
//!
//! `npm run simulate -- --seeds 100000` runs many; `npm run simulate -- --seed N` runs the one that failed.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod ask;
mod call;
mod catalogue;
mod check;
mod client;
mod model;
mod plan;
mod run;
mod sabotage;
mod seeds;
mod values;
mod world;

use sabotage::Sabotage;
use seeds::{Seeds, first_failure};
use world::Kind;

/// Seeds that found a fault once.
const KEPT: &[u64] = &[1796135441853021461, 1796135502029020967, 1796135553575414775];

#[test]
fn every_history_in_memory_is_explained_by_the_model() {
    every_history(Seeds::of_environment(), Kind::Memory);
}

#[cfg(feature = "sqlite")]
#[test]
fn every_history_on_sqlite_is_explained_by_the_model() {
    every_history(Seeds::of_environment().one_in(10), Kind::Sqlite);
}

fn every_history(seeds: Seeds, kind: Kind) {
    println!("{kind:?}: {seeds}");
    let start = std::time::Instant::now();
    match first_failure(seeds.all().chain(KEPT.iter().copied()), kind) {
        Ok(counts) => {
            println!("{kind:?}: {counts:?} in {:.1} s", start.elapsed().as_secs_f64());
            seeds.assert_that_they_mean_something(&counts);
        }
        Err((seed, failure)) => panic!("{}", seeds::report(seed, kind, &failure)),
    }
}

/// Each broken promise, which some history must show.
macro_rules! found {
    ($($sabotage:ident,)+) => {
        #[allow(non_snake_case)]
        mod each_broken_promise_is_found {
            $(#[test]
            fn $sabotage() {
                let found = super::first_failure(0..400, super::Kind::Sabotaged(super::Sabotage::$sabotage));
                let (seed, failure) = found.expect_err("no history shows it");
                println!("seed {seed} of 400: {}", failure.lines().next().unwrap());
            })+
        }
    };
}

found! {
    LosesOneWriteOfACommit,
    LosesACommit,
    CommitsTwice,
    RetriesWithoutLooking,
    CommitsAndSaysItFailed,
    IgnoresFences,
    IgnoresFencesOfMobs,
    DecidesOnAnOldSnapshot,
    ReadsAnOldSnapshot,
    WritesDespiteARefusal,
    TellsNobody,
    TellsTwice,
    TellsLate,
    TellsWhatIsNotWritten,
    ForgetsWhatWasPruned,
    PrunesOneReceiptTooMany,
    PrunesOneInputTooMany,
}

#[test]
fn a_seed_repeats_its_history_to_the_letter() {
    for seed in 0..20 {
        let [first, second] = [(); 2].map(|()| first_failure([seed], Kind::Sabotaged(Sabotage::CommitsTwice)));
        assert_eq!(first, second);
    }
}

#[test]
fn a_failure_is_made_as_short_as_it_gets() {
    let (seed, _) = first_failure(0..400, Kind::Sabotaged(Sabotage::LosesACommit)).expect_err("found above");
    let (plan, failure) = seeds::shortest(&plan::Plan::of_seed(seed), Kind::Sabotaged(Sabotage::LosesACommit)).unwrap();
    assert!(plan.steps() <= 6, "{plan:#?}\n{failure}");
}

//! Which lanes there are, and their tables.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a bench fails by panicking")]

mod contender;
#[cfg(feature = "sqlite")]
mod lifetime;
mod map;
mod payload;
mod rounds;
#[cfg(feature = "sqlite")]
mod sqlite;
mod workloads;

use burrow::InMemoryRuntimeStore;

use self::{
    map::Map,
    rounds::{Lane, Rounds},
    workloads::{Boundaries, Inputs, Load},
};

/// Runs every workload and prints the tables.
pub fn run() {
    let is_given = |flag: &str| std::env::args().any(|argument| argument == flag);
    let quick = is_given("--quick");
    #[cfg(feature = "sqlite")]
    if is_given("--lifetime") {
        return lifetime::run(quick);
    }
    let rounds = Rounds::new(quick);
    let inputs = if quick { 500 } else { 10_000 };
    let map = "a map of structs behind a mutex";
    let burrow = "burrow in memory";

    if quick {
        println!("Quick: this tries the bench. Its times say nothing.\n");
    }
    println!("In memory:\n");
    rounds.print(vec![
        (
            "W1 boundary commit",
            200,
            vec![Lane::new(map, Boundaries::new(Map::default())), Lane::new(burrow, Boundaries::new(memory()))],
        ),
        (
            "W2 one input",
            400,
            vec![Lane::new(map, Inputs::new(Map::default())), Lane::new(burrow, Inputs::new(memory()))],
        ),
        (
            "W4 load inputs",
            1,
            vec![Lane::new(map, Load::new(Map::default(), inputs)), Lane::new(burrow, Load::new(memory(), inputs))],
        ),
    ]);

    #[cfg(feature = "sqlite")]
    sqlite::run(&rounds, inputs);
    #[cfg(not(feature = "sqlite"))]
    println!("SQLite was not asked for: cargo bench --features sqlite");
}

fn memory() -> InMemoryRuntimeStore {
    InMemoryRuntimeStore::new()
}

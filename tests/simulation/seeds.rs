//! Many seeds at once, and the shortest history of one that fails.

use std::{
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::UNIX_EPOCH,
};

use super::{
    plan::Plan,
    run::{Counts, run},
    world::Kind,
};

/// Which seeds are run.
pub struct Seeds {
    first: u64,
    count: u64,
}

/// How many `cargo test` runs.
const FEW: u64 = 3000;

impl Seeds {
    /// As BURROW_SEED (the one) or BURROW_SEEDS (how many) say: otherwise a few, others each time.
    pub fn of_environment() -> Self {
        let number =
            |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap_or_else(|_| panic!("{name}")));
        let nanoseconds = UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
        match number("BURROW_SEED") {
            Some(first) => Self { first, count: 1 },
            None => Self { first: nanoseconds >> 8 << 8, count: number("BURROW_SEEDS").unwrap_or(FEW) },
        }
    }

    /// The first of the seeds: one of so many.
    #[cfg(feature = "sqlite")]
    pub fn one_in(&self, many: u64) -> Self {
        Self { first: self.first, count: self.count.div_ceil(many) }
    }

    pub fn all(&self) -> impl Iterator<Item = u64> + Send + use<> {
        self.first..self.first + self.count
    }

    /// Whether there was anything of everything to check.
    pub fn assert_that_they_mean_something(&self, counts: &Counts) {
        if self.count < FEW {
            return;
        }
        let Counts { conflicts, fenced, failed, unknown, retries, told, pruned, .. } = *counts;
        assert!(pruned > 400, "{counts:?}");
        assert!([conflicts, fenced, failed, unknown, retries, told].iter().all(|count| *count > 400), "{counts:?}");
        let all = super::catalogue::refusals().into_iter().chain([super::catalogue::outcome_unknown()]);
        let missing: Vec<_> = all.map(|error| error.code()).filter(|code| !counts.codes.contains(code)).collect();
        assert!(missing.is_empty(), "no engine gave {missing:?}");
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seeds from {}, {} of them", self.first, self.count)
    }
}

/// Runs seeds on all cores.
///
/// # Errors
/// A seed that failed, and why: the least of those that were run.
pub fn first_failure(
    seeds: impl IntoIterator<Item = u64, IntoIter: Send>,
    kind: Kind,
) -> Result<Counts, (u64, String)> {
    let (seeds, ended) = (Mutex::new(seeds.into_iter()), AtomicBool::new(false));
    let worker = || {
        let mut counts = Counts::default();
        while !ended.load(Ordering::Relaxed) {
            let Some(seed) = seeds.lock().unwrap().next() else { break };
            match run(&Plan::of_seed(seed), kind) {
                Ok(own) => counts.add(own),
                Err(failure) => {
                    ended.store(true, Ordering::Relaxed);
                    return Err((seed, failure));
                }
            }
        }
        Ok(counts)
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let mut all = Counts::default();
    let mut failures = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(counts) => all.add(counts),
            Err(failure) => failures.push(failure),
        }
    }
    failures.into_iter().min().map_or(Ok(all), Err)
}

/// The plan with everything left out that is not needed for it to fail, and how it fails then; `None` where it does not.
pub fn shortest(plan: &Plan, kind: Kind) -> Option<(Plan, String)> {
    let mut found = (plan.clone(), run(plan, kind).err()?);
    loop {
        let smaller = found.0.smaller().flat_map(|plan| {
            // With less in it, it may take another order to fail.
            let orders = [plan.schedule].into_iter().chain(0..8);
            orders.map(move |schedule| plan.with_schedule(schedule)).collect::<Vec<_>>()
        });
        let next = smaller.filter_map(|plan| run(&plan, kind).err().map(|failure| (plan, failure))).next();
        match next {
            Some(next) => found = next,
            None => return Some(found),
        }
    }
}

/// What is said of a seed that failed.
pub fn report(seed: u64, kind: Kind, failure: &str) -> String {
    let shortest = match shortest(&Plan::of_seed(seed), kind) {
        Some((plan, shortest)) => format!("the shortest: {shortest}\n{plan:?}"),
        None => "it does not fail again".to_owned(),
    };
    format!("seed {seed} fails\n\nas it was: {failure}\n{shortest}\n\nnpm run simulate -- --seed {seed}")
}

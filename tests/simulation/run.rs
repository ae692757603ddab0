//! One simulation: polls the clients and the world in the order of the schedule, in one thread and without real time.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Waker},
};

use burrow::{Store, WatchScope};

use super::{
    call::{Answer, Call, Entry, MOBS, Outcome, RUNTIMES, Subject},
    check,
    client::{Client, Notes, watch},
    plan::{Plan, Step},
    values,
    world::{Connection, Kind, World},
};

/// More turns than any simulation takes that does not hang.
const MOST_TURNS: u64 = 200_000;

/// What was done in a simulation, to see that it does not pass for want of anything to check.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    pub simulations: usize,
    pub calls: usize,
    pub answered: usize,
    pub conflicts: usize,
    pub fenced: usize,
    pub failed: usize,
    pub unknown: usize,
    /// Boundaries that were committed again.
    pub retries: usize,
    /// Receipts and inputs that were pruned.
    pub pruned: u64,
    pub told: usize,
    /// Which errors engines gave.
    pub codes: std::collections::BTreeSet<&'static str>,
}

impl Counts {
    pub fn add(&mut self, other: Self) {
        self.simulations += other.simulations;
        self.calls += other.calls;
        self.answered += other.answered;
        self.conflicts += other.conflicts;
        self.fenced += other.fenced;
        self.failed += other.failed;
        self.unknown += other.unknown;
        self.retries += other.retries;
        self.pruned += other.pruned;
        self.told += other.told;
        self.codes.extend(other.codes);
    }
}

/// Runs a plan, and checks it.
///
/// # Errors
/// What does not hold, and the history in which it does not.
pub fn run(plan: &Plan, kind: Kind) -> Result<Counts, String> {
    let world = World::new(plan.schedule, plan.clients.len() + 1, kind);
    let notes = Arc::new(Notes::default());
    let connections: Vec<_> =
        (0..plan.connections).map(|_| Store::over(world.open(None).expect("no fault was asked for"))).collect();
    let auditor = Store::over(world.open(None).expect("no fault was asked for"));
    // Told of everything from the beginning to the end.
    let (told, _watch) = watch(&world, &auditor, WatchScope::Everything);

    let clients = plan.clients.iter().enumerate().map(|(number, steps)| {
        let client = Client::new(number, &world, &notes, connections[number % connections.len()].clone());
        Box::pin(client.run(steps.clone())) as Pin<Box<dyn Future<Output = ()>>>
    });
    turn_until_idle(&world, clients.collect(), 0)?;
    let audit = Client::new(plan.clients.len(), &world, &notes, auditor.clone());
    turn_until_idle(&world, vec![Box::pin(audit.run(last_reads()))], plan.clients.len())?;

    let entries = notes.entries.lock().unwrap();
    let shown = |reason: String| format!("{reason}\n{}", check::shown(&entries, &told));
    check::entries(&entries, &world.met()).map_err(shown)?;
    check::subjects(&entries, &told).map_err(shown)?;
    check::watches(&notes.watches.lock().unwrap(), &told).map_err(shown)?;
    if let Some(strange) = notes.strange_openings.lock().unwrap().first() {
        return Err(shown(format!("an opening ended otherwise than it was told to: {strange}")));
    }
    listings(&world, &auditor, &entries).map_err(shown)?;

    let count = |is: fn(&Outcome) -> bool| entries.iter().filter(|entry| is(&entry.outcome)).count();
    Ok(Counts {
        simulations: 1,
        calls: entries.len(),
        answered: count(|outcome| matches!(outcome, Outcome::Answered(_))),
        conflicts: count(|outcome| *outcome == Outcome::Answered(Answer::Conflict)),
        fenced: count(|outcome| matches!(outcome, Outcome::Answered(Answer::Fenced { .. }))),
        failed: count(|outcome| matches!(outcome, Outcome::Failed(_))),
        unknown: count(|outcome| *outcome == Outcome::Unknown),
        retries: retries(&entries),
        pruned: entries.iter().map(pruned).sum(),
        told: told.told.lock().unwrap().len(),
        codes: world.met().into_iter().map(|(_, code)| code).collect(),
    })
}

/// How many boundaries succeeded that had succeeded before.
fn retries(entries: &[Entry]) -> usize {
    let done = entries.iter().filter(|entry| entry.outcome == Outcome::Answered(Answer::Done));
    let boundaries = done.filter_map(|entry| match &entry.call {
        Call::Commit { runtime, boundary } => Some((runtime, boundary)),
        _ => None,
    });
    boundaries.clone().count() - boundaries.collect::<std::collections::BTreeSet<_>>().len()
}

/// How many receipts and inputs a call is known to have pruned.
fn pruned(entry: &Entry) -> u64 {
    match (&entry.call, &entry.outcome) {
        (Call::Prune { prune, .. }, Outcome::Answered(Answer::Pruned { receipts, inputs })) if !prune.dry_run => {
            receipts + inputs
        }
        _ => 0,
    }
}

/// Polls clients, numbered from `first`, and lets the world do its work, one at a time, until there is nothing left to do.
fn turn_until_idle(
    world: &World,
    mut clients: Vec<Pin<Box<dyn Future<Output = ()>>>>,
    first: usize,
) -> Result<(), String> {
    let mut live: Vec<usize> = (0..clients.len()).collect();
    let mut context = Context::from_waker(Waker::noop());
    let end = world.now() + MOST_TURNS;
    while !live.is_empty() || !world.is_idle() {
        world.tick();
        if world.now() > end {
            return Err(format!("the clients {live:?} wait for ever"));
        }
        let chosen = world.random_below(live.len() + 3);
        match live.get(chosen) {
            Some(&client) => {
                world.running(first + client);
                if clients[client].as_mut().poll(&mut context).is_ready() {
                    live.remove(chosen);
                }
            }
            None => world.turn(),
        }
    }
    Ok(())
}

/// Reads everything, after the end.
fn last_reads() -> Vec<Step> {
    let of_mob = |mob| [Call::LabelsOfMob { mob }, Call::Cursor { mob }, Call::ClaimMob { mob }];
    let of_runtime = |runtime| {
        [
            Call::Session { runtime },
            Call::SessionById { runtime },
            Call::Receipts { runtime },
            Call::Inputs { runtime },
            Call::State { runtime },
            Call::Ops { runtime },
            Call::Claim { runtime },
        ]
    };
    let calls = (0..MOBS).flat_map(of_mob).chain((0..RUNTIMES).flat_map(of_runtime)).chain([Call::Flows]);
    calls.map(Step::call).collect()
}

/// Whether the listings name what the last reads have found, and nothing else.
fn listings(world: &World, store: &Store<Connection>, entries: &[Entry]) -> Result<(), String> {
    let last = &entries[entries.len() - last_reads().len()..];
    let holds = |subject| {
        last.iter().filter(|entry| entry.call.subject() == subject).any(|entry| {
            !matches!(
                &entry.outcome,
                Outcome::Answered(
                    Answer::Session(None)
                        | Answer::Cursor(None)
                        | Answer::State(None)
                        | Answer::Ops(None)
                        | Answer::Epoch(_)
                )
            ) && !matches!(&entry.outcome, Outcome::Answered(Answer::LabelsOfMob(all)) if all.is_empty())
                && !matches!(&entry.outcome, Outcome::Answered(Answer::Receipts(all)) if all.is_empty())
                && !matches!(&entry.outcome, Outcome::Answered(Answer::Inputs(all)) if all.is_empty())
        })
    };
    let mobs: Vec<_> = (0..MOBS).filter(|mob| holds(Subject::Mob(*mob))).map(values::mob).collect();
    let runtimes: Vec<_> =
        (0..RUNTIMES).filter(|runtime| holds(Subject::Runtime(*runtime))).map(values::runtime).collect();
    let listed = |what: &str, listed: String, held: String| {
        if listed == held { Ok(()) } else { Err(format!("{what} {listed} are listed where {held} hold something")) }
    };
    let found = settle(world, store.list_mobs(None, 100))?;
    listed("the mobs", format!("{found:?}"), format!("{mobs:?}"))?;
    let found = settle(world, store.list_runtimes(None, 100))?;
    listed("the runtimes", format!("{found:?}"), format!("{runtimes:?}"))
}

/// The outcome of a call when nothing else is under way.
fn settle<T>(world: &World, call: impl Future<Output = Result<T, burrow::RuntimeStoreError>>) -> Result<T, String> {
    let mut call = Box::pin(call);
    for _ in 0..1000 {
        if let std::task::Poll::Ready(outcome) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return outcome.map_err(|error| error.to_string());
        }
        world.turn();
    }
    Err("a listing waits for ever".to_owned())
}

//! What is done in one simulation: made of a seed, and made smaller where it fails.

use burrow::{Labels, RuntimeState};
use fastrand::Rng;

use super::{
    call::{Boundary, Call, INPUTS, MOBS, Prune, RUNS, RUNTIMES, SEQUENCES, Session},
    catalogue,
};

/// What the clients do, and the seed of the order in which everything happens.
#[derive(Clone, Debug)]
pub struct Plan {
    pub clients: Vec<Vec<Step>>,
    /// How many connections they begin with.
    pub connections: usize,
    pub schedule: u64,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub act: Act,
    /// What happens to one thing that it asks of the engine.
    pub fault: Option<Fault>,
    /// How many things it asks before that.
    pub spared: u8,
    /// After how many turns its future is dropped.
    pub dropped_after: Option<u8>,
    /// Whether it is done under a claim, where the client has one.
    pub claimed: bool,
    /// Whether it is done again until its outcome is known.
    pub until_known: bool,
}

#[derive(Clone, Debug)]
pub enum Act {
    Call(Call),
    /// A compare-and-set call that expects what the client has read last.
    CallFromSeen(Call),
    Watch(Watched),
    Unwatch,
    /// Leaves the connection, or closes it for all that share it, and opens another.
    Reopen {
        close: bool,
    },
}

#[derive(Clone, Copy, Debug)]
pub enum Watched {
    Everything,
    Mob(u8),
    Runtime(u8),
}

/// What happens to a read, a commit or an opening.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// An error of the catalogue, after the decision where `decided`. Nothing is written.
    Refused { error: usize, decided: bool },
    /// It is begun anew so many times, and others come in between.
    BegunAnew(u8),
    /// The acknowledgement is lost.
    Unknown { written: bool },
    /// The connection is lost, and all that waits on it with it.
    ConnectionLost { written: bool },
}

impl Step {
    fn plain(act: Act) -> Self {
        Self { act, fault: None, spared: 0, dropped_after: None, claimed: false, until_known: false }
    }

    /// A call without anything to disturb it.
    pub fn call(call: Call) -> Self {
        Self::plain(Act::Call(call))
    }
}

impl Plan {
    pub fn of_seed(seed: u64) -> Self {
        let mut dice = Dice { random: Rng::with_seed(seed), version: 0 };
        let clients = dice.random.usize(2..=4);
        let faults = [0, 4, 8, 20][dice.random.usize(..4)];
        let steps = dice.random.usize(4..=24);
        Self {
            clients: (0..clients).map(|_| (0..steps).map(|_| dice.step(faults)).collect()).collect(),
            connections: dice.random.usize(1..=clients),
            schedule: dice.random.u64(..),
        }
    }

    /// The same with one thing less, in every way.
    pub fn smaller(&self) -> impl Iterator<Item = Self> + use<'_> {
        let places = self.clients.iter().enumerate().flat_map(|(c, steps)| (0..steps.len()).map(move |s| (c, s)));
        let without_step = places.clone().map(|(client, step)| {
            let mut plan = self.clone();
            plan.clients[client].remove(step);
            plan
        });
        let simpler = places.flat_map(move |(client, step)| {
            let edits: [fn(&mut Step); 4] = [
                |step| step.fault = None,
                |step| step.dropped_after = None,
                |step| step.claimed = false,
                |step| step.until_known = false,
            ];
            let was = &self.clients[client][step];
            let is_set = [was.fault.is_some(), was.dropped_after.is_some(), was.claimed, was.until_known];
            edits.into_iter().zip(is_set).filter(|(_, set)| *set).map(move |(edit, _)| {
                let mut plan = self.clone();
                edit(&mut plan.clients[client][step]);
                plan
            })
        });
        without_step.chain(simpler)
    }

    pub fn with_schedule(&self, schedule: u64) -> Self {
        Self { schedule, ..self.clone() }
    }

    pub fn steps(&self) -> usize {
        self.clients.iter().map(Vec::len).sum()
    }
}

struct Dice {
    random: Rng,
    /// A number that is raised with each value, so that no two values that are written are equal.
    version: u16,
}

impl Dice {
    /// `faults` is how many of a hundred steps meet each kind of trouble.
    fn step(&mut self, faults: u8) -> Step {
        let act = match self.random.u8(..100) {
            0..4 => Act::Watch(match self.random.u8(..3) {
                0 => Watched::Everything,
                1 => Watched::Mob(self.mob()),
                _ => Watched::Runtime(self.runtime()),
            }),
            4..6 => Act::Unwatch,
            6..9 => Act::Reopen { close: self.random.bool() },
            9..45 => Act::Call(self.call_of_mob()),
            45..92 => Act::Call(self.call_of_runtime()),
            _ => Act::Call(self.call_of_flows()),
        };
        let act = match act {
            Act::Call(call @ (Call::CompareLabels { .. } | Call::CompareCursor { .. } | Call::Step { .. }))
                if self.random.u8(..4) > 0 =>
            {
                Act::CallFromSeen(call)
            }
            act => act,
        };
        let mut is = |hundredths: u8| self.random.u8(..100) < hundredths;
        let (faulty, dropped, claimed, until_known) = (is(3 * faults), is(faults / 4), is(60), is(50));
        // A pruning asks for many things, one after the other.
        let spared = if matches!(act, Act::Call(Call::Prune { .. })) { self.random.u8(..12) } else { 0 };
        Step {
            act,
            fault: faulty.then(|| self.fault()),
            spared,
            dropped_after: dropped.then(|| self.random.u8(1..12) * (1 + spared)),
            claimed,
            until_known,
        }
    }

    fn fault(&mut self) -> Fault {
        let written = self.random.bool();
        match self.random.u8(..10) {
            0..4 => {
                let error = self.random.usize(..catalogue::refusals().len());
                Fault::Refused { error, decided: self.random.bool() }
            }
            4..6 => Fault::BegunAnew(self.random.u8(1..4)),
            6..9 => Fault::Unknown { written },
            _ => Fault::ConnectionLost { written },
        }
    }

    fn call_of_mob(&mut self) -> Call {
        let (mob, run, cursor) = (self.mob(), self.random.u8(..2), self.random.u64(..6));
        match self.random.u8(..16) {
            0 => Call::SetLabels { mob, run, labels: self.labels() },
            1 => Call::DeleteLabels { mob, run },
            2 | 3 => {
                let set = self.labels();
                let remove = if set.contains_key("b") || self.random.bool() { vec![] } else { vec!["b".to_owned()] };
                Call::PatchLabels { mob, run, set, remove }
            }
            4 | 5 => Call::CompareLabels { mob, run, expected: Labels::new(), labels: self.labels() },
            6 => Call::Labels { mob, run },
            7 => Call::LabelsOfMob { mob },
            8 => match self.random.bool() {
                true => Call::SetCursor { mob, cursor },
                false => Call::Cursor { mob },
            },
            9 => {
                Call::AdvanceCursor { mob, cursor: [cursor, u64::MAX - cursor][usize::from(self.random.u8(..4) == 0)] }
            }
            10 => Call::CompareCursor { mob, expected: Some(cursor).filter(|cursor| *cursor > 0), cursor: cursor + 1 },
            11..14 => Call::ClaimMob { mob },
            14 => Call::ReleaseMob { mob },
            _ => Call::DeleteMob { mob },
        }
    }

    fn call_of_runtime(&mut self) -> Call {
        let runtime = self.runtime();
        match self.random.u8(..46) {
            0..10 => Call::Commit { runtime, boundary: self.boundary() },
            10 | 11 => Call::CommitSession { runtime, session: self.session() },
            12 => Call::Session { runtime },
            13 => Call::SessionById { runtime },
            14 => Call::Receipt { runtime, run: self.run(), sequence: self.sequence() },
            15 => Call::Receipts { runtime },
            16 => Call::LastReceipt { runtime },
            17..24 => Call::PersistInput { runtime, input: self.random.u8(..INPUTS), version: self.version() },
            24 => Call::Input { runtime, input: self.random.u8(..INPUTS) },
            25 => match self.random.bool() {
                true => Call::Inputs { runtime },
                false => Call::InputIds { runtime },
            },
            26 | 27 => self.lifecycle_step(runtime),
            28 => Call::State { runtime },
            29 => match self.random.bool() {
                true => Call::PersistOps { runtime, version: self.version().into() },
                false => Call::Ops { runtime },
            },
            30..36 => Call::Claim { runtime },
            36 => Call::Release { runtime },
            37 => Call::DeleteRun { runtime, run: self.run() },
            38 => Call::Delete { runtime },
            _ => Call::Prune { runtime, prune: self.prune() },
        }
    }

    fn prune(&mut self) -> Prune {
        let mut keep = || [0, 0, 0, 1, 2][self.random.usize(..5)];
        let (receipts, inputs, dry_run) = (keep(), keep(), self.random.u8(..6) == 0);
        let of = self.random.u8(..4);
        Prune { keep_receipts: (of > 0).then_some(receipts), keep_inputs: (of != 1).then_some(inputs), dry_run }
    }

    fn call_of_flows(&mut self) -> Call {
        match self.random.u8(..8) {
            0..4 => Call::AddFlow { flow: self.version() },
            4 => Call::ReplaceFlows { flow: self.version() },
            5 => Call::FailToAddFlow,
            _ => Call::Flows,
        }
    }

    /// One of a few, so that most are committed several times: as they were, and sometimes with another receipt or payload.
    fn boundary(&mut self) -> Boundary {
        let (run, place) = (self.run(), self.random.usize(..SEQUENCES.len()));
        let (sequence, number) = (SEQUENCES[place], u16::from(run) * 3 + place as u16);
        let mut boundary = Boundary {
            run,
            sequence,
            message_count: 1,
            session: (!number.is_multiple_of(3))
                .then_some(Session { own: number.is_multiple_of(2), version: 60_000 + number }),
            inputs: (0..number % 3).map(|input| (input as u8, 61_000 + number)).collect(),
        };
        match self.random.u8(..12) {
            0 => boundary.message_count = 2,
            1 => boundary.session = Some(Session { own: false, version: 62_000 + number }),
            2 => boundary.inputs.push((0, 63_000 + number)),
            _ => {}
        }
        boundary
    }

    fn lifecycle_step(&mut self, runtime: u8) -> Call {
        let from = RuntimeState::ALL[self.random.usize(..4)];
        let to = RuntimeState::ALL[1 + self.random.usize(..3)];
        let inputs = (0..self.random.u8(..3)).map(|input| (input, self.version())).collect();
        if from.step(to).is_err() {
            return Call::State { runtime };
        }
        Call::Step { runtime, from, to, inputs }
    }

    fn labels(&mut self) -> Labels {
        let value = self.random.u8(..3);
        let labels = [("a", value), ("b", value % 2)].into_iter().take(usize::from(self.random.u8(..3)));
        labels.map(|(name, value)| (name.to_owned(), value.to_string())).collect()
    }

    fn session(&mut self) -> Session {
        Session { own: self.random.bool(), version: self.version() }
    }

    fn version(&mut self) -> u16 {
        self.version += 1;
        self.version
    }

    fn run(&mut self) -> u8 {
        self.random.u8(..RUNS)
    }

    fn sequence(&mut self) -> u64 {
        SEQUENCES[self.random.usize(..SEQUENCES.len())]
    }

    fn mob(&mut self) -> u8 {
        self.random.u8(..MOBS)
    }

    fn runtime(&mut self) -> u8 {
        self.random.u8(..RUNTIMES)
    }
}

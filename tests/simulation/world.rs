//! The simulated database: one engine, reached over connections on which everything takes its time and may fail.
//!
//! Nothing happens here but in `turn`, so that the order of everything is the seed's.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
};

use async_trait::async_trait;
use burrow::{
    Change, RuntimeStoreError, Watch,
    engine::{Bus, Decide, Engine, Listener, ReadSet, Reads, Result, memory::Memory},
};
use fastrand::Rng;

use super::{
    catalogue,
    plan::Fault,
    sabotage::{Sabotage, Saboteur},
};

/// Which engine the database is over.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Memory,
    #[cfg(feature = "sqlite")]
    Sqlite,
    /// The one in memory, with a promise broken.
    Sabotaged(Sabotage),
}

impl Kind {
    fn engine(self) -> Box<dyn Engine> {
        match self {
            Self::Memory | Self::Sabotaged(_) => Box::new(Memory::default()),
            #[cfg(feature = "sqlite")]
            Self::Sqlite => Box::new(now(burrow::engine::sql::Sqlite::in_memory(&burrow::store::TABLES)).unwrap()),
        }
    }
}

/// The database, and the connections to it.
pub struct World {
    state: Mutex<State>,
    engine: Box<dyn Engine>,
    bus: Bus,
    clock: Arc<AtomicU64>,
    saboteur: Saboteur,
}

struct State {
    random: Rng,
    connections: Vec<Queue>,
    answers: Vec<Answer>,
    running: usize,
    /// What each client is about.
    about: Vec<About>,
    met: Vec<(usize, &'static str)>,
}

/// The number of a call, and the fault that it meets after so many things that it asks.
#[derive(Clone, Default)]
struct About {
    call: usize,
    fault: Option<Fault>,
    spared: u8,
}

impl About {
    fn next_fault(&mut self) -> Option<Fault> {
        if self.spared == 0 {
            return self.fault.take();
        }
        self.spared -= 1;
        None
    }
}

/// What waits on one connection. It is taken in its order.
#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

struct Job {
    call: usize,
    work: Work,
    fault: Option<Fault>,
    delay: u8,
    slot: Slot,
}

#[derive(Clone)]
enum Work {
    Read(Reads),
    Transact(Reads, Arc<Mutex<Decide>>),
}

/// Where the caller finds the outcome.
type Slot = Arc<Mutex<Option<Result<ReadSet>>>>;

/// An outcome on its way to the caller.
struct Answer {
    outcome: Result<ReadSet>,
    delay: u8,
    slot: Slot,
}

impl World {
    pub fn new(schedule: u64, clients: usize, kind: Kind) -> Arc<Self> {
        let sabotage = if let Kind::Sabotaged(sabotage) = kind { Some(sabotage) } else { None };
        let state = State {
            random: Rng::with_seed(schedule),
            connections: Vec::new(),
            answers: Vec::new(),
            running: 0,
            about: vec![About::default(); clients],
            met: Vec::new(),
        };
        Arc::new(Self {
            state: Mutex::new(state),
            engine: kind.engine(),
            bus: Bus::default(),
            clock: Arc::default(),
            saboteur: Saboteur::new(sabotage),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn now(&self) -> u64 {
        self.clock.load(Ordering::Relaxed)
    }

    /// The clock, for whoever must not wait for the world.
    pub fn clock(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.clock)
    }

    pub fn tick(&self) {
        self.clock.fetch_add(1, Ordering::Relaxed);
    }

    pub fn random_below(&self, end: usize) -> usize {
        self.state().random.usize(..end)
    }

    /// Says which client is polled from now on.
    pub fn running(&self, client: usize) {
        self.state().running = client;
    }

    /// Says what a client is about.
    pub fn begin(&self, client: usize, call: usize, fault: Option<Fault>, spared: u8) {
        self.state().about[client] = About { call, fault, spared };
    }

    /// The errors that were given, each with the number of the call.
    pub fn met(&self) -> Vec<(usize, &'static str)> {
        self.state().met.clone()
    }

    pub fn watch(&self, listener: Listener) -> Watch {
        self.bus.watch(listener)
    }

    pub fn open(self: &Arc<Self>, fault: Option<Fault>) -> Result<Connection> {
        if let Some(Fault::Refused { error, .. }) = fault {
            return Err(catalogue::refusals().swap_remove(error));
        }
        let mut state = self.state();
        state.connections.push(Queue::default());
        Ok(Connection { world: Arc::clone(self), number: state.connections.len() - 1 })
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        let state = self.state();
        state.answers.is_empty() && state.connections.iter().all(|queue| queue.jobs.is_empty())
    }

    /// Does one thing: brings a job nearer, carries it out, or brings an answer nearer.
    pub fn turn(&self) {
        let mut state = self.state();
        let busy: Vec<_> = (0..state.connections.len()).filter(|i| !state.connections[*i].jobs.is_empty()).collect();
        let choices = busy.len() + state.answers.len();
        if choices == 0 {
            return;
        }
        let chosen = state.random.usize(..choices);
        match busy.get(chosen) {
            Some(connection) => self.advance(&mut state, *connection),
            None => {
                let at = chosen - busy.len();
                match state.answers[at].delay {
                    0 => {
                        let Answer { outcome, slot, .. } = state.answers.swap_remove(at);
                        *slot.lock().unwrap() = Some(outcome);
                    }
                    _ => state.answers[at].delay -= 1,
                }
            }
        }
    }

    fn advance(&self, state: &mut State, connection: usize) {
        let Some(mut job) = state.connections[connection].jobs.pop_front() else { return };
        if job.delay > 0 {
            job.delay -= 1;
            return state.connections[connection].jobs.push_front(job);
        }
        let is_read = matches!(job.work, Work::Read(_));
        let outcome = match job.fault {
            None => self.carry_out(&job.work),
            Some(Fault::BegunAnew(times)) => {
                // A refusal does not count here: the decision is made anew later.
                let _ = self.abandon(&job.work);
                job.fault = (times > 1).then_some(Fault::BegunAnew(times - 1));
                job.delay = state.random.u8(..4);
                return state.connections[connection].jobs.push_front(job);
            }
            Some(Fault::Refused { error, decided }) => {
                if decided {
                    let _ = self.abandon(&job.work);
                }
                Err(catalogue::refusals().swap_remove(error))
            }
            // The outcome of a read is never unknown.
            Some(Fault::Unknown { .. }) if is_read => Err(catalogue::refusals().swap_remove(1)),
            Some(Fault::Unknown { written }) => {
                if written && self.saboteur.retries() {
                    let retry =
                        Job { call: job.call, work: job.work.clone(), fault: None, delay: 9, slot: Slot::default() };
                    state.connections[connection].jobs.push_back(retry);
                }
                self.lose_acknowledgement(&job.work, written)
            }
            Some(Fault::ConnectionLost { written }) => {
                state.connections[connection].closed = true;
                for waiting in std::mem::take(&mut state.connections[connection].jobs) {
                    state.met.push((waiting.call, "Closed"));
                    state.answer(waiting.slot, Err(closed()));
                }
                if is_read { Err(closed()) } else { self.lose_acknowledgement(&job.work, written) }
            }
        };
        if let Err(error) = outcome.as_ref()
            && catalogue::is_injected(error)
        {
            state.met.push((job.call, error.code()));
        }
        state.answer(job.slot, outcome);
    }

    /// A refusal by the rules is an answer, whatever happens to the connection: nothing was sent.
    fn lose_acknowledgement(&self, work: &Work, written: bool) -> Result<ReadSet> {
        let outcome = match written {
            true => self.carry_out(work),
            false => self.abandon(work),
        };
        outcome.and(Err(catalogue::outcome_unknown()))
    }

    fn carry_out(&self, work: &Work) -> Result<ReadSet> {
        let (seen, change) = match work {
            Work::Read(reads) => (self.saboteur.read(&*self.engine, reads)?, None),
            Work::Transact(reads, decide) => self.saboteur.transact(&*self.engine, reads, decide)?,
        };
        self.saboteur.tell(change, |change: &Change| self.bus.publish(change));
        Ok(seen)
    }

    /// Reads and decides, and writes nothing.
    fn abandon(&self, work: &Work) -> Result<ReadSet> {
        match work {
            Work::Read(reads) => now(self.engine.read(reads.clone())),
            Work::Transact(reads, decide) => {
                now(self.engine.read(reads.clone())).and_then(|seen| (decide.lock().unwrap())(&seen).map(|_| seen))
            }
        }
    }
}

impl State {
    fn answer(&mut self, slot: Slot, outcome: Result<ReadSet>) {
        let delay = self.random.u8(..4);
        self.answers.push(Answer { outcome, delay, slot });
    }
}

fn closed() -> RuntimeStoreError {
    RuntimeStoreError::Closed("injected: the connection is gone".to_owned())
}

/// The outcome of the engine's call: nothing else happens meanwhile.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    pollster::block_on(future)
}

/// A connection to the simulated database: the engine that stores are over.
pub struct Connection {
    world: Arc<World>,
    number: usize,
}

impl Connection {
    /// Queues a job when it is first polled; it is carried out even if this future is dropped.
    async fn call(&self, work: Work) -> Result<ReadSet> {
        let slot = Slot::default();
        {
            let mut state = self.world.state();
            let running = state.running;
            let about = &mut state.about[running];
            let (call, fault) = (about.call, about.next_fault());
            if state.connections[self.number].closed {
                state.met.push((call, "Closed"));
                return Err(closed());
            }
            let delay = state.random.u8(..6);
            let job = Job { call, work, fault, delay, slot: Arc::clone(&slot) };
            state.connections[self.number].jobs.push_back(job);
        }
        poll_fn(|_| slot.lock().unwrap().take().map_or(Poll::Pending, Poll::Ready)).await
    }
}

#[async_trait]
impl Engine for Connection {
    async fn read(&self, reads: Reads) -> Result<ReadSet> {
        self.call(Work::Read(reads)).await
    }

    async fn transact(&self, reads: Reads, decide: Decide) -> Result<ReadSet> {
        self.call(Work::Transact(reads, Arc::new(Mutex::new(decide)))).await
    }

    fn authority_key(&self) -> Option<String> {
        None
    }

    fn watch(&self, listener: Listener) -> Watch {
        self.world.watch(listener)
    }

    fn close(&self) {
        self.world.state().connections[self.number].closed = true;
    }
}

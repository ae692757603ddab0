//! A client: does its steps, and notes what it asks and is told.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex},
    task::Poll,
};

use burrow::{Change, Labels, RuntimeState, RuntimeStoreError as Error, Store, Watch, WatchScope};

use super::{
    ask::{HeldClaim, OWN_ERROR, answer},
    call::{Answer, Call, Claim, Entry, Outcome, Subject},
    catalogue,
    plan::{Act, Fault, Step, Watched},
    values,
    world::{Connection, World},
};

/// What is noted of one simulation.
#[derive(Default)]
pub struct Notes {
    pub entries: Mutex<Vec<Entry>>,
    pub watches: Mutex<Vec<WatchNotes>>,
    /// Openings that gave another outcome than they should have.
    pub strange_openings: Mutex<Vec<String>>,
}

/// What one watch was told, each with the time.
pub struct WatchNotes {
    pub scope: WatchScope,
    pub from: u64,
    pub to: u64,
    pub told: Arc<Mutex<Vec<(u64, Change)>>>,
}

pub struct Client {
    pub number: usize,
    pub world: Arc<World>,
    pub notes: Arc<Notes>,
    pub store: Store<Connection>,
    claims: BTreeMap<Subject, (HeldClaim, Claim)>,
    watches: Vec<(usize, Watch)>,
    seen_labels: BTreeMap<(u8, u8), Labels>,
    seen_cursors: BTreeMap<u8, u64>,
    seen_states: BTreeMap<u8, RuntimeState>,
}

impl Client {
    pub fn new(number: usize, world: &Arc<World>, notes: &Arc<Notes>, store: Store<Connection>) -> Self {
        Self {
            number,
            world: Arc::clone(world),
            notes: Arc::clone(notes),
            store,
            claims: BTreeMap::new(),
            watches: Vec::new(),
            seen_labels: BTreeMap::new(),
            seen_cursors: BTreeMap::new(),
            seen_states: BTreeMap::new(),
        }
    }

    pub async fn run(mut self, steps: Vec<Step>) {
        for step in steps {
            match &step.act {
                Act::Call(call) => self.call_until_known(call.clone(), &step).await,
                Act::CallFromSeen(call) => {
                    if let Some(call) = self.expecting_seen(call) {
                        self.call_until_known(call, &step).await;
                    }
                }
                Act::Watch(watched) => self.watch(*watched),
                Act::Unwatch => self.unwatch(),
                Act::Reopen { close } => {
                    if *close {
                        self.store.close();
                    }
                    self.reopen(step.fault);
                }
            }
        }
        while !self.watches.is_empty() {
            self.unwatch();
        }
    }

    async fn call_until_known(&mut self, call: Call, step: &Step) {
        let mut fault = step.fault;
        for _ in 0..8 {
            let dropped_after = step.dropped_after.filter(|_| fault.is_some() || !step.until_known);
            let outcome = self.call(&call, Step { fault: fault.take(), dropped_after, ..step.clone() }).await;
            let again = match outcome {
                Outcome::Answered(_) => return,
                Outcome::Failed("Closed") => {
                    self.reopen(None);
                    self.claims.clear();
                    step.until_known
                }
                Outcome::Failed(_) | Outcome::Unknown => step.until_known,
            };
            if !again {
                return;
            }
        }
    }

    /// The call with what this client has seen last in the place of what it expects.
    fn expecting_seen(&self, call: &Call) -> Option<Call> {
        let mut call = call.clone();
        match &mut call {
            Call::CompareLabels { mob, run, expected, .. } => {
                *expected = self.seen_labels.get(&(*mob, *run)).cloned().unwrap_or_default();
            }
            Call::CompareCursor { mob, expected, .. } => *expected = self.seen_cursors.get(mob).copied(),
            Call::Step { runtime, from, to, .. } => {
                *from = self.seen_states.get(runtime).copied().unwrap_or_default();
                from.step(*to).ok()?;
            }
            _ => {}
        }
        Some(call)
    }

    async fn call(&mut self, call: &Call, step: Step) -> Outcome {
        let claim = match call {
            Call::Release { .. } | Call::ReleaseMob { .. } => match self.claims.remove(&call.subject()) {
                None => return Outcome::Answered(Answer::Done),
                held => held,
            },
            guarded if guarded.is_guarded() => self.claims.get(&call.subject()).filter(|_| step.claimed).cloned(),
            _ => None,
        };
        let number = self.note(Entry {
            client: self.number,
            call: call.clone(),
            claim: claim.as_ref().map(|(_, claim)| *claim),
            called: self.world.now(),
            ended: None,
            outcome: Outcome::Unknown,
        });
        self.world.begin(self.number, number, step.fault, step.spared);
        let store = claim.as_ref().map_or_else(|| self.store.clone(), |(handle, _)| handle.store().clone());
        let answer = {
            let mut future = pin!(answer(&store, call, claim.as_ref().map(|(handle, _)| handle)));
            let mut turns = step.dropped_after.map(usize::from);
            poll_fn(|context| match future.as_mut().poll(context) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                Poll::Pending if turns == Some(0) => Poll::Ready(None),
                Poll::Pending => {
                    turns = turns.map(|turns| turns - 1);
                    Poll::Pending
                }
            })
            .await
        };
        // A call that was refused before it reached the engine takes no fault with it.
        self.world.begin(self.number, number, None, 0);
        let outcome = match answer {
            None => return Outcome::Unknown,
            Some(Ok((answer, handle))) => {
                self.remember(number, call, &answer, handle);
                Outcome::Answered(answer)
            }
            Some(Err(Error::OutcomeUnknown { .. })) => return Outcome::Unknown,
            Some(Err(error)) if catalogue::is_injected(&error) => Outcome::Failed(error.code()),
            Some(Err(Error::Conflict(why))) if why == OWN_ERROR => Outcome::Answered(Answer::OwnError),
            Some(Err(Error::Conflict(_))) => Outcome::Answered(Answer::Conflict),
            Some(Err(Error::Deleted(_))) => Outcome::Answered(Answer::Deleted),
            Some(Err(Error::Fenced { held, current, .. } | Error::MobFenced { held, current, .. })) => {
                Outcome::Answered(Answer::Fenced { held, current })
            }
            Some(Err(error)) => Outcome::Answered(Answer::Strange(error.to_string())),
        };
        let entry = &mut self.notes.entries.lock().unwrap()[number];
        entry.ended = Some(self.world.now());
        entry.outcome = outcome.clone();
        outcome
    }

    fn note(&self, entry: Entry) -> usize {
        let mut entries = self.notes.entries.lock().unwrap();
        entries.push(entry);
        entries.len() - 1
    }

    fn remember(&mut self, number: usize, call: &Call, answer: &Answer, handle: Option<HeldClaim>) {
        match (call, answer) {
            (Call::Claim { .. } | Call::ClaimMob { .. }, Answer::Epoch(epoch)) => {
                let claim = Claim { made_by: number, epoch: *epoch };
                self.claims.extend(handle.map(|handle| (call.subject(), (handle, claim))));
            }
            (Call::Labels { mob, run } | Call::PatchLabels { mob, run, .. }, Answer::Labels(labels)) => {
                self.seen_labels.insert((*mob, *run), labels.clone());
            }
            (Call::SetLabels { mob, run, labels } | Call::CompareLabels { mob, run, labels, .. }, Answer::Done) => {
                self.seen_labels.insert((*mob, *run), labels.clone());
            }
            (Call::Cursor { mob } | Call::AdvanceCursor { mob, .. }, Answer::Cursor(Some(cursor))) => {
                self.seen_cursors.insert(*mob, *cursor);
            }
            (Call::SetCursor { mob, cursor } | Call::CompareCursor { mob, cursor, .. }, Answer::Done) => {
                self.seen_cursors.insert(*mob, *cursor);
            }
            (Call::State { runtime }, Answer::State(Some(state)))
            | (Call::Step { runtime, to: state, .. }, Answer::Done) => {
                self.seen_states.insert(*runtime, *state);
            }
            _ => {}
        }
    }

    /// Opens another connection: where that fails, once more.
    fn reopen(&mut self, fault: Option<Fault>) {
        let fault = fault.filter(|fault| matches!(fault, Fault::Refused { .. }));
        let mut opened = self.world.open(fault);
        if let (Some(_), Ok(_)) = (fault, &opened) {
            self.notes.strange_openings.lock().unwrap().push("it should have failed".to_owned());
        }
        if opened.is_err() {
            opened = self.world.open(None);
        }
        match opened {
            Ok(connection) => self.store = Store::over(connection),
            Err(error) => self.notes.strange_openings.lock().unwrap().push(error.to_string()),
        }
    }

    fn watch(&mut self, watched: Watched) {
        let scope = match watched {
            Watched::Everything => WatchScope::Everything,
            Watched::Mob(mob) => WatchScope::Mob(values::mob(mob)),
            Watched::Runtime(runtime) => WatchScope::Runtime(values::runtime(runtime)),
        };
        let (notes, watch) = watch(&self.world, &self.store, scope);
        let mut watches = self.notes.watches.lock().unwrap();
        watches.push(notes);
        self.watches.push((watches.len() - 1, watch));
    }

    fn unwatch(&mut self) {
        if let Some((notes, watch)) = self.watches.pop() {
            drop(watch);
            self.notes.watches.lock().unwrap()[notes].to = self.world.now();
        }
    }
}

/// Begins to watch, and to note what is told.
pub fn watch(world: &Arc<World>, store: &Store<Connection>, scope: WatchScope) -> (WatchNotes, Watch) {
    let told = Arc::<Mutex<Vec<_>>>::default();
    let (clock, heard) = (world.clock(), Arc::clone(&told));
    let watch = store.watch(scope.clone(), move |change| {
        heard.lock().unwrap().push((clock.load(std::sync::atomic::Ordering::Relaxed), change.clone()));
    });
    (WatchNotes { scope, from: world.now(), to: u64::MAX, told }, watch)
}

//! What the contract says: for each subject its state, and what a call answers, changes and tells. Too simple to be wrong.

use std::collections::BTreeMap;

use burrow::{ChangeKind, Labels, RuntimeState};

use super::call::{Answer, Boundary, Call, Claim, Receipt, Session, Subject};

mod pruning;

use pruning::Pruning;

/// The state of one subject.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Mob(Mob),
    Runtime(Runtime),
    Flows(Option<Vec<u16>>),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mob {
    labels: BTreeMap<u8, Labels>,
    cursor: Option<u64>,
    claims: Claims,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Runtime {
    session: Option<Session>,
    /// Whether a snapshot was ever committed under the session's key.
    has_key: bool,
    boundaries: BTreeMap<(u8, u64), Boundary>,
    /// Those whose receipts were pruned.
    pruned: BTreeMap<(u8, u64), Boundary>,
    inputs: BTreeMap<u8, u16>,
    state: Option<RuntimeState>,
    ops: Option<u64>,
    claims: Claims,
    /// The prunings under way, by the numbers of their calls.
    prunings: BTreeMap<usize, Pruning>,
}

/// The claims on a mob or a runtime.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Claims {
    epoch: u64,
    /// The call that made the claim in force.
    holder: Option<usize>,
}

/// The answer of a call and its effect on the model.
pub struct Effect {
    pub answer: Answer,
    pub told: Option<Told>,
}

/// What watchers are told: the run of a mob that it is about, and the kinds of records. `None` where nothing is written that they
/// are told of.
pub type Told = (u8, Vec<ChangeKind>);

/// One of the things that a call may do next.
pub struct Move {
    pub after: State,
    pub told: Option<Told>,
    /// `None` where there is more to come.
    pub answer: Option<Answer>,
}

impl State {
    pub fn of(subject: Subject) -> Self {
        match subject {
            Subject::Mob(_) => Self::Mob(Mob::default()),
            Subject::Runtime(_) => Self::Runtime(Runtime::default()),
            Subject::Flows => Self::Flows(None),
        }
    }

    /// Makes a call; `number` is its own.
    pub fn apply(&mut self, number: usize, call: &Call, claim: Option<Claim>) -> Effect {
        match self {
            Self::Mob(mob) => mob.apply(number, call, claim),
            Self::Runtime(runtime) => {
                let effect = runtime.apply(number, call, claim);
                runtime.go_on_with_prunings(call);
                effect
            }
            Self::Flows(flows) => untold(apply_to_flows(flows, call)),
        }
    }

    /// What a call may do next.
    pub fn moves(&self, number: usize, call: &Call, claim: Option<Claim>) -> Vec<Move> {
        if let (Self::Runtime(runtime), Call::Prune { prune, .. }) = (self, call) {
            let refused = runtime.claims.refuse(call, claim);
            return runtime.prune(number, *prune, refused.map(|effect| effect.answer));
        }
        let mut after = self.clone();
        let Effect { answer, told } = after.apply(number, call, claim);
        vec![Move { after, told, answer: Some(answer) }]
    }
}

fn told(answer: Answer, run: u8, kinds: &[ChangeKind]) -> Effect {
    Effect { answer, told: Some((run, kinds.to_vec())) }
}

fn untold(answer: Answer) -> Effect {
    Effect { answer, told: None }
}

impl Claims {
    /// What refuses a call under `claim`; `None` where that claim holds, or where there is none.
    fn refuse(&self, call: &Call, claim: Option<Claim>) -> Option<Effect> {
        let claim = claim.filter(|claim| call.is_guarded() && !self.is_held_by(*claim))?;
        // There was none since its subject was deleted.
        if self.epoch == 0 {
            return Some(untold(Answer::Deleted));
        }
        Some(untold(Answer::Fenced { held: claim.epoch, current: self.epoch }))
    }

    fn is_held_by(&self, claim: Claim) -> bool {
        self.holder == Some(claim.made_by)
    }

    fn claim(&mut self, number: usize) -> Effect {
        self.epoch += 1;
        self.holder = Some(number);
        told(Answer::Epoch(self.epoch), 0, &[ChangeKind::Claim])
    }

    fn release(&mut self, claim: Option<Claim>) -> Effect {
        if !claim.is_some_and(|claim| self.is_held_by(claim)) {
            return untold(Answer::Done);
        }
        self.epoch += 1;
        self.holder = None;
        told(Answer::Done, 0, &[ChangeKind::Claim])
    }
}

impl Mob {
    fn apply(&mut self, number: usize, call: &Call, claim: Option<Claim>) -> Effect {
        if let Some(refused) = self.claims.refuse(call, claim) {
            return refused;
        }
        let of = |labels: &BTreeMap<u8, Labels>, run: &u8| labels.get(run).cloned().unwrap_or_default();
        match call {
            Call::SetLabels { run, labels, .. } => self.replace(*run, labels.clone(), Answer::Done),
            Call::DeleteLabels { run, .. } => self.replace(*run, Labels::new(), Answer::Labels(of(&self.labels, run))),
            Call::PatchLabels { run, set, remove, .. } => {
                let before = of(&self.labels, run);
                let mut after = before.clone();
                after.retain(|name, _| !remove.contains(name));
                after.extend(set.clone());
                let answer = Answer::Labels(after.clone());
                if before == after { untold(answer) } else { self.replace(*run, after, answer) }
            }
            Call::CompareLabels { run, expected, labels, .. } => {
                if of(&self.labels, run) != *expected {
                    return untold(Answer::Conflict);
                }
                self.replace(*run, labels.clone(), Answer::Done)
            }
            Call::Labels { run, .. } => untold(Answer::Labels(of(&self.labels, run))),
            Call::LabelsOfMob { .. } => untold(Answer::LabelsOfMob(self.labels.clone().into_iter().collect())),
            Call::SetCursor { cursor, .. } => self.move_to(*cursor, Answer::Done),
            Call::AdvanceCursor { cursor, .. } => match self.cursor.filter(|there| there >= cursor) {
                Some(there) => untold(Answer::Cursor(Some(there))),
                None => self.move_to(*cursor, Answer::Cursor(Some(*cursor))),
            },
            Call::CompareCursor { expected, .. } if self.cursor != *expected => untold(Answer::Conflict),
            Call::CompareCursor { cursor, .. } => self.move_to(*cursor, Answer::Done),
            Call::Cursor { .. } => untold(Answer::Cursor(self.cursor)),
            Call::ClaimMob { .. } => self.claims.claim(number),
            Call::ReleaseMob { .. } => self.claims.release(claim),
            Call::DeleteMob { .. } => {
                *self = Self::default();
                told(Answer::Done, 0, &[ChangeKind::Labels, ChangeKind::Cursor, ChangeKind::Claim])
            }
            other => unreachable!("no call about a mob: {other:?}"),
        }
    }

    fn replace(&mut self, run: u8, labels: Labels, answer: Answer) -> Effect {
        match labels.is_empty() {
            true => self.labels.remove(&run),
            false => self.labels.insert(run, labels),
        };
        told(answer, run, &[ChangeKind::Labels])
    }

    fn move_to(&mut self, cursor: u64, answer: Answer) -> Effect {
        self.cursor = Some(cursor);
        told(answer, 0, &[ChangeKind::Cursor])
    }
}

impl Runtime {
    fn apply(&mut self, number: usize, call: &Call, claim: Option<Claim>) -> Effect {
        // A retry of what was committed succeeds under any claim.
        let is_retry = matches!(call, Call::Commit { boundary, .. } if self.is_committed(boundary) == Some(true));
        if let Some(refused) = self.claims.refuse(call, claim).filter(|_| !is_retry) {
            return refused;
        }
        match call {
            Call::Commit { .. } if is_retry => untold(Answer::Done),
            Call::Commit { boundary, .. } => self.commit(boundary),
            Call::CommitSession { session, .. } => {
                self.session = Some(*session);
                told(Answer::Done, 0, &[ChangeKind::Session])
            }
            Call::PersistInput { input, version, .. } => {
                self.inputs.insert(*input, *version);
                told(Answer::Done, 0, &[ChangeKind::Inputs])
            }
            Call::Step { from, .. } if self.state.unwrap_or_default() != *from => untold(Answer::Conflict),
            Call::Step { to, inputs, .. } => {
                self.state = Some(*to);
                self.inputs.extend(inputs.iter().copied());
                let kinds = [ChangeKind::Inputs, ChangeKind::State];
                told(Answer::Done, 0, &kinds[usize::from(inputs.is_empty())..])
            }
            Call::PersistOps { version, .. } => {
                self.ops = Some(*version);
                told(Answer::Done, 0, &[ChangeKind::Ops])
            }
            Call::Claim { .. } => self.claims.claim(number),
            Call::Release { .. } => self.claims.release(claim),
            Call::Delete { .. } => {
                *self = Self { prunings: std::mem::take(&mut self.prunings), ..Self::default() };
                let of_documents = [ChangeKind::State, ChangeKind::Session, ChangeKind::Ops];
                let others = [ChangeKind::Claim, ChangeKind::Inputs, ChangeKind::Receipt];
                told(Answer::Done, 0, &[of_documents, others].concat())
            }
            Call::DeleteRun { run, .. } => {
                self.boundaries.retain(|(of, _), _| of != run);
                self.pruned.retain(|(of, _), _| of != run);
                told(Answer::Done, 0, &[ChangeKind::Receipt])
            }
            read => untold(self.read(read)),
        }
    }

    fn commit(&mut self, boundary: &Boundary) -> Effect {
        if self.is_committed(boundary).is_some() {
            return untold(Answer::Conflict);
        }
        let mut kinds = Vec::new();
        if let Some(session) = boundary.session {
            self.session = Some(session);
            self.has_key |= session.own;
            kinds.push(ChangeKind::Session);
        }
        if !boundary.inputs.is_empty() {
            self.inputs.extend(boundary.inputs.iter().copied());
            kinds.push(ChangeKind::Inputs);
        }
        self.boundaries.insert((boundary.run, boundary.sequence), boundary.clone());
        kinds.push(ChangeKind::Receipt);
        told(Answer::Done, 0, &kinds)
    }

    /// Whether a boundary of its run and sequence is committed, and as the same.
    fn is_committed(&self, boundary: &Boundary) -> Option<bool> {
        let key = (boundary.run, boundary.sequence);
        if let Some(stored) = self.boundaries.get(&key) {
            return Some(stored == boundary);
        }
        // Of a run's pruned boundaries only the last can be compared.
        let stored = self.pruned.get(&key)?;
        let is_last = self.pruned.range(key..=(boundary.run, u64::MAX)).count() == 1;
        Some(!is_last || stored == boundary)
    }

    fn read(&self, call: &Call) -> Answer {
        let receipt = |boundary: &Boundary| -> Receipt { (boundary.run, boundary.sequence, boundary.message_count) };
        match call {
            Call::Session { .. } => Answer::Session(self.session),
            Call::SessionById { .. } => Answer::Session(self.session.filter(|session| session.own && self.has_key)),
            Call::Receipt { run, sequence, .. } => {
                Answer::Receipt(self.boundaries.get(&(*run, *sequence)).map(receipt))
            }
            Call::Receipts { .. } => Answer::Receipts(self.boundaries.values().map(receipt).collect()),
            Call::LastReceipt { .. } => Answer::Receipt(self.boundaries.values().next_back().map(receipt)),
            Call::Input { input, .. } => Answer::Input(self.inputs.get(input).copied()),
            Call::Inputs { .. } => Answer::Inputs(self.inputs.iter().map(|(id, version)| (*id, *version)).collect()),
            Call::InputIds { .. } => Answer::InputIds(self.inputs.keys().copied().collect()),
            Call::State { .. } => Answer::State(self.state),
            Call::Ops { .. } => Answer::Ops(self.ops),
            other => unreachable!("no call about a runtime: {other:?}"),
        }
    }
}

fn apply_to_flows(flows: &mut Option<Vec<u16>>, call: &Call) -> Answer {
    match call {
        Call::AddFlow { flow } => flows.get_or_insert_default().push(*flow),
        Call::ReplaceFlows { flow } => *flows = Some(vec![*flow]),
        Call::FailToAddFlow => return Answer::OwnError,
        Call::Flows => return Answer::Flows(flows.clone()),
        other => unreachable!("no call about flows: {other:?}"),
    }
    Answer::Done
}

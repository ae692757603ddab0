//! The calls of the simulation, in small values that are compared and printed at a glance.

use burrow::{Labels, RuntimeState};

/// What a call is about: calls about different subjects have no effect on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    Mob(u8),
    Runtime(u8),
    Flows,
}

pub const MOBS: u8 = 2;
pub const RUNTIMES: u8 = 2;
pub const RUNS: u8 = 2;
pub const INPUTS: u8 = 4;

/// The sequences that boundaries have: there is a gap behind them.
pub const SEQUENCES: [u64; 3] = [0, 1, u64::MAX];

/// Whether something may still happen to an input of this version.
pub fn is_live(version: u16) -> bool {
    version.is_multiple_of(4)
}

/// The boundary that a live input of this version belongs to.
pub fn boundary_of(version: u16) -> Option<(u8, u64)> {
    let number = usize::from(version / 8);
    version.is_multiple_of(8).then(|| ((number % 2) as u8, SEQUENCES[number / 2 % SEQUENCES.len()]))
}

/// A session's snapshot: whether its id is the runtime's own session's, and which of its versions it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Session {
    pub own: bool,
    pub version: u16,
}

/// What a boundary commits. The snapshot goes under the session's key where it is the session's own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Boundary {
    pub run: u8,
    pub sequence: u64,
    pub message_count: u64,
    pub session: Option<Session>,
    pub inputs: Vec<(u8, u16)>,
}

/// How many a pruning is to keep. Receipts, or inputs, that have no number are not pruned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prune {
    pub keep_receipts: Option<u64>,
    pub keep_inputs: Option<u64>,
    pub dry_run: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    SetLabels {
        mob: u8,
        run: u8,
        labels: Labels,
    },
    DeleteLabels {
        mob: u8,
        run: u8,
    },
    PatchLabels {
        mob: u8,
        run: u8,
        set: Labels,
        remove: Vec<String>,
    },
    CompareLabels {
        mob: u8,
        run: u8,
        expected: Labels,
        labels: Labels,
    },
    Labels {
        mob: u8,
        run: u8,
    },
    LabelsOfMob {
        mob: u8,
    },
    SetCursor {
        mob: u8,
        cursor: u64,
    },
    AdvanceCursor {
        mob: u8,
        cursor: u64,
    },
    CompareCursor {
        mob: u8,
        expected: Option<u64>,
        cursor: u64,
    },
    Cursor {
        mob: u8,
    },
    ClaimMob {
        mob: u8,
    },
    ReleaseMob {
        mob: u8,
    },
    DeleteMob {
        mob: u8,
    },
    Commit {
        runtime: u8,
        boundary: Boundary,
    },
    CommitSession {
        runtime: u8,
        session: Session,
    },
    Session {
        runtime: u8,
    },
    SessionById {
        runtime: u8,
    },
    Receipt {
        runtime: u8,
        run: u8,
        sequence: u64,
    },
    Receipts {
        runtime: u8,
    },
    LastReceipt {
        runtime: u8,
    },
    PersistInput {
        runtime: u8,
        input: u8,
        version: u16,
    },
    Input {
        runtime: u8,
        input: u8,
    },
    Inputs {
        runtime: u8,
    },
    InputIds {
        runtime: u8,
    },
    Step {
        runtime: u8,
        from: RuntimeState,
        to: RuntimeState,
        inputs: Vec<(u8, u16)>,
    },
    State {
        runtime: u8,
    },
    PersistOps {
        runtime: u8,
        version: u64,
    },
    Ops {
        runtime: u8,
    },
    Claim {
        runtime: u8,
    },
    Release {
        runtime: u8,
    },
    /// The runtime is small, so it is one transaction.
    Delete {
        runtime: u8,
    },
    DeleteRun {
        runtime: u8,
        run: u8,
    },
    Prune {
        runtime: u8,
        prune: Prune,
    },
    /// Adds to the OAuth flows under way, by an update.
    AddFlow {
        flow: u16,
    },
    /// An update that fails in the caller's own code.
    FailToAddFlow,
    ReplaceFlows {
        flow: u16,
    },
    Flows,
}

impl Call {
    pub fn subject(&self) -> Subject {
        match *self {
            Self::SetLabels { mob, .. }
            | Self::DeleteLabels { mob, .. }
            | Self::PatchLabels { mob, .. }
            | Self::CompareLabels { mob, .. }
            | Self::Labels { mob, .. }
            | Self::LabelsOfMob { mob }
            | Self::SetCursor { mob, .. }
            | Self::AdvanceCursor { mob, .. }
            | Self::CompareCursor { mob, .. }
            | Self::Cursor { mob }
            | Self::ClaimMob { mob }
            | Self::ReleaseMob { mob }
            | Self::DeleteMob { mob } => Subject::Mob(mob),
            Self::Commit { runtime, .. }
            | Self::CommitSession { runtime, .. }
            | Self::Session { runtime }
            | Self::SessionById { runtime }
            | Self::Receipt { runtime, .. }
            | Self::Receipts { runtime }
            | Self::LastReceipt { runtime }
            | Self::PersistInput { runtime, .. }
            | Self::Input { runtime, .. }
            | Self::Inputs { runtime }
            | Self::InputIds { runtime }
            | Self::Step { runtime, .. }
            | Self::State { runtime }
            | Self::PersistOps { runtime, .. }
            | Self::Ops { runtime }
            | Self::Claim { runtime }
            | Self::Release { runtime }
            | Self::Delete { runtime }
            | Self::DeleteRun { runtime, .. }
            | Self::Prune { runtime, .. } => Subject::Runtime(runtime),
            Self::AddFlow { .. } | Self::FailToAddFlow | Self::ReplaceFlows { .. } | Self::Flows => Subject::Flows,
        }
    }

    /// Whether it never writes.
    pub fn only_reads(&self) -> bool {
        matches!(
            self,
            Self::Labels { .. }
                | Self::LabelsOfMob { .. }
                | Self::Cursor { .. }
                | Self::Session { .. }
                | Self::SessionById { .. }
                | Self::Receipt { .. }
                | Self::Receipts { .. }
                | Self::LastReceipt { .. }
                | Self::Input { .. }
                | Self::Inputs { .. }
                | Self::InputIds { .. }
                | Self::State { .. }
                | Self::Ops { .. }
                | Self::Flows
        )
    }

    /// Whether it writes what a claim on its subject guards.
    pub fn is_guarded(&self) -> bool {
        matches!(
            self,
            Self::SetLabels { .. }
                | Self::DeleteLabels { .. }
                | Self::PatchLabels { .. }
                | Self::CompareLabels { .. }
                | Self::SetCursor { .. }
                | Self::AdvanceCursor { .. }
                | Self::CompareCursor { .. }
                | Self::Commit { .. }
                | Self::CommitSession { .. }
                | Self::PersistInput { .. }
                | Self::Step { .. }
                | Self::PersistOps { .. }
                | Self::DeleteMob { .. }
                | Self::Delete { .. }
                | Self::DeleteRun { .. }
                | Self::Prune { .. }
        )
    }
}

/// A claim that a call is made under: the number of the call that made it, and its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    pub made_by: usize,
    pub epoch: u64,
}

/// What a call answers when it ends by the rules: by its result, or by a refusal that is one of the rules.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Done,
    Labels(Labels),
    LabelsOfMob(Vec<(u8, Labels)>),
    Cursor(Option<u64>),
    Session(Option<Session>),
    Receipt(Option<Receipt>),
    Receipts(Vec<Receipt>),
    Input(Option<u16>),
    Inputs(Vec<(u8, u16)>),
    InputIds(Vec<u8>),
    State(Option<RuntimeState>),
    Ops(Option<u64>),
    Epoch(u64),
    Flows(Option<Vec<u16>>),
    Pruned {
        receipts: u64,
        inputs: u64,
    },
    Conflict,
    Fenced {
        held: u64,
        current: u64,
    },
    /// The claim ended when its subject was deleted.
    Deleted,
    /// The caller's own error came back.
    OwnError,
    /// What nobody has put into the store.
    Strange(String),
}

/// A receipt: its run, its sequence and its count of messages.
pub type Receipt = (u8, u64, u64);

/// How a call ended for its caller.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Answered(Answer),
    /// Nothing was written; the code of the engine's error.
    Failed(&'static str),
    /// Whether it was committed is not known.
    Unknown,
}

/// One call, as its caller saw it. Times count the steps of the simulation.
#[derive(Clone, Debug)]
pub struct Entry {
    pub client: usize,
    pub call: Call,
    pub claim: Option<Claim>,
    pub called: u64,
    /// When it ended; `None` where it goes on unseen.
    pub ended: Option<u64>,
    pub outcome: Outcome,
}

//! What a commit changed, without the payload: enough to know what to load again.

use super::{
    LogicalRuntimeId, MetadataScope,
    json::{
        lexer::Members,
        schema::Schema,
        wire::{Wire, put, take, wire_names},
        writer::JsonWriter,
    },
};

/// What watchers are told of one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What the commit was about.
    pub scope: ChangeScope,
    /// The kinds of records that were written, each once.
    pub kinds: Vec<ChangeKind>,
}

/// What a commit was about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ChangeScope {
    /// A mob, or one of its runs.
    Mob(MetadataScope),
    /// A runtime.
    Runtime(LogicalRuntimeId),
}

/// A kind of record of a mob or runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// The labels.
    Labels,
    /// The subscription cursor.
    Cursor,
    /// The session snapshot.
    Session,
    /// A boundary's receipt.
    Receipt,
    /// Inputs.
    Inputs,
    /// The lifecycle state.
    State,
    /// The operation registry.
    Ops,
    /// The claim: it was made or released.
    Claim,
}

wire_names!(ChangeKind {
    Labels = "labels",
    Cursor = "cursor",
    Session = "session",
    Receipt = "receipt",
    Inputs = "inputs",
    State = "state",
    Ops = "ops",
    Claim = "claim",
});

/// The form that JavaScript sees: `{"runtime":…,"kinds":[…]}`; for a mob `mob` instead, and `run` for a run's labels.
impl Wire for Change {
    const SCHEMA: Schema = Schema::Any;

    fn read(json: &str) -> Result<Self, String> {
        let mut members = Members::read(json)?;
        let runtime: Option<String> = take(&mut members, "runtime")?;
        let scope = match runtime {
            Some(runtime) => ChangeScope::Runtime(LogicalRuntimeId::new(runtime).map_err(|error| error.to_string())?),
            None => ChangeScope::Mob(MetadataScope::new(take(&mut members, "mob")?, take(&mut members, "run")?)),
        };
        Ok(Self { scope, kinds: take(&mut members, "kinds")? })
    }

    fn write(&self, to: &mut JsonWriter) {
        let mut object = to.object();
        match &self.scope {
            ChangeScope::Runtime(runtime) => put(&mut object, "runtime", &runtime.to_string()),
            ChangeScope::Mob(scope) => {
                put(&mut object, "mob", &scope.mob_id().to_owned());
                put(&mut object, "run", &scope.run_id().map(str::to_owned));
            }
        }
        put(&mut object, "kinds", &self.kinds);
        object.end();
    }
}

/// The commits that a watcher is told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchScope {
    /// Every one.
    Everything,
    /// Those about a mob and its runs, by the mob's id.
    Mob(String),
    /// Those about a runtime.
    Runtime(LogicalRuntimeId),
}

impl WatchScope {
    /// Whether a change is in this scope.
    pub fn includes(&self, change: &Change) -> bool {
        match (self, &change.scope) {
            (Self::Everything, _) => true,
            (Self::Mob(mob), ChangeScope::Mob(scope)) => scope.mob_id() == mob,
            (Self::Runtime(runtime), ChangeScope::Runtime(changed)) => runtime == changed,
            _ => false,
        }
    }
}

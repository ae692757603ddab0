//! What a commit changed: enough to know what to load again, never the payload.

use super::{
    LogicalRuntimeId, MetadataScope,
    json::{
        lexer::Members,
        schema::Schema,
        wire::{Wire, put, take, wire_names},
        writer::JsonWriter,
    },
};

/// One commit, as its watchers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What the commit was about.
    pub scope: ChangeScope,
    /// What of it was written, each kind once.
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

/// What of a mob or runtime was written.
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
    /// The claim: somebody took the runtime, or gave it up.
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

/// As watchers in JavaScript see it: `{"runtime":…,"kinds":[…]}`, or with `mob` and for a run's labels `run`.
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

/// Which commits a watcher wants to see.
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
    /// Whether a commit is among them.
    pub fn includes(&self, change: &Change) -> bool {
        match (self, &change.scope) {
            (Self::Everything, _) => true,
            (Self::Mob(mob), ChangeScope::Mob(scope)) => scope.mob_id() == mob,
            (Self::Runtime(runtime), ChangeScope::Runtime(changed)) => runtime == changed,
            _ => false,
        }
    }
}

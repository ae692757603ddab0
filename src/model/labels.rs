//! Labels on mobs and runs.

use std::collections::BTreeMap;

use super::{
    kind::Kind,
    text::Members,
    wire::{Wire, Writer},
};

/// A set of labels. Any string is a key, any string a value.
pub type Labels = BTreeMap<String, String>;

/// What a set of labels hangs on: a mob, or one run of a mob. Two mobs may use the same run id and never meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetadataScope {
    /// A mob, by its id.
    Mob(String),
    /// A run of a mob: the mob's id, then the run's.
    Run(String, String),
}

impl MetadataScope {
    /// A run's scope, or without one the mob's own.
    pub(crate) fn new(mob: String, run: Option<String>) -> Self {
        match run {
            None => Self::Mob(mob),
            Some(run) => Self::Run(mob, run),
        }
    }

    /// The mob's id.
    pub fn mob_id(&self) -> &str {
        match self {
            Self::Mob(mob) | Self::Run(mob, _) => mob,
        }
    }

    /// The run's id, where the scope is a run.
    pub fn run_id(&self) -> Option<&str> {
        match self {
            Self::Mob(_) => None,
            Self::Run(_, run) => Some(run),
        }
    }
}

/// A scope and its labels: `{"mob":…,"labels":{…}}`, and for a run's `run`.
impl<L: Wire> Wire for (MetadataScope, L) {
    const KIND: Kind = Kind::Any;

    fn read(json: &str) -> Result<Self, String> {
        let mut members = Members::read(json)?;
        Ok((MetadataScope::new(members.take("mob")?, members.take("run")?), members.take("labels")?))
    }

    fn write(&self, to: &mut Writer) {
        let (scope, labels) = self;
        let mut object = to.object();
        object.member("mob", &scope.mob_id().to_owned());
        object.member("run", &scope.run_id().map(str::to_owned));
        object.member("labels", labels);
        object.end();
    }
}

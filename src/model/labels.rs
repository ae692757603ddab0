//! Labels on mobs and runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A set of labels. Any string is a key, any string a value.
pub type Labels = BTreeMap<String, String>;

/// What a set of labels hangs on: a mob, or one run of a mob. Two mobs may use the same run id and never meet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MetadataScope {
    /// A mob, by its id.
    Mob(String),
    /// A run of a mob: the mob's id, then the run's.
    Run(String, String),
}

impl MetadataScope {
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

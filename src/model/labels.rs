//! Labels on mobs and runs.

use std::{collections::BTreeMap, fmt};

use super::{
    LabelSelector, RuntimeStoreError,
    json::{
        document::{Document, Stored},
        leaf::shown,
        lexer::Members,
        schema::Schema,
        wire::{Wire, put, read_member, take},
        writer::{JsonWriter, quoted},
    },
};

/// A set of labels. Any string is a key, any string a value.
pub type Labels = BTreeMap<String, String>;

impl Stored for Labels {
    const NAME: &'static str = "labels";

    type Key = ();

    fn key(&self) {}

    fn key_in(_: &Members<'_>) -> Result<(), String> {
        Ok(())
    }
}

/// A set without labels.
impl Default for Document<Labels> {
    fn default() -> Self {
        Self::of_struct(Labels::new(), "{}")
    }
}

impl Document<Labels> {
    /// Whether there is no label in the set.
    pub(crate) fn is_empty(&self) -> bool {
        Members::read(&self.json()).is_ok_and(|labels| labels.is_empty())
    }

    /// The set with some labels removed, and those of another set added or put in their place.
    ///
    /// # Errors
    /// `InvalidInput` for a label that is in `set` and in `remove`, and for a set that becomes larger than a document may be.
    pub(crate) fn patched(&self, set: &Self, remove: &[String]) -> Result<Self, RuntimeStoreError> {
        let (own, set) = (self.json(), set.json());
        let (own, set) = (members(&own)?, members(&set)?);
        if let Some(both) = remove.iter().find(|name| set.get(name).is_some()) {
            let reason = format!("the label {} is both set and removed", quoted(&shown(both)));
            return Err(RuntimeStoreError::invalid("patch.remove", reason));
        }
        let mut patched = JsonWriter::default();
        let mut object = patched.object();
        let stays = |name: &str| set.get(name).is_none() && !remove.iter().any(|removed| removed == name);
        for (name, value) in own.iter().filter(|(name, _)| stays(name)).chain(set.iter()) {
            object.named(name).json(value);
        }
        object.end();
        Self::from_json(&patched.into_text()).map_err(|reason| RuntimeStoreError::invalid("patch.set", reason))
    }

    /// Whether the set meets a selector.
    pub(crate) fn meets(&self, selector: &LabelSelector) -> bool {
        match self.as_struct() {
            Some(labels) => selector.matches(labels),
            None => Members::read(&self.json())
                .is_ok_and(|labels| selector.matches_by(|name| read_member(&labels, name).ok())),
        }
    }
}

/// The members of a text that was checked.
fn members(labels: &str) -> Result<Members<'_>, RuntimeStoreError> {
    Members::read(labels).map_err(RuntimeStoreError::Internal)
}

/// A change to some labels of a set; the others stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelPatch {
    /// The labels to add or to overwrite.
    pub set: Labels,
    /// The keys of the labels to remove; those that are not there are ignored.
    pub remove: Vec<String>,
}

/// What labels belong to: a mob, or one run of a mob. Two mobs may use the same run id, for different runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetadataScope {
    /// A mob, by its id.
    Mob(String),
    /// A run of a mob: the mob's id, then the run's.
    Run(String, String),
}

/// Names the scope in error messages.
impl fmt::Display for MetadataScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mob(mob) => write!(f, "mob {mob}"),
            Self::Run(mob, run) => write!(f, "run {run} of mob {mob}"),
        }
    }
}

impl MetadataScope {
    /// A run's scope; without a run, the mob's.
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

/// A scope and its labels: `{"mob":…,"labels":{…}}`, with `run` for a run's.
impl<L: Wire> Wire for (MetadataScope, L) {
    const SCHEMA: Schema = Schema::Any;

    fn read(json: &str) -> Result<Self, String> {
        let mut members = Members::read(json)?;
        let scope = MetadataScope::new(take(&mut members, "mob")?, take(&mut members, "run")?);
        Ok((scope, take(&mut members, "labels")?))
    }

    fn write(&self, to: &mut JsonWriter) {
        let (scope, labels) = self;
        let mut object = to.object();
        put(&mut object, "mob", &scope.mob_id().to_owned());
        put(&mut object, "run", &scope.run_id().map(str::to_owned));
        put(&mut object, "labels", labels);
        object.end();
    }
}

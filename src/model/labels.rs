//! Labels on mobs and runs.

use std::collections::BTreeMap;

use super::{
    LabelSelector,
    json::{
        document::{Document, Stored},
        lexer::Members,
        schema::Schema,
        wire::{Wire, put, read_member, take},
        writer::JsonWriter,
    },
};

/// A set of labels. Any string is a key, any string a value.
pub type Labels = BTreeMap<String, String>;

impl Stored for Labels {
    type Key = ();

    fn key(&self) {}

    fn key_in(_: &Members<'_>) -> Result<(), String> {
        Ok(())
    }
}

/// A set without labels.
impl Default for Document<Labels> {
    fn default() -> Self {
        Self::of_struct(Labels::new())
    }
}

impl Document<Labels> {
    /// Whether there is no label in the set.
    pub(crate) fn is_empty(&self) -> bool {
        Members::read(&self.json()).is_ok_and(|labels| labels.is_empty())
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

/// What labels belong to: a mob, or one run of a mob. Two mobs may use the same run id, for different runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MetadataScope {
    /// A mob, by its id.
    Mob(String),
    /// A run of a mob: the mob's id, then the run's.
    Run(String, String),
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

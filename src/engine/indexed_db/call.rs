//! Calls whose callers do not wait for ever.

use std::{cell::Cell, rc::Rc};

use super::Decide;
use crate::model::RuntimeStoreError;

/// A call that waits to be committed, as its caller and its decision share it.
#[derive(Clone, Default)]
pub(super) struct Call(Rc<Cell<Stage>>);

#[derive(Clone, Copy, Default)]
enum Stage {
    #[default]
    Queued,
    Decided,
    GivenUp,
}

impl Call {
    /// Its decision. Once the call is given up it is refused: what was reported as not written must not be written later.
    pub(super) fn deciding(&self, mut decide: Decide) -> Decide {
        let Self(stage) = self.clone();
        Box::new(move |seen| {
            if matches!(stage.get(), Stage::GivenUp) {
                return Err(RuntimeStoreError::Blocked("nobody waits for this call any more".to_owned()));
            }
            stage.set(Stage::Decided);
            decide(seen)
        })
    }

    /// Gives it up; whether it was decided before, and so may be among what was sent.
    pub(super) fn give_up(&self) -> bool {
        matches!(self.0.replace(Stage::GivenUp), Stage::Decided)
    }
}

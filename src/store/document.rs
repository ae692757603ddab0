//! Receipts, inputs and registries, in whichever form their caller holds them: a Rust program as structs, JavaScript as
//! text that was checked to be one. The rules ask of them only this.

use crate::{
    engine::Result,
    model::{
        InputId, Labels, PersistedOpsSnapshot, RunBoundaryReceipt, RunId, RuntimeStoreError, StoredInputState,
        kind::Checked, wire::Wire,
    },
};

/// What is kept as one JSON document.
pub(crate) trait Stored: Wire + Clone + Send + Sync + 'static {
    /// Refuses what could not be read again.
    fn check(&self) -> Result<()>;
}

/// A receipt.
pub(crate) trait Receipt: Stored + PartialEq {
    /// Its run and its place there.
    fn place(&self) -> Result<(RunId, u64)>;
}

/// An input.
pub(crate) trait Input: Stored {
    /// Its id.
    fn id(&self) -> Result<InputId>;
}

/// A set of labels.
pub(crate) trait LabelSet: Stored {
    /// The set without any.
    fn none() -> Self;

    /// Whether there is none in it.
    fn is_empty(&self) -> bool;

    /// One of them, by its name.
    fn label(&self, name: &str) -> Option<String>;
}

impl Stored for Labels {
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

impl LabelSet for Labels {
    fn none() -> Self {
        Self::new()
    }

    fn is_empty(&self) -> bool {
        self.is_empty()
    }

    fn label(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }
}

impl LabelSet for Checked<Labels> {
    fn none() -> Self {
        Self::empty_object()
    }

    fn is_empty(&self) -> bool {
        *self == Self::none()
    }

    fn label(&self, name: &str) -> Option<String> {
        self.member(name).ok()
    }
}

impl Stored for RunBoundaryReceipt {
    fn check(&self) -> Result<()> {
        self.check_extra()
    }
}

impl Receipt for RunBoundaryReceipt {
    fn place(&self) -> Result<(RunId, u64)> {
        Ok((self.run_id, self.sequence))
    }
}

impl Stored for StoredInputState {
    fn check(&self) -> Result<()> {
        self.check()
    }
}

impl Input for StoredInputState {
    fn id(&self) -> Result<InputId> {
        Ok(self.input_id)
    }
}

impl Stored for PersistedOpsSnapshot {
    fn check(&self) -> Result<()> {
        self.check_extra()?;
        self.cursors.check_extra()
    }
}

impl<T: Wire + 'static> Stored for Checked<T> {
    /// It was read already.
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

impl Receipt for Checked<RunBoundaryReceipt> {
    fn place(&self) -> Result<(RunId, u64)> {
        Ok((member(self, "run_id")?, member(self, "sequence")?))
    }
}

impl Input for Checked<StoredInputState> {
    fn id(&self) -> Result<InputId> {
        member(self, "input_id")
    }
}

fn member<T, M: Wire>(checked: &Checked<T>, name: &str) -> Result<M> {
    checked.member(name).map_err(RuntimeStoreError::Internal)
}

//! The lifecycle machine: which state a runtime may enter from which, and the token that proves a legal step.

use std::fmt;

use super::{
    RuntimeStoreError,
    json::{document::Stored, lexer::Members, wire::wire_names},
};

/// The state of a runtime, and the machine that steps it. A runtime with no stored state is `Initializing`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RuntimeState {
    /// Not yet ready.
    #[default]
    Initializing,
    /// Ready, nobody attached, nothing running.
    Idle,
    /// A client is attached.
    Attached,
    /// A run is under way.
    Running,
    /// Takes no new input, works off its queue.
    Retired,
    /// No longer in use.
    Stopped,
    /// Gone for good: the only terminal state.
    Destroyed,
}

use RuntimeState::{Attached, Destroyed, Idle, Initializing, Retired, Running, Stopped};

impl RuntimeState {
    /// Every state, in the order of a full life.
    pub const ALL: [Self; 7] = [Initializing, Idle, Attached, Running, Retired, Stopped, Destroyed];

    /// Mints the commit token for a legal step. Staying in a state, to write inputs with it, is a legal step in all
    /// but `Destroyed`. Any other step is [`RuntimeStoreError::IllegalTransition`].
    pub fn step(self, next: Self) -> Result<MachineLifecycleCommit, RuntimeStoreError> {
        if self.can_step(next) {
            Ok(MachineLifecycleCommit { expected: Some(self), next })
        } else {
            Err(RuntimeStoreError::IllegalTransition { from: self, to: next })
        }
    }

    fn can_step(self, next: Self) -> bool {
        let others: &[Self] = match self {
            Initializing => &[Idle, Stopped, Destroyed],
            Idle => &[Attached, Running, Retired, Stopped, Destroyed],
            Attached => &[Running, Idle, Retired, Stopped, Destroyed],
            Running => &[Idle, Attached, Retired, Stopped, Destroyed],
            Retired => &[Running, Stopped, Destroyed],
            Stopped => &[Destroyed],
            Destroyed => return false,
        };
        self == next || others.contains(&next)
    }

    /// Whether the runtime takes new input.
    pub fn accepts_input(self) -> bool {
        matches!(self, Idle | Attached | Running)
    }

    /// Whether the runtime works on its queue.
    pub fn processes_queue(self) -> bool {
        matches!(self, Idle | Attached | Retired)
    }

    /// Whether nothing more can happen to the runtime.
    pub fn is_terminal(self) -> bool {
        self == Destroyed
    }
}

wire_names!(RuntimeState {
    Initializing = "initializing",
    Idle = "idle",
    Attached = "attached",
    Running = "running",
    Retired = "retired",
    Stopped = "stopped",
    Destroyed = "destroyed",
});

impl Stored for RuntimeState {
    const NAME: &'static str = "state";

    type Key = ();

    fn key(&self) {}

    fn key_in(_: &Members<'_>) -> Result<(), String> {
        Ok(())
    }
}

impl fmt::Display for RuntimeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Proof of a legal lifecycle step, the only thing that can change a runtime's state. It has no public constructor:
/// [`RuntimeState::step`] mints it for a legal step, and committing it fails with
/// [`RuntimeStoreError::Conflict`] if the stored state has moved on from the one the step began at.
///
/// ```compile_fail
/// burrow::MachineLifecycleCommit { expected: None, next: burrow::RuntimeState::Idle };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineLifecycleCommit {
    expected: Option<RuntimeState>,
    next: RuntimeState,
}

impl MachineLifecycleCommit {
    /// A step that another runtime's own machine has taken. It is written without regard to the stored state.
    #[cfg(feature = "external-machine")]
    pub fn external(next: RuntimeState) -> Self {
        Self { expected: None, next }
    }

    /// The state that the step leads to.
    pub fn runtime_state(self) -> RuntimeState {
        self.next
    }

    /// The state that the step began at, where it matters.
    pub(crate) fn expected(self) -> Option<RuntimeState> {
        self.expected
    }

    /// Whether the step may be committed over `stored`.
    pub(crate) fn check(self, stored: RuntimeState) -> Result<(), RuntimeStoreError> {
        match self.expected {
            Some(expected) if expected != stored => Err(RuntimeStoreError::Conflict(format!(
                "the step {expected} → {} was decided on, but the runtime is now {stored}; load its state and decide anew",
                self.next
            ))),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_legal_steps_are_those_of_the_contract_and_no_others() {
        // A row per state, a column per next state, in the order of `ALL`.
        let legal = [
            [1, 1, 0, 0, 0, 1, 1],
            [0, 1, 1, 1, 1, 1, 1],
            [0, 1, 1, 1, 1, 1, 1],
            [0, 1, 1, 1, 1, 1, 1],
            [0, 0, 0, 1, 1, 1, 1],
            [0, 0, 0, 0, 0, 1, 1],
            [0, 0, 0, 0, 0, 0, 0],
        ];
        for (from, row) in RuntimeState::ALL.into_iter().zip(legal) {
            for (to, expected) in RuntimeState::ALL.into_iter().zip(row) {
                assert_eq!(from.step(to).is_ok(), expected == 1, "{from} to {to}");
            }
        }
    }

    #[test]
    fn a_state_is_named_the_same_on_the_wire_and_in_words() {
        for state in RuntimeState::ALL {
            assert_eq!(serde_json::to_value(state).ok(), Some(state.as_str().into()));
        }
    }

    #[test]
    fn which_states_take_input_and_work_the_queue() {
        let having = |rule: fn(RuntimeState) -> bool| {
            RuntimeState::ALL.into_iter().filter(move |s| rule(*s)).collect::<Vec<_>>()
        };
        assert_eq!(having(RuntimeState::accepts_input), [Idle, Attached, Running]);
        assert_eq!(having(RuntimeState::processes_queue), [Idle, Attached, Retired]);
        assert_eq!(having(RuntimeState::is_terminal), [Destroyed]);
    }
}

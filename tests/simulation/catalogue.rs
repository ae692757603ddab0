//! Every error of the catalogue, as an engine may give it.

use burrow::{LogicalRuntimeId, RuntimeState, RuntimeStoreError as Error};

/// What the errors say, so that they are told from those of the rules.
const MARK: &str = "injected";

/// The errors after which nothing is written.
pub fn refusals() -> Vec<Error> {
    let message = || MARK.to_owned();
    vec![
        Error::WriteFailed { message: message(), cause: None },
        Error::ReadFailed { message: message(), cause: None },
        Error::SessionKeyMismatch { expected: super::values::session_id(0), actual: message() },
        Error::NotFound(message()),
        Error::Unsupported(message()),
        Error::NoRandomValues { message: MARK, later: true },
        Error::Internal(message()),
        Error::Conflict(message()),
        Error::Fenced { runtime_id: LogicalRuntimeId::new(MARK).unwrap(), held: 0, current: 0 },
        Error::QuotaExceeded { message: message(), cause: None },
        Error::Blocked(message()),
        Error::SchemaTooNew(message()),
        Error::ForeignDatabase(message()),
        Error::Deleted(message()),
        Error::DataLost(message()),
        Error::Unopenable { message: message(), cause: None },
        Error::Closed(message()),
        Error::Decode { table: MARK, key: "[]".to_owned(), reason: message() },
        Error::InvalidInput { argument: MARK.to_owned(), reason: message() },
        Error::TooLarge(message()),
        Error::IllegalTransition { from: RuntimeState::Destroyed, to: RuntimeState::Initializing },
    ]
}

pub fn outcome_unknown() -> Error {
    Error::OutcomeUnknown { message: MARK.to_owned(), cause: None }
}

/// Whether the error is an engine's, not a rule's. No rule ever speaks of a step out of `Destroyed`: no call here asks for one.
pub fn is_injected(error: &Error) -> bool {
    matches!(error, Error::IllegalTransition { .. }) || error.to_string().contains(MARK)
}

#[test]
fn every_error_of_the_catalogue_is_injected() {
    let source = include_str!("../../src/model/error.rs");
    let declared = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Self::")?.split_once("=> \"")?.1.strip_suffix("\","));
    let declared: std::collections::BTreeSet<_> = declared.collect();
    let injected = refusals().iter().chain([&outcome_unknown()]).map(Error::code).collect();
    assert_eq!(declared, injected);
    assert!(refusals().iter().chain([&outcome_unknown()]).all(is_injected));
}

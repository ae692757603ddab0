//! The browser's errors as ours.

use wasm_bindgen::JsValue;

use crate::{
    engine::ForeignError,
    model::{Cause, RuntimeStoreError},
};

/// Why one attempt at an operation failed.
#[derive(Clone, Debug)]
pub(super) struct AttemptError {
    pub(super) error: RuntimeStoreError,
    /// Whether the connection is at fault: another one may serve.
    pub(super) connection_lost: bool,
}

/// An attempt's outcome.
pub(super) type Attempt<T> = Result<T, AttemptError>;

impl From<RuntimeStoreError> for AttemptError {
    fn from(error: RuntimeStoreError) -> Self {
        Self { error, connection_lost: false }
    }
}

/// What the browser was doing for us when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    Opening,
    Deleting,
    Reading,
    /// Taking one write; what it throws is about that write.
    SendingWrites,
    Writing,
}

/// Names the failure by the browser's own name for it; `doing` says what was being done, to what. A transaction that was
/// aborted by nobody has no error: `error` is then null.
pub(super) fn failed(activity: Activity, doing: &str, error: JsValue) -> AttemptError {
    let null = error.is_null();
    let thrown = ForeignError::new(error);
    let member = |name: &str| thrown.member(name).unwrap_or_default();
    let (name, said) = (member("name"), member("message"));
    let message = format!("{doing}: {thrown}");
    let cause = Some(Cause::new(thrown));

    // A connection that the browser dropped: it says so in many ways. `UnknownError` is Chromium's word for a backing store
    // that failed, and WebKit's for "Connection to Indexed Database server lost"
    // (https://bugs.webkit.org/show_bug.cgi?id=197050).
    let connection_lost = null || matches!(&*name, "InvalidStateError" | "AbortError" | "UnknownError");
    let error = match (activity, &*name) {
        (_, "QuotaExceededError") => {
            RuntimeStoreError::QuotaExceeded { message: message + "; persistent storage has more room", cause }
        }
        (Activity::Opening, "VersionError") => RuntimeStoreError::SchemaTooNew(message),
        // What a value is too large for is not the connection's fault: Chromium's and Firefox's limit on one message between
        // their processes is an `UnknownError` that `put` throws
        // (https://source.chromium.org/chromium/chromium/src/+/main:third_party/blink/renderer/modules/indexeddb/idb_object_store.cc).
        (Activity::SendingWrites, "UnknownError" | "DataCloneError" | "DataError" | "RangeError") => {
            return RuntimeStoreError::invalid("value", format!("the browser refuses it: {message}")).into();
        }
        (Activity::SendingWrites | Activity::Writing, _) => RuntimeStoreError::WriteFailed { message, cause },
        (Activity::Opening | Activity::Deleting, _) if denied(&name, &said) => {
            return RuntimeStoreError::Unsupported(format!(
                "{message}; the user's settings or the kind of page deny this origin its storage"
            ))
            .into();
        }
        (Activity::Opening | Activity::Deleting, "UnknownError") if !says(&said, "server lost") => {
            RuntimeStoreError::Unopenable { message: message + BEGIN_ANEW, cause }
        }
        (Activity::Deleting, _) => RuntimeStoreError::WriteFailed { message, cause },
        (Activity::Opening | Activity::Reading, _) => RuntimeStoreError::ReadFailed { message, cause },
    };
    AttemptError { error, connection_lost }
}

const BEGIN_ANEW: &str = "; restart the browser, and where that does not help, begin anew by clearing the site's data: \
    in the browser's settings, or with the response header `Clear-Site-Data: \"storage\"`";

/// Whether an `open` that failed so failed because the origin may not store anything. Chromium says so with the name
/// `UnknownError` ("The user denied permission to access the database",
/// <https://source.chromium.org/chromium/chromium/src/+/main:third_party/blink/renderer/modules/indexeddb/idb_factory.cc>),
/// and Firefox had `InvalidStateError` in private windows before version 115
/// (<https://bugzilla.mozilla.org/show_bug.cgi?id=781982>).
fn denied(name: &str, said: &str) -> bool {
    matches!(name, "SecurityError" | "NotSupportedError" | "NotAllowedError")
        || (name == "UnknownError" && says(said, "denied"))
        || (name == "InvalidStateError" && says(said, "did not allow mutations"))
}

/// Whether a message has these words; `str::contains` is a far larger search.
fn says(message: &str, words: &str) -> bool {
    message.as_bytes().windows(words.len()).any(|part| part == words.as_bytes())
}

//! The browser's errors as ours.

use std::fmt;

use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DomException;

use crate::model::{Cause, RuntimeStoreError};

/// An error that the browser threw or reported: a `DOMException`, as a rule.
pub struct BrowserError(SendWrapper<JsValue>);

impl BrowserError {
    /// The browser's own object.
    pub fn as_js(&self) -> &JsValue {
        &self.0
    }
}

impl fmt::Debug for BrowserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for BrowserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.dyn_ref::<js_sys::Error>() {
            Some(error) => write!(f, "{}: {}", String::from(error.name()), String::from(error.message())),
            None => f.write_str("the browser ended the transaction and gave no reason"),
        }
    }
}

impl std::error::Error for BrowserError {}

/// How one attempt at an operation ended.
#[derive(Clone)]
pub(super) struct Failure {
    pub(super) error: RuntimeStoreError,
    /// Whether the connection is at fault: another one may serve.
    pub(super) lost: bool,
}

/// An attempt's outcome.
pub(super) type Attempt<T> = Result<T, Failure>;

impl From<RuntimeStoreError> for Failure {
    fn from(error: RuntimeStoreError) -> Self {
        Self { error, lost: false }
    }
}

/// What the browser was asked to do when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Open,
    Read,
    Write,
}

/// Names the failure by the browser's own name for it; `doing` says what was being done, to what. A transaction that was
/// aborted by nobody has no error: `error` is then null.
pub(super) fn failed(asked: Asked, doing: &str, error: JsValue) -> Failure {
    let name = error.dyn_ref::<DomException>().map(DomException::name).unwrap_or_default();
    // A connection that the browser dropped: it says so in many ways. `UnknownError` is Chromium's word for a backing
    // store that failed, and WebKit's for "Connection to Indexed Database server lost".
    let lost = error.is_null() || matches!(&*name, "InvalidStateError" | "AbortError" | "UnknownError");
    let browser_error = BrowserError(SendWrapper::new(error));
    let message = format!("{doing}: {browser_error}");
    let cause = Some(Cause::new(browser_error));
    let error = match (name.as_str(), asked) {
        ("QuotaExceededError", _) => RuntimeStoreError::QuotaExceeded { message, cause },
        ("VersionError", Asked::Open) => RuntimeStoreError::SchemaTooNew(message),
        ("SecurityError" | "NotSupportedError", Asked::Open) => RuntimeStoreError::Unsupported(message),
        (_, Asked::Write) => RuntimeStoreError::WriteFailed { message, cause },
        _ => RuntimeStoreError::ReadFailed { message, cause },
    };
    Failure { error, lost }
}

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
            None => write!(f, "{:?}", *self.0),
        }
    }
}

impl std::error::Error for BrowserError {}

/// What the browser was asked to do when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Open,
    Read,
    Write,
}

/// Names the failure by the browser's own name for it; `doing` says what was being done, to what.
pub(super) fn failed(asked: Asked, doing: &str, error: JsValue) -> RuntimeStoreError {
    let name = error.dyn_ref::<DomException>().map(DomException::name).unwrap_or_default();
    let browser_error = BrowserError(SendWrapper::new(error));
    let message = format!("{doing}: {browser_error}");
    let cause = Some(Cause::new(browser_error));
    match (name.as_str(), asked) {
        ("QuotaExceededError", _) => RuntimeStoreError::QuotaExceeded { message, cause },
        ("VersionError", Asked::Open) => RuntimeStoreError::SchemaTooNew(message),
        ("SecurityError" | "NotSupportedError", Asked::Open) => RuntimeStoreError::Unsupported(message),
        ("InvalidStateError", Asked::Read | Asked::Write) => RuntimeStoreError::Closed(message),
        (_, Asked::Write) => RuntimeStoreError::WriteFailed { message, cause },
        _ => RuntimeStoreError::ReadFailed { message, cause },
    }
}

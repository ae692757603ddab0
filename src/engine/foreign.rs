//! Errors of JavaScript's, as the causes of ours.

use std::fmt;

use js_sys::Reflect;
use send_wrapper::SendWrapper;
use wasm_bindgen::JsValue;

/// An error that JavaScript threw or reported: a browser's `DOMException`, an SQLite library's error.
pub struct ForeignError(SendWrapper<JsValue>);

impl ForeignError {
    pub(super) fn new(error: JsValue) -> Self {
        Self(SendWrapper::new(error))
    }

    /// JavaScript's own object.
    pub fn as_js(&self) -> &JsValue {
        &self.0
    }

    /// A member that is a string, of whichever class the error is: not every imitation of IndexedDB has the browser's.
    pub(super) fn member(&self, name: &str) -> Option<String> {
        // To ask null for a member throws, which takes a while.
        self.0.is_object().then(|| Reflect::get(&self.0, &name.into()).ok()?.as_string()).flatten()
    }
}

impl fmt::Debug for ForeignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for ForeignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.member("name"), self.member("message")) {
            (Some(name), Some(message)) => write!(f, "{name}: {message}"),
            _ => f.write_str("the browser ended the transaction and gave no reason"),
        }
    }
}

impl std::error::Error for ForeignError {}

//! Errors on their way to JavaScript, where they become a `BurrowError`.

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

use crate::{engine::indexed_db::BrowserError, model::RuntimeStoreError};

/// An error of the store as a plain object: `code`, `message`, `retryable`, and where there is one, `argument` and the
/// browser's own error as `cause`.
pub struct Failure(RuntimeStoreError);

impl From<RuntimeStoreError> for Failure {
    fn from(error: RuntimeStoreError) -> Self {
        Self(error)
    }
}

impl From<Failure> for JsValue {
    fn from(Failure(error): Failure) -> Self {
        let failure = Object::new();
        let set = |name: &str, value: JsValue| {
            // A fresh plain object takes any property.
            let _ = Reflect::set(&failure, &name.into(), &value);
        };
        set("code", error.code().into());
        set("message", error.to_string().into());
        set("retryable", error.is_retryable().into());
        if let RuntimeStoreError::InvalidInput { argument, .. } = &error {
            set("argument", argument.into());
        }
        if let RuntimeStoreError::Decode { table, key, .. } = &error {
            set("table", (*table).into());
            set("key", key.into());
        }
        if let Some(browser) = error.cause().and_then(|cause| cause.downcast_ref::<BrowserError>()) {
            set("cause", browser.as_js().clone());
        }
        failure.into()
    }
}

//! Errors on their way to JavaScript, where they become a `BurrowError`.

use serde::{Serialize, Serializer, ser::SerializeMap};
use wasm_bindgen::JsValue;

use crate::{engine::ForeignError, model::RuntimeStoreError};

/// An error of the store as a plain object: `code`, `message`, `retryable`, and where there is one, `argument`, `table` and
/// `key`, and the platform's own error as `cause`. It is one word, which keeps the code of each export small.
pub struct Failure(pub(super) JsValue);

/// What a check of the door gives.
pub(super) type Result<T> = std::result::Result<T, Failure>;

impl From<RuntimeStoreError> for Failure {
    #[cold]
    #[inline(never)]
    fn from(error: RuntimeStoreError) -> Self {
        let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
        // There is nothing in it that the serializer could refuse.
        Self(Described(&error).serialize(&serializer).unwrap_or_else(JsValue::from))
    }
}

struct Described<'a>(&'a RuntimeStoreError);

impl Serialize for Described<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let Self(error) = self;
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("code", error.code())?;
        members.serialize_entry("message", &error.to_string())?;
        members.serialize_entry("retryable", &error.is_retryable())?;
        if let RuntimeStoreError::InvalidInput { argument, .. } = error {
            members.serialize_entry("argument", argument)?;
        }
        if let RuntimeStoreError::Decode { table, key, .. } = error {
            members.serialize_entry("table", table)?;
            members.serialize_entry("key", key)?;
        }
        if let Some(thrown) = error.cause().and_then(|cause| cause.downcast_ref::<ForeignError>()) {
            members.serialize_entry("cause", &Preserved(thrown.as_js()))?;
        }
        members.end()
    }
}

/// A value of JavaScript's own, as it is.
struct Preserved<'a>(&'a JsValue);

impl Serialize for Preserved<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serde_wasm_bindgen::preserve::serialize(self.0, serializer)
    }
}

impl From<Failure> for JsValue {
    fn from(Failure(object): Failure) -> Self {
        object
    }
}

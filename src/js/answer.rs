//! Promises, and what they resolve with.

use std::{future::Future, pin::Pin};

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use super::Result;

/// A call under way.
pub(super) type Call = Pin<Box<dyn Future<Output = Result<JsValue>>>>;

/// The one place that makes promises: generic code here would be compiled anew for each export.
pub(super) fn promise(call: Call) -> Promise {
    future_to_promise(async move { call.await.map_err(JsValue::from) })
}

/// The answer of a call that only writes.
pub(super) fn done() -> Result<JsValue> {
    Ok(JsValue::UNDEFINED)
}

/// Bytes as a `Uint8Array`, `undefined` where there are none.
pub(super) fn bytes(bytes: Option<Vec<u8>>) -> JsValue {
    bytes.map_or(JsValue::UNDEFINED, |bytes| Uint8Array::from(bytes.as_slice()).into())
}

/// Ids as an array of strings.
pub(super) fn texts(ids: Vec<impl ToString>) -> Result<JsValue> {
    let array = Array::new();
    for id in ids {
        array.push(&id.to_string().into());
    }
    Ok(array.into())
}

//! Promises, and what they resolve with.

use std::{future::Future, pin::Pin, sync::Arc};

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use super::{
    AnyStore,
    failure::{self, Failure},
};
use crate::{
    engine::{Bytes, Result},
    model::json::wire::{Wire, to_json_for_js},
    store::Operation,
};

/// A call under way.
pub(super) type Call = Pin<Box<dyn Future<Output = Result<JsValue>>>>;

/// The one place that makes promises: generic code here would be compiled anew for each export.
pub(super) fn promise(call: Call) -> Promise {
    future_to_promise(async move { call.await.map_err(|error| Failure::from(error).into()) })
}

/// An operation as a promise can answer it, or what is wrong with its arguments.
pub(super) type Answered = failure::Result<Operation<JsValue>>;

/// The one place that carries out operations.
#[inline(never)]
pub(super) fn run(store: &AnyStore, operation: Answered) -> Promise {
    match operation {
        Err(failure) => Promise::reject(&failure.into()),
        Ok(operation) => {
            let store = store.clone();
            promise(Box::pin(async move { store.run(Ok(operation)).await }))
        }
    }
}

/// Answers `undefined`.
#[inline(never)]
pub(super) fn done(operation: Result<Operation<()>>) -> Answered {
    Ok(operation?.map(|()| Ok(JsValue::UNDEFINED)))
}

/// Answers `true` or `false`.
#[inline(never)]
pub(super) fn flag(operation: Result<Operation<bool>>) -> Answered {
    Ok(operation?.map(|is| Ok(is.into())))
}

/// Answers JSON text.
#[inline(never)]
pub(super) fn text<T: Wire + 'static>(operation: Result<Operation<T>>) -> Answered {
    Ok(operation?.map(|value| Ok(to_json_for_js(&value).into())))
}

/// Answers JSON text, `undefined` where there is no value.
#[inline(never)]
pub(super) fn optional_text<T: Wire + 'static>(operation: Result<Operation<Option<T>>>) -> Answered {
    Ok(operation?.map(|value| Ok(value.map(|value| to_json_for_js(&value)).into())))
}

/// Answers a `Uint8Array`, `undefined` where there are no bytes.
#[inline(never)]
pub(super) fn bytes(operation: Result<Operation<Option<Arc<Bytes>>>>) -> Answered {
    Ok(operation?.map(|bytes| Ok(bytes.map_or(JsValue::UNDEFINED, |bytes| Uint8Array::from(&**bytes.bytes()).into()))))
}

/// Answers an array of strings.
#[inline(never)]
pub(super) fn texts<T: ToString + 'static>(operation: Result<Operation<Vec<T>>>) -> Answered {
    Ok(operation?.map(|ids| Ok(ids.iter().map(|id| JsValue::from(id.to_string())).collect::<Array>().into())))
}

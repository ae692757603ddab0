//! What the browser holds open for this module, listed on the JavaScript side.
//!
//! A panic or a trap runs no destructors on wasm32. The browser would then commit what half a transaction has sent, and a
//! database that stays open would keep others from upgrading it. So who owns the instance can abort and close these from
//! outside, without running any more of its code.

use js_sys::Set;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// The open requests, databases, transactions and channels that are in use at any time, for whoever gives the bindings such
    /// a set: the npm package does, as a variable of each instance's own (`pkg/src/instance.ts`).
    #[wasm_bindgen(thread_local_v2, js_name = burrowOpenResources)]
    static OPEN_RESOURCES: Option<Set>;
}

/// The place of one of them in the list, until it is dropped.
pub(super) struct OpenResource(JsValue);

impl OpenResource {
    pub(super) fn new(object: &JsValue) -> Self {
        OPEN_RESOURCES.with(|open| open.as_ref().map(|open| open.add(object)));
        Self(object.clone())
    }
}

impl Drop for OpenResource {
    fn drop(&mut self) {
        OPEN_RESOURCES.with(|open| open.as_ref().map(|open| open.delete(&self.0)));
    }
}

//! What the browser holds open for this module, listed on the JavaScript side.
//!
//! A panic or a trap runs no destructors on wasm32. The browser would then commit what half a transaction has sent, and a
//! database that stays open would keep others from upgrading it. So who owns the instance can abort and close these from
//! outside, without running any more of its code.

use js_sys::Set;
use wasm_bindgen::JsValue;

thread_local! {
    static HELD: Set = Set::new(&JsValue::UNDEFINED);
}

/// The open requests, databases, transactions and channels that are in use at any time.
pub fn held() -> Set {
    HELD.with(Set::clone)
}

/// The place of one of them in the list, until it is dropped.
pub(super) struct Held(JsValue);

impl Held {
    pub(super) fn new(object: &JsValue) -> Self {
        HELD.with(|held| held.add(object));
        Self(object.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.with(|held| held.delete(&self.0));
    }
}

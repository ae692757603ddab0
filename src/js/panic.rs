//! Panics on their way to JavaScript.
//!
//! On wasm32 a panic runs no destructors and ends in a trap that says only `unreachable`. Here it is thrown as a
//! JavaScript error with its message, through everything that was under way, to the TypeScript that guards the module's
//! exports. The instance is of no use after that.

use js_sys::Promise;
use wasm_bindgen::{prelude::wasm_bindgen, throw_str};

use super::answer::promise;

/// Runs when the module is instantiated.
#[wasm_bindgen(start)]
pub fn throw_panics() {
    std::panic::set_hook(Box::new(|panic| throw_str(&panic.to_string())));
}

/// Panics once it is awaited: how the tests see what becomes of a defect. No entry of the package exports it, and a
/// build with a feature of its own would test another module than the one that is published.
#[wasm_bindgen(unchecked_return_type = "Promise<void>")]
#[expect(clippy::panic, reason = "it is what it is for")]
pub fn panic(message: String) -> Promise {
    promise(Box::pin(async move { panic!("{message}") }))
}

//! Random values, of which ids and claims are made, and the places that have none.

use uuid::Uuid;

use super::RuntimeStoreError;

/// A new UUID version 7: UUIDs sort by the time they were made.
///
/// # Errors
/// `NoRandomValues` where JavaScript has none to give. Native systems always do.
pub(crate) fn new_uuid() -> Result<Uuid, RuntimeStoreError> {
    #[cfg(target_arch = "wasm32")]
    javascript::check()?;
    Ok(Uuid::now_v7())
}

/// Sixteen random bytes that nobody else has.
///
/// # Errors
/// `NoRandomValues`, as [`new_uuid`].
pub(crate) fn salt() -> Result<Uuid, RuntimeStoreError> {
    #[cfg(target_arch = "wasm32")]
    return javascript::salt();
    #[cfg(not(target_arch = "wasm32"))]
    new_uuid()
}

#[cfg(target_arch = "wasm32")]
mod javascript {
    use std::cell::RefCell;

    use js_sys::{Reflect, Uint8Array};
    use uuid::Uuid;
    use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

    use super::RuntimeStoreError;

    /// How many random bytes are asked for at once: in Node one call takes 5 µs, however many it asks for.
    const ASKED_FOR: u32 = 1024;

    thread_local! {
        /// Random bytes that were not used yet.
        static LEFT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
        fn get_random_values(to: &Uint8Array) -> Result<JsValue, JsValue>;
    }

    /// Asks for one random byte: `uuid` panics where it gets none.
    pub(super) fn check() -> Result<(), RuntimeStoreError> {
        random(1).map(drop)
    }

    /// Each commit of a boundary needs one.
    pub(super) fn salt() -> Result<Uuid, RuntimeStoreError> {
        LEFT.with_borrow_mut(|left| {
            if left.len() < size_of::<Uuid>() {
                *left = random(ASKED_FOR)?.to_vec();
            }
            Ok(Uuid::from_bytes(std::array::from_fn(|_| left.pop().unwrap_or_default())))
        })
    }

    fn random(length: u32) -> Result<Uint8Array, RuntimeStoreError> {
        let bytes = Uint8Array::new_with_length(length);
        get_random_values(&bytes).map(|_| bytes).map_err(|_| {
            // Cloudflare's Workers refuse outside a request (https://developers.cloudflare.com/workers/runtime-apis/web-crypto/).
            let later = Reflect::get(&js_sys::global(), &"crypto".into()).is_ok_and(|crypto| crypto.is_object());
            let message = match later {
                true => "this environment gives no random values now; call it again within a request",
                false => "this environment has no crypto.getRandomValues, which new ids and claims need",
            };
            RuntimeStoreError::NoRandomValues { message, later }
        })
    }
}

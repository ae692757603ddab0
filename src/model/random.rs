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

#[cfg(target_arch = "wasm32")]
mod javascript {
    use js_sys::{Reflect, Uint8Array};
    use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

    use super::RuntimeStoreError;

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
        fn get_random_values(to: &Uint8Array) -> Result<JsValue, JsValue>;
    }

    /// Asks for one random byte: `uuid` panics where it gets none.
    pub(super) fn check() -> Result<(), RuntimeStoreError> {
        get_random_values(&Uint8Array::new_with_length(1)).map(drop).map_err(|_| {
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

//! Random values, of which ids and claims are made, and the places that have none.

use uuid::Uuid;

use super::RuntimeStoreError;

/// A new UUID version 7: UUIDs sort by the time they were made.
///
/// # Errors
/// `NoRandomValues` where JavaScript has none to give. Native systems always do.
pub(crate) fn new_uuid() -> Result<Uuid, RuntimeStoreError> {
    #[cfg(target_arch = "wasm32")]
    return javascript::new_uuid();
    #[cfg(not(target_arch = "wasm32"))]
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

/// A UUID of version 7 and the 122 bits that it was made of: 48 of time and 74 others. The others are random in each new
/// millisecond. Within one, or after the clock went back, they are those of the `last` one and a random step of up to 32 bits more,
/// so that UUIDs sort as they were made ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562#name-monotonicity-and-counters), method 2).
/// There is no `last` one where it is 0. The `uuid` crate's own panics where there are no random values, and costs a page 1.1 kB more.
#[cfg(any(test, target_arch = "wasm32"))]
fn version_7(now_ms: u64, random: u128, last: u128) -> (Uuid, u128) {
    // Of the 74 bits the first is left for the steps to go over into.
    let fresh = (u128::from(now_ms) << 74) | (random & ((1 << 73) - 1));
    let made_of = if last == 0 || fresh >> 74 > last >> 74 { fresh } else { last + 1 + (random >> 96) };
    let (time, a, b) = (made_of >> 74, (made_of >> 62) & 0xfff, made_of & ((1 << 62) - 1));
    (Uuid::from_u128((time << 80) | (7 << 76) | (a << 64) | (2 << 62) | b), made_of)
}

#[cfg(test)]
mod tests {
    use uuid::{Uuid, Version};

    use super::version_7;

    #[test]
    fn ids_of_one_millisecond_sort_as_they_were_made_and_so_do_those_after_a_clock_went_back() {
        let (mut last, mut before) = (0, Uuid::nil());
        for (at, tenths) in [70, 70, 30, 70].into_iter().chain(80..20_000).enumerate() {
            let random = (at as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
            let (uuid, made_of) = version_7(tenths / 10, random, last);
            assert!(uuid > before, "{uuid} after {before}");
            assert_eq!(uuid.get_version(), Some(Version::SortRand));
            assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
            (last, before) = (made_of, uuid);
        }
    }

    #[test]
    fn the_time_of_an_id_is_where_the_format_has_it() {
        let (uuid, _) = version_7(0x0123_4567_89ab, 0, 0);
        assert_eq!(uuid.to_string(), "01234567-89ab-7000-8000-000000000000");
        // Also where the clock stands at 0, as test tools have it.
        let (uuid, _) = version_7(0, u128::MAX, 0);
        assert_eq!(uuid.to_string(), "00000000-0000-77ff-bfff-ffffffffffff");
        let (uuid, _) = version_7(0x0123_4567_89ab, u128::MAX, 0);
        assert_eq!(uuid.to_string(), "01234567-89ab-77ff-bfff-ffffffffffff");
    }
}

#[cfg(target_arch = "wasm32")]
mod javascript {
    use std::cell::{Cell, RefCell};

    use js_sys::{Reflect, Uint8Array};
    use uuid::Uuid;
    use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

    use super::{RuntimeStoreError, version_7};
    use crate::model::ids::now_ms;

    /// How many random bytes are asked for at once: in Node one call takes 5 µs, however many it asks for.
    const ASKED_FOR: u32 = 1024;

    thread_local! {
        /// Random bytes that were not used yet.
        static LEFT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };

        /// What the last UUID of version 7 was made of.
        static LAST: Cell<u128> = const { Cell::new(0) };
    }

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
        fn get_random_values(to: &Uint8Array) -> Result<JsValue, JsValue>;
    }

    pub(super) fn new_uuid() -> Result<Uuid, RuntimeStoreError> {
        let mut bytes = [0; 16];
        random(16)?.copy_to(&mut bytes);
        let (uuid, made_of) = version_7(now_ms(), u128::from_ne_bytes(bytes), LAST.get());
        LAST.set(made_of);
        Ok(uuid)
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

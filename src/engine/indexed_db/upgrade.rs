//! What an older version's rows need before this version reads them.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{IdbCursorWithValue, IdbObjectStore};

use super::{key, value::PIECE};

/// Version 1 ended a value with its last piece, full or not. Since then a full piece is followed by another, and a value
/// without one has lost its end: so those that end with a full piece get an empty one more.
///
/// A cursor, because the values of a whole store may not fit into memory. An error thrown in its event aborts the upgrade:
/// <https://w3c.github.io/IndexedDB/#fire-a-success-event>.
pub(super) fn end_full_pieces(store: IdbObjectStore, key_columns: usize) -> Result<(), JsValue> {
    let request = store.open_cursor()?;
    let walking = request.clone();
    // The key of the row before, where it holds a full piece.
    let mut full: Option<Array> = None;
    let step = Closure::<dyn FnMut() -> Result<(), JsValue>>::new(move || {
        let cursor = walking.result()?.dyn_into::<IdbCursorWithValue>().ok();
        let key: Array = match &cursor {
            Some(cursor) => cursor.key()?.unchecked_into(),
            None => Array::new(),
        };
        if let Some(full) = full.take().filter(|full| !key::same_record(full, &key, key_columns)) {
            store.put_with_key(&Uint8Array::new_with_length(0), &key::next_piece(&full, key_columns))?;
        }
        let Some(cursor) = cursor else { return Ok(()) };
        let piece = cursor.value()?;
        full = piece.dyn_ref::<Uint8Array>().is_some_and(|piece| piece.length() as usize == PIECE).then_some(key);
        cursor.continue_()
    });
    request.set_onsuccess(Some(step.into_js_value().unchecked_ref()));
    Ok(())
}

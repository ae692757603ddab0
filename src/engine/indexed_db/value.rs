//! Values as IndexedDB keeps them: JSON and text as strings, which DevTools shows, and bytes in pieces.
//!
//! Chromium moves a value above some 64 to 110 KB into a file of its own, and the commit that writes one waits several
//! times as long. So bytes are split over rows: `[…key, "00000000000000000000"]` and on.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use crate::engine::{Encoded, Key, Row};

/// The most bytes that one row holds.
pub(super) const PIECE: usize = 60 * 1024;

/// The string that a record of JSON or text is stored as.
pub(super) fn text_row(value: &JsValue) -> Row {
    match value.as_string() {
        Some(text) => Row::Stored(Encoded::Text(text)),
        None => Row::Unreadable("expected a string".to_owned()),
    }
}

/// Puts together the pieces of one record; there is none where there are no pieces.
pub(super) fn joined(key: &Key, pieces: &Array) -> Option<(Key, Row)> {
    if pieces.length() == 0 {
        return None;
    }
    let mut bytes = Vec::new();
    for piece in pieces.iter() {
        let Some(piece) = piece.dyn_ref::<Uint8Array>() else {
            return Some((key.clone(), Row::Unreadable("expected bytes".to_owned())));
        };
        let start = bytes.len();
        bytes.resize(start + piece.length() as usize, 0);
        piece.copy_to(&mut bytes[start..]);
    }
    Some((key.clone(), Row::Stored(Encoded::Bytes(bytes.into()))))
}

//! Values as IndexedDB keeps them: JSON and text as strings, which DevTools shows, and bytes in pieces.
//!
//! Chromium moves larger values into files of their own, from 64 KB on
//! (<https://source.chromium.org/chromium/chromium/src/+/main:third_party/blink/renderer/modules/indexeddb/idb_value_wrapping.h>),
//! and a commit that writes one takes several times as long. So bytes are split over rows: `[…key, "00000000000000000000"]`
//! and on. The first piece that is shorter than a full one is the last, and may be empty; rows after it do not count. Where the table
//! has sums, the last piece is an array of its bytes and of the value's sum.

use js_sys::{Array, JsString, Reflect, Symbol, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use super::TableInfo;
use crate::{
    engine::{Encoded, Key, Row, sum},
    model::limits,
};

/// The size of a full piece, in bytes. A larger one is full too.
pub(super) const PIECE: usize = 60 * 1024;

/// The most bytes that are split. For a larger value one file costs less than its many rows
/// (docs/decisions/024-large-values.md).
const MOST_SPLIT: usize = 512 * 1024;

/// Splits a value into its pieces. A large one is a single piece, with an empty one behind it.
pub(super) fn pieces_of(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let size = if bytes.len() > MOST_SPLIT { bytes.len() } else { PIECE };
    let end: &[u8] = &[];
    bytes.chunks(size).chain(bytes.len().is_multiple_of(size).then_some(end))
}

/// The string that a record of JSON or text is stored as. One that no answer can hold stays in the browser.
pub(super) fn text_row(value: &JsValue) -> Row {
    let Some(text) = value.dyn_ref::<JsString>() else { return Row::Unreadable("expected a string".to_owned()) };
    match limits::stored(text.length() as usize) {
        Some(reason) => Row::Unreadable(reason),
        None => Row::Stored(Encoded::Text(text.into())),
    }
}

/// Bytes of whichever realm: test tools clone what they store into another than the one that asks for it, where no
/// `instanceof` knows it.
pub(super) fn as_bytes(value: &JsValue) -> Option<&Uint8Array> {
    let kind = Reflect::get(value, &Symbol::to_string_tag()).ok()?.as_string()?;
    (kind == "Uint8Array").then(|| value.unchecked_ref())
}

/// A piece as it is stored, the last one with the sum.
pub(super) fn piece_row(piece: &[u8], sum: Option<&[u8]>) -> JsValue {
    let bytes = Uint8Array::from(piece);
    match sum {
        Some(sum) if piece.len() < PIECE => Array::of2(&bytes, &Uint8Array::from(sum)).into(),
        _ => bytes.into(),
    }
}

/// Joins the pieces of one record; `None` if there are none.
pub(super) fn joined(table: &TableInfo, key: &Key, pieces: &Array) -> Option<(Key, Row)> {
    if pieces.length() == 0 {
        return None;
    }
    let unreadable = |reason: &str| Some((key.clone(), Row::Unreadable(reason.to_owned())));
    if let Some(reason) = limits::stored((pieces.length() as usize - 1) * PIECE) {
        return unreadable(&reason);
    }
    let mut bytes = Vec::new();
    for piece in pieces.iter() {
        let (piece, sum) = split(table, piece);
        let Some(piece) = as_bytes(&piece) else { return unreadable("expected bytes") };
        let start = bytes.len();
        if let Some(reason) = limits::stored(start + piece.length() as usize) {
            return unreadable(&reason);
        }
        bytes.resize(start + piece.length() as usize, 0);
        piece.copy_to(&mut bytes[start..]);
        if bytes.len() - start < PIECE || sum.is_some() {
            // What was written before version 5 has none; but where there is one, it is that of the value.
            let sum = sum.or_else(|| split(table, pieces.get(pieces.length() - 1)).1);
            let sum = sum.map(|sum| as_bytes(&sum).map(Uint8Array::to_vec).unwrap_or_default());
            return match sum.map(|sum| sum::check(&sum, table, key, &bytes)) {
                Some(Err(damaged)) => unreadable(&damaged),
                _ => Some((key.clone(), Row::Stored(Encoded::Bytes(bytes.into())))),
            };
        }
    }
    unreadable("its last piece is missing")
}

/// A stored piece, and the sum that is kept with it.
fn split(table: &TableInfo, piece: JsValue) -> (JsValue, Option<JsValue>) {
    match piece.dyn_ref::<Array>() {
        Some(last) if table.has_sums => (last.get(0), Some(last.get(1))),
        _ => (piece, None),
    }
}

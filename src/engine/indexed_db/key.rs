//! Keys as IndexedDB orders and DevTools shows them: an array of strings, one per component.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::IdbKeyRange;

use super::{
    error::{Activity, Attempt, failed},
    key_part::{decode, encode},
};
use crate::engine::{Key, KeyPart, Order, TableInfo, ValueType};

/// The key as IndexedDB takes it.
pub(super) fn to_js(key: &Key) -> Array {
    key.parts().iter().map(|part| JsValue::from_str(&encode(part))).collect()
}

/// The first `columns` components of a record's key that starts with `prefix`. `None` for a key that burrow cannot have written.
pub(super) fn from_js(table: &TableInfo, prefix: &Key, columns: usize, key: &JsValue) -> Option<Key> {
    let parts = key.dyn_ref::<Array>()?;
    let pieces = usize::from(table.value_type == ValueType::Bytes);
    if parts.length() as usize != table.key.len() + pieces {
        return None;
    }
    let known = prefix.parts();
    let columns = table.key.get(known.len()..columns)?.iter().zip(known.len() as u32..);
    let decoded = columns.map(|(column, i)| decode(column.column_type, &parts.get(i).as_string()?));
    known.iter().cloned().map(Some).chain(decoded).collect::<Option<Vec<KeyPart>>>().map(Key::new)
}

/// Every key that starts with `prefix`, itself included: an array sorts after every string.
pub(super) fn starting_with(prefix: &Key) -> Attempt<IdbKeyRange> {
    between(&to_js(prefix), false, &end_of_range(prefix))
}

/// Every key that starts with `prefix` and comes after the key `after` in this order.
pub(super) fn starting_with_after(prefix: &Key, after: Option<&Key>, order: Order) -> Attempt<IdbKeyRange> {
    match (after, order) {
        (None, _) => starting_with(prefix),
        (Some(after), Order::Ascending) => between(&to_js(after), true, &end_of_range(prefix)),
        (Some(after), Order::Descending) => below(prefix, after),
    }
}

/// Every key that starts with `prefix` and comes after all those that start with `after` in this order.
pub(super) fn starting_with_past(prefix: &Key, after: Option<&Key>, order: Order) -> Attempt<IdbKeyRange> {
    match (after, order) {
        (None, _) => starting_with(prefix),
        (Some(after), Order::Ascending) => between(&end_of_range(after), true, &end_of_range(prefix)),
        (Some(after), Order::Descending) => below(prefix, after),
    }
}

/// Every key that starts with `prefix` and comes after a stored one.
pub(super) fn beyond(stored: &Array, prefix: &Key) -> Attempt<IdbKeyRange> {
    between(stored, true, &end_of_range(prefix))
}

/// Every key that starts with `prefix` and is less than `end`.
fn below(prefix: &Key, end: &Key) -> Attempt<IdbKeyRange> {
    let (lower, upper) = (to_js(prefix), to_js(end));
    IdbKeyRange::bound_with_lower_open_and_upper_open(&lower, &upper, false, true)
        .map_err(|error| failed(Activity::Reading, "making a key range", error))
}

/// Every key of a record's pieces from the one numbered `piece` on.
pub(super) fn pieces_from(key: &Key, piece: u64) -> Attempt<IdbKeyRange> {
    between(&piece_to_js(key, piece), false, &end_of_range(key))
}

/// The key of one piece of a record.
pub(super) fn piece_to_js(key: &Key, piece: u64) -> Array {
    let row = to_js(key);
    row.push(&encode(&piece.into()).into());
    row
}

/// Whether two keys of pieces are those of one record, whose own key has `columns` components.
pub(super) fn same_record(a: &Array, b: &Array, columns: usize) -> bool {
    (0..columns as u32).all(|column| a.get(column) == b.get(column))
}

/// The key of the piece after the one under `piece`.
pub(super) fn next_piece(piece: &Array, columns: usize) -> Array {
    let number = piece.get(columns as u32).as_string().and_then(|number| number.parse::<u64>().ok());
    let next = piece.slice(0, columns as u32);
    next.push(&encode(&number.unwrap_or_default().saturating_add(1).into()).into());
    next
}

/// Every key up to and with `key`.
pub(super) fn up_to(key: &Key) -> Attempt<IdbKeyRange> {
    IdbKeyRange::upper_bound(&to_js(key)).map_err(|error| failed(Activity::Writing, "making a key range", error))
}

fn end_of_range(prefix: &Key) -> Array {
    let end = to_js(prefix);
    end.push(&Array::new());
    end
}

fn between(lower: &Array, lower_open: bool, upper: &Array) -> Attempt<IdbKeyRange> {
    IdbKeyRange::bound_with_lower_open(lower, upper, lower_open)
        .map_err(|error| failed(Activity::Reading, "making a key range", error))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::engine::ColumnType;

    const TEXTS: [&str; 12] =
        ["", "\0", " ", "a", "agent-1", "ab", "}", "~", "é", "\u{FFFD}", "\u{1F9E0}", "агент-ß/ポチ"];

    #[wasm_bindgen_test]
    fn a_text_comes_back_as_it_was() {
        for text in TEXTS {
            assert_eq!(decode(ColumnType::Text, &encode(&text.into())), Some(text.into()), "{text:?}");
        }
    }

    #[wasm_bindgen_test]
    fn what_is_written_in_another_way_is_no_component() {
        for other in ["~61", "~7e", "~C3~A9~", "~+A", "é"] {
            assert_eq!(decode(ColumnType::Text, other), None, "{other:?}");
        }
        for other in ["7", "+0000000000000000007", "000000000000000000007"] {
            assert_eq!(decode(ColumnType::U64, other), None, "{other:?}");
        }
    }

    #[wasm_bindgen_test]
    fn encoded_keys_sort_as_their_utf8_bytes_do() {
        for a in TEXTS {
            for b in TEXTS {
                let encoded: (Vec<u16>, Vec<u16>) =
                    (encode(&a.into()).encode_utf16().collect(), encode(&b.into()).encode_utf16().collect());
                assert_eq!(encoded.0.cmp(&encoded.1), a.as_bytes().cmp(b.as_bytes()), "{a:?} {b:?}");
            }
        }
    }

    #[wasm_bindgen_test]
    fn numbers_keep_every_digit_and_their_order() {
        let numbers = [0, 1, 9, 10, (1 << 53) + 1, u64::MAX - 1, u64::MAX];
        let encoded: Vec<String> = numbers.iter().map(|n| encode(&(*n).into())).collect();
        assert!(encoded.is_sorted());
        for (number, encoded) in numbers.into_iter().zip(encoded) {
            assert_eq!(decode(ColumnType::U64, &encoded), Some(number.into()));
        }
    }
}

//! Making a database, and what an older version's rows need before this version reads them.

use std::{cell::Cell, rc::Rc};

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{IdbCursorWithValue, IdbDatabase, IdbObjectStore, IdbTransaction};

use super::{
    TableInfo, Tables,
    identity::{self, DATABASE},
    key,
    open::own_stores,
    pages,
    value::{PIECE, as_bytes, text_row},
};
use crate::engine::{Key, ValueType};

/// Brings a database of an older version, 0 where there is none, to this one. `data_lost` says that the browser lost one that
/// was there before; `goes_on` is set now and then, while it is at work.
pub(super) fn run(
    database: &IdbDatabase,
    transaction: &IdbTransaction,
    version: u64,
    tables: Tables,
    data_lost: bool,
    goes_on: &Rc<Cell<bool>>,
) -> Result<(), JsValue> {
    for name in own_stores(tables) {
        if !database.object_store_names().contains(name) {
            database.create_object_store(name)?;
        }
    }
    if version == 1 {
        for table in tables.iter().filter(|table| table.value_type == ValueType::Bytes) {
            end_full_pieces(transaction.object_store(table.name)?, table.key.len())?;
        }
    }
    if (1..5).contains(&version) {
        for (table, live) in tables.iter().filter_map(|table| Some((*table, table.live.as_ref()?.table))) {
            let (from, to) = (transaction.object_store(table.name)?, transaction.object_store(live.name)?);
            move_live(Moving { table, from, to, goes_on: Rc::clone(goes_on) }, &JsValue::UNDEFINED, pages::FIRST)?;
        }
    }
    if version >= 3 { Ok(()) } else { identity::write(&transaction.object_store(DATABASE.info.name)?, data_lost) }
}

/// Version 1 ended a value with its last piece, full or not. Since then a full piece is followed by another, and a value
/// without one has lost its end: so those that end with a full piece get an empty one more.
///
/// A cursor, because the values of a whole store may not fit into memory. An error thrown in its event aborts the upgrade:
/// <https://w3c.github.io/IndexedDB/#fire-a-success-event>.
fn end_full_pieces(store: IdbObjectStore, key_columns: usize) -> Result<(), JsValue> {
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
        full = as_bytes(&piece).is_some_and(|piece| piece.length() as usize == PIECE).then_some(key);
        cursor.continue_()
    });
    request.set_onsuccess(Some(step.into_js_value().unchecked_ref()));
    Ok(())
}

/// Up to version 4 live records lay among the others.
struct Moving {
    table: &'static TableInfo,
    from: IdbObjectStore,
    to: IdbObjectStore,
    goes_on: Rc<Cell<bool>>,
}

/// Moves the live records of a page, and then those of the next one, as above: a store may have a million records, and few of them
/// are live.
fn move_live(moving: Moving, range: &JsValue, rows: u32) -> Result<(), JsValue> {
    let keys = moving.from.get_all_keys_with_key_and_limit(range, rows)?;
    let values = moving.from.get_all_with_key_and_limit(range, rows)?;
    let answers = values.clone();
    let answered = move || -> Result<(), JsValue> {
        moving.goes_on.set(true);
        let (keys, values): (Array, Array) = (keys.result()?.unchecked_into(), answers.result()?.unchecked_into());
        let mut bytes = 0;
        for (key, value) in keys.iter().zip(values.iter()) {
            let row = text_row(&value);
            bytes += row.size(&Key::all());
            if row.is_live(moving.table) {
                moving.to.put_with_key(&value, &key)?;
                moving.from.delete(&key)?;
            }
        }
        if keys.length() < rows {
            return Ok(());
        }
        let range =
            key::beyond(keys.get(rows - 1).unchecked_ref(), &Key::all()).map_err(|failed| failed.error.to_string())?;
        move_live(moving, &range, pages::fitting(bytes, keys.length() as usize))
    };
    values.set_onsuccess(Some(Closure::once_into_js(answered).unchecked_ref()));
    Ok(())
}

//! Opening a store in an SQLite of JavaScript's. The TypeScript makes the database (`pkg/src/sqlite.ts`), so what comes here
//! needs no check.

use wasm_bindgen::prelude::wasm_bindgen;

use super::{RawStore, failure::Result};
use crate::{
    Store,
    engine::sql::{JsDatabase, Sqlite, Synchronous},
    store::schema::TABLES,
};

/// Whether the database is burrow's as it is today, or has yet to become so. Nothing in it is changed.
#[wasm_bindgen(js_name = isCurrentSqlite)]
pub fn is_current_sqlite(database: &JsDatabase) -> Result<bool> {
    Ok(Sqlite::is_current(database, &TABLES)?)
}

/// Opens a store that closes the database when it is closed. `durability` is how safe the log of a file is to be; without it,
/// the database keeps its own ways.
#[wasm_bindgen(js_name = openSqlite)]
pub fn open_sqlite(
    database: JsDatabase,
    #[wasm_bindgen(js_name = authorityKey)] authority_key: Option<String>,
    #[wasm_bindgen(unchecked_param_type = "Durability | undefined")] durability: Option<String>,
) -> Result<RawStore> {
    let log = durability.map(|durability| match &*durability {
        "relaxed" => Synchronous::Normal,
        _ => Synchronous::Full,
    });
    let engine = Sqlite::open(database, authority_key, log, &TABLES)?;
    Ok(RawStore(Store::over(Box::new(engine))))
}

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
import type { JsDatabase } from "../src/sqlite.js";
"#;

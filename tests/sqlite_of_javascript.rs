//! The contract on an SQLite of JavaScript's. `tests/servers/` runs it in Node, Deno, Bun and workerd, each with its own.
#![cfg(all(feature = "sqlite", target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use burrow::{
    Store,
    engine::sql::{JsDatabase, Sqlite, Synchronous},
    store::TABLES,
};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// A new, empty database.
    #[wasm_bindgen(js_name = emptyDatabase)]
    fn empty_database() -> JsDatabase;

    /// Whether it is a file, which gets a log.
    #[wasm_bindgen(js_name = isFile)]
    fn is_file(database: &JsDatabase) -> bool;
}

async fn empty_store() -> Store<Sqlite> {
    let database = empty_database();
    // Flushed or not, the rules are the same, and the disk is spared.
    let log = is_file(&database).then_some(Synchronous::Normal);
    Store::over(Sqlite::open(database, None, log, &TABLES).unwrap())
}

burrow::conformance_suite!(
    #[wasm_bindgen_test::wasm_bindgen_test]
    empty_store
);

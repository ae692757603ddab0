//! A fault of Chromium's LevelDB: killed while it writes a record to its log, it goes on in that log the next time. What comes after the
//! torn record is read as a part of it the time after that, so either it is gone, though it was acknowledged and read, or all
//! is taken for damaged and thrown away (<https://github.com/google/leveldb/issues/1287>; seen in Chromium 156). It can go once
//! `tests/browser/chromium-torn.test.mjs` passes in Chromium without it.
//!
//! A database that is deleted makes LevelDB write down what it has in memory and begin a new log (`kDeferredWithCompaction` in
//! <https://chromium.googlesource.com/chromium/src/+/main/content/browser/indexed_db/instance/leveldb/backing_store.cc>). So one of our own is, whenever
//! a store's is opened. Nobody waits for it: what is committed until then goes over with the rest.

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{IdbDatabase, IdbFactory};

/// The database that is made to be deleted. Where a page went away in between, the next one deletes it. No store has this name.
pub(crate) const RESERVED: &str = "burrow-new-log";

/// Has Chromium begin a new log, where it may go on in a torn one. Where it fails there is nothing to be done about it, and nothing is worse.
pub(super) fn begin_anew(factory: &IdbFactory) {
    if !is_chromium() {
        return;
    }
    if let Ok(request) = factory.open(RESERVED) {
        let (factory, opening) = (factory.clone(), request.clone());
        let opened = Closure::once_into_js(move || {
            let Ok(database) = opening.result() else { return };
            let database: IdbDatabase = database.unchecked_into();
            database.close();
            // The one that is made here is at version 1 and has no object stores. Any other of this name is another program's.
            if database.version() == 1.0 && database.object_store_names().length() == 0 {
                drop(factory.delete_database(RESERVED));
            }
        });
        request.set_onsuccess(Some(opened.unchecked_ref()));
    }
}

/// Only Chromium's events tell of data that it threw away.
fn is_chromium() -> bool {
    let event = Reflect::get(&js_sys::global(), &"IDBVersionChangeEvent".into());
    let prototype = event.and_then(|event| Reflect::get(&event, &"prototype".into()));
    prototype.is_ok_and(|prototype: JsValue| Reflect::has(&prototype, &"dataLoss".into()).unwrap_or_default())
}

//! Opening a database: it settles within a deadline, whatever other tabs do.

use std::{cell::Cell, rc::Rc};

use js_sys::{Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, IdbDatabase, IdbFactory, IdbOpenDbRequest, IdbVersionChangeEvent};

use super::{
    bindings::{RawDatabase, clear_timeout, set_timeout},
    error::{Asked, Attempt, failed},
    held::Held,
    mark, upgrade,
};
use crate::{
    engine::{Tables, ValueType},
    model::{RuntimeStoreError, json::writer::quoted},
};

/// Raised with each set of tables. A new version adds object stores and leaves those that exist alone. Version 1 had no
/// operation registries, OAuth flows, claims and marks, and other ends of snapshots (`upgrade.rs`).
const VERSION: u32 = 2;

/// How long another tab may take to let go, or the browser to answer at all.
const DEADLINE_MS: i32 = 10_000;

/// Opens the database and creates the object stores that are missing.
pub(super) async fn open(name: &str, tables: Tables) -> Attempt<RawDatabase> {
    let doing = format!("opening database {}", quoted(name));
    let request = factory()?.open_with_u32(name, VERSION).map_err(|error| failed(Asked::Open, &doing, error))?;
    let _held = Held::new(&request);
    let blocked = Rc::new(Cell::new(false));
    let told = Rc::clone(&blocked);
    let on_blocked = Closure::once(move || told.set(true));
    request.set_onblocked(Some(on_blocked.as_ref().unchecked_ref()));
    request.set_onupgradeneeded(Some(
        Closure::once_into_js(move |event| create_missing_stores(event, tables)).unchecked_ref(),
    ));

    let mut timer = JsValue::UNDEFINED;
    let settled = Promise::new(&mut |resolve, _| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&resolve));
        timer = set_timeout(&resolve, DEADLINE_MS);
    });
    let event = JsFuture::from(settled).await;
    clear_timeout(&timer);
    request.set_onblocked(None);
    // The timer resolves with nothing.
    if !event.is_ok_and(|event| event.is_instance_of::<Event>()) {
        close_when_open(&request);
        let why = match blocked.get() {
            true => "another tab holds it open with an older version; close or reload that tab, then try again",
            false => "the browser did not answer; try again, or restart the browser",
        };
        return Err(RuntimeStoreError::Blocked(format!("{doing}: {why}")).into());
    }
    if let Ok(Some(error)) = request.error() {
        return Err(failed(Asked::Open, &doing, error.into()));
    }
    request.result().map(JsCast::unchecked_into).map_err(|error| failed(Asked::Open, &doing, error))
}

fn factory() -> Attempt<IdbFactory> {
    let factory = Reflect::get(&js_sys::global(), &"indexedDB".into())
        .map_err(|error| failed(Asked::Open, "looking for IndexedDB", error))?;
    let missing = |_| RuntimeStoreError::Unsupported("this environment has no IndexedDB".to_owned()).into();
    factory.dyn_into().map_err(missing)
}

fn create_missing_stores(event: IdbVersionChangeEvent, tables: Tables) -> Result<(), JsValue> {
    let request: IdbOpenDbRequest = event.target().ok_or(JsValue::UNDEFINED)?.unchecked_into();
    let database: IdbDatabase = request.result()?.unchecked_into();
    for name in tables.iter().map(|table| table.name).chain([mark::STORE]) {
        if !database.object_store_names().contains(name) {
            database.create_object_store(name)?;
        }
    }
    if event.old_version() == 1.0 {
        let transaction = request.transaction().ok_or(JsValue::UNDEFINED)?;
        for table in tables.iter().filter(|table| table.value_type == ValueType::Bytes) {
            upgrade::end_full_pieces(transaction.object_store(table.name)?, table.key.len())?;
        }
    }
    Ok(())
}

/// A handle that nobody waits for any more must not keep others from upgrading.
fn close_when_open(request: &IdbOpenDbRequest) {
    let opened = request.clone();
    let close = move || {
        if let Ok(database) = opened.result() {
            database.unchecked_into::<IdbDatabase>().close();
        }
    };
    request.set_onsuccess(Some(Closure::once_into_js(close).unchecked_ref()));
    request.set_onerror(None);
}

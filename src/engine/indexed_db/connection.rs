//! One open database: opening it, creating its object stores, closing it.

use std::cell::Cell;

use js_sys::{Array, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, IdbDatabase, IdbFactory, IdbOpenDbRequest, IdbTransactionMode};

use super::{
    Durability, Transaction,
    bindings::{RawDatabase, TransactionOptions},
    error::{Asked, failed},
};
use crate::{
    engine::{Result, table},
    model::RuntimeStoreError,
};

/// Raised with each set of tables. A new version adds object stores and leaves those that exist alone.
const VERSION: u32 = 1;

#[derive(Debug)]
pub(super) struct Connection {
    database: RawDatabase,
    options: TransactionOptions,
    closed: Cell<bool>,
}

impl Connection {
    pub(super) async fn open(name: &str, durability: Durability) -> Result<Self> {
        let doing = format!("opening database {name:?}");
        let request = factory()?.open_with_u32(name, VERSION).map_err(|error| failed(Asked::Open, &doing, error))?;
        let upgrade = Closure::once(create_missing_stores);
        request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
        let settled = Promise::new(&mut |resolve, _| {
            request.set_onsuccess(Some(&resolve));
            request.set_onerror(Some(&resolve));
            request.set_onblocked(Some(&resolve));
        });
        let event: Event = JsFuture::from(settled).await.map_err(|e| failed(Asked::Open, &doing, e))?.unchecked_into();
        if event.type_() == "blocked" {
            close_when_open(&request);
            return Err(RuntimeStoreError::Blocked(format!(
                "database {name:?} is open in another tab with an older version; close or reload that tab"
            )));
        }
        if let Ok(Some(error)) = request.error() {
            return Err(failed(Asked::Open, &doing, error.into()));
        }
        let database: RawDatabase =
            request.result().map_err(|error| failed(Asked::Open, &doing, error))?.unchecked_into();
        close_for_upgrades(&database);
        let options = TransactionOptions::default();
        options.set_durability(match durability {
            Durability::Strict => "strict",
            Durability::Relaxed => "relaxed",
        });
        Ok(Self { database, options, closed: Cell::new(false) })
    }

    pub(super) fn begin(&self, tables: &[&str], mode: IdbTransactionMode) -> Result<Transaction> {
        if self.closed.get() {
            return Err(RuntimeStoreError::Closed("this store was closed; open it again".to_owned()));
        }
        let names: Array = tables.iter().map(|name| JsValue::from_str(name)).collect();
        let asked = if mode == IdbTransactionMode::Readonly { Asked::Read } else { Asked::Write };
        self.database
            .begin(&names, mode, &self.options)
            .map(|raw| Transaction::new(raw, asked))
            .map_err(|error| failed(asked, "beginning a transaction (open the store again)", error))
    }

    /// The origin and the name: what the browser finds the database by.
    pub(super) fn authority_key(&self) -> String {
        let origin = Reflect::get(&js_sys::global(), &"origin".into()).ok().and_then(|origin| origin.as_string());
        format!("indexeddb:{}/{}", origin.unwrap_or_default(), self.database.name())
    }

    pub(super) fn close(&self) {
        self.closed.set(true);
        self.database.close();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.database.close();
    }
}

fn factory() -> Result<IdbFactory> {
    let factory = Reflect::get(&js_sys::global(), &"indexedDB".into())
        .map_err(|error| failed(Asked::Open, "looking for IndexedDB", error))?;
    factory.dyn_into().map_err(|_| RuntimeStoreError::Unsupported("this environment has no IndexedDB".to_owned()))
}

fn create_missing_stores(event: Event) -> std::result::Result<(), JsValue> {
    let request: IdbOpenDbRequest = event.target().ok_or(JsValue::UNDEFINED)?.unchecked_into();
    let database: IdbDatabase = request.result()?.unchecked_into();
    for table in table::ALL {
        if !database.object_store_names().contains(table.name) {
            database.create_object_store(table.name)?;
        }
    }
    Ok(())
}

/// A handle that nobody waits for any more must not keep others from upgrading.
fn close_when_open(request: &IdbOpenDbRequest) {
    let opened = request.clone();
    request.set_onsuccess(Some(
        Closure::once_into_js(move || {
            if let Ok(database) = opened.result() {
                database.unchecked_into::<IdbDatabase>().close();
            }
        })
        .unchecked_ref(),
    ));
}

/// Lets another tab upgrade: it would be blocked for as long as this handle stays open.
fn close_for_upgrades(database: &RawDatabase) {
    let closing = database.clone();
    database.set_onversionchange(Some(Closure::once_into_js(move |_: Event| closing.close()).unchecked_ref()));
}

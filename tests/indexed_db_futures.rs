//! Why the engine is not written on `indexed_db_futures`: what its 0.6 does. A version that fails one of these tests is a reason to
//! decide anew: docs/decisions/002-web-sys.md.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::{cell::RefCell, rc::Rc};

use burrow::RunId;
use indexed_db_futures::{
    Build, BuildPrimitive, KeyRange,
    database::Database,
    error::{DomException, Error, OpenDbError},
    internals::SystemRepr,
    prelude::QuerySource,
    transaction::TransactionMode,
};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn new_name() -> String {
    format!("crate-{}", RunId::new())
}

/// Opens a database of a version, its one object store made by the upgrade.
async fn open(name: &str, version: u32) -> Result<Database, OpenDbError> {
    Database::open(name)
        .with_version(version)
        .with_on_upgrade_needed(|_, database| match database.object_store_names().len() {
            0 => database.create_object_store("rows").build().map(drop),
            _ => Ok(()),
        })
        .await
}

/// The truth that the user's settings forbid storage, for example: to burrow `Unsupported`.
#[wasm_bindgen_test]
fn what_open_throws_is_lost() {
    js_sys::eval(
        "globalThis.realOpen = IDBFactory.prototype.open;
         IDBFactory.prototype.open = () => { throw new DOMException('denied', 'SecurityError'); };",
    )
    .unwrap();
    let outcome = Database::open("denied").with_version(1u32).build();
    js_sys::eval("IDBFactory.prototype.open = globalThis.realOpen;").unwrap();
    assert_eq!(outcome.unwrap_err(), OpenDbError::VersionZero);
}

#[wasm_bindgen_test]
async fn what_open_fails_with_later_is_kept() {
    let name = new_name();
    open(&name, 2).await.unwrap().close();
    let Err(OpenDbError::Base(Error::DomException(DomException::Other(error)))) = open(&name, 1).await else {
        panic!("no error")
    };
    assert_eq!(error.name(), "VersionError");
}

#[wasm_bindgen_test]
async fn the_upgrade_sees_the_stores_that_are_there() {
    let (name, seen) = (new_name(), Rc::new(RefCell::new(Vec::new())));
    open(&name, 1).await.unwrap().close();
    let noted = Rc::clone(&seen);
    let upgraded = Database::open(&name).with_version(2u32).with_on_upgrade_needed(move |_, database| {
        noted.replace(database.object_store_names().collect());
        Ok(())
    });
    upgraded.await.unwrap().close();
    assert_eq!(*seen.borrow(), ["rows"]);
}

/// A deadline has to drop it; the browser then makes a database of the new version without its object stores, for good.
#[wasm_bindgen_test]
async fn an_open_that_is_dropped_upgrades_without_its_callback() {
    let name = new_name();
    let first = Database::open(&name).with_version(1u32).await.unwrap();
    let blocked = Database::open(&name)
        .with_version(2u32)
        .with_on_upgrade_needed(|_, database| database.create_object_store("rows").build().map(drop));
    let blocked = blocked.build().unwrap();
    let request = blocked.as_sys().clone();
    let opened = js_sys::Promise::new(&mut |resolve, _| request.set_onsuccess(Some(&resolve)));
    drop(blocked);
    first.close();
    JsFuture::from(opened).await.unwrap();
    let database: web_sys::IdbDatabase = request.result().unwrap().unchecked_into();
    assert_eq!((database.version(), database.object_store_names().length()), (2.0, 0));
    database.close();
}

#[wasm_bindgen_test]
async fn ranges_without_a_beginning_have_the_wrong_end() {
    let database = open(&new_name(), 1).await.unwrap();
    let transaction = database.transaction("rows").with_mode(TransactionMode::Readwrite).build().unwrap();
    let store = transaction.object_store("rows").unwrap();
    for key in 0..6 {
        store.put(JsValue::TRUE).with_key(key).primitive().unwrap();
    }
    let below = store.get_all_keys::<u32>().with_query::<u32, KeyRange<u32>>((..5).into()).primitive().unwrap();
    assert_eq!(below.await.unwrap().map(Result::unwrap).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    let up_to = store.get_all_keys::<u32>().with_query::<u32, KeyRange<u32>>((..=5).into()).primitive().unwrap();
    assert_eq!(up_to.await.unwrap().map(Result::unwrap).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

/// `transaction.error` has the reason; what the crate's `commit` answers has none.
#[wasm_bindgen_test]
async fn a_commit_that_the_browser_aborts_gives_no_reason() {
    let database = open(&new_name(), 1).await.unwrap();
    let transaction = database.transaction("rows").with_mode(TransactionMode::Readwrite).build().unwrap();
    let raw: web_sys::IdbTransaction = transaction.as_sys().clone().unchecked_into();
    // As a full disk shows when the browser writes what it was sent: an abort, and no request that failed.
    let event = web_sys::Event::new("abort").unwrap();
    raw.dispatch_event(&event).unwrap();
    assert!(matches!(transaction.commit().await, Err(Error::MissingData(_))));
}

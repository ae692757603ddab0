//! Opening a database, and deleting it: each settles within a deadline, whatever other tabs do.
//!
//! First the database is opened without a version, which changes nothing. Opening it with a higher version would send
//! `versionchange` to the tabs that have it open (<https://w3c.github.io/IndexedDB/#open-a-database-connection>), and make them
//! close it, before its object stores can be seen: it may be another library's. The upgrade that creates a database checks
//! again, in its own transaction, because another tab may have been faster.

use std::{
    cell::{Cell, RefCell},
    cmp::Ordering,
    rc::Rc,
};

use futures_channel::oneshot;
use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{IdbDatabase, IdbFactory, IdbOpenDbRequest, IdbTransaction};

use super::{
    Tables,
    bindings::VersionChange,
    deadline::within_deadline,
    error::{Activity, Attempt, AttemptError, failed},
    handle::Handle,
    identity::DATABASE,
    mark::MARKS,
    open_resources::OpenResource,
    upgrade,
};
use crate::model::{RuntimeStoreError, json::writer::quoted};

/// The version of the format; docs/format.md says what each one changed.
pub(super) const VERSION: u32 = 3;

/// Opens the database: creates it if it does not exist and `may_make`, upgrades it from an older version.
pub(super) async fn open(name: &str, tables: Tables, may_make: bool) -> Attempt<Rc<Handle>> {
    let factory = factory()?;
    let doing = format!("opening database {}", quoted(name));
    let look = || factory.open(name).map_err(|error| failed(Activity::Opening, &doing, error));
    let mut found = settled(look()?, &doing, not_made).await;
    // A second attempt: the browser's storage process may have been restarting.
    if matches!(&found, Err(AttemptError { error: RuntimeStoreError::Unopenable { .. }, .. })) {
        found = settled(look()?, &doing, not_made).await;
    }
    let data_lost = match found? {
        Opened::Database(handle) => match whose(handle.version(), &handle.store_names(), tables) {
            Whose::Ours => return Ok(handle),
            Whose::Older => false,
            Whose::Newer => {
                let message = format!("{doing}: it has version {}, this burrow knows {VERSION}", handle.version());
                return Err(RuntimeStoreError::SchemaTooNew(message).into());
            }
            Whose::Foreign => return Err(foreign(&doing, handle.version(), &handle.store_names()).into()),
        },
        Opened::NotThere { data_lost } if may_make || data_lost => data_lost,
        Opened::NotThere { .. } => return Err(deleted(name).into()),
    };
    let request = factory.open_with_u32(name, VERSION).map_err(|error| failed(Activity::Opening, &doing, error))?;
    let upgraded = {
        let doing = doing.clone();
        settled(request, &doing.clone(), move |event, database, transaction| {
            let (version, names) = (event.old_version(), store_names(database));
            if version > 0.0 && whose(version, &names, tables) != Whose::Older {
                return Err(Refused::Error(foreign(&doing, version, &names).into()));
            }
            upgrade::run(database, transaction, version, tables, data_lost)
                .map_err(|error| Refused::Error(failed(Activity::Opening, &doing, error)))
        })
        .await?
    };
    match upgraded {
        Opened::Database(handle) if data_lost => {
            drop(handle);
            Err(lost(name).into())
        }
        Opened::Database(handle) => Ok(handle),
        Opened::NotThere { .. } => Err(deleted(name).into()),
    }
}

/// Deletes the database if it exists, unless it is somebody else's.
pub(super) async fn delete(name: &str, tables: Tables) -> Attempt<()> {
    let factory = factory()?;
    let doing = format!("deleting database {}", quoted(name));
    let request = factory.open(name).map_err(|error| failed(Activity::Opening, &doing, error))?;
    match settled(request, &doing, not_made).await {
        Ok(Opened::Database(handle)) => {
            let names = handle.store_names();
            if !names.is_empty() && whose(handle.version(), &names, tables) == Whose::Foreign {
                return Err(foreign(&doing, handle.version(), &names).into());
            }
        }
        Ok(Opened::NotThere { .. }) => return Ok(()),
        // Whose it is cannot be seen.
        Err(AttemptError { error: RuntimeStoreError::Unopenable { .. }, .. }) => {}
        Err(error) => return Err(error),
    }
    let request = factory.delete_database(name).map_err(|error| failed(Activity::Deleting, &doing, error))?;
    let (answer, answered) = oneshot::channel();
    let answer = RefCell::new(Some(answer));
    let on_event = Closure::<dyn FnMut()>::new(move || {
        if let Some(answer) = answer.take() {
            let _ = answer.send(());
        }
    });
    request.set_onsuccess(Some(on_event.as_ref().unchecked_ref()));
    request.set_onerror(Some(on_event.as_ref().unchecked_ref()));
    let answered = within_deadline(answered).await;
    request.set_onsuccess(None);
    request.set_onerror(None);
    match (answered, request.error()) {
        (None, _) => Err(RuntimeStoreError::Blocked(format!(
            "{doing}: another tab holds it open; close or reload that tab, and the deletion that waits is carried out"
        ))
        .into()),
        (Some(()), Ok(Some(error))) => Err(failed(Activity::Deleting, &doing, error.into())),
        (Some(()), _) => Ok(()),
    }
}

/// The outcome of an open request.
enum Opened {
    Database(Rc<Handle>),
    /// The database does not exist, and was not created.
    NotThere {
        data_lost: bool,
    },
}

/// Why an upgrade is aborted.
enum Refused {
    NotThere { data_lost: bool },
    Error(AttemptError),
}

/// The upgrade of an `open` that must not create the database.
fn not_made(event: &VersionChange, _: &IdbDatabase, _: &IdbTransaction) -> Result<(), Refused> {
    // Chromium says here that it could not read its files, and deleted them; this is in no specification
    // (https://chromium.googlesource.com/chromium/src/+/main/third_party/blink/renderer/modules/indexeddb/idb_version_change_event.idl).
    Err(Refused::NotThere { data_lost: event.data_loss().as_deref() == Some("total") })
}

/// Waits for an open request, for a bounded time. `upgrade` runs inside the `upgradeneeded` event; if it refuses, the upgrade is
/// aborted, and everything is as it was before.
async fn settled(
    request: IdbOpenDbRequest,
    doing: &str,
    mut upgrade: impl FnMut(&VersionChange, &IdbDatabase, &IdbTransaction) -> Result<(), Refused> + 'static,
) -> Attempt<Opened> {
    let _open = OpenResource::new(&request);
    let (answer, answered) = oneshot::channel();
    let (mut answer, mut refused) = (Some(answer), None);
    let blocked = Rc::new(Cell::new(false));
    let on_event = {
        let (request, blocked, doing) = (request.clone(), Rc::clone(&blocked), doing.to_owned());
        Closure::<dyn FnMut(VersionChange)>::new(move |event: VersionChange| {
            let kind = event.type_();
            let outcome = match &*kind {
                "blocked" => return blocked.set(true),
                "upgradeneeded" => {
                    let Some((database, transaction)) = upgrading(&request) else { return };
                    if let Err(why) = upgrade(&event, &database, &transaction) {
                        refused = Some(why);
                        // It fails on a transaction that has failed already.
                        let _ = transaction.abort();
                    }
                    return;
                }
                "success" => request
                    .result()
                    .map(|database| Opened::Database(Handle::new(database.unchecked_into())))
                    .map_err(|error| failed(Activity::Opening, &doing, error)),
                _ => match refused.take() {
                    Some(Refused::NotThere { data_lost }) => Ok(Opened::NotThere { data_lost }),
                    Some(Refused::Error(error)) => Err(error),
                    None => {
                        let error = request.error().ok().flatten().map_or(JsValue::NULL, JsValue::from);
                        Err(failed(Activity::Opening, &doing, error))
                    }
                },
            };
            // After the deadline nobody receives the handle: it is dropped here, which closes the database.
            if let Some(answer) = answer.take() {
                let _ = answer.send(outcome);
            }
        })
    };
    let listener = Some(on_event.as_ref().unchecked_ref());
    request.set_onblocked(listener);
    request.set_onupgradeneeded(listener);
    request.set_onsuccess(listener);
    request.set_onerror(listener);
    match within_deadline(answered).await {
        Some(outcome) => outcome,
        None => {
            // The request's events may still come, at any time.
            on_event.forget();
            let why = match blocked.get() {
                true => "another tab holds it open with an older version; close or reload that tab, then try again",
                false => "the browser did not answer; try again, or restart the browser",
            };
            Err(RuntimeStoreError::Blocked(format!("{doing}: {why}")).into())
        }
    }
}

fn upgrading(request: &IdbOpenDbRequest) -> Option<(IdbDatabase, IdbTransaction)> {
    Some((request.result().ok()?.unchecked_into(), request.transaction()?))
}

fn factory() -> Attempt<IdbFactory> {
    // Where the user's settings deny storage the getter throws in some browsers.
    let factory = Reflect::get(&js_sys::global(), &"indexedDB".into()).map_err(|error| {
        let AttemptError { error, .. } = failed(Activity::Reading, "looking for IndexedDB", error);
        RuntimeStoreError::Unsupported(format!("this page may not use IndexedDB: {error}"))
    })?;
    if factory.is_falsy() {
        return Err(RuntimeStoreError::Unsupported("this environment has no IndexedDB".to_owned()).into());
    }
    Ok(factory.unchecked_into())
}

pub(super) fn store_names(database: &IdbDatabase) -> Vec<String> {
    let names = database.object_store_names();
    (0..names.length()).filter_map(|at| names.item(at)).collect()
}

/// Who created a database, judged by its object stores.
#[derive(Clone, Copy, PartialEq)]
enum Whose {
    Ours,
    Older,
    Newer,
    Foreign,
}

fn whose(version: f64, names: &[String], tables: Tables) -> Whose {
    let version_order = version.total_cmp(&f64::from(VERSION));
    let is_known = |name: &String| own_stores(tables).any(|own| own == name);
    let has_all = own_stores(tables).all(|own| names.iter().any(|name| name == own));
    match version_order {
        Ordering::Greater if has_all => Whose::Newer,
        Ordering::Equal if has_all && names.iter().all(is_known) => Whose::Ours,
        Ordering::Less if !names.is_empty() && names.iter().all(is_known) => Whose::Older,
        _ => Whose::Foreign,
    }
}

/// The names of the object stores that this version has.
pub(super) fn own_stores(tables: Tables) -> impl Iterator<Item = &'static str> {
    tables.iter().map(|table| table.name).chain([MARKS.info.name, DATABASE.info.name])
}

fn foreign(doing: &str, version: f64, names: &[String]) -> RuntimeStoreError {
    let shown = names.iter().take(8).map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
    let holds = match names.len() {
        0 => "it holds no object stores at all, so burrow did not make it".to_owned(),
        1..=8 => format!("it holds the object stores {shown}"),
        more => format!("it holds {more} object stores, {shown} and others"),
    };
    RuntimeStoreError::ForeignDatabase(format!("{doing}: {holds}, at version {version}"))
}

/// The database was deleted under an open store.
pub(super) fn deleted(name: &str) -> RuntimeStoreError {
    RuntimeStoreError::Deleted(format!("database {} was deleted under this store", quoted(name)))
}

fn lost(name: &str) -> RuntimeStoreError {
    RuntimeStoreError::DataLost(format!(
        "the browser could not read what database {} held, and threw it away",
        quoted(name)
    ))
}

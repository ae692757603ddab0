//! Opening a database, and deleting it: each settles within a deadline, whatever other tabs do.
//!
//! First the database is opened without a version, which changes nothing. Opening it with a higher version would send
//! `versionchange` to the tabs that have it open (<https://w3c.github.io/IndexedDB/#open-a-database-connection>), and make them
//! close it, before its object stores can be seen: it may be another library's. The upgrade that creates a database checks
//! again, in its own transaction, because another tab may have been faster.

use std::{cell::Cell, cmp::Ordering, rc::Rc};

use futures_channel::oneshot;
use futures_util::future::LocalBoxFuture;
use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{IdbDatabase, IdbFactory, IdbOpenDbRequest, IdbTransaction};

use super::{
    Tables,
    bindings::VersionChange,
    deadline::{Deadlines, TIMEOUT},
    error::{Activity, Attempt, AttemptError, failed},
    halves,
    handle::Handle,
    identity::DATABASE,
    mark::MARKS,
    open_resources::OpenResource,
    torn_log, upgrade,
};
use crate::model::{RuntimeStoreError, json::writer::quoted};

/// The version of the format; docs/format.md says what each one changed.
pub(super) const VERSION: u32 = 5;

/// Opens the database: creates it if it does not exist and `may_make`, upgrades it from an older version.
pub(super) async fn open(name: &str, tables: Tables, may_make: bool, deadlines: &Deadlines) -> Attempt<Rc<Handle>> {
    let doing = format!("opening database {}", quoted(name));
    let mut found = settled(factory()?.open(name), Activity::Opening, &doing, Box::new(not_made), deadlines).await;
    // A second attempt: the browser's storage process may have been restarting.
    if is_unopenable(&found) {
        found = settled(factory()?.open(name), Activity::Opening, &doing, Box::new(not_made), deadlines).await;
    }
    let found = found?;
    // Not before: only who opens first is told that data was lost.
    torn_log::begin_anew(&factory()?);
    let data_lost = match found {
        Opened::Database(handle) => match handle.whose(tables) {
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
    let upgrade = {
        let doing = doing.clone();
        move |event: &VersionChange, database: &IdbDatabase, transaction: &IdbTransaction, goes_on: &Rc<Cell<bool>>| {
            let (version, names) = (event.old_version() as u64, store_names(database));
            if version > 0 && whose(version, &names, tables) != Whose::Older {
                return Err(Refused::Error(foreign(&doing, version, &names).into()));
            }
            upgrade::run(database, transaction, version, tables, data_lost, goes_on)
                .map_err(|error| Refused::Error(failed(Activity::Opening, &doing, error)))
        }
    };
    let request = factory()?.open_with_u32(name, VERSION);
    match settled(request, Activity::Opening, &doing, Box::new(upgrade), deadlines).await? {
        Opened::Database(_) if data_lost => Err(lost(name).into()),
        Opened::Database(handle) => Ok(handle),
        Opened::NotThere { .. } => Err(deleted(name).into()),
    }
}

/// Deletes the database if it exists, unless it is somebody else's.
pub(super) async fn delete(name: &str, tables: Tables) -> Attempt<()> {
    let deadlines = &Deadlines::new(TIMEOUT);
    let doing = format!("deleting database {}", quoted(name));
    let found = settled(factory()?.open(name), Activity::Opening, &doing, Box::new(not_made), deadlines).await;
    // A database that does not open does not show its stores, so its owner is not known.
    if !is_unopenable(&found)
        && let Opened::Database(handle) = found?
        && handle.whose(tables) == Whose::Foreign
    {
        return Err(foreign(&doing, handle.version(), &handle.store_names()).into());
    }
    settled(factory()?.delete_database(name), Activity::Deleting, &doing, Box::new(not_made), deadlines).await.map(drop)
}

fn is_unopenable(found: &Attempt<Opened>) -> bool {
    matches!(found, Err(AttemptError { error: RuntimeStoreError::Unopenable { .. }, .. }))
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

/// Upgrades the database, inside the event. It sets the flag, its last argument, with each step, so that the deadline is put off.
type Upgrade = Box<dyn FnMut(&VersionChange, &IdbDatabase, &IdbTransaction, &Rc<Cell<bool>>) -> Result<(), Refused>>;

/// The upgrade of an `open` that must not create the database.
fn not_made(event: &VersionChange, _: &IdbDatabase, _: &IdbTransaction, _: &Rc<Cell<bool>>) -> Result<(), Refused> {
    // Chromium says here that it could not read its files, and deleted them; this is in no specification
    // (https://chromium.googlesource.com/chromium/src/+/main/third_party/blink/renderer/modules/indexeddb/idb_version_change_event.idl).
    Err(Refused::NotThere { data_lost: event.data_loss().as_deref() == Some("total") })
}

/// Waits for a request to open or to delete, for a bounded time. `upgrade` runs inside the `upgradeneeded` event; if it refuses,
/// the upgrade is aborted, and everything is as it was before.
///
/// The future is boxed: it is large, and there are several of it in `open`.
fn settled<'a>(
    request: Result<IdbOpenDbRequest, JsValue>,
    activity: Activity,
    doing: &'a str,
    upgrade: Upgrade,
    deadlines: &'a Deadlines,
) -> LocalBoxFuture<'a, Attempt<Opened>> {
    Box::pin(async move {
        let request = request.map_err(|error| failed(activity, doing, error))?;
        let _open = OpenResource::new(&request);
        let (answer, mut answered) = oneshot::channel();
        let (blocked, goes_on) = (Rc::new(Cell::new(false)), Rc::new(Cell::new(false)));
        let states = (Rc::clone(&blocked), Rc::clone(&goes_on));
        let on_event = on_event(&request, activity, doing.to_owned(), upgrade, answer, states);
        let listener = Some(on_event.as_ref().unchecked_ref());
        request.set_onblocked(listener);
        request.set_onupgradeneeded(listener);
        request.set_onsuccess(listener);
        request.set_onerror(listener);
        // An upgrade reads all of a table, which takes as long as there is of it.
        loop {
            match deadlines.within(&mut answered).await {
                Some(Ok(outcome)) => return outcome,
                None if goes_on.take() => {}
                _ => break,
            }
        }
        // The request's events may still come, at any time.
        on_event.forget();
        let why = match blocked.get() {
            true => "another tab holds it open and does not let go; close or reload that tab, then try again",
            false => "the browser did not answer; try again, or restart the browser",
        };
        Err(RuntimeStoreError::Blocked(format!("{doing}: {why}")).into())
    })
}

/// What hears the events of a request, and sends its outcome.
fn on_event(
    request: &IdbOpenDbRequest,
    activity: Activity,
    doing: String,
    mut upgrade: Upgrade,
    answer: oneshot::Sender<Attempt<Opened>>,
    (blocked, goes_on): (Rc<Cell<bool>>, Rc<Cell<bool>>),
) -> Closure<dyn FnMut(VersionChange)> {
    let request = request.clone();
    let (mut answer, mut refused) = (Some(answer), None);
    Closure::new(move |event: VersionChange| {
        let outcome = match &*event.type_() {
            "blocked" => return blocked.set(true),
            "upgradeneeded" => {
                let Some((database, transaction)) = upgrading(&request) else { return };
                if let Err(why) = upgrade(&event, &database, &transaction, &goes_on) {
                    refused = Some(why);
                    // It fails on a transaction that has failed already.
                    let _ = transaction.abort();
                }
                return;
            }
            "success" => match request.result() {
                Ok(database) if database.is_object() => Ok(Opened::Database(Handle::new(database.unchecked_into()))),
                // A deletion has no result.
                Ok(_) => Ok(Opened::NotThere { data_lost: false }),
                Err(error) => Err(failed(activity, &doing, error)),
            },
            _ => match refused.take() {
                Some(Refused::NotThere { data_lost }) => Ok(Opened::NotThere { data_lost }),
                Some(Refused::Error(error)) => Err(error),
                None => {
                    let error = request.error().ok().flatten().map_or(JsValue::NULL, JsValue::from);
                    Err(failed(activity, &doing, error))
                }
            },
        };
        // After the deadline nobody receives the handle: it is dropped here, which closes the database.
        if let Some(answer) = answer.take() {
            let _ = answer.send(outcome);
        }
    })
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
pub(super) enum Whose {
    Ours,
    Older,
    Newer,
    Foreign,
}

pub(super) fn whose(version: u64, names: &[String], tables: Tables) -> Whose {
    let is_known = |name: &String| own_stores(tables).any(|own| own == name);
    let has_all = own_stores(tables).all(|own| names.iter().any(|name| name == own));
    match version.cmp(&u64::from(VERSION)) {
        Ordering::Greater if has_all => Whose::Newer,
        Ordering::Equal if has_all && names.iter().all(is_known) => Whose::Ours,
        Ordering::Less if !names.is_empty() && names.iter().all(is_known) => Whose::Older,
        _ => Whose::Foreign,
    }
}

/// The names of the object stores that this version has.
pub(super) fn own_stores(tables: Tables) -> impl Iterator<Item = &'static str> {
    tables
        .iter()
        .flat_map(|table| halves::stores(table))
        .map(|store| store.name)
        .chain([MARKS.info.name, DATABASE.info.name])
}

fn foreign(doing: &str, version: u64, names: &[String]) -> RuntimeStoreError {
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
    RuntimeStoreError::Deleted(format!("database {} was deleted under this store; open the store again", quoted(name)))
}

/// A call was not answered in time.
pub(super) fn no_answer(name: &str, deadlines: &Deadlines) -> RuntimeStoreError {
    RuntimeStoreError::Blocked(format!(
        "database {} did not answer within {} ms: another tab or worker holds it in a transaction, and may be frozen or busy, \
         or the disk is; nothing was written; try again, or close that tab",
        quoted(name),
        deadlines.timeout_ms()
    ))
}

fn lost(name: &str) -> RuntimeStoreError {
    RuntimeStoreError::DataLost(format!(
        "the browser could not read what database {} held, and threw it away",
        quoted(name)
    ))
}

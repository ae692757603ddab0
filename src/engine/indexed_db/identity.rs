//! The identity of a database: one that is deleted and created again under the same name is another.
//!
//! A store that has a database open must not switch to its successor: what it read is not there, and what it writes would be
//! half of something. So each database gets a random id when it is created, which is compared whenever it is opened again.

use js_sys::Date;
use wasm_bindgen::JsValue;
use web_sys::IdbObjectStore;

use super::{bindings::TransactionOptions, error::Attempt, handle::Handle, key};
use crate::{
    engine::{Column, One, Reads, Table, TableInfo, Text, ValueType},
    model::{RuntimeStoreError, random::new_uuid},
};

/// The object store that holds it. No rule knows of it.
pub(super) static DATABASE: Table<Text> =
    Table::new(&TableInfo::new("burrow_database", &[Column::text("name")], ("value", ValueType::Text)));

const ID: &str = "id";
const DATA_LOST: &str = "data_lost";

/// What a database says about itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Origin {
    id: Option<String>,
    /// When it was created in place of one whose data the browser had lost: an ISO 8601 date.
    pub(super) data_lost: Option<String>,
}

impl Origin {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// Writes a new id, in the upgrade that creates the database or brings it to version 3. `data_lost`: the browser had lost the
/// data of the one before.
pub(super) fn write(store: &IdbObjectStore, data_lost: bool) -> Result<(), JsValue> {
    let put = |name: &str, value: String| store.put_with_key(&value.into(), &key::to_js(&(name,).into()));
    put(ID, new_uuid().map_err(|error| JsValue::from_str(&error.to_string()))?.to_string())?;
    if data_lost {
        put(DATA_LOST, Date::new_0().to_iso_string().into())?;
    }
    Ok(())
}

/// Reads the identity of an open database.
pub(super) async fn read(handle: &Handle, options: &TransactionOptions) -> Attempt<Origin> {
    let mut reads = Reads::new();
    let (id, data_lost) = (reads.get(&DATABASE, (ID,)), reads.get(&DATABASE, (DATA_LOST,)));
    let found = handle.read(&reads, options).await?;
    let text = |read: One<Text>| Ok::<_, RuntimeStoreError>(found.one(read)?.map(|text| text.0.clone()));
    Ok(Origin { id: text(id)?, data_lost: text(data_lost)? })
}

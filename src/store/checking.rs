//! What a record of each table has to be, its key included. It is checked where records come from outside of the store's own
//! calls, from a file that is imported for example.

use uuid::Uuid;

use super::{
    claim::parsed_epoch,
    metadata::{SUBSCRIPTION_CURSOR, parsed_cursor},
    payload::StoredReceipt,
    pruning::Proof,
    quarantine::Quarantined,
    runtime::OAUTH_FLOWS_ID,
    schema::{
        CLAIMS, DELETIONS, INPUTS, LABELS, METADATA, MOB_CLAIMS, OAUTH_FLOWS, OPS, PRUNED, QUARANTINE, RECEIPTS,
        SESSIONS, SNAPSHOTS, STATES, TABLES,
    },
};
use crate::{
    engine::{Encoded, Key, Record, TableInfo, Text},
    model::{Document, Labels, PersistedOpsSnapshot, RuntimeState, StoredInputState, json::writer::quoted},
};

type Result = std::result::Result<(), String>;

/// Checks a key and its record; `Err` says what is wrong with them.
type Check = fn(&Key, &Encoded) -> Result;

static CHECKS: [(&TableInfo, Check); TABLES.len()] = [
    (INPUTS.info, named::<Document<StoredInputState>>),
    (RECEIPTS.info, named::<StoredReceipt>),
    (SNAPSHOTS.info, |key, _| id(key, 0)),
    (STATES.info, |key, record| id(key, 0).and_then(|()| decodes::<Document<RuntimeState>>(record))),
    (OPS.info, |key, record| id(key, 0).and_then(|()| decodes::<Document<PersistedOpsSnapshot>>(record))),
    (OAUTH_FLOWS.info, |key, _| is(key, 0, OAUTH_FLOWS_ID)),
    // A cursor that is no number is upstream's to have, and is moved.
    (METADATA.info, |key, record| id(key, 0).and_then(|()| decodes::<Text>(record))),
    (LABELS.info, |key, record| id(key, 0).and_then(|()| decodes::<Document<Labels>>(record))),
    (SESSIONS.info, session),
    (CLAIMS.info, |key, record| id(key, 0).and_then(|()| parsed_epoch(&Text::decode(record)?.0).map(drop))),
    (PRUNED.info, named::<Proof>),
    (DELETIONS.info, |key, record| id(key, 0).and_then(|()| decodes::<Text>(record))),
    (MOB_CLAIMS.info, |key, record| id(key, 0).and_then(|()| parsed_epoch(&Text::decode(record)?.0).map(drop))),
    (QUARANTINE.info, |_, record| decodes::<Quarantined>(record)),
];

/// Checks a record of a table, and that the calls of the store would find it under its key.
pub(super) fn check(table: &TableInfo, key: &Key, record: &Encoded) -> Result {
    match CHECKS.iter().find(|(info, _)| info.name == table.name) {
        Some((_, check)) => check(key, record),
        None => Err("there is no such table".to_owned()),
    }
}

/// The same, and that a cursor is a number, without which it cannot be read.
pub(super) fn damage(table: &TableInfo, key: &Key, record: &Encoded) -> Result {
    check(table, key, record)?;
    if table.name == METADATA.info.name && key.text(1) == SUBSCRIPTION_CURSOR {
        parsed_cursor(record.as_text()?)?;
    }
    Ok(())
}

/// Checks a record that names its own key: it must be stored under that key.
fn named<R: Record>(key: &Key, record: &Encoded) -> Result {
    id(key, 0)?;
    R::decode(record)?.check_key(key)
}

fn session(key: &Key, record: &Encoded) -> Result {
    match Uuid::try_parse(key.text(0)) {
        Ok(uuid) => is(key, 0, &uuid.to_string())?,
        Err(_) => return Err("the id of a session is a UUID".to_owned()),
    }
    if Text::decode(record)?.0.is_empty() { Err("expected the id of a runtime".to_owned()) } else { Ok(()) }
}

fn decodes<R: Record>(record: &Encoded) -> Result {
    R::decode(record).map(drop)
}

fn id(key: &Key, column: usize) -> Result {
    if key.text(column).is_empty() { Err("its id is empty".to_owned()) } else { Ok(()) }
}

fn is(key: &Key, column: usize, id: &str) -> Result {
    let stored = key.text(column);
    if stored == id {
        return Ok(());
    }
    Err(format!("the record is that of {}, its key is that of {}", quoted(id), quoted(stored)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_a_check() {
        assert_eq!(CHECKS.map(|(table, _)| table.name), TABLES.map(|table| table.name));
    }
}

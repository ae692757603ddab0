//! The tables of a database and the version of their set.

use std::collections::HashSet;

use super::{
    Result,
    cell::{Cell, Found, first},
    driver::Driver,
    statement::{Statement, create},
};
use crate::{engine::Tables, model::RuntimeStoreError};

/// Raised with each change to the tables that an older burrow could not live with. Kept in a table of our own: the
/// header fields that SQLite has for it are meerkat's, if it wants them.
const VERSION: i64 = 1;

const TABLE: &str = "burrow_schema";

/// Whether every table is there already. It writes nothing.
///
/// # Errors
/// `SchemaTooNew` for a database that a newer burrow wrote.
pub(super) fn is_current(driver: &impl Driver, tables: Tables) -> Result<bool> {
    driver.snapshot(|| {
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table'".to_owned();
        let names = Statement { sql, doing: "opening".to_owned() };
        let stored: HashSet<String> = driver
            .query(&names, &[], |row| match first(row) {
                Ok(Cell::Text(name)) => (*name).to_owned(),
                _ => String::new(),
            })?
            .into_iter()
            .collect();
        let current = stored.contains(TABLE) && stored_version(driver)? == Some(VERSION);
        Ok(current && tables.iter().all(|table| stored.contains(table.name)))
    })
}

/// Makes what is missing, in one transaction, and leaves alone what is there.
///
/// # Errors
/// `SchemaTooNew` when a newer burrow came first.
pub(super) fn make_current(driver: &impl Driver, tables: Tables) -> Result<()> {
    let execute = |sql: String| driver.execute(&Statement::writing(TABLE, sql), &[]);
    driver.transaction(|| {
        execute(format!("CREATE TABLE IF NOT EXISTS {TABLE} (version INTEGER NOT NULL)"))?;
        if stored_version(driver)?.is_none() {
            execute(format!("INSERT INTO {TABLE} (version) VALUES ({VERSION})"))?;
        }
        tables.iter().try_for_each(|table| driver.execute(&create(table), &[]))
    })
}

fn stored_version(driver: &impl Driver) -> Result<Option<i64>> {
    let statement = Statement::reading(TABLE, format!("SELECT version FROM {TABLE}"));
    let version = |row: &[Found<'_>]| match first(row) {
        Ok(Cell::Integer(version)) => Some(*version),
        _ => None,
    };
    match driver.query(&statement, &[], version)?.as_slice() {
        [] => Ok(None),
        [Some(version)] if *version <= VERSION => Ok(Some(*version)),
        [Some(version)] => Err(RuntimeStoreError::SchemaTooNew(format!(
            "the database has version {version}, this burrow knows versions up to {VERSION}"
        ))),
        _ => Err(RuntimeStoreError::Decode {
            table: TABLE,
            key: "[]".to_owned(),
            reason: "expected one row with a whole number".to_owned(),
        }),
    }
}

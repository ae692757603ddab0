//! Whether a database's tables are burrow's, and their version.

use std::collections::BTreeMap;

use super::{
    Result,
    cell::{Cell, CellResult},
    driver::Driver,
    statement::{Statement, columns, create},
};
use crate::{engine::Tables, model::RuntimeStoreError};

/// Raised with each change to the tables that an older burrow cannot handle. It is kept in a table of our own, because
/// SQLite's header fields for versions belong to meerkat, whose file this may be.
const VERSION: i64 = 1;

const TABLE: &str = "burrow_schema";

/// The table of meerkat's session store, which keeps its sessions in the runtime store's file and may have made it.
const NEIGHBOUR: (&str, [&str; 7]) = (
    "sessions",
    [
        "created_at_ms integer",
        "message_count integer",
        "metadata_json text",
        "session_id text key 1",
        "session_json blob",
        "total_tokens integer",
        "updated_at_ms integer",
    ],
);

/// How many foreign tables an error names at most.
const NAMED: usize = 8;

/// Whether every table exists already. It writes nothing.
///
/// A database is ours when it has one of our tables or of upstream's, whatever else it holds: upstream's file may hold
/// other components' tables. An empty database becomes ours.
///
/// # Errors
/// `SchemaTooNew` for a database that a newer burrow wrote, `ForeignDatabase` for one that has only other programs'
/// tables, or a table with the name of one of ours and other columns.
pub(super) fn is_current(driver: &impl Driver, tables: Tables) -> Result<bool> {
    driver.snapshot(|| check_tables(driver, tables))
}

/// Creates the missing tables in one transaction, and leaves the others alone.
///
/// # Errors
/// As [`is_current`]: another process may have written to the database in between.
pub(super) fn make_current(driver: &impl Driver, tables: Tables) -> Result<()> {
    let execute = |statement: Statement| driver.execute(&mut driver.prepare(&statement)?, &[]);
    driver.transaction(|| {
        if check_tables(driver, tables)? {
            return Ok(());
        }
        let version = format!("CREATE TABLE IF NOT EXISTS {TABLE} (version INTEGER NOT NULL)");
        execute(Statement::writing(TABLE, version))?;
        if stored_version(driver)?.is_none() {
            execute(Statement::writing(TABLE, format!("INSERT INTO {TABLE} (version) VALUES ({VERSION})")))?;
        }
        tables.iter().try_for_each(|table| execute(create(table)))
    })
}

fn check_tables(driver: &impl Driver, tables: Tables) -> Result<bool> {
    let found = tables_and_views(driver, tables)?;
    let is = |name: &str, expected: &[&str]| match found.get(name) {
        None => Ok(false),
        Some(columns) if columns.iter().eq(expected) => Ok(true),
        Some(columns) => Err(RuntimeStoreError::ForeignDatabase(format!(
            "its {name:?} is not burrow's table, which has the columns {}: it has {}",
            expected.join(", "),
            if columns.is_empty() { "none".to_owned() } else { columns.join(", ") },
        ))),
    };
    let current = is(TABLE, &["version integer"])? && stored_version(driver)? == Some(VERSION);
    let mut ours = usize::from(current);
    let mut all = current;
    for table in tables {
        let mut expected = columns(table);
        expected.sort();
        let there = is(table.name, &expected.iter().map(String::as_str).collect::<Vec<_>>())?;
        ours += usize::from(there);
        all &= there;
    }
    let (neighbour, its_columns) = NEIGHBOUR;
    if ours == 0 && !found.is_empty() && !matches!(is(neighbour, &its_columns), Ok(true)) {
        let mut names: Vec<&str> = found.keys().take(NAMED).map(String::as_str).collect();
        if found.len() > NAMED {
            names.push("…");
        }
        let names = names.join(", ");
        return Err(RuntimeStoreError::ForeignDatabase(format!("it has tables of somebody else's ({names})")));
    }
    Ok(all)
}

/// All tables and views by their names in lower case (SQLite ignores case), and for those with the name of one of our
/// tables the sorted columns in the form of [`columns`]. The columns of others are not asked for: a virtual table may need
/// a module that only its owner has.
fn tables_and_views(driver: &impl Driver, tables: Tables) -> Result<BTreeMap<String, Vec<String>>> {
    let known: Vec<String> =
        tables.iter().map(|table| table.name).chain([TABLE, NEIGHBOUR.0]).map(|name| format!("'{name}'")).collect();
    let sql = format!(
        "SELECT lower(found.name), lower(columns.name || ' ' || columns.type) \
         || iif(columns.pk, ' key ' || columns.pk, '') \
         FROM sqlite_master AS found \
         LEFT JOIN pragma_table_info(iif(found.type = 'table' AND lower(found.name) IN ({}), found.name, NULL)) \
         AS columns \
         WHERE found.type IN ('table', 'view') AND found.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1, 2",
        known.join(", "),
    );
    let statement = Statement { sql, doing: "opening".to_owned(), tagged: 0 };
    let text = |cell: Option<&CellResult<'_>>| match cell {
        Some(Ok(Cell::Text(text))) => Some((*text).to_owned()),
        _ => None,
    };
    let rows = driver.query(&mut driver.prepare(&statement)?, &[], |row| (text(row.first()), text(row.get(1))))?;
    let mut found = BTreeMap::<_, Vec<_>>::new();
    for (name, column) in rows {
        found.entry(name.unwrap_or_default()).or_default().extend(column);
    }
    Ok(found)
}

fn stored_version(driver: &impl Driver) -> Result<Option<i64>> {
    let statement = Statement::reading(TABLE, format!("SELECT version FROM {TABLE}"));
    let version = |row: &[CellResult<'_>]| match row.first() {
        Some(Ok(Cell::Integer(version))) => Some(*version),
        _ => None,
    };
    match driver.query(&mut driver.prepare(&statement)?, &[], version)?.as_slice() {
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

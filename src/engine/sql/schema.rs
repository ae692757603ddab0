//! Whether a database's tables are burrow's, and their version.

use std::collections::BTreeMap;

use super::{
    Result, TableInfo,
    cell::{Cell, CellResult},
    driver::Driver,
    pieces::{self, PIECES},
    statement::{Statement, columns, create, create_index},
    sums::{self, SUM},
};
#[cfg(target_arch = "wasm32")]
use crate::model::random::new_uuid;
use crate::{engine::Tables, model::RuntimeStoreError};

/// Raised with each change to the tables that an older burrow cannot handle. It is kept in a table of our own, because
/// SQLite's header fields for versions belong to meerkat, whose file this may be.
const VERSION: i64 = 3;

/// The version of the tables with values in pieces.
const VERSION_IN_PIECES: i64 = 4;

fn version_of(driver: &impl Driver) -> i64 {
    if driver.splits() { VERSION_IN_PIECES } else { VERSION }
}

/// The tables, and that of pieces where there are some.
fn all_tables(driver: &impl Driver, tables: Tables) -> impl Iterator<Item = &'static TableInfo> {
    tables.iter().copied().chain(driver.splits().then_some(&PIECES))
}

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
        let created = format!("CREATE TABLE IF NOT EXISTS {TABLE} (version INTEGER NOT NULL)");
        execute(Statement::writing(TABLE, created))?;
        let version = version_of(driver);
        match stored_version(driver)? {
            None => execute(Statement::writing(TABLE, format!("INSERT INTO {TABLE} (version) VALUES ({version})")))?,
            Some(stored) if stored == version => {}
            Some(_) => execute(Statement::writing(TABLE, format!("UPDATE {TABLE} SET version = {version}")))?,
        }
        all_tables(driver, tables).try_for_each(|table| execute(create(table)))?;
        tables.iter().filter_map(|table| create_index(table)).try_for_each(execute)?;
        let split = tables.iter().filter(|_| driver.splits());
        split.flat_map(|table| pieces::triggers(table)).try_for_each(execute)?;
        let found = tables_and_views(driver, tables)?;
        for table in tables.iter().filter(|table| table.has_sums) {
            if found.get(table.name) == Some(&without_sums(table)) {
                sums::add(table).into_iter().try_for_each(execute)?;
            }
            sums::triggers(table).into_iter().try_for_each(execute)?;
        }
        Ok(())
    })
}

/// Fails where the database can only be read, which SQLite itself says at the first write.
#[cfg(target_arch = "wasm32")]
pub(super) fn check_writable(driver: &impl Driver) -> Result<()> {
    let nothing = Statement { sql: format!("DELETE FROM {TABLE} WHERE 0"), doing: "opening".to_owned(), tagged: 0 };
    driver.transaction(|| driver.execute(&mut driver.prepare(&nothing)?, &[]))
}

/// The id of a Durable Object's database, made when it is first asked for: a UUID.
#[cfg(target_arch = "wasm32")]
pub(super) fn identity(driver: &impl Driver) -> Result<String> {
    const ID: &str = "SELECT value FROM burrow_database WHERE name = 'id'";
    let run = |sql: &str, parameters: &[Cell<'_>]| {
        let text = |row: &[CellResult<'_>]| match row.first() {
            Some(Ok(Cell::Text(text))) => (*text).to_owned(),
            _ => String::new(),
        };
        let statement = Statement::writing("burrow_database", sql.to_owned());
        driver.query(&mut driver.prepare(&statement)?, parameters, text)
    };
    driver.transaction(|| {
        run("CREATE TABLE IF NOT EXISTS burrow_database (name TEXT PRIMARY KEY, value TEXT NOT NULL)", &[])?;
        if let Some(id) = run(ID, &[])?.pop() {
            return Ok(id);
        }
        let id = new_uuid()?.to_string();
        run("INSERT INTO burrow_database (name, value) VALUES ('id', ?)", &[Cell::Text(&id)])?;
        Ok(id)
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
    let marked = is(TABLE, &["version integer"])?;
    let current = marked && stored_version(driver)? == Some(version_of(driver));
    let mut ours = usize::from(marked);
    let mut all = current;
    for table in all_tables(driver, tables) {
        if table.has_sums && found.get(table.name) == Some(&without_sums(table)) {
            ours += 1;
            all = false;
            continue;
        }
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

/// The columns of a table that upstream made, or a burrow of an older version.
fn without_sums(table: &TableInfo) -> Vec<String> {
    let mut columns = columns(table);
    columns.retain(|column| !column.starts_with(SUM));
    columns.sort();
    columns
}

/// All tables and views by their names in lower case (SQLite ignores case), and for those with the name of one of our
/// tables the sorted columns in the form of [`columns`]. The columns of others are not asked for: a virtual table may need
/// a module that only its owner has.
fn tables_and_views(driver: &impl Driver, tables: Tables) -> Result<BTreeMap<String, Vec<String>>> {
    let known: Vec<String> = all_tables(driver, tables)
        .map(|table| table.name)
        .chain([TABLE, NEIGHBOUR.0])
        .map(|name| format!("'{name}'"))
        .collect();
    let known = format!("type = 'table' AND lower(name) IN ({})", known.join(", "));
    let sql = format!(
        "WITH found AS (SELECT * FROM sqlite_master WHERE type IN ('table', 'view') \
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\') \
         SELECT lower(name), NULL FROM found WHERE NOT ({known}) UNION ALL \
         SELECT lower(found.name), lower(columns.name || ' ' || columns.type) || iif(columns.pk, ' key ' || columns.pk, '') \
         FROM (SELECT name FROM found WHERE {known}) AS found, pragma_table_info(found.name) AS columns ORDER BY 1, 2",
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
        [Some(stored)] if *stored <= version_of(driver) => Ok(Some(*stored)),
        [Some(stored)] => Err(RuntimeStoreError::SchemaTooNew(format!(
            "the database has version {stored}, this burrow knows versions up to {}",
            version_of(driver),
        ))),
        _ => Err(RuntimeStoreError::Decode {
            table: TABLE,
            key: "[]".to_owned(),
            reason: "expected one row with a whole number".to_owned(),
        }),
    }
}

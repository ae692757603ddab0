//! The SQL of every table, made once from its description.

use std::collections::HashMap;

use super::{Result, TableInfo};
use crate::{
    engine::{Column, ColumnType, Tables, ValueType},
    model::RuntimeStoreError,
};

/// A statement, and what it does in words, for errors.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) doing: String,
}

impl Statement {
    pub(super) fn reading(table: &str, sql: String) -> Self {
        Self { sql, doing: format!("reading {table}") }
    }

    pub(super) fn writing(table: &str, sql: String) -> Self {
        Self { sql, doing: format!("writing {table}") }
    }
}

/// Where a page begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Begin {
    AtFirst,
    AfterKey,
}

/// The statements of all tables.
#[derive(Debug)]
pub(super) struct Statements(HashMap<&'static str, OfTable>);

/// Those that go by a prefix of the key are indexed by the number of its components.
#[derive(Debug)]
struct OfTable {
    put: Statement,
    get: Statement,
    delete: Vec<Statement>,
    range: Vec<[Statement; 2]>,
    distinct: Vec<[Statement; 2]>,
}

impl Statements {
    pub(super) fn of(tables: Tables) -> Self {
        Self(tables.iter().map(|table| (table.name, OfTable::new(table))).collect())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.values().map(|of| 2 + of.delete.len() + 2 * (of.range.len() + of.distinct.len())).sum()
    }

    /// Sets the record under a key. Parameters: the key, the value.
    pub(super) fn put(&self, table: &TableInfo) -> Result<&Statement> {
        self.find(table, |of| Some(&of.put))
    }

    /// The value under a key. Parameters: the key.
    pub(super) fn get(&self, table: &TableInfo) -> Result<&Statement> {
        self.find(table, |of| Some(&of.get))
    }

    /// Removes what begins with a prefix, or with a whole key the one record. Parameters: the prefix.
    pub(super) fn delete(&self, table: &TableInfo, prefix: usize) -> Result<&Statement> {
        self.find(table, |of| of.delete.get(prefix))
    }

    /// The key columns after a prefix, and the value, in key order. Parameters: the prefix, what comes after it in the
    /// key to begin after, the limit (-1 for none).
    pub(super) fn range(&self, table: &TableInfo, prefix: usize, begin: Begin) -> Result<&Statement> {
        self.find(table, |of| of.range.get(prefix)?.get(begin as usize))
    }

    /// The different values of the key column after a prefix, in order. Parameters: the prefix, the value to begin
    /// after, the prefix again, the limit (-1 for none).
    pub(super) fn distinct(&self, table: &TableInfo, prefix: usize, begin: Begin) -> Result<&Statement> {
        self.find(table, |of| of.distinct.get(prefix)?.get(begin as usize))
    }

    fn find(&self, table: &TableInfo, which: impl Fn(&OfTable) -> Option<&Statement>) -> Result<&Statement> {
        let found = self.0.get(table.name).and_then(which);
        found.ok_or_else(|| RuntimeStoreError::Internal(format!("{} has no such key or prefix", table.name)))
    }
}

impl OfTable {
    fn new(table: &TableInfo) -> Self {
        let name = table.name;
        let reading = |sql| Statement::reading(name, sql);
        let writing = |sql| Statement::writing(name, sql);
        let columns = table.key.len();
        Self {
            put: writing(put(table)),
            get: reading(format!("SELECT {} FROM {name}{}", table.value, filter(equal(table.key)))),
            delete: (0..=columns)
                .map(|prefix| writing(format!("DELETE FROM {name}{}", filter(equal(&table.key[..prefix])))))
                .collect(),
            range: (0..=columns)
                .map(|prefix| [Begin::AtFirst, Begin::AfterKey].map(|begin| reading(range(table, prefix, begin))))
                .collect(),
            distinct: (0..columns)
                .map(|prefix| [Begin::AtFirst, Begin::AfterKey].map(|begin| reading(distinct(table, prefix, begin))))
                .collect(),
        }
    }
}

/// Makes a table if it is not there. The columns are, to the letter, those of the databases that meerkat and mobkit
/// write: a key of one column is declared on the column, without NOT NULL.
pub(super) fn create(table: &TableInfo) -> Statement {
    let sql_type = |column: &Column| match column.column_type {
        ColumnType::Text => "TEXT",
        ColumnType::U64 => "INTEGER",
    };
    let value_type = match table.value_type {
        ValueType::Json | ValueType::Bytes => "BLOB",
        ValueType::Text => "TEXT",
    };
    let value = format!("{} {value_type} NOT NULL", table.value);
    let columns = match table.key {
        [column] => format!("{} {} PRIMARY KEY, {value}", column.name, sql_type(column)),
        several => {
            let declared: Vec<_> = several.iter().map(|c| format!("{} {} NOT NULL", c.name, sql_type(c))).collect();
            format!("{}, {value}, PRIMARY KEY ({})", declared.join(", "), names(several))
        }
    };
    Statement::writing(table.name, format!("CREATE TABLE IF NOT EXISTS {} ({columns})", table.name))
}

fn put(table: &TableInfo) -> String {
    let (name, key, value) = (table.name, names(table.key), table.value);
    let parameters = marks(table.key.len() + 1);
    format!(
        "INSERT INTO {name} ({key}, {value}) VALUES ({parameters}) \
         ON CONFLICT ({key}) DO UPDATE SET {value} = excluded.{value}"
    )
}

fn range(table: &TableInfo, prefix: usize, begin: Begin) -> String {
    let (fixed, free) = table.key.split_at(prefix);
    let mut conditions = equal(fixed);
    if let Begin::AfterKey = begin {
        // Compared as a row, which the index serves in one search. After a whole key there is nothing.
        conditions.push(match free {
            [] => "0".to_owned(),
            free => format!("({}) > ({})", names(free), marks(free.len())),
        });
    }
    let selected: Vec<&str> = free.iter().map(|column| column.name).chain([table.value]).collect();
    let order = if free.is_empty() { String::new() } else { format!(" ORDER BY {}", names(free)) };
    format!("SELECT {} FROM {}{}{order} LIMIT ?", selected.join(", "), table.name, filter(conditions))
}

/// Each value is searched for in the index, beginning after the one before it, and only while rows are asked for: the
/// cost is that of the values read, however many rows share them.
fn distinct(table: &TableInfo, prefix: usize, begin: Begin) -> String {
    let (fixed, free) = table.key.split_at(prefix);
    let (name, column) = (table.name, names(&free[..1]));
    let mut first = equal(fixed);
    if let Begin::AfterKey = begin {
        first.push(format!("{column} > ?"));
    }
    let first = filter(first);
    let mut next = equal(fixed);
    next.push(format!("{column} > part"));
    let next = filter(next);
    format!(
        "WITH RECURSIVE parts (part) AS (\
         SELECT min({column}) FROM {name}{first} \
         UNION ALL \
         SELECT (SELECT min({column}) FROM {name}{next}) FROM parts WHERE part IS NOT NULL\
         ) SELECT part FROM parts WHERE part IS NOT NULL LIMIT ?"
    )
}

fn equal(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| format!("{} = ?", column.name)).collect()
}

fn filter(conditions: Vec<String>) -> String {
    if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) }
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

fn marks(count: usize) -> String {
    vec!["?"; count].join(", ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use rusqlite::{Connection, StatementStatus, params_from_iter, types::Value};

    use super::*;
    use crate::engine::samples::{NUMBERED, TABLES};

    fn database() -> (Connection, Statements) {
        let connection = Connection::open_in_memory().unwrap();
        for table in TABLES {
            connection.execute_batch(&create(table).sql).unwrap();
        }
        (connection, Statements::of(TABLES))
    }

    /// What SQLite means to do with the tables, a line for each.
    fn plan(connection: &Connection, sql: &str) -> Vec<String> {
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let parameters = vec![Value::Null; explain.parameter_count()];
        let lines = explain.query_map(params_from_iter(parameters), |row| row.get::<_, String>("detail")).unwrap();
        let lines = lines.map(rusqlite::Result::unwrap);
        lines
            .filter(|line| !["", "CO-ROUTINE parts", "SETUP", "RECURSIVE STEP", "SCAN parts"].contains(&&**line))
            .collect()
    }

    #[test]
    fn every_statement_searches_the_primary_keys_index_and_sorts_nothing() {
        let (connection, statements) = database();
        for of in statements.0.values() {
            let pages = of.range.iter().chain(&of.distinct).flatten();
            for Statement { sql, .. } in of.delete.iter().chain(pages).chain([&of.get]) {
                let all_rows = sql.starts_with("DELETE") && !sql.contains("WHERE");
                let no_row = sql.contains("AND 0");
                for line in plan(&connection, sql).iter().filter(|line| !line.starts_with("CORRELATED")) {
                    let by_index = line.starts_with("SEARCH") && line.contains("INDEX sqlite_autoindex_");
                    let in_order = !sql.contains("WHERE") && line.contains("USING INDEX sqlite_autoindex_");
                    assert!(by_index || in_order || all_rows || no_row, "{sql}: {line}");
                }
            }
        }
    }

    /// The work is counted in steps of SQLite's virtual machine.
    #[test]
    fn distinct_values_cost_what_is_read_of_them_not_the_rows_that_share_them() {
        let (connection, statements) = database();
        let numbered = NUMBERED.info;
        connection
            .execute_batch(
                "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 29999)
                 INSERT INTO numbered SELECT 'r', 'run ' || (i % 3), i, x'' FROM n
                 UNION ALL SELECT 'many runs', 'run ' || i, 0, x'' FROM n",
            )
            .unwrap();
        let steps = |runtime: &str, limit: i64, expected: usize| {
            let statement = statements.distinct(numbered, 1, Begin::AtFirst).unwrap();
            let mut prepared = connection.prepare(&statement.sql).unwrap();
            let rows = prepared.query_map((runtime, runtime, limit), |row| row.get::<_, String>(0)).unwrap();
            assert_eq!(rows.map(rusqlite::Result::unwrap).count(), expected);
            prepared.get_status(StatementStatus::VmStep)
        };
        let (shared, limited) = (steps("r", -1, 3), steps("many runs", 3, 3));
        assert!(shared < 300 && limited < 300, "{shared} and {limited} steps");
    }
}

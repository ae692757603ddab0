use rusqlite::{Connection, StatementStatus, params_from_iter, types::Value};

use super::*;
use crate::engine::samples::{NUMBERED, TABLES};

fn database() -> (Connection, Statements<()>) {
    let connection = Connection::open_in_memory().unwrap();
    for table in TABLES {
        connection.execute_batch(&create(table).sql).unwrap();
    }
    (connection, Statements::of(TABLES.iter().copied(), Select::Bare))
}

/// What SQLite means to do with the tables, a line for each.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let parameters = vec![Value::Null; explain.parameter_count()];
    let lines = explain.query_map(params_from_iter(parameters), |row| row.get::<_, String>("detail")).unwrap();
    let lines = lines.map(rusqlite::Result::unwrap);
    lines.filter(|line| !["", "CO-ROUTINE parts", "SETUP", "RECURSIVE STEP", "SCAN parts"].contains(&&**line)).collect()
}

#[test]
fn every_statement_searches_the_primary_keys_index_and_sorts_nothing() {
    let (connection, statements) = database();
    for of in statements.0.values() {
        let pages = of.range.iter().chain(&of.distinct).chain(&of.keys).flatten();
        for CachedStatement { statement: Statement { sql, .. }, .. } in
            of.delete.iter().chain(pages).chain([&of.get]).chain(&of.count)
        {
            let all_rows = sql.starts_with("DELETE") && !sql.contains("WHERE");
            let no_row = sql.contains("AND 0");
            for line in plan(&connection, sql).iter().filter(|line| !line.starts_with("CORRELATED")) {
                let by_index = line.starts_with("SEARCH") && line.contains("INDEX sqlite_autoindex_");
                let in_order = !sql.contains("WHERE") && line.contains("INDEX sqlite_autoindex_");
                assert!(by_index || in_order || all_rows || no_row, "{sql}: {line}");
            }
        }
    }
}

/// The work is counted in steps of SQLite's virtual machine.
#[test]
fn distinct_values_cost_what_is_read_of_them_not_the_rows_that_share_them() {
    let (connection, mut statements) = database();
    let numbered = NUMBERED.info;
    connection
        .execute_batch(
            "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 29999)
             INSERT INTO numbered SELECT 'r', 'run ' || (i % 3), i, x'' FROM n
             UNION ALL SELECT 'many runs', 'run ' || i, 0, x'' FROM n",
        )
        .unwrap();
    let mut steps = |runtime: &str, limit: i64, expected: usize| {
        let statement = statements.distinct(numbered, 1, Begin::AtFirst).unwrap();
        let mut prepared = connection.prepare(&statement.statement.sql).unwrap();
        let rows = prepared.query_map((runtime, runtime, limit), |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(rows.map(rusqlite::Result::unwrap).count(), expected);
        prepared.get_status(StatementStatus::VmStep)
    };
    let (shared, limited) = (steps("r", -1, 3), steps("many runs", 3, 3));
    assert!(shared < 300 && limited < 300, "{shared} and {limited} steps");
}

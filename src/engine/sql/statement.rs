//! The SQL of every table, generated once from its description.

use std::collections::HashMap;

use super::{Result, TableInfo, driver::Driver, sums::SUM};
use crate::{
    engine::{Column, ColumnType, Live, Order, Page, ValueType},
    model::RuntimeStoreError,
};

/// An SQL statement, and a description of what it does, for errors.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) doing: String,
    /// How many of the columns that it selects, from the first, are [`Select::Tagged`].
    #[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "none is, natively"))]
    pub(super) tagged: usize,
}

impl Statement {
    pub(super) fn reading(table: &str, sql: String) -> Self {
        Self { sql, doing: format!("reading {table}"), tagged: 0 }
    }

    pub(super) fn writing(table: &str, sql: String) -> Self {
        Self { sql, doing: format!("writing {table}"), tagged: 0 }
    }
}

/// A statement that is prepared when it is first run, and kept.
#[derive(Debug)]
pub(super) struct CachedStatement<P> {
    statement: Statement,
    prepared: Option<P>,
}

impl<P> CachedStatement<P> {
    /// The prepared statement.
    pub(super) fn prepared<'d, D: Driver<Prepared<'d> = P>>(&mut self, driver: &'d D) -> Result<&mut P> {
        match &mut self.prepared {
            Some(prepared) => Ok(prepared),
            empty => Ok(empty.insert(driver.prepare(&self.statement)?)),
        }
    }
}

impl<P> From<Statement> for CachedStatement<P> {
    fn from(statement: Statement) -> Self {
        Self { statement, prepared: None }
    }
}

/// Where a page begins, and in which order it goes on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Begin {
    AtFirst,
    AfterKey,
    AtLast,
    BeforeKey,
}

impl Begin {
    const ALL: [Self; 4] = [Self::AtFirst, Self::AfterKey, Self::AtLast, Self::BeforeKey];

    pub(super) fn of(page: &Page) -> Self {
        match (page.order, &page.after) {
            (Order::Ascending, None) => Self::AtFirst,
            (Order::Ascending, Some(_)) => Self::AfterKey,
            (Order::Descending, None) => Self::AtLast,
            (Order::Descending, Some(_)) => Self::BeforeKey,
        }
    }

    fn is_descending(self) -> bool {
        matches!(self, Self::AtLast | Self::BeforeKey)
    }
}

/// How a statement selects keys and text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Select {
    /// As they are.
    #[cfg(not(target_arch = "wasm32"))]
    Bare,
    /// As BLOBs that begin with the first letter of the stored type. Libraries of JavaScript's round integers beyond 2^53, end
    /// text at a NUL, and replace what is not UTF-8; bytes they all return as they are.
    #[cfg_attr(not(target_arch = "wasm32"), allow(dead_code, reason = "a driver on wasm32 selects so, and tests here"))]
    Tagged,
}

impl Select {
    fn column(self, column: &str) -> String {
        match self {
            #[cfg(not(target_arch = "wasm32"))]
            Self::Bare => column.to_owned(),
            Self::Tagged => format!("CAST(substr(typeof({column}), 1, 1) || {column} AS BLOB)"),
        }
    }

    /// JSON and bytes are BLOBs already.
    fn value(self, table: &TableInfo) -> String {
        match table.value_type {
            ValueType::Text => self.column(table.value),
            ValueType::Json | ValueType::Bytes => table.value.to_owned(),
        }
    }

    /// How many columns are tagged, where so many of the key and perhaps the value are selected.
    fn count(self, of_key: usize, value: Option<ValueType>) -> usize {
        if self == Self::Tagged { of_key + usize::from(value == Some(ValueType::Text)) } else { 0 }
    }
}

/// The statements of all tables.
#[derive(Debug)]
pub(super) struct Statements<P>(HashMap<&'static str, OfTable<P>>);

/// Statements that take a prefix of the key are indexed by the prefix's number of components.
#[derive(Debug)]
struct OfTable<P> {
    put: CachedStatement<P>,
    get: CachedStatement<P>,
    delete: Vec<CachedStatement<P>>,
    range: Vec<[CachedStatement<P>; 4]>,
    distinct: Vec<[CachedStatement<P>; 4]>,
    keys: Vec<[CachedStatement<P>; 4]>,
    count: Vec<CachedStatement<P>>,
    /// None, where no records are live or all are.
    live: Vec<[CachedStatement<P>; 4]>,
}

impl<P> Statements<P> {
    pub(super) fn of(tables: impl IntoIterator<Item = &'static TableInfo>, select: Select) -> Self {
        Self(tables.into_iter().map(|table| (table.name, OfTable::new(table, select))).collect())
    }

    /// Sets the record under a key. Parameters: the key, the value, and its sum where the table has sums.
    pub(super) fn put(&mut self, table: &TableInfo) -> Result<&mut CachedStatement<P>> {
        self.find(table, |of| Some(&mut of.put))
    }

    /// The value under a key, and its sum where the table has sums. Parameters: the key.
    pub(super) fn get(&mut self, table: &TableInfo) -> Result<&mut CachedStatement<P>> {
        self.find(table, |of| Some(&mut of.get))
    }

    /// Removes the records whose keys begin with a prefix, which may be a whole key. Parameters: the prefix.
    pub(super) fn delete(&mut self, table: &TableInfo, prefix: usize) -> Result<&mut CachedStatement<P>> {
        self.find(table, |of| of.delete.get_mut(prefix))
    }

    /// The key columns after a prefix, and the value, in key order. Parameters: the prefix, the rest of the key to begin
    /// after, the limit (-1 for none).
    pub(super) fn range(&mut self, table: &TableInfo, prefix: usize, begin: Begin) -> Result<&mut CachedStatement<P>> {
        self.find(table, |of| of.range.get_mut(prefix)?.get_mut(begin as usize))
    }

    /// The different values of the key column after a prefix, in order. Parameters: the prefix, the value to begin
    /// after, the prefix again, the limit (-1 for none).
    pub(super) fn distinct(
        &mut self,
        table: &TableInfo,
        prefix: usize,
        begin: Begin,
    ) -> Result<&mut CachedStatement<P>> {
        self.find(table, |of| of.distinct.get_mut(prefix)?.get_mut(begin as usize))
    }

    /// The key columns after a prefix, in order. Parameters: as those of [`range`](Self::range).
    pub(super) fn keys(&mut self, table: &TableInfo, prefix: usize, begin: Begin) -> Result<&mut CachedStatement<P>> {
        self.find(table, |of| of.keys.get_mut(prefix)?.get_mut(begin as usize))
    }

    /// As [`range`](Self::range), of live records only.
    pub(super) fn live(&mut self, table: &TableInfo, prefix: usize, begin: Begin) -> Result<&mut CachedStatement<P>> {
        self.find(table, |of| of.live.get_mut(prefix)?.get_mut(begin as usize))
    }

    /// How many records have keys that begin with a prefix. Parameters: the prefix.
    pub(super) fn count(&mut self, table: &TableInfo, prefix: usize) -> Result<&mut CachedStatement<P>> {
        self.find(table, |of| of.count.get_mut(prefix))
    }

    fn find(
        &mut self,
        table: &TableInfo,
        which: impl FnOnce(&mut OfTable<P>) -> Option<&mut CachedStatement<P>>,
    ) -> Result<&mut CachedStatement<P>> {
        let found = self.0.get_mut(table.name).and_then(which);
        found.ok_or_else(|| RuntimeStoreError::Internal(format!("{} has no such key or prefix", table.name)))
    }
}

impl<P> OfTable<P> {
    fn new(table: &TableInfo, select: Select) -> Self {
        let name = table.name;
        let reading = |sql, of_key, value| {
            let tagged = select.count(of_key, value);
            CachedStatement::from(Statement { tagged, ..Statement::reading(name, sql) })
        };
        let writing = |sql| CachedStatement::from(Statement::writing(name, sql));
        let columns = table.key.len();
        Self {
            put: writing(put(table)),
            get: reading(
                format!("SELECT {}{} FROM {name}{}", select.value(table), sum_after(table), filter(equal(table.key))),
                0,
                Some(table.value_type),
            ),
            delete: (0..=columns)
                .map(|prefix| writing(format!("DELETE FROM {name}{}", filter(equal(&table.key[..prefix])))))
                .collect(),
            range: (0..=columns)
                .map(|prefix| {
                    Begin::ALL.map(|begin| {
                        let value = Some(select.value(table));
                        let sql = range(table, prefix, begin, select, value, None);
                        reading(sql, columns - prefix, Some(table.value_type))
                    })
                })
                .collect(),
            live: (0..columns)
                .filter_map(|prefix| table.live.as_ref().map(|live| (prefix, live)))
                .map(|(prefix, live)| {
                    Begin::ALL.map(|begin| {
                        let sql = range(table, prefix, begin, select, Some(select.value(table)), Some(live));
                        reading(sql, columns - prefix, Some(table.value_type))
                    })
                })
                .collect(),
            keys: (0..=columns)
                .map(|prefix| {
                    Begin::ALL
                        .map(|begin| reading(range(table, prefix, begin, select, None, None), columns - prefix, None))
                })
                .collect(),
            count: (0..=columns)
                .map(|prefix| {
                    let (count, filter) = (select.column("count(*)"), filter(equal(&table.key[..prefix])));
                    reading(format!("SELECT {count} FROM {name}{filter}"), 1, None)
                })
                .collect(),
            distinct: (0..columns)
                .map(|prefix| Begin::ALL.map(|begin| reading(distinct(table, prefix, begin, select), 1, None)))
                .collect(),
        }
    }
}

/// Creates a table if it does not exist. The declarations are exactly those in databases of meerkat and mobkit: a key of
/// one column is declared on the column, without NOT NULL.
pub(super) fn create(table: &TableInfo) -> Statement {
    let value = format!("{} {} NOT NULL", table.value, value_type(table));
    let columns = match table.key {
        [column] => format!("{} {} PRIMARY KEY, {value}", column.name, sql_type(column)),
        several => {
            let declared: Vec<_> = several.iter().map(|c| format!("{} {} NOT NULL", c.name, sql_type(c))).collect();
            format!("{}, {value}, PRIMARY KEY ({})", declared.join(", "), names(several))
        }
    };
    let sum = if table.has_sums { format!(", {SUM} BLOB") } else { String::new() };
    Statement::writing(table.name, format!("CREATE TABLE IF NOT EXISTS {} ({columns}{sum})", table.name))
}

fn sum_after(table: &TableInfo) -> String {
    if table.has_sums { format!(", {SUM}") } else { String::new() }
}

/// Creates the index of the live records, where there are such.
pub(super) fn create_index(table: &TableInfo) -> Option<Statement> {
    let live = table.live.as_ref()?;
    let (name, key) = (table.name, names(table.key));
    let sql = format!("CREATE INDEX IF NOT EXISTS burrow_live_{name} ON {name} ({key}) WHERE {}", live.sql);
    Some(Statement::writing(name, sql))
}

/// A table's columns in lower case, for comparison: the name, the type, the position in the key.
pub(super) fn columns(table: &TableInfo) -> Vec<String> {
    let key = table.key.iter().zip(1..).map(|(c, place)| format!("{} {} key {place}", c.name, sql_type(c)));
    let value = format!("{} {}", table.value, value_type(table));
    let sum = table.has_sums.then(|| format!("{SUM} blob"));
    key.chain([value]).chain(sum).map(|column| column.to_lowercase()).collect()
}

fn sql_type(column: &Column) -> &'static str {
    match column.column_type {
        ColumnType::Text => "TEXT",
        ColumnType::U64 => "INTEGER",
    }
}

fn value_type(table: &TableInfo) -> &'static str {
    match table.value_type {
        ValueType::Json | ValueType::Bytes => "BLOB",
        ValueType::Text => "TEXT",
    }
}

fn put(table: &TableInfo) -> String {
    let (name, key, value, sum) = (table.name, names(table.key), table.value, sum_after(table));
    let parameters = marks(table.key.len() + 1 + usize::from(table.has_sums));
    let set_sum = if table.has_sums { format!(", {SUM} = excluded.{SUM}") } else { String::new() };
    format!(
        "INSERT INTO {name} ({key}, {value}{sum}) VALUES ({parameters}) \
         ON CONFLICT ({key}) DO UPDATE SET {value} = excluded.{value}{set_sum}"
    )
}

fn range(
    table: &TableInfo,
    prefix: usize,
    begin: Begin,
    select: Select,
    value: Option<String>,
    live: Option<&Live>,
) -> String {
    let (fixed, free) = table.key.split_at(prefix);
    let mut conditions = equal(fixed);
    let (comparison, direction) = if begin.is_descending() { ("<", " DESC") } else { (">", "") };
    if let Begin::AfterKey | Begin::BeforeKey = begin {
        // A row comparison, for which SQLite searches the index once. After a whole key there is nothing.
        conditions.push(match free {
            [] => "0".to_owned(),
            free => format!("({}) {comparison} ({})", names(free), marks(free.len())),
        });
    }
    conditions.extend(live.map(|live| live.sql.to_owned()));
    let mut selected: Vec<String> = free.iter().map(|column| select.column(column.name)).chain(value).collect();
    if selected.is_empty() {
        selected.push("1".to_owned());
    }
    let order: Vec<String> = free.iter().map(|column| format!("{}{direction}", column.name)).collect();
    let order = if free.is_empty() { String::new() } else { format!(" ORDER BY {}", order.join(", ")) };
    format!("SELECT {} FROM {}{}{order} LIMIT ?", selected.join(", "), table.name, filter(conditions))
}

/// Each value is found by one search of the index, beginning after the value before it, so the cost depends on the number
/// of values and not on how many rows share them. In a text column NULL and numbers sort before all text, and BLOBs after
/// it; the search leaves them out, since no call could name them.
fn distinct(table: &TableInfo, prefix: usize, begin: Begin, select: Select) -> String {
    let (fixed, free) = table.key.split_at(prefix);
    let (name, column) = (table.name, names(&free[..1]));
    let (least, most) = match free[0].column_type {
        ColumnType::Text => (Some(format!("{column} >= ''")), Some(format!("{column} < x''"))),
        ColumnType::U64 => (None, None),
    };
    let (extreme, comparison) = if begin.is_descending() { ("max", "<") } else { ("min", ">") };
    let beyond = |what: &str| Some(format!("{column} {comparison} {what}"));
    let first = match begin {
        Begin::AtFirst | Begin::AtLast => None,
        Begin::AfterKey | Begin::BeforeKey => beyond("?"),
    };
    let [first, next] = [first, beyond("part")].map(|from| {
        let bounds = [least.clone(), most.clone()].into_iter().flatten();
        filter(equal(fixed).into_iter().chain(from).chain(bounds).collect())
    });
    format!(
        "WITH RECURSIVE parts (part) AS (\
         SELECT {extreme}({column}) FROM {name}{first} \
         UNION ALL \
         SELECT (SELECT {extreme}({column}) FROM {name}{next}) FROM parts WHERE part IS NOT NULL\
         ) SELECT {} FROM parts WHERE part IS NOT NULL LIMIT ?",
        select.column("part"),
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

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

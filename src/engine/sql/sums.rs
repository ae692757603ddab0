//! The column of the sums, which upstream's tables do not have until burrow opens them.
//!
//! Upstream writes values past burrow, and no sums. Such a value is marked as one without. A cell that is empty is damaged: one flipped
//! bit in a row's header can cut its last column off, and the value before it would pass for one without a sum.

use super::{
    TableInfo,
    cell::{Cell, CellResult},
    statement::Statement,
};

/// The name of the column.
pub(super) const SUM: &str = "burrow_sum";

/// The column's value where another program wrote the snapshot, and so no sum: the text `none`.
const NONE: &[u8] = b"none";
const NONE_SQL: &str = "x'6E6F6E65'";

/// A value's sum, as it is found; `None` where it was written without one.
pub(super) fn sum_in(found: &CellResult<'_>) -> Option<Vec<u8>> {
    match found {
        Ok(Cell::Blob(sum)) if **sum == *NONE => None,
        Ok(Cell::Blob(sum)) => Some(sum.to_vec()),
        // No sum is so short.
        _ => Some(Vec::new()),
    }
}

/// Adds the column to a table that was made without, and marks what is in it.
pub(super) fn add(table: &TableInfo) -> [Statement; 2] {
    let name = table.name;
    [format!("ALTER TABLE {name} ADD COLUMN {SUM} BLOB"), format!("UPDATE {name} SET {SUM} = {NONE_SQL}")]
        .map(|sql| Statement::writing(name, sql))
}

/// Mark a value that is written by a program that knows of no sums. Those that burrow writes are all different, so an update by
/// burrow changes the sum.
pub(super) fn triggers(table: &TableInfo) -> [Statement; 2] {
    let (name, value) = (table.name, table.value);
    let key: Vec<String> = table.key.iter().map(|column| format!("{0} = NEW.{0}", column.name)).collect();
    let key = key.join(" AND ");
    let trigger = |suffix: &str, event: &str, when: &str| {
        let sql = format!(
            "CREATE TRIGGER IF NOT EXISTS {SUM}_{name}_{suffix} AFTER {event} ON {name} WHEN {when} \
             BEGIN UPDATE {name} SET {SUM} = {NONE_SQL} WHERE {key}; END"
        );
        Statement::writing(name, sql)
    };
    [
        trigger("inserted", "INSERT", &format!("NEW.{SUM} IS NULL")),
        trigger("updated", &format!("UPDATE OF {value}"), &format!("NEW.{SUM} IS OLD.{SUM}")),
    ]
}

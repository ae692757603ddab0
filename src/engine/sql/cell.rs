//! Conversions between keys and values and the cells of SQLite.
//!
//! - A text key is TEXT. SQLite's own collation, BINARY, compares UTF-8 bytes: the order that keys have everywhere.
//! - A number key up to 2^63-1 is an INTEGER. A larger one, for which SQLite has no integer, is a BLOB of 8 bytes in the
//!   same column, big-endian: BLOBs sort after every INTEGER, and among themselves by their bytes, so the order is that
//!   of the numbers. The column's INTEGER affinity does not convert BLOBs.
//! - JSON and bytes are BLOBs, as meerkat writes them; text is TEXT. JSON that another program wrote as TEXT is read too.

use std::borrow::Cow;

use crate::engine::{ColumnType, Encoded, Key, KeyPart, Row, TableInfo, ValueType};

/// A cell of a row, or a parameter of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    Integer(i64),
    Text(&'a str),
    Blob(Cow<'a, [u8]>),
}

impl Cell<'_> {
    /// An upper bound of the bytes that it takes in a record: a cell has a header of up to 9 bytes, the row a few more.
    pub(super) fn size(&self) -> usize {
        const HEADERS: usize = 32;
        HEADERS
            + match self {
                Self::Integer(_) => size_of::<i64>(),
                Self::Text(text) => text.len(),
                Self::Blob(bytes) => bytes.len(),
            }
    }
}

/// A cell of a result row, or the name of what our tables never hold: `"NULL"`, for example.
pub(super) type CellResult<'a> = Result<Cell<'a>, &'static str>;

impl<'a> From<&'a KeyPart> for Cell<'a> {
    fn from(part: &'a KeyPart) -> Self {
        match part {
            KeyPart::Text(text) => Cell::Text(text),
            KeyPart::U64(number) => {
                i64::try_from(*number).map_or_else(|_| Cell::Blob(number.to_be_bytes().to_vec().into()), Cell::Integer)
            }
        }
    }
}

/// The first cell of a row.
pub(super) fn first<'r, 'c>(row: &'r [CellResult<'c>]) -> &'r CellResult<'c> {
    static NOTHING: CellResult<'static> = Err("no cell at all");
    row.first().unwrap_or(&NOTHING)
}

/// How many bytes of a BLOB an error shows.
const LITERAL: usize = 32;

/// The cells of a key or prefix.
pub(super) fn cells(key: &Key) -> impl Iterator<Item = Cell<'_>> {
    key.parts().iter().map(Cell::from)
}

/// The cell of an encoded value.
pub(super) fn value_cell(value_type: ValueType, value: &Encoded) -> Cell<'_> {
    match (value_type, value) {
        (ValueType::Text, Encoded::Text(text)) => Cell::Text(text),
        (_, Encoded::Text(text)) => Cell::Blob(text.as_bytes().into()),
        (_, Encoded::Bytes(bytes)) => Cell::Blob((&**bytes).into()),
    }
}

/// The row of a value cell. The record's type decodes the bytes or the text.
pub(super) fn value_row(value: &CellResult<'_>) -> Row {
    match value {
        Ok(Cell::Text(text)) => Row::Stored(Encoded::Text((*text).to_owned())),
        Ok(Cell::Blob(bytes)) => Row::Stored(Encoded::Bytes((&**bytes).into())),
        Ok(Cell::Integer(_)) => Row::Unreadable("expected a BLOB or TEXT, found an INTEGER".to_owned()),
        Err(instead) => Row::Unreadable(format!("expected a BLOB or TEXT, found {instead}")),
    }
}

/// A row of a range: the key columns after `prefix`, then the value. A key column that cannot be read makes the row
/// unreadable, and appears in its key as an SQL literal.
pub(super) fn range_row(table: &TableInfo, prefix: &Key, found: &[CellResult<'_>]) -> (Key, Row) {
    let Some((value, columns)) = found.split_last() else {
        return (prefix.clone(), Row::Unreadable("the row has no cells".to_owned()));
    };
    let mut parts = prefix.parts().to_vec();
    let mut unreadable = None;
    for (column, cell) in table.key.iter().skip(prefix.parts().len()).zip(columns) {
        parts.push(key_part(column.column_type, cell).unwrap_or_else(|reason| {
            unreadable = Some(Row::Unreadable(format!("its key column {}: {reason}", column.name)));
            literal(cell).into()
        }));
    }
    (Key::new(parts), unreadable.unwrap_or_else(|| value_row(value)))
}

/// The key of a row that has the key columns after `prefix` only; `None` for one that no call could name.
pub(super) fn key_after(table: &TableInfo, prefix: &Key, found: &[CellResult<'_>]) -> Option<Key> {
    let columns = table.key.iter().skip(prefix.parts().len()).zip(found);
    let rest = columns.map(|(column, cell)| key_part(column.column_type, cell).ok());
    prefix.parts().iter().cloned().map(Some).chain(rest).collect::<Option<Vec<_>>>().map(Key::new)
}

/// The SQL literal of a cell, with which it can be searched for.
fn literal(found: &CellResult<'_>) -> String {
    match found {
        Ok(Cell::Integer(number)) => number.to_string(),
        Ok(Cell::Text(text)) => format!("'{}'", text.replace('\'', "''")),
        Ok(Cell::Blob(bytes)) => {
            let digits: String = bytes.iter().take(LITERAL).map(|byte| format!("{byte:02X}")).collect();
            format!("x'{digits}{}'", if bytes.len() > LITERAL { "…" } else { "" })
        }
        Err(instead) => (*instead).to_owned(),
    }
}

/// The key component in a cell; `Err` says what is in the cell instead.
pub(super) fn key_part(column: ColumnType, found: &CellResult<'_>) -> Result<KeyPart, String> {
    let instead = match (column, found) {
        (ColumnType::Text, Ok(Cell::Text(text))) => return Ok((*text).into()),
        (ColumnType::U64, Ok(Cell::Integer(number))) => match u64::try_from(*number) {
            Ok(number) => return Ok(number.into()),
            Err(_) => "a negative number",
        },
        (ColumnType::U64, Ok(Cell::Blob(bytes))) => match <[u8; 8]>::try_from(&**bytes).map(u64::from_be_bytes) {
            Ok(number) if i64::try_from(number).is_err() => return Ok(number.into()),
            _ => "a BLOB that is no number above 2^63-1",
        },
        (_, Ok(Cell::Integer(_))) => "an INTEGER",
        (_, Ok(Cell::Text(_))) => "TEXT",
        (_, Ok(Cell::Blob(_))) => "a BLOB",
        (_, Err(instead)) => instead,
    };
    let expected = match column {
        ColumnType::Text => "TEXT",
        ColumnType::U64 => "a number up to 2^64-1",
    };
    Err(format!("expected {expected}, found {instead}"))
}

//! Values in pieces, for a Durable Object, whose rows hold about 2 MB.
//!
//! The first piece is in the value's own row, the others are in a table beside the rest. The first piece that is not full is the
//! last, and may be empty. Triggers remove the others with their row, or when it is written again, so that a write of a small
//! value costs nothing more.

use super::{
    TableInfo,
    cell::{Cell, CellResult, cells},
    statement::Statement,
};
use crate::engine::{Column, Key, ValueType};

/// The length of a full piece, which is part of the format.
pub(super) const LENGTH: usize = 1 << 20;

/// The table of all pieces but the first ones.
pub(super) static PIECES: TableInfo = TableInfo::new(
    "burrow_pieces",
    &[Column::text("table_name"), Column::text("row_key"), Column::number("piece")],
    ("bytes", ValueType::Bytes),
);

/// Whether values of this table may come in pieces.
pub(super) fn are_in(table: &TableInfo) -> bool {
    table.value_type != ValueType::Text
}

/// The name of a row in the table of pieces: the bytes of its key's columns in hexadecimal digits, as the triggers write them.
pub(super) fn row_key(key: &Key) -> String {
    let column = |cell: Cell<'_>| match cell {
        Cell::Integer(number) => hex(number.to_string().as_bytes()),
        Cell::Text(text) => hex(text.as_bytes()),
        Cell::Blob(bytes) => hex(&bytes),
    };
    cells(key).map(column).collect::<Vec<_>>().join(".")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// The first piece of a value, and the others, if it has more than one.
pub(super) fn split(bytes: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let Some((first, rest)) = bytes.split_at_checked(LENGTH) else { return (bytes, Vec::new()) };
    let mut others: Vec<&[u8]> = rest.chunks(LENGTH).collect();
    if rest.len().is_multiple_of(LENGTH) {
        others.push(&[]);
    }
    (first, others)
}

/// How long a value is, by its last piece; `None` where that is full, and so not the last.
pub(super) fn length(last: &[CellResult<'_>]) -> Option<usize> {
    match last {
        [Ok(Cell::Integer(number)), Ok(Cell::Blob(piece))] if piece.len() < LENGTH => {
            LENGTH.checked_mul(usize::try_from(*number).ok()?)?.checked_add(piece.len())
        }
        _ => None,
    }
}

/// Adds a piece to those before it, if it is the next one.
pub(super) fn append(bytes: &mut Vec<u8>, piece: &[CellResult<'_>]) {
    if let [Ok(Cell::Integer(number)), Ok(Cell::Blob(piece))] = piece
        && usize::try_from(*number).ok().and_then(|number| number.checked_mul(LENGTH)) == Some(bytes.len())
    {
        bytes.extend_from_slice(piece);
    }
}

/// Makes the triggers that remove the pieces of a row of this table. Up to version 3 the one of updates met those of other columns
/// too: it is made anew.
pub(super) fn triggers(table: &TableInfo) -> Vec<Statement> {
    let (name, value, pieces) = (table.name, table.value, PIECES.name);
    let key: Vec<String> = table.key.iter().map(|column| format!("hex(OLD.{})", column.name)).collect();
    let key = key.join(" || '.' || ");
    let trigger = |event: &str, suffix: &str| {
        let sql = format!(
            "CREATE TRIGGER IF NOT EXISTS {pieces}_{name}_{suffix} AFTER {event} ON {name} WHEN length(OLD.{value}) = {LENGTH} \
             BEGIN DELETE FROM {pieces} WHERE table_name = '{name}' AND row_key = {key}; END"
        );
        Statement::writing(name, sql)
    };
    let before = Statement::writing(name, format!("DROP TRIGGER IF EXISTS {pieces}_{name}_updated"));
    let updated = format!("UPDATE OF {value}");
    if are_in(table) { vec![before, trigger(&updated, "updated"), trigger("DELETE", "deleted")] } else { Vec::new() }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::engine::{
        Bytes, Commit, Reads, Write,
        group_commit::{Group, QueuedTransaction},
        samples::{BLOBS, TABLES},
        sql::{
            Result,
            database::Database,
            driver::Driver,
            native::{Prepared, Rusqlite},
            schema,
            statement::{Select, create},
        },
    };

    /// An SQLite whose rows hold little.
    struct Splitting(Rusqlite);

    impl Driver for Splitting {
        const LARGEST: usize = 2_000_000;

        const SELECT: Select = Rusqlite::SELECT;

        fn splits(&self) -> bool {
            true
        }

        type Prepared<'d> = Prepared<'d>;

        fn prepare(&self, statement: &Statement) -> Result<Prepared<'_>> {
            self.0.prepare(statement)
        }

        fn query<T>(
            &self,
            prepared: &mut Prepared<'_>,
            parameters: &[Cell<'_>],
            row: impl FnMut(&[CellResult<'_>]) -> T,
        ) -> Result<Vec<T>> {
            self.0.query(prepared, parameters, row)
        }

        fn execute(&self, prepared: &mut Prepared<'_>, parameters: &[Cell<'_>]) -> Result<()> {
            self.0.execute(prepared, parameters)
        }

        fn snapshot<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T> {
            self.0.snapshot(body)
        }

        fn transaction<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T> {
            self.0.transaction(body)
        }
    }

    fn splitting() -> Splitting {
        let driver = Splitting(Rusqlite::in_memory(&[]).unwrap());
        schema::make_current(&driver, TABLES).unwrap();
        driver
    }

    fn write(driver: &Splitting, write: Write) {
        let commit = move |_: &_| Ok(Commit { writes: vec![write.clone()], change: None });
        let (call, _answer) = QueuedTransaction::new(Reads::new(), Box::new(commit));
        Database::over(driver, TABLES).transact(&mut Group::of(call)).unwrap();
    }

    fn stored(driver: &Splitting, id: &str) -> std::result::Result<Option<Vec<u8>>, String> {
        let mut reads = Reads::new();
        let one = reads.get(&BLOBS, (id,));
        let found = Database::over(driver, TABLES).read(&reads).unwrap();
        found.one(one).map(|bytes| bytes.map(|bytes| bytes.bytes().to_vec())).map_err(|error| error.to_string())
    }

    fn run(driver: &Splitting, sql: &str) -> Vec<Option<i64>> {
        let number = |row: &[CellResult<'_>]| match row.first() {
            Some(Ok(Cell::Integer(number))) => Some(*number),
            _ => None,
        };
        driver.query(&mut driver.prepare(&Statement::reading("", sql.to_owned())).unwrap(), &[], number).unwrap()
    }

    fn others(driver: &Splitting) -> Option<i64> {
        run(driver, "SELECT count(*) FROM burrow_pieces")[0]
    }

    #[test]
    fn a_value_comes_back_whole_and_leaves_no_piece_behind() {
        let driver = splitting();
        let value = |length: usize| (0..length).map(|i| (i % 251) as u8).collect::<Vec<_>>();
        let id = "a\0'é.";
        for (length, expected) in
            [(0, 0), (LENGTH - 1, 0), (LENGTH, 1), (LENGTH + 1, 1), (2 * LENGTH, 2), (5 * LENGTH - 1, 4), (3, 0)]
        {
            write(&driver, BLOBS.put((id,), Bytes::new(value(length))));
            write(&driver, BLOBS.put(("another",), Bytes::new(value(LENGTH + 7))));
            assert!(stored(&driver, id).unwrap().unwrap() == value(length), "{length}");
            assert!(stored(&driver, "another").unwrap().unwrap() == value(LENGTH + 7));
            assert_eq!(others(&driver), Some(expected + 1), "{length}");
        }
        write(&driver, BLOBS.put((id,), Bytes::new(value(2 * LENGTH))));
        write(&driver, BLOBS.delete((id,)));
        assert_eq!((stored(&driver, id).unwrap(), others(&driver)), (None, Some(1)));
        write(&driver, BLOBS.delete_range(Key::all()));
        assert_eq!(others(&driver), Some(0));
    }

    #[test]
    fn a_value_that_lacks_a_piece_is_unreadable() {
        let driver = splitting();
        for missing in ["piece = 1", "piece = 2", "piece = 3", "piece > 0"] {
            write(&driver, BLOBS.put(("a",), Bytes::new(vec![7; 3 * LENGTH])));
            assert_eq!(others(&driver), Some(3));
            run(&driver, &format!("DELETE FROM burrow_pieces WHERE {missing}"));
            assert!(stored(&driver, "a").unwrap_err().contains("a piece of it is missing"), "{missing}");
        }
    }

    #[test]
    fn a_value_with_a_damaged_piece_is_unreadable() {
        let driver = splitting();
        for damage in
            ["UPDATE burrow_pieces SET bytes = zeroblob(7) WHERE piece = 2", "UPDATE blobs SET burrow_sum = NULL"]
        {
            write(&driver, BLOBS.put(("a",), Bytes::new(vec![7; 2 * LENGTH + 7])));
            run(&driver, damage);
            assert!(stored(&driver, "a").unwrap_err().contains("it is damaged"), "{damage}");
        }
    }

    /// The upgrade marks what has no sum, and the trigger of that version took the pieces of a row away whichever column was written.
    #[test]
    fn a_value_of_version_3_keeps_its_pieces() {
        let driver = splitting();
        write(&driver, BLOBS.put(("a",), Bytes::new(vec![7; 3 * LENGTH])));
        for sql in [
            "DROP TRIGGER burrow_sum_blobs_inserted",
            "DROP TRIGGER burrow_sum_blobs_updated",
            "DROP TRIGGER burrow_pieces_blobs_updated",
            "ALTER TABLE blobs DROP COLUMN burrow_sum",
            "CREATE TRIGGER burrow_pieces_blobs_updated AFTER UPDATE ON blobs WHEN length(OLD.value) = 1048576 \
             BEGIN DELETE FROM burrow_pieces WHERE table_name = 'blobs' AND row_key = hex(OLD.id); END",
            "UPDATE burrow_schema SET version = 3",
        ] {
            run(&driver, sql);
        }
        assert!(!schema::is_current(&driver, TABLES).unwrap());
        schema::make_current(&driver, TABLES).unwrap();
        assert!(schema::is_current(&driver, TABLES).unwrap());
        assert_eq!(
            (stored(&driver, "a").unwrap().map(|value| value.len()), others(&driver)),
            (Some(3 * LENGTH), Some(3))
        );
        write(&driver, BLOBS.put(("a",), Bytes::new(vec![7; 3])));
        assert_eq!(others(&driver), Some(0));
    }

    #[test]
    fn the_page_about_the_format_has_the_table_to_the_letter() {
        let created = create(&PIECES).sql.replace(" IF NOT EXISTS", "");
        assert!(include_str!("../../../docs/format.md").contains(&format!("\n{created};\n")), "{created}");
    }

    #[test]
    fn a_database_with_pieces_is_refused_by_who_knows_none() {
        let driver = splitting();
        assert_eq!(schema::is_current(&driver.0, TABLES).unwrap_err().code(), "SchemaTooNew");
    }
}

//! The engine's two operations, over any driver.

use super::{
    Read, ReadSet, Reads, Result, TableInfo, Tables, Write,
    cell::{Cell, CellResult, cells, first, key_after, key_part, range_row, value_cell, value_row},
    driver::Driver,
    pieces::{self, PIECES},
    statement::{Begin, Statement, Statements},
    sums::sum_in,
};
use crate::{
    engine::{ColumnType, Encoded, Key, Page, Row, Value, group_commit::Group, sum},
    model::{RuntimeStoreError, limits},
};

/// Bytes of the pages that a small transaction takes besides.
const SPARE: u64 = 1 << 16;

/// An open database whose tables are all there.
pub(super) struct Database<'d, D: Driver> {
    driver: &'d D,
    statements: Statements<D::Prepared<'d>>,
    attempted: Attempted,
}

/// What the transaction does that was attempted last, once that was decided.
#[derive(Default)]
struct Attempted {
    /// It deletes as many records as it writes, or more.
    frees: bool,
    /// How many bytes the records have together that it writes.
    bytes: u64,
}

impl<'d, D: Driver> Database<'d, D> {
    pub(super) fn over(driver: &'d D, tables: Tables) -> Self {
        let more = driver.splits().then_some(&PIECES);
        Self {
            driver,
            statements: Statements::of(tables.iter().copied().chain(more), D::SELECT),
            attempted: Attempted::default(),
        }
    }

    pub(super) fn read(&mut self, reads: &Reads) -> Result<ReadSet> {
        self.driver.snapshot(|| self.read_all(&reads.as_slice().iter().collect::<Vec<_>>()))
    }

    /// On a full disk it goes as far as `reserve` says.
    pub(super) fn transact(&mut self, group: &mut Group) -> Result<()> {
        let mut outcome = self.attempt(group);
        if !is_full(&outcome) {
            self.driver.keep_reserve();
            return outcome;
        }
        let is_emptied = self.driver.empty_log();
        if is_emptied {
            outcome = self.attempt(group);
        }
        let needs_no_room = self.attempted.frees || self.fits_in_free_pages();
        if is_full(&outcome) && (needs_no_room || !is_emptied) {
            self.driver.give_up_reserve();
            self.driver.empty_log();
            if !needs_no_room {
                self.driver.keep_reserve();
            }
            outcome = self.attempt(group);
        }
        // What was refused is in the log, too.
        self.driver.empty_log();
        self.driver.keep_reserve();
        outcome
    }

    /// Whether the database has free pages for all that was to be written: twice as many, since pages are not always full.
    fn fits_in_free_pages(&self) -> bool {
        let sql = "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size";
        let needed = i64::try_from(2 * self.attempted.bytes + SPARE).unwrap_or(i64::MAX);
        let prepared = self.driver.prepare(&Statement::reading("the free pages", sql.to_owned()));
        let is_enough = |found: &[CellResult<'_>]| matches!(found, [Ok(Cell::Integer(free))] if *free >= needed);
        let found = prepared.and_then(|mut free| self.driver.query(&mut free, &[], is_enough));
        found.is_ok_and(|found| found == [true])
    }

    fn attempt(&mut self, group: &mut Group) -> Result<()> {
        self.attempted = Attempted::default();
        self.driver.transaction(|| {
            let seen = self.read_all(&group.reads())?;
            let writes = group.decide(seen)?;
            let puts = writes.iter().filter(|write| matches!(write, Write::Put(..))).count();
            // A deletion that takes several transactions begins with a note, and pruned receipts leave a proof.
            self.attempted.frees = writes.len() > puts && writes.len() - puts >= puts;
            writes.into_iter().try_for_each(|write| self.write(write))
        })
    }

    fn read_all(&mut self, reads: &[&Read]) -> Result<ReadSet> {
        let rows = reads.iter().map(|read| self.rows(read)).collect::<Result<Vec<_>>>()?;
        Ok(ReadSet::new(reads.iter().copied(), rows))
    }

    fn rows(&mut self, read: &Read) -> Result<Vec<(Key, Row)>> {
        let mut sum = None;
        let mut rows = self.rows_as_stored(read, &mut sum)?;
        let table = read.table();
        if self.driver.splits() && pieces::are_in(table) {
            let mut taken = 0;
            for (key, row) in &mut rows {
                if let Row::Stored(Encoded::Bytes(first)) = row
                    && first.len() == pieces::LENGTH
                {
                    *row = self.joined(table, key, first, &mut taken)?;
                }
            }
        }
        if let (Some(sum), Some((key, row))) = (sum, rows.first_mut())
            && let Row::Stored(encoded) = row
            && let Err(damaged) = sum::check(&sum, table, key, encoded.as_bytes())
        {
            *row = Row::Unreadable(damaged);
        }
        Ok(rows)
    }

    /// The row whose first piece is full, with the others. Its length is known before it is put together: it may be large.
    fn joined(&mut self, table: &TableInfo, key: &Key, first: &[u8], taken: &mut usize) -> Result<Row> {
        let row_key = pieces::row_key(key);
        let place = [Cell::Text(table.name), Cell::Text(&row_key)];
        let mut query = |begin, limit, row: &mut dyn FnMut(&[CellResult<'_>])| {
            let range = self.statements.range(&PIECES, 2, begin)?.prepared(self.driver)?;
            self.driver.query(range, &[&place[..], &[Cell::Integer(limit)]].concat(), row)
        };
        let mut length = None;
        query(Begin::AtLast, 1, &mut |last| length = pieces::length(last))?;
        *taken = taken.saturating_add(length.unwrap_or_default());
        limits::answer(*taken)?;
        let mut bytes = Vec::new();
        if let Some(length) = length
            && bytes.try_reserve_exact(length).is_ok()
        {
            bytes.extend_from_slice(first);
            query(Begin::AtFirst, -1, &mut |piece| pieces::append(&mut bytes, piece))?;
        }
        Ok(match length {
            Some(length) if bytes.len() == length => Row::Stored(Encoded::Bytes(bytes.into())),
            _ => Row::Unreadable("a piece of it is missing".to_owned()),
        })
    }

    /// The rows before they are put together, and of a point read the sum.
    fn rows_as_stored(&mut self, read: &Read, sum: &mut Option<Vec<u8>>) -> Result<Vec<(Key, Row)>> {
        match read {
            Read::Get(table, key, _) => {
                let parameters: Vec<Cell<'_>> = cells(key).collect();
                let get = self.statements.get(table)?.prepared(self.driver)?;
                self.driver.query(get, &parameters, |found| {
                    *sum = found.get(1).and_then(sum_in);
                    (key.clone(), value_row(first(found)))
                })
            }
            Read::Range(table, prefix, page) | Read::Values(table, prefix, page) | Read::Live(table, prefix, page) => {
                let columns = prefix.parts().len();
                let range = match read {
                    Read::Live(..) => self.statements.live(table, columns, Begin::of(page))?,
                    _ => self.statements.range(table, columns, Begin::of(page))?,
                };
                let range = range.prepared(self.driver)?;
                let parameters: Vec<Cell<'_>> =
                    cells(prefix).chain(after(page).skip(columns)).chain([limit(page)]).collect();
                self.driver.query(range, &parameters, |found| range_row(table, prefix, found))
            }
            Read::Distinct(table, prefix, page) => self.distinct(table, prefix, page),
            Read::Keys(table, prefix, page) => {
                let columns = prefix.parts().len();
                let keys = self.statements.keys(table, columns, Begin::of(page))?.prepared(self.driver)?;
                let parameters: Vec<Cell<'_>> =
                    cells(prefix).chain(after(page).skip(columns)).chain([limit(page)]).collect();
                let found = self.driver.query(keys, &parameters, |found| key_after(table, prefix, found))?;
                // Keys that no call could name (NULL, a BLOB in a text column) are left out.
                Ok(found.into_iter().flatten().map(|key| (key, Row::KeyOnly)).collect())
            }
            Read::Count(table, prefix) => {
                let count = self.statements.count(table, prefix.parts().len())?.prepared(self.driver)?;
                let parameters: Vec<Cell<'_>> = cells(prefix).collect();
                let counted = self.driver.query(count, &parameters, |found| key_part(ColumnType::U64, first(found)))?;
                Ok(counted.into_iter().flatten().map(|count| (Key::new([count]), Row::KeyOnly)).collect())
            }
        }
    }

    fn distinct(&mut self, table: &'static TableInfo, prefix: &Key, page: &Page) -> Result<Vec<(Key, Row)>> {
        let columns = prefix.parts().len();
        let distinct = self.statements.distinct(table, columns, Begin::of(page))?.prepared(self.driver)?;
        let parameters: Vec<Cell<'_>> =
            cells(prefix).chain(after(page).skip(columns)).chain(cells(prefix)).chain([limit(page)]).collect();
        let parts = self.driver.query(distinct, &parameters, |found| {
            let column = table.key.get(columns).ok_or("the key has no such column")?;
            key_part(column.column_type, first(found))
        })?;
        // Only keys are read here, so a part that cannot be read is no unreadable row: the read fails.
        let key = |part: std::result::Result<_, String>| match part {
            Ok(part) => Ok((Key::new([prefix.parts(), &[part]].concat()), Row::KeyOnly)),
            Err(reason) => Err(RuntimeStoreError::Decode { table: table.name, key: prefix.to_string(), reason }),
        };
        parts.into_iter().map(key).collect()
    }

    fn write(&mut self, write: Write) -> Result<()> {
        match write {
            Write::Put(table, key, value) => self.put(table, &key, &value),
            Write::Delete(table, key) | Write::DeleteRange(table, key) => {
                let parameters: Vec<Cell<'_>> = cells(&key).collect();
                let delete = self.statements.delete(table, parameters.len())?.prepared(self.driver)?;
                self.driver.execute(delete, &parameters)
            }
        }
    }

    fn put(&mut self, table: &'static TableInfo, key: &Key, value: &Value) -> Result<()> {
        let encoded = value
            .encode()
            .map_err(|reason| RuntimeStoreError::Internal(format!("encoding {} {key}: {reason}", table.name)))?;
        let sum = value.sum(&encoded, table, key)?;
        let whole = value_cell(table.value_type, &encoded);
        let (value, others) = match &whole {
            Cell::Blob(bytes) if self.driver.splits() => {
                let (first, others) = pieces::split(bytes);
                (Cell::Blob(first.into()), others)
            }
            whole => (whole.clone(), Vec::new()),
        };
        let sum = sum.as_ref().map(|sum| Cell::Blob(sum.as_slice().into()));
        let parameters: Vec<Cell<'_>> = cells(key).chain([value]).chain(sum).collect();
        let size = parameters.iter().map(Cell::size).sum::<usize>();
        self.attempted.bytes += size as u64;
        if size > D::LARGEST {
            return Err(RuntimeStoreError::Unsupported(format!(
                "writing {}: the record has {size} bytes, and this SQLite keeps at most {} in one; keep less in it",
                table.name,
                D::LARGEST,
            )));
        }
        let put = self.statements.put(table)?.prepared(self.driver)?;
        self.driver.execute(put, &parameters)?;
        let row_key = if others.is_empty() { String::new() } else { pieces::row_key(key) };
        for (piece, number) in others.into_iter().zip(1..) {
            let put = self.statements.put(&PIECES)?.prepared(self.driver)?;
            let place = [Cell::Text(table.name), Cell::Text(&row_key), Cell::Integer(number)];
            self.driver.execute(put, &[&place[..], &[Cell::Blob(piece.into())]].concat())?;
        }
        Ok(())
    }
}

fn is_full<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(RuntimeStoreError::QuotaExceeded { .. }))
}

fn after(page: &Page) -> impl Iterator<Item = Cell<'_>> {
    page.after.iter().flat_map(cells)
}

fn limit(page: &Page) -> Cell<'static> {
    Cell::Integer(page.limit.map_or(-1, i64::from))
}

//! The engine's two operations, over any driver.

use super::{
    Read, ReadSet, Reads, Result, TableInfo, Tables, Write,
    cell::{Cell, cells, first, key_part, range_row, value_cell, value_row},
    driver::Driver,
    statement::{Begin, Statements},
};
use crate::{
    engine::{Key, Page, Row, Value, group_commit::Group},
    model::RuntimeStoreError,
};

/// An open database whose tables are all there.
pub(super) struct Database<'d, D: Driver> {
    driver: &'d D,
    statements: Statements<D::Prepared<'d>>,
}

impl<'d, D: Driver> Database<'d, D> {
    pub(super) fn over(driver: &'d D, tables: Tables) -> Self {
        Self { driver, statements: Statements::of(tables, D::SELECT) }
    }

    pub(super) fn read(&mut self, reads: &Reads) -> Result<ReadSet> {
        self.driver.snapshot(|| self.read_all(&reads.as_slice().iter().collect::<Vec<_>>()))
    }

    pub(super) fn transact(&mut self, group: &mut Group) -> Result<()> {
        self.driver.transaction(|| {
            let seen = self.read_all(&group.reads())?;
            group.decide(seen)?.into_iter().try_for_each(|write| self.write(write))
        })
    }

    fn read_all(&mut self, reads: &[&Read]) -> Result<ReadSet> {
        let rows = reads.iter().map(|read| self.rows(read)).collect::<Result<Vec<_>>>()?;
        Ok(ReadSet::new(reads.iter().copied(), rows))
    }

    fn rows(&mut self, read: &Read) -> Result<Vec<(Key, Row)>> {
        match read {
            Read::Get(table, key, _) => {
                let parameters: Vec<Cell<'_>> = cells(key).collect();
                let get = self.statements.get(table)?.prepared(self.driver)?;
                self.driver.query(get, &parameters, |found| (key.clone(), value_row(first(found))))
            }
            Read::Range(table, prefix, page) | Read::Values(table, prefix, page) => {
                let columns = prefix.parts().len();
                let range = self.statements.range(table, columns, Begin::of(page))?.prepared(self.driver)?;
                let parameters: Vec<Cell<'_>> =
                    cells(prefix).chain(after(page).skip(columns)).chain([limit(page)]).collect();
                self.driver.query(range, &parameters, |found| range_row(table, prefix, found))
            }
            Read::Distinct(table, prefix, page) => self.distinct(table, prefix, page),
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
        let parameters: Vec<Cell<'_>> = cells(key).chain([value_cell(table.value_type, &encoded)]).collect();
        let size = parameters.iter().map(Cell::size).sum::<usize>();
        if size > D::LARGEST {
            return Err(RuntimeStoreError::Unsupported(format!(
                "writing {}: the record has {size} bytes, and this SQLite keeps at most {} in one; keep less in it",
                table.name,
                D::LARGEST,
            )));
        }
        let put = self.statements.put(table)?.prepared(self.driver)?;
        self.driver.execute(put, &parameters)
    }
}

fn after(page: &Page) -> impl Iterator<Item = Cell<'_>> {
    page.after.iter().flat_map(cells)
}

fn limit(page: &Page) -> Cell<'static> {
    Cell::Integer(page.limit.map_or(-1, i64::from))
}

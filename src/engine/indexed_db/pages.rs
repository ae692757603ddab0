//! A range of records that is read page by page, since how large they are is known only once they are there: what no answer can
//! hold is not loaded, and Firefox gives no answer above 256 MB, in which records count that it keeps in no file of their own, up
//! to 1 MB each (`UnknownError`; see `docs/limits.md`).

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::IdbRequest;

use super::{
    TableInfo,
    error::Attempt,
    key,
    reading::{Taken, is_full, result, stored_key},
    transaction::Transaction,
    value::text_row,
};
use crate::engine::{Key, Order, Page, Row};

/// The rows of the first page.
pub(super) const FIRST: u32 = 200;

/// The bytes of a later page, if its rows are as large as those before it.
const BYTES: usize = 32 << 20;

pub(super) struct Pages {
    asked: u32,
    keys: IdbRequest,
    values: IdbRequest,
    pub(super) found: Vec<(Key, Row)>,
    bytes: usize,
}

impl Pages {
    pub(super) fn send(transaction: &Transaction, table: &TableInfo, prefix: &Key, page: &Page) -> Attempt<Self> {
        let range = key::starting_with_after(prefix, page.after.as_ref(), Order::Ascending)?;
        let asked = page.limit.map_or(FIRST, |limit| limit.min(FIRST));
        let (keys, values) = requests(transaction, table, &range, asked)?;
        Ok(Self { asked, keys, values, found: Vec::new(), bytes: 0 })
    }

    /// The request that is answered last.
    pub(super) fn last_request(&self) -> &IdbRequest {
        &self.values
    }

    /// Takes the answers, and asks for more where there may be more; whether it did.
    pub(super) fn go_on(
        &mut self,
        transaction: &Transaction,
        (table, prefix, page): (&'static TableInfo, &Key, &Page),
        taken: &mut Taken,
    ) -> Attempt<bool> {
        let array =
            |request: &IdbRequest| -> Attempt<Array> { Ok(result(transaction, table, request)?.unchecked_into()) };
        let (keys, values) = (array(&self.keys)?, array(&self.values)?);
        for (key, value) in keys.iter().zip(values.iter()) {
            let (key, row) = taken.count(Ok((stored_key(table, prefix, table.key.len(), &key)?, text_row(&value))))?;
            self.bytes += row.size(&key);
            self.found.push((key, row));
        }
        if is_full(&self.found, page) || values.length() < self.asked {
            return Ok(false);
        }
        let range = key::beyond(keys.get(keys.length().saturating_sub(1)).unchecked_ref(), prefix)?;
        self.asked = self.next(page);
        (self.keys, self.values) = requests(transaction, table, &range, self.asked)?;
        transaction.listen(self.last_request());
        Ok(true)
    }

    /// How many rows to ask for next.
    fn next(&self, page: &Page) -> u32 {
        let rest = page.limit.map_or(u32::MAX, |limit| limit - self.found.len() as u32);
        fitting(self.bytes, self.found.len()).min(rest)
    }
}

/// How many rows the page after one of so many bytes and rows has.
pub(super) fn fitting(bytes: usize, rows: usize) -> u32 {
    let fitting = BYTES / (bytes / rows.max(1)).max(1);
    u32::try_from(fitting).unwrap_or(u32::MAX).max(FIRST)
}

/// Asks for rows: their keys, and then their values.
fn requests(
    transaction: &Transaction,
    table: &TableInfo,
    range: &JsValue,
    rows: u32,
) -> Attempt<(IdbRequest, IdbRequest)> {
    let store = transaction.store(table)?;
    let failed = |error| transaction.failed(&format!("reading {}", table.name), error);
    let keys = store.get_all_keys_with_key_and_limit(range, rows).map_err(failed)?;
    Ok((keys, store.get_all_with_key_and_limit(range, rows).map_err(failed)?))
}

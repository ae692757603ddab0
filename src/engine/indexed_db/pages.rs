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
    range: JsValue,
    asked: u32,
    /// Of the first page, to go on behind it, and of each where the rows are to have their keys.
    keys: Option<IdbRequest>,
    values: IdbRequest,
    /// Whether the values were taken and the keys were asked for after them, to go on behind the last one.
    awaits_keys: bool,
    /// Each with its key, or with the prefix in its place.
    pub(super) found: Vec<(Key, Row)>,
    bytes: usize,
}

/// A page's range, and whether its rows are to have their keys.
pub(super) type Asked<'a> = (&'static TableInfo, &'a Key, &'a Page, bool);

impl Pages {
    pub(super) fn send(transaction: &Transaction, table: &TableInfo, prefix: &Key, page: &Page) -> Attempt<Self> {
        let range = key::starting_with_after(prefix, page.after.as_ref(), Order::Ascending)?.into();
        let asked = page.limit.map_or(FIRST, |limit| limit.min(FIRST));
        let keys = Some(keys_of(transaction, table, &range, asked)?);
        let values = values_of(transaction, table, &range, asked)?;
        Ok(Self { range, asked, keys, values, awaits_keys: false, found: Vec::new(), bytes: 0 })
    }

    /// The request that is answered last.
    pub(super) fn last_request(&self) -> &IdbRequest {
        match &self.keys {
            Some(keys) if self.awaits_keys => keys,
            _ => &self.values,
        }
    }

    /// Takes the answers, and asks for more where there may be more; whether it did.
    pub(super) fn go_on(
        &mut self,
        transaction: &Transaction,
        (table, prefix, page, has_keys): Asked<'_>,
        taken: &mut Taken,
    ) -> Attempt<bool> {
        let array =
            |request: &IdbRequest| -> Attempt<Array> { Ok(result(transaction, table, request)?.unchecked_into()) };
        let keys = self.keys.as_ref().map(array).transpose()?;
        if !self.awaits_keys {
            let values = array(&self.values)?;
            for (at, value) in (0..).zip(values.iter()) {
                let key = match &keys {
                    Some(keys) if has_keys => stored_key(table, prefix, table.key.len(), &keys.get(at))?,
                    _ => prefix.clone(),
                };
                let (key, row) = taken.count(Ok((key, text_row(&value))))?;
                self.bytes += row.size(&key);
                self.found.push((key, row));
            }
            if is_full(&self.found, page) || values.length() < self.asked {
                return Ok(false);
            }
        }
        self.awaits_keys = keys.is_none();
        if let Some(keys) = keys {
            let last = keys.get(keys.length().saturating_sub(1));
            self.range = key::beyond(last.unchecked_ref(), prefix)?.into();
            self.asked = self.next(page);
            self.keys = has_keys.then(|| keys_of(transaction, table, &self.range, self.asked)).transpose()?;
            self.values = values_of(transaction, table, &self.range, self.asked)?;
        } else {
            self.keys = Some(keys_of(transaction, table, &self.range, self.asked)?);
        }
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

fn keys_of(transaction: &Transaction, table: &TableInfo, range: &JsValue, rows: u32) -> Attempt<IdbRequest> {
    let keys = transaction.store(table)?.get_all_keys_with_key_and_limit(range, rows);
    keys.map_err(|error| transaction.failed(&format!("reading {}", table.name), error))
}

fn values_of(transaction: &Transaction, table: &TableInfo, range: &JsValue, rows: u32) -> Attempt<IdbRequest> {
    let values = transaction.store(table)?.get_all_with_key_and_limit(range, rows);
    values.map_err(|error| transaction.failed(&format!("reading {}", table.name), error))
}

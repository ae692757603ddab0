//! A range of records that is read page by page, since how large they are is known only once they are there: what no answer can
//! hold is not loaded, and Firefox gives no answer above 256 MB, in which records count that it keeps in no file of their own, up
//! to 1 MB each (`UnknownError`; see `docs/limits.md`).

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbKeyRange, IdbRequest};

use super::{
    Read,
    error::Attempt,
    key,
    reading::{Taken, is_full, result, stored_key},
    transaction::Transaction,
    value::text_row,
};
use crate::engine::{Key, Order, Page, Row};

/// The rows of the first page.
const FIRST: u32 = 200;

/// The bytes of a later page, if its rows are as large as those before it.
const BYTES: usize = 32 << 20;

pub(super) struct Pages {
    range: IdbKeyRange,
    asked: u32,
    /// Asked for with the values where the read returns keys, else after them, for the last key alone.
    keys: Option<IdbRequest>,
    values: IdbRequest,
    is_last_key: bool,
    pub(super) found: Vec<(Key, Row)>,
    /// How many rows were read, and the bytes in them.
    rows: usize,
    bytes: usize,
}

impl Pages {
    pub(super) fn send(transaction: &Transaction, read: &Read, prefix: &Key, page: &Page) -> Attempt<Self> {
        let range = key::starting_with_after(prefix, page.after.as_ref(), Order::Ascending)?;
        let asked = match read {
            Read::Live(..) => FIRST,
            _ => page.limit.map_or(FIRST, |limit| limit.min(FIRST)),
        };
        let (keys, values) = requests(transaction, read, &range, asked)?;
        Ok(Self { range, asked, keys, values, is_last_key: false, found: Vec::new(), rows: 0, bytes: 0 })
    }

    /// The request that is answered last.
    pub(super) fn last_request(&self) -> &IdbRequest {
        match &self.keys {
            Some(keys) if self.is_last_key => keys,
            _ => &self.values,
        }
    }

    /// Takes the answer to the last request, and asks for more where there may be more; whether it did.
    pub(super) fn go_on(&mut self, transaction: &Transaction, read: &Read, taken: &mut Taken) -> Attempt<bool> {
        let (Read::Range(table, prefix, page) | Read::Values(table, prefix, page) | Read::Live(table, prefix, page)) =
            read
        else {
            return Ok(false);
        };
        let array =
            |request: &IdbRequest| -> Attempt<Array> { Ok(result(transaction, table, request)?.unchecked_into()) };
        let keys = self.keys.as_ref().map(array).transpose()?;
        if !self.is_last_key {
            let values = array(&self.values)?;
            for (at, value) in values.iter().enumerate() {
                let key = match &keys {
                    Some(keys) => stored_key(table, table.key.len(), &keys.get(at as u32))?,
                    None => prefix.clone(),
                };
                let row = text_row(&value);
                self.rows += 1;
                self.bytes += row.size(&key);
                if matches!(read, Read::Live(..)) && !row.is_live(table) {
                    continue;
                }
                self.found.push(taken.count(Ok((key, row)))?);
                if is_full(&self.found, page) {
                    return Ok(false);
                }
            }
            if values.length() < self.asked {
                return Ok(false);
            }
        }
        let Some(keys) = keys else {
            self.is_last_key = true;
            let keys = transaction.store(table)?.get_all_keys_with_key_and_limit(&self.range, self.asked);
            self.keys = Some(keys.map_err(|error| transaction.failed(&format!("reading {}", table.name), error))?);
            transaction.listen(self.last_request());
            return Ok(true);
        };
        self.is_last_key = false;
        self.range = key::beyond(keys.get(keys.length().saturating_sub(1)).unchecked_ref(), prefix)?;
        self.asked = self.next(read, page);
        (self.keys, self.values) = requests(transaction, read, &self.range, self.asked)?;
        transaction.listen(self.last_request());
        Ok(true)
    }

    /// How many rows to ask for next.
    fn next(&self, read: &Read, page: &Page) -> u32 {
        let fitting = BYTES / (self.bytes / self.rows.max(1)).max(1);
        let rest = match read {
            Read::Live(..) => u32::MAX,
            _ => page.limit.map_or(u32::MAX, |limit| limit - self.found.len() as u32),
        };
        u32::try_from(fitting).unwrap_or(u32::MAX).max(FIRST).min(rest)
    }
}

fn requests(
    transaction: &Transaction,
    read: &Read,
    range: &IdbKeyRange,
    rows: u32,
) -> Attempt<(Option<IdbRequest>, IdbRequest)> {
    let (table, range): (_, &JsValue) = (read.table(), range);
    let store = transaction.store(table)?;
    let failed = |error| transaction.failed(&format!("reading {}", table.name), error);
    let keys = match read {
        Read::Range(..) | Read::Live(..) => Some(store.get_all_keys_with_key_and_limit(range, rows).map_err(failed)?),
        _ => None,
    };
    Ok((keys, store.get_all_with_key_and_limit(range, rows).map_err(failed)?))
}

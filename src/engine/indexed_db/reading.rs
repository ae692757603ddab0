//! The reads of a transaction, from the requests that they take to the rows that were found.

use std::rc::Rc;

use js_sys::{Array, JSON};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, IdbCursor, IdbCursorDirection, IdbCursorWithValue, IdbKeyRange, IdbObjectStore, IdbRequest};

use super::{
    Read, ReadSet, TableInfo,
    error::Attempt,
    key,
    pages::Pages,
    transaction::Transaction,
    value::{joined, text_row},
};
use crate::{
    engine::{Key, KeyPart, Order, Page, Row, ValueType},
    model::{RuntimeStoreError, limits},
};

/// What is done with what was found. Synchronous: see [`transaction`](super::transaction).
pub(super) type Then = Box<dyn FnOnce(&Rc<Transaction>, Attempt<ReadSet>)>;

/// Reads that were sent and are not answered yet.
pub(super) struct Reading {
    reads: Vec<Read>,
    pending: Vec<PendingRead>,
    /// How many of the requests that the transaction listens to are unanswered: the last of those that were sent at once,
    /// and one for each read that takes several in a row.
    unanswered: usize,
    taken: Taken,
    then: Then,
}

/// How many bytes the transaction has read. Where they are too many for one answer, a group is split, and each of its members
/// tried alone.
#[derive(Default)]
pub(super) struct Taken(usize);

impl Taken {
    pub(super) fn count(&mut self, row: Attempt<(Key, Row)>) -> Attempt<(Key, Row)> {
        let (key, row) = row?;
        self.0 += row.size(&key);
        limits::answer(self.0)?;
        Ok((key, row))
    }
}

/// The requests that one declared read takes.
enum PendingRead {
    Value(IdbRequest),
    Pieces(IdbRequest),
    Keys(IdbRequest),
    Count(IdbRequest),
    Pages(Pages),
    /// One answer after another, each to be asked for where the last one says; and what they found.
    Steps {
        request: IdbRequest,
        found: Vec<(Key, Row)>,
    },
}

/// What an answer comes to.
pub(super) enum Answered {
    /// There are others to come.
    More(Reading),
    /// It was the last.
    All(Attempt<ReadSet>, Then),
}

impl Reading {
    /// Sends what reads all of `reads`. The browser answers requests in the order in which they were sent.
    pub(super) fn send(transaction: &Transaction, reads: Vec<Read>, then: Then) -> Attempt<Self> {
        let pending = reads.iter().map(|read| PendingRead::send(transaction, read)).collect::<Attempt<Vec<_>>>()?;
        let mut reading = Self { reads, pending, unanswered: 0, taken: Taken::default(), then };
        let at_once = reading.pending.iter().rev().find(|pending| !pending.is_in_a_row());
        let in_a_row = reading.pending.iter().filter(|pending| pending.is_in_a_row());
        for pending in at_once.into_iter().chain(in_a_row) {
            transaction.listen(pending.last_request());
            reading.unanswered += 1;
        }
        Ok(reading)
    }

    /// Listens to no answer any more.
    pub(super) fn forget(self) {
        self.pending.iter().for_each(|pending| pending.last_request().set_onsuccess(None));
    }

    /// Takes the answer to one of the requests.
    pub(super) fn answered(mut self, transaction: &Transaction, event: &Event) -> Answered {
        match self.go_on(transaction, event) {
            Ok(true) => Answered::More(self),
            Ok(false) if self.unanswered > 1 => {
                self.unanswered -= 1;
                Answered::More(self)
            }
            Ok(false) => Answered::All(self.found(transaction), self.then),
            Err(error) => Answered::All(Err(error), self.then),
        }
    }

    /// Asks for the next answer in a row, where the answer is one of such; whether there is another.
    fn go_on(&mut self, transaction: &Transaction, event: &Event) -> Attempt<bool> {
        let target = event.target();
        for (read, pending) in self.reads.iter().zip(&mut self.pending) {
            if pending.is_in_a_row() && target.as_ref().is_some_and(|target| **target == ***pending.last_request()) {
                return match pending {
                    PendingRead::Pages(pages) => match read {
                        Read::Range(table, prefix, page) | Read::Values(table, prefix, page) => {
                            pages.go_on(transaction, (table, prefix, page), &mut self.taken)
                        }
                        _ => Ok(false),
                    },
                    PendingRead::Steps { request, found } => step(transaction, read, request, found, &mut self.taken),
                    _ => Ok(false),
                };
            }
        }
        Ok(false)
    }

    fn found(&mut self, transaction: &Transaction) -> Attempt<ReadSet> {
        let mut rows = Vec::with_capacity(self.pending.len());
        for (read, pending) in self.reads.iter().zip(self.pending.drain(..)) {
            rows.push(pending.rows(transaction, read, &mut self.taken)?);
        }
        Ok(ReadSet::new(&self.reads, rows))
    }
}

impl PendingRead {
    fn send(transaction: &Transaction, read: &Read) -> Attempt<Self> {
        let store = transaction.store(read.table())?;
        let sent = |request: Result<_, JsValue>| {
            request.map_err(|error| transaction.failed(&format!("reading {}", read.table().name), error))
        };
        match read {
            Read::Get(table, key, _) if table.value_type == ValueType::Bytes => {
                let range = key::starting_with(key)?;
                sent(store.get_all_with_key(&range)).map(Self::Pieces)
            }
            Read::Get(_, key, _) => sent(store.get(&key::to_js(key))).map(Self::Value),
            // `getAllRecords` could do it in one request, and few browsers have it.
            Read::Range(_, prefix, page) | Read::Values(_, prefix, page) if page.order == Order::Descending => {
                let range = key::starting_with_after(prefix, page.after.as_ref(), page.order)?;
                let request = sent(store.open_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev))?;
                Ok(Self::Steps { request, found: Vec::new() })
            }
            Read::Range(table, prefix, page) | Read::Values(table, prefix, page) | Read::Live(table, prefix, page) => {
                Pages::send(transaction, table, prefix, page).map(Self::Pages)
            }
            Read::Keys(_, prefix, Page { after, limit, .. }) => {
                let range = key::starting_with_after(prefix, after.as_ref(), Order::Ascending)?;
                sent(all_keys(&store, &range, *limit)).map(Self::Keys)
            }
            // Each key has a value of its own.
            Read::Distinct(table, prefix, Page { after, limit, order: Order::Ascending })
                if prefix.parts().len() + 1 == table.key.len() && table.value_type != ValueType::Bytes =>
            {
                let range = key::starting_with_past(prefix, after.as_ref(), Order::Ascending)?;
                sent(all_keys(&store, &range, *limit)).map(Self::Keys)
            }
            Read::Count(_, prefix) => sent(store.count_with_key(&*key::starting_with(prefix)?)).map(Self::Count),
            Read::Distinct(table, prefix, Page { after, order, .. }) => {
                let request = next_distinct(transaction, table, prefix, after.as_ref(), *order)?;
                Ok(Self::Steps { request, found: Vec::new() })
            }
        }
    }

    fn last_request(&self) -> &IdbRequest {
        match self {
            Self::Value(request)
            | Self::Pieces(request)
            | Self::Keys(request)
            | Self::Count(request)
            | Self::Steps { request, .. } => request,
            Self::Pages(pages) => pages.last_request(),
        }
    }

    /// Whether its requests follow each other.
    fn is_in_a_row(&self) -> bool {
        matches!(self, Self::Steps { .. } | Self::Pages(_))
    }

    fn rows(self, transaction: &Transaction, read: &Read, taken: &mut Taken) -> Attempt<Vec<(Key, Row)>> {
        let count = |row| taken.count(row);
        let result = |request: &IdbRequest| result(transaction, read.table(), request);
        match (read, self) {
            (Read::Get(_, key, _), Self::Pieces(pieces)) => {
                joined(read.table(), key, result(&pieces)?.unchecked_ref()).into_iter().map(Ok).map(count).collect()
            }
            (Read::Get(_, key, _), Self::Value(value)) => {
                let value = result(&value)?;
                let row = (!value.is_undefined()).then(|| Ok((key.clone(), text_row(&value))));
                row.into_iter().map(count).collect()
            }
            (_, Self::Keys(keys)) => {
                let keys: Array = result(&keys)?.unchecked_into();
                let (table, prefix) = (read.table(), read.prefix());
                let row = |key: JsValue| Ok((stored_key(table, prefix, table.key.len(), &key)?, Row::KeyOnly));
                keys.iter().map(row).map(count).collect()
            }
            (_, Self::Count(count)) => {
                let count = result(&count)?.as_f64().unwrap_or_default() as u64;
                Ok(vec![(Key::new([KeyPart::U64(count)]), Row::KeyOnly)])
            }
            (_, Self::Pages(Pages { found, .. }) | Self::Steps { found, .. }) => Ok(found),
            _ => Err(RuntimeStoreError::Internal(format!("{}: a request of another read", read.table().name)).into()),
        }
    }
}

/// Takes one answer of several in a row, and asks for the next; whether there is another.
fn step(
    transaction: &Transaction,
    read: &Read,
    request: &mut IdbRequest,
    found: &mut Vec<(Key, Row)>,
    taken: &mut Taken,
) -> Attempt<bool> {
    let answer = result(transaction, read.table(), request)?;
    let failed = |error| transaction.failed(&format!("reading {}", read.table().name), error);
    match read {
        Read::Distinct(table, prefix, page) => {
            let next = match answer.dyn_ref::<IdbCursor>() {
                Some(cursor) => cursor.key().map_err(failed)?,
                None => answer.dyn_ref::<Array>().map_or(JsValue::UNDEFINED, |keys| keys.get(0)),
            };
            if next.is_undefined() {
                return Ok(false);
            }
            found.push(taken.count(Ok((stored_key(table, prefix, prefix.parts().len() + 1, &next)?, Row::KeyOnly)))?);
            if is_full(found, page) {
                return Ok(false);
            }
            *request = next_distinct(transaction, table, prefix, found.last().map(|(key, _)| key), page.order)?;
            transaction.listen(request);
            Ok(true)
        }
        Read::Range(table, prefix, page) | Read::Values(table, prefix, page) => {
            let Some(cursor) = answer.dyn_ref::<IdbCursorWithValue>() else { return Ok(false) };
            let key = stored_key(table, prefix, table.key.len(), &cursor.key().map_err(failed)?)?;
            found.push(taken.count(Ok((key, text_row(&cursor.value().map_err(failed)?))))?);
            if is_full(found, page) {
                return Ok(false);
            }
            cursor.continue_().map_err(failed)?;
            Ok(true)
        }
        Read::Get(..) | Read::Keys(..) | Read::Live(..) | Read::Count(..) => Ok(false),
    }
}

pub(super) fn is_full(found: &[(Key, Row)], page: &Page) -> bool {
    page.limit.is_some_and(|limit| found.len() >= limit as usize)
}

fn all_keys(store: &IdbObjectStore, range: &IdbKeyRange, limit: Option<u32>) -> Result<IdbRequest, JsValue> {
    match limit {
        Some(limit) => store.get_all_keys_with_key_and_limit(range, limit),
        None => store.get_all_keys_with_key(range),
    }
}

/// A request for the first key beyond `after`: a cursor where the order is descending, else an array of it.
fn next_distinct(
    transaction: &Transaction,
    table: &TableInfo,
    prefix: &Key,
    after: Option<&Key>,
    order: Order,
) -> Attempt<IdbRequest> {
    let range = key::starting_with_past(prefix, after, order)?;
    let store = transaction.store(table)?;
    let request = match order {
        Order::Ascending => store.get_all_keys_with_key_and_limit(&range, 1),
        Order::Descending => store.open_key_cursor_with_range_and_direction(&range, IdbCursorDirection::Prev),
    };
    request.map_err(|error| transaction.failed(&format!("reading {}", table.name), error))
}

/// A request's result; one that failed has none to give, but the browser's reason.
pub(super) fn result(transaction: &Transaction, table: &TableInfo, request: &IdbRequest) -> Attempt<JsValue> {
    let failed = |error| transaction.failed(&format!("reading {}", table.name), error);
    match request.error() {
        Ok(Some(error)) => Err(failed(error.into())),
        _ => request.result().map_err(failed),
    }
}

pub(super) fn stored_key(table: &'static TableInfo, prefix: &Key, columns: usize, key: &JsValue) -> Attempt<Key> {
    let unreadable = || RuntimeStoreError::Decode {
        table: table.name,
        key: JSON::stringify(key).map(String::from).unwrap_or_default(),
        reason: "expected an array of one string per key column".to_owned(),
    };
    key::from_js(table, prefix, columns, key).ok_or_else(|| unreadable().into())
}

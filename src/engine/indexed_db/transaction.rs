//! One transaction: its requests are sent together, and only the last is awaited.
//!
//! IndexedDB ends a transaction when control returns to the browser with no request under way. Between the last read
//! and the commit there is only the synchronous decision, so that cannot happen too soon.

use std::rc::Rc;

use js_sys::{Array, JSON, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbObjectStore, IdbRequest};

use super::{
    RawTransaction, Read, ReadSet, TableInfo, Write,
    error::{Asked, Attempt, Failure, failed},
    held::Held,
    key,
    mark::{self, Mark},
    value::{Lengths, joined, pieces_of, text_row},
    waiting::Waiting,
};
use crate::{
    engine::{Encoded, Key, Page, Row, Value, ValueType},
    model::RuntimeStoreError,
};

/// A transaction that is aborted unless it was committed.
pub(super) struct Transaction {
    raw: RawTransaction,
    asked: Asked,
    waiting: Rc<Waiting>,
    lengths: Rc<Lengths>,
    committed: bool,
    _held: Held,
}

/// The requests that one declared read takes.
pub(super) enum Sent {
    Value(IdbRequest),
    Pieces(IdbRequest),
    Range {
        keys: IdbRequest,
        values: IdbRequest,
    },
    Values(IdbRequest),
    /// One request after another, each beginning where the last one's answer says.
    Distinct,
}

impl Transaction {
    pub(super) fn new(raw: RawTransaction, asked: Asked, waiting: Rc<Waiting>, lengths: Rc<Lengths>) -> Self {
        let _held = Held::new(&raw);
        Self { raw, asked, waiting, lengths, committed: false, _held }
    }

    /// Reads all of `reads`. The transaction stays open for what is decided on them without another await.
    pub(super) async fn read(&self, reads: &[&Read]) -> Attempt<ReadSet> {
        self.answers(reads, &self.ask(reads)?).await
    }

    /// Sends what reads all of `reads`.
    pub(super) fn ask(&self, reads: &[&Read]) -> Attempt<Vec<Sent>> {
        reads.iter().map(|read| self.send(read)).collect()
    }

    /// Waits for what was sent.
    pub(super) async fn answers(&self, reads: &[&Read], sent: &[Sent]) -> Attempt<ReadSet> {
        if let Some(last) = sent.iter().rev().find_map(Sent::last_request) {
            self.settled(last).await?;
        }
        let mut rows = Vec::with_capacity(sent.len());
        for (read, sent) in reads.iter().zip(sent) {
            rows.push(match read {
                Read::Distinct(table, prefix, page) => self.distinct(table, prefix, page).await?,
                _ => self.rows(read, sent)?,
            });
        }
        Ok(ReadSet::new(reads.iter().copied(), rows))
    }

    /// Resolves once the request has succeeded or failed.
    async fn settled(&self, request: &IdbRequest) -> Attempt<()> {
        let event = self.waiting.event(|resolve| {
            request.set_onsuccess(Some(resolve));
            request.set_onerror(Some(resolve));
        });
        event.await.map(drop).ok_or_else(|| self.failed("reading", JsValue::NULL))
    }

    async fn distinct(&self, table: &'static TableInfo, prefix: &Key, page: &Page) -> Attempt<Vec<(Key, Row)>> {
        let store = self.store(table)?;
        let mut found: Vec<(Key, Row)> = Vec::new();
        while page.limit.is_none_or(|limit| found.len() < limit as usize) {
            let last = found.last().map(|(key, _)| key).or(page.after.as_ref());
            let range = key::starting_with_past(prefix, last)?;
            let request = store
                .get_all_keys_with_key_and_limit(&range, 1)
                .map_err(|error| self.failed(&format!("reading {}", table.name), error))?;
            self.settled(&request).await?;
            let next = self.result(table, &request)?.unchecked_into::<Array>().get(0);
            if next.is_undefined() {
                break;
            }
            found.push((stored_key(table, prefix.parts().len() + 1, &next)?, Row::KeyOnly));
        }
        Ok(found)
    }

    fn send(&self, read: &Read) -> Attempt<Sent> {
        let store = self.store(read.table())?;
        let doing = || format!("reading {}", read.table().name);
        let sent = |request: Result<_, JsValue>| request.map_err(|error| self.failed(&doing(), error));
        match read {
            Read::Get(table, key, _) if table.value_type == ValueType::Bytes => {
                let range = key::starting_with(key)?;
                sent(store.get_all_with_key(&range)).map(Sent::Pieces)
            }
            Read::Get(_, key, _) => sent(store.get(&key::to_js(key))).map(Sent::Value),
            Read::Range(_, prefix, page) => {
                let range = key::starting_with_after(prefix, page.after.as_ref())?;
                let limit = page.limit.unwrap_or(u32::MAX);
                let keys = sent(store.get_all_keys_with_key_and_limit(&range, limit))?;
                let values = sent(store.get_all_with_key_and_limit(&range, limit))?;
                Ok(Sent::Range { keys, values })
            }
            Read::Values(_, prefix, page) => {
                let range = key::starting_with_after(prefix, page.after.as_ref())?;
                let limit = page.limit.unwrap_or(u32::MAX);
                sent(store.get_all_with_key_and_limit(&range, limit)).map(Sent::Values)
            }
            Read::Distinct(..) => Ok(Sent::Distinct),
        }
    }

    fn rows(&self, read: &Read, sent: &Sent) -> Attempt<Vec<(Key, Row)>> {
        let result = |request: &IdbRequest| self.result(read.table(), request);
        match (read, sent) {
            (Read::Get(_, key, _), Sent::Pieces(pieces)) => {
                Ok(joined(key, result(pieces)?.unchecked_ref()).into_iter().collect())
            }
            (Read::Get(_, key, _), Sent::Value(value)) => {
                let value = result(value)?;
                Ok(if value.is_undefined() { Vec::new() } else { vec![(key.clone(), text_row(&value))] })
            }
            (Read::Range(table, ..), Sent::Range { keys, values }) => {
                let (keys, values): (Array, Array) = (result(keys)?.unchecked_into(), result(values)?.unchecked_into());
                let row = |(key, value): (JsValue, JsValue)| {
                    Ok((stored_key(table, table.key.len(), &key)?, text_row(&value)))
                };
                keys.iter().zip(values.iter()).map(row).collect()
            }
            (Read::Values(_, prefix, _), Sent::Values(values)) => {
                let values: Array = result(values)?.unchecked_into();
                Ok(values.iter().map(|value| (prefix.clone(), text_row(&value))).collect())
            }
            _ => Err(RuntimeStoreError::Internal(format!("{}: a request of another read", read.table().name)).into()),
        }
    }

    /// A request's result; one that failed has none to give, but the browser's reason.
    fn result(&self, table: &TableInfo, request: &IdbRequest) -> Attempt<JsValue> {
        let failed = |error| self.failed(&format!("reading {}", table.name), error);
        match request.error() {
            Ok(Some(error)) => Err(failed(error.into())),
            _ => request.result().map_err(failed),
        }
    }

    /// Sends one write. Its success is that of the transaction.
    pub(super) fn write(&self, write: Write) -> Attempt<()> {
        match write {
            Write::Put(table, key, value) => self.put(table, &key, &value),
            Write::Delete(table, key) | Write::DeleteRange(table, key) => {
                let range = key::starting_with(&key)?;
                self.sent(table, self.store(table)?.delete(&range))
            }
        }
    }

    fn put(&self, table: &'static TableInfo, key: &Key, value: &Value) -> Attempt<()> {
        let store = self.store(table)?;
        let encoded = value
            .encode()
            .map_err(|reason| RuntimeStoreError::Internal(format!("encoding {} {key}: {reason}", table.name)))?;
        match encoded {
            Encoded::Text(text) => self.sent(table, store.put_with_key(&text.into(), &key::to_js(key))),
            Encoded::Bytes(bytes) => self.put_pieces(table, &store, key, &bytes),
        }
    }

    fn put_pieces(&self, table: &TableInfo, store: &IdbObjectStore, key: &Key, bytes: &[u8]) -> Attempt<()> {
        let mut pieces = 0;
        for piece in pieces_of(bytes) {
            self.sent(table, store.put_with_key(&Uint8Array::from(piece), &key::piece_to_js(key, pieces)))?;
            pieces += 1;
        }
        if self.lengths.set(table, key, pieces) {
            let rest = key::pieces_from(key, pieces)?;
            self.sent(table, store.delete(&rest))?;
        }
        Ok(())
    }

    /// Commits, and resolves when the transaction is complete.
    pub(super) async fn commit(mut self) -> Attempt<()> {
        let event = self.waiting.event(|resolve| {
            self.raw.set_oncomplete(Some(resolve));
            self.raw.set_onabort(Some(resolve));
        });
        self.raw.commit().map_err(|error| self.failed("committing", error))?;
        self.committed = true;
        match event.await {
            Some(event) if event.type_() == "complete" => Ok(()),
            _ => Err(self.failed("committing", self.raw.error().map_or(JsValue::NULL, JsValue::from))),
        }
    }

    /// Whether the mark of an earlier attempt is there: then that attempt was committed.
    pub(super) async fn has_mark(&self, mark: Mark) -> Attempt<bool> {
        let failed = |error| self.failed("looking for a mark", error);
        let marks = self.raw.object_store(mark::STORE).map_err(failed)?;
        let request = marks.get(&key::to_js(&mark.key())).map_err(failed)?;
        self.settled(&request).await?;
        request.result().map(|found| found.as_string() == Some(mark.value())).map_err(failed)
    }

    /// Leaves the mark of this attempt, and takes away those up to the key `outdated`.
    pub(super) fn set_mark(&self, mark: Mark, outdated: Option<Key>) -> Attempt<()> {
        let failed = |error| self.failed("leaving a mark", error);
        let marks = self.raw.object_store(mark::STORE).map_err(failed)?;
        if let Some(outdated) = outdated {
            marks.delete(&key::up_to(&outdated)?.into()).map_err(failed)?;
        }
        marks.put_with_key(&mark.value().into(), &key::to_js(&mark.key())).map(drop).map_err(failed)
    }

    fn store(&self, table: &TableInfo) -> Attempt<IdbObjectStore> {
        self.raw.object_store(table.name).map_err(|error| self.failed(&format!("opening {}", table.name), error))
    }

    fn sent(&self, table: &TableInfo, request: Result<IdbRequest, JsValue>) -> Attempt<()> {
        request.map(drop).map_err(|error| self.failed(&format!("writing {}", table.name), error))
    }

    fn failed(&self, doing: &str, error: JsValue) -> Failure {
        failed(self.asked, doing, error)
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.committed {
            // It fails on a transaction that has ended already, which is just as well.
            let _ = self.raw.abort();
        }
    }
}

fn stored_key(table: &'static TableInfo, columns: usize, key: &JsValue) -> Attempt<Key> {
    let unreadable = || RuntimeStoreError::Decode {
        table: table.name,
        key: JSON::stringify(key).map(String::from).unwrap_or_default(),
        reason: "expected an array of one string per key column".to_owned(),
    };
    key::from_js(table, columns, key).ok_or_else(|| unreadable().into())
}

impl Sent {
    fn last_request(&self) -> Option<&IdbRequest> {
        match self {
            Self::Value(request)
            | Self::Pieces(request)
            | Self::Values(request)
            | Self::Range { values: request, .. } => Some(request),
            Self::Distinct => None,
        }
    }
}

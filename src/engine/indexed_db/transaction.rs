//! One transaction, driven by the events of its own requests.
//!
//! A browser commits a transaction by itself once control returns to it with no request under way
//! (<https://w3c.github.io/IndexedDB/#transaction-lifecycle>): also one that was sent only half of its writes, or writes
//! that should have been refused. Between a request's answer and what follows from it there may hence be no promise and no
//! task: a page can have replaced `Promise` by one that answers later, as zone.js and some polyfills do. The invariants:
//!
//! 1. What follows from an answer is a synchronous function, called inside the event of that very request: the transaction
//!    is active there, and cannot have ended.
//! 2. That function ends the transaction, with [`commit`](Transaction::commit) or [`abort`](Transaction::abort), or sends
//!    the next read.
//! 3. Writes count only once all of them were sent. An event before that of the second write aborts a transaction that is still
//!    `sending` by then: its script was cut off in the middle (by the browser's "stop this script", or a debugger). It is the
//!    event of a read, of the mark, or of a request that is made for nothing else: what is cut off right after the first
//!    request has no event yet, so the first one must not be a write that counts.
//!
//! The future of a transaction's end may be dropped at any time: the events go on without it.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use futures_channel::oneshot;
use js_sys::Function;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{Event, IdbObjectStore, IdbRequest};

use super::{
    RawTransaction, Read, ReadSet, TableInfo, Write,
    error::{Activity, Attempt, AttemptError, failed},
    halves, key,
    open_resources::OpenResource,
    reading::{Answered, Reading, Then},
    value::{piece_row, pieces_of},
};
use crate::{
    engine::{Encoded, Key, Value},
    model::RuntimeStoreError,
};

/// How a transaction ended that did not fail.
#[derive(Debug)]
pub(super) enum Ending {
    /// Its reads found this.
    Found(ReadSet),
    /// It is complete.
    Committed,
    /// It was aborted: an earlier attempt had been committed.
    CommittedBefore,
    /// It was aborted: its reads found something else than was predicted, or a record that it inserts was there.
    NotAsPredicted,
}

type OnEvent = Closure<dyn FnMut(Event)>;

/// A transaction under way. It lives until its last event.
pub(super) struct Transaction {
    raw: RawTransaction,
    activity: Activity,
    /// The object stores that were asked for, by the names of their tables.
    stores: RefCell<Vec<(&'static str, IdbObjectStore)>>,
    reading: RefCell<Option<Reading>>,
    /// Whether writes are being sent: not so in any event, unless the script that sent them was cut off.
    sending: Cell<bool>,
    /// Whether a request was made before the writes for its event alone.
    guarded: Cell<bool>,
    /// Whether a record that was to be inserted is there already.
    met_record: Cell<bool>,
    wrote: Cell<bool>,
    commit_sent: Cell<bool>,
    end: Cell<Option<oneshot::Sender<Attempt<Ending>>>>,
    /// Called with every event. It holds the transaction, until the last of them lets go of it.
    on_event: RefCell<Option<OnEvent>>,
    _open: OpenResource,
}

impl Transaction {
    /// A transaction that was begun just now, and its end.
    pub(super) fn new(
        raw: RawTransaction,
        activity: Activity,
    ) -> (Rc<Self>, impl Future<Output = Attempt<Ending>> + use<>) {
        let (end, ended) = oneshot::channel();
        let transaction = Rc::new(Self {
            _open: OpenResource::new(&raw),
            raw,
            activity,
            stores: RefCell::default(),
            reading: RefCell::default(),
            sending: Cell::default(),
            guarded: Cell::default(),
            met_record: Cell::default(),
            wrote: Cell::default(),
            commit_sent: Cell::default(),
            end: Cell::new(Some(end)),
            on_event: RefCell::default(),
        });
        let on_event = {
            let transaction = Rc::clone(&transaction);
            Closure::new(move |event: Event| transaction.on_event(&event))
        };
        let listener = Some(on_event.as_ref().unchecked_ref());
        transaction.raw.set_oncomplete(listener);
        transaction.raw.set_onabort(listener);
        // The errors of requests bubble up to it.
        transaction.raw.set_onerror(listener);
        transaction.on_event.replace(Some(on_event));
        let lost = move |_| Err(failed(activity, "waiting for a transaction", JsValue::NULL));
        (transaction, async move { ended.await.unwrap_or_else(lost) })
    }

    /// Sends `reads`, and calls `then` with what they found: inside the event of the last answer, or at once where there is
    /// nothing to read.
    pub(super) fn read(
        self: &Rc<Self>,
        reads: Vec<Read>,
        then: impl FnOnce(&Rc<Self>, Attempt<ReadSet>) + 'static,
    ) -> Attempt<()> {
        if reads.is_empty() {
            then(self, Ok(ReadSet::new([], [])));
            return Ok(());
        }
        let (parts, then) = halves::of(reads, Box::new(then));
        self.read_parts(parts, then)
    }

    /// The same of reads that are of one object store each.
    pub(super) fn read_parts(&self, parts: Vec<Read>, then: Then) -> Attempt<()> {
        let reading = Reading::send(self, parts, then)?;
        self.reading.replace(Some(reading));
        Ok(())
    }

    /// Sends a request before the first of several writes, where no other comes before them: see the invariants.
    pub(super) fn guard(&self, write: &Write) -> Attempt<()> {
        if self.reading.borrow().is_some() {
            return Ok(());
        }
        let (table, key) = (write.table(), write.key());
        let request = self.store(table)?.get_key(&key::to_js(key));
        self.listen(&request.map_err(|error| self.failed(&format!("reading {}", table.name), error))?);
        self.guarded.set(true);
        Ok(())
    }

    /// Sends writes, in their order, each with whether it is an `add`. They count once the transaction is complete.
    pub(super) fn write(&self, writes: impl IntoIterator<Item = (Write, bool)>) -> Attempt<()> {
        self.sending.set(true);
        for (write, insert) in writes {
            self.send_write(write, insert)?;
        }
        self.sending.set(false);
        Ok(())
    }

    /// Commits what was sent; the end comes when the browser says that the transaction is complete.
    pub(super) fn commit(&self) {
        match self.raw.commit() {
            Ok(()) => self.commit_sent.set(true),
            Err(error) => self.abort(Err(self.failed("committing", error))),
        }
    }

    /// Undoes what was sent, and ends the transaction with `outcome`. What was sent to be committed is not undone.
    pub(super) fn abort(&self, outcome: Attempt<Ending>) {
        // The browser refuses where the transaction has failed already, and is aborted.
        let _ = self.raw.abort();
        // No answer counts any more.
        self.forget_reading();
        self.end(outcome);
    }

    /// Ends the wait for the transaction, unless it has ended before.
    pub(super) fn end(&self, outcome: Attempt<Ending>) {
        if let Some(end) = self.end.take() {
            // The future was dropped where nobody waits.
            let _ = end.send(outcome);
        }
    }

    /// When Chromium closes a connection by force, because the user cleared the site's data for example, it tells the
    /// database, but not the transactions under way: they neither complete nor abort
    /// (seen in Chromium 141; the specification has them aborted, <https://w3c.github.io/IndexedDB/#close-a-database-connection>).
    pub(super) fn connection_closed(&self) {
        self.abort(Err(self.failed("waiting for a transaction", JsValue::NULL)));
    }

    /// Whether writes were sent to be committed.
    pub(super) fn may_be_committed(&self) -> bool {
        self.wrote.get() && self.commit_sent.get()
    }

    fn on_event(self: &Rc<Self>, event: &Event) {
        match &*event.type_() {
            "complete" => self.last_event(Ok(Ending::Committed)),
            "abort" if self.met_record.get() => self.last_event(Ok(Ending::NotAsPredicted)),
            "abort" => {
                let error = self.raw.error().map_or(JsValue::NULL, JsValue::from);
                self.last_event(Err(self.failed("committing", error)));
            }
            "error" if met_record(event) => self.met_record.set(true),
            _ if self.sending.get() => self.abort(Err(cut_off())),
            _ => self.on_answer(event),
        }
    }

    /// It is the last that the transaction listens to. Chromium loads a value of more than 64 KB after its request was answered, and so
    /// tells of one that was on its way only after it has told that the transaction is aborted
    /// (<https://source.chromium.org/chromium/chromium/src/+/main:third_party/blink/renderer/modules/indexeddb/idb_request_queue_item.h>).
    fn last_event(&self, outcome: Attempt<Ending>) {
        self.end(outcome);
        self.forget_reading();
        self.raw.set_onerror(None);
        self.on_event.take();
    }

    fn forget_reading(&self) {
        if let Some(reading) = self.reading.take() {
            reading.forget();
        }
    }

    /// A request was answered.
    fn on_answer(self: &Rc<Self>, event: &Event) {
        // Taken out, since `then` may send the next reads. The first write's answer comes when none are awaited.
        let Some(reading) = self.reading.take() else { return };
        match reading.answered(self, event) {
            Answered::More(reading) => drop(self.reading.replace(Some(reading))),
            Answered::All(found, then) => then(self, found),
        }
    }

    /// Has the success of a request come to this transaction, as the failures of all requests do.
    pub(super) fn listen(&self, request: &IdbRequest) {
        let on_event = self.on_event.borrow();
        let listener: Option<&Function> = on_event.as_ref().map(|listener| listener.as_ref().unchecked_ref());
        request.set_onsuccess(listener);
    }

    fn send_write(&self, write: Write, insert: bool) -> Attempt<()> {
        match write {
            Write::Put(table, key, value) => self.put(table, &key, &value, insert),
            Write::Delete(table, key) | Write::DeleteRange(table, key) => {
                halves::stores(table).try_for_each(|store| self.delete(store, &key))
            }
        }
    }

    fn delete(&self, table: &TableInfo, prefix: &Key) -> Attempt<()> {
        let range = key::starting_with(prefix)?;
        self.sent(table, prefix, self.store(table)?.delete(&range))
    }

    fn put(&self, table: &'static TableInfo, key: &Key, value: &Value, insert: bool) -> Attempt<()> {
        let encoded = value
            .encode()
            .map_err(|reason| RuntimeStoreError::Internal(format!("encoding {} {key}: {reason}", table.name)))?;
        let (table, elsewhere) = halves::places(table, &encoded);
        let store = self.store(table)?;
        match &encoded {
            Encoded::Text(text) => {
                let (text, js_key) = (text.into(), key::to_js(key));
                let sent = if insert { store.add_with_key(&text, &js_key) } else { store.put_with_key(&text, &js_key) };
                self.sent(table, key, sent)?;
            }
            Encoded::Bytes(_) => self.put_pieces(table, &store, key, (&encoded, value), insert)?,
        }
        elsewhere.map_or(Ok(()), |store| self.delete(store, key))
    }

    fn put_pieces(
        &self,
        table: &TableInfo,
        store: &IdbObjectStore,
        key: &Key,
        (encoded, value): (&Encoded, &Value),
        insert: bool,
    ) -> Attempt<()> {
        let sum = value.sum(encoded, table, key)?;
        let mut pieces = 0;
        for piece in pieces_of(encoded.as_bytes()) {
            let piece = piece_row(piece, sum.as_ref().map(<[u8; 32]>::as_slice));
            let js_key = key::piece_to_js(key, pieces);
            // Every value has a first piece, so inserting that finds out whether there is a value.
            let inserts = insert && pieces == 0;
            let sent = if inserts { store.add_with_key(&piece, &js_key) } else { store.put_with_key(&piece, &js_key) };
            self.sent(table, key, sent)?;
            pieces += 1;
        }
        // A longer value may have been there before, of whichever tab.
        self.sent(table, key, store.delete(&*key::pieces_from(key, pieces)?))
    }

    /// Takes away the records up to a key.
    pub(super) fn delete_up_to(&self, table: &TableInfo, key: &Key) -> Attempt<()> {
        self.sent(table, key, self.store(table)?.delete(&*key::up_to(key)?))
    }

    pub(super) fn store(&self, table: &TableInfo) -> Attempt<IdbObjectStore> {
        let mut stores = self.stores.borrow_mut();
        if let Some((_, store)) = stores.iter().find(|(name, _)| *name == table.name) {
            return Ok(store.clone());
        }
        let store = self.raw.object_store(table.name);
        let store = store.map_err(|error| self.failed(&format!("opening {}", table.name), error))?;
        stores.push((table.name, store.clone()));
        Ok(store)
    }

    /// Notes that a write was sent. One that the browser refuses at once, for its size above all, is at fault alone.
    fn sent(&self, table: &TableInfo, key: &Key, request: Result<IdbRequest, JsValue>) -> Attempt<()> {
        let activity = Activity::SendingWrites;
        let request = request.map_err(|error| failed(activity, &format!("writing {} {key}", table.name), error))?;
        if !self.wrote.replace(true) && !self.guarded.get() && self.reading.borrow().is_none() {
            self.listen(&request);
        }
        Ok(())
    }

    pub(super) fn failed(&self, doing: &str, error: JsValue) -> AttemptError {
        failed(self.activity, doing, error)
    }
}

/// Whether an `add` failed because there is a record: nothing else can meet a constraint, since there are no unique indices. Its
/// own error is asked, since a transaction of WebKit's that was aborted for it has none once `commit()` was called.
fn met_record(event: &Event) -> bool {
    let request = event.target().map(JsCast::unchecked_into::<IdbRequest>);
    let error = request.and_then(|request| request.error().ok().flatten());
    error.is_some_and(|error| error.name() == "ConstraintError")
}

fn cut_off() -> AttemptError {
    let message = "the browser stopped the script while it sent the writes; they were undone".to_owned();
    RuntimeStoreError::WriteFailed { message, cause: None }.into()
}

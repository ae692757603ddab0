//! The engine in memory: for tests, and for environments without durable storage.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;

use super::{
    Bus, Decide, Engine, Key, KeyPart, Listener, Order, Page, Read, ReadSet, Reads, Result, Row, TableInfo, Value,
    Watch, Write, panic::caught,
};
use crate::model::RuntimeStoreError;

use room::Room;

mod room;

type Rows = BTreeMap<Key, Kept>;

/// A record, and the bytes that it is counted as together with its key.
#[derive(Debug)]
struct Kept {
    value: Value,
    size: usize,
}

/// The rows of each table that was written to. There are so few tables that a linear search is fast.
#[derive(Debug, Default)]
struct Tables(Vec<(&'static str, Rows)>);

impl Tables {
    fn get(&self, table: &TableInfo) -> Option<&Rows> {
        self.0.iter().find(|(name, _)| *name == table.name).map(|(_, rows)| rows)
    }

    fn get_mut(&mut self, table: &TableInfo) -> &mut Rows {
        let at = self.0.iter().position(|(name, _)| *name == table.name).unwrap_or_else(|| {
            self.0.push((table.name, Rows::new()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }
}

/// Keeps records in ordered maps, not encoded. Nothing survives the value itself. There is no group commit: a transaction
/// waits for nothing but the lock, so sharing one would save nothing.
#[derive(Debug)]
pub struct Memory {
    tables: Mutex<Tables>,
    room: Room,
    /// Not under the lock, so that a decision or a listener, which run under it, can close the store too.
    closed: AtomicBool,
    bus: Bus,
}

impl Default for Memory {
    /// Natively without a limit. On wasm32 with one of 1 GiB.
    fn default() -> Self {
        Self::with_limit(room::DEFAULT)
    }
}

impl Memory {
    /// Keeps at most `bytes` of keys and records, each record counted with [`RECORD`](Self::RECORD) bytes more. A commit that would
    /// need more is `QuotaExceeded` and writes nothing; one that leaves no more than there was is made all the same.
    ///
    /// On wasm32, where a module has 4 GiB for everything, all such engines of the module together keep at most 2 GiB.
    pub fn with_limit(bytes: usize) -> Self {
        Self { tables: Mutex::default(), room: Room::of(bytes), closed: AtomicBool::default(), bus: Bus::default() }
    }

    /// What a record is counted with beside the bytes of its key and its own: its share of the maps and counters.
    pub const RECORD: usize = 200;

    /// A poisoned lock is usable: panics of decisions and listeners are caught, and no other foreign code runs under it.
    fn lock(&self) -> Result<MutexGuard<'_, Tables>> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(RuntimeStoreError::Closed("this store was closed; open another".to_owned()));
        }
        Ok(self.tables.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes all of the writes, or none where there is no room for what they leave.
    fn write(&self, tables: &mut Tables, writes: Vec<Write>) -> Result<()> {
        let before = self.room.taken();
        let mut undo = Vec::new();
        for write in writes {
            self.apply(tables, write, &mut undo);
        }
        let full = self.room.check(before);
        if full.is_err() {
            for (table, key, kept) in undo.into_iter().rev() {
                self.set(tables, table, key, kept);
            }
        }
        full
    }

    fn apply(&self, tables: &mut Tables, write: Write, undo: &mut Vec<Undo>) {
        let mut set = |tables: &mut Tables, table, key: Key, kept| {
            let was = self.set(tables, table, key.clone(), kept);
            undo.push((table, key, was));
        };
        match write {
            Write::Put(table, key, value) => {
                let size = if self.room.is_limited() { key.size() + value.size() + Self::RECORD } else { 0 };
                set(tables, table, key, Some(Kept { value, size }));
            }
            Write::Delete(table, key) => set(tables, table, key, None),
            Write::DeleteRange(table, prefix) => {
                let rows = tables.get_mut(table);
                let doomed = within(rows, Bound::Included(&prefix), &prefix).map(|(key, _)| key.clone());
                for key in doomed.collect::<Vec<_>>() {
                    set(tables, table, key, None);
                }
            }
        }
    }

    /// Sets what is kept under a key; returns what was kept there.
    fn set(&self, tables: &mut Tables, table: &'static TableInfo, key: Key, kept: Option<Kept>) -> Option<Kept> {
        let rows = tables.get_mut(table);
        let added = kept.as_ref().map_or(0, |kept| kept.size);
        let was = match kept {
            Some(kept) => rows.insert(key, kept),
            None => rows.remove(&key),
        };
        self.room.replace(was.as_ref().map_or(0, |was| was.size), added);
        was
    }
}

/// The record that a key had before a write, to put it back.
type Undo = (&'static TableInfo, Key, Option<Kept>);

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl Engine for Memory {
    async fn read(&self, reads: Reads) -> Result<ReadSet> {
        Ok(snapshot(&*self.lock()?, &reads))
    }

    async fn transact(&self, reads: Reads, mut decide: Decide) -> Result<ReadSet> {
        let mut tables = self.lock()?;
        let seen = snapshot(&tables, &reads);
        let commit = caught(|| decide(&seen))?;
        self.write(&mut tables, commit.writes)?;
        // Under the lock, so that commits are told in their order.
        if let Some(change) = &commit.change {
            self.bus.publish(change);
        }
        Ok(seen)
    }

    fn authority_key(&self) -> Option<String> {
        None
    }

    fn watch(&self, listener: Listener) -> Watch {
        self.bus.watch(listener)
    }

    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        // Where the lock is held, the records are freed when the engine is dropped.
        if let Ok(mut tables) = self.tables.try_lock() {
            tables.0.clear();
            self.room.clear();
        }
    }
}

fn snapshot(tables: &Tables, reads: &Reads) -> ReadSet {
    let rows =
        reads.as_slice().iter().map(|read| tables.get(read.table()).map_or_else(Vec::new, |rows| find(rows, read)));
    ReadSet::new(reads.as_slice(), rows)
}

fn find(rows: &Rows, read: &Read) -> Vec<(Key, Row)> {
    let live = |(key, kept): (&Key, &Kept)| (key.clone(), Row::Live(kept.value.clone()));
    match read {
        Read::Get(_, key, _) => rows.get_key_value(key).map(live).into_iter().collect(),
        Read::Range(_, prefix, page) | Read::Values(_, prefix, page) => {
            ordered(rows, prefix, page.after.as_ref(), page.order).take(limit(page)).map(live).collect()
        }
        Read::Distinct(_, prefix, page) => {
            let columns = prefix.parts().len() + 1;
            let mut found: Vec<(Key, Row)> = Vec::new();
            let past = |key: &Key| match page.order {
                Order::Ascending => key.end_of_range(),
                Order::Descending => key.clone(),
            };
            let mut passed = page.after.as_ref().map(past);
            while found.len() < limit(page) {
                let Some((key, _)) = ordered(rows, prefix, passed.as_ref(), page.order).next() else { break };
                let key = key.first(columns);
                passed = Some(past(&key));
                found.push((key, Row::KeyOnly));
            }
            found
        }
        Read::Keys(_, prefix, page) => {
            let keys = ordered(rows, prefix, page.after.as_ref(), page.order).take(limit(page));
            keys.map(|(key, _)| (key.clone(), Row::KeyOnly)).collect()
        }
        Read::Live(table, prefix, page) => {
            let rows = ordered(rows, prefix, page.after.as_ref(), Order::Ascending).map(live);
            rows.filter(|(_, row)| row.is_live(table)).take(limit(page)).collect()
        }
        Read::Count(_, prefix) => {
            let count = within(rows, Bound::Included(prefix), prefix).count();
            vec![(Key::new([KeyPart::U64(count as u64)]), Row::KeyOnly)]
        }
    }
}

fn limit(page: &Page) -> usize {
    page.limit.map_or(usize::MAX, |limit| limit as usize)
}

/// The rows whose keys start with a prefix and come after a key in this order.
fn ordered<'a>(
    rows: &'a Rows,
    prefix: &'a Key,
    after: Option<&'a Key>,
    order: Order,
) -> Box<dyn Iterator<Item = (&'a Key, &'a Kept)> + 'a> {
    match (order, after) {
        (Order::Ascending, None) => Box::new(within(rows, Bound::Included(prefix), prefix)),
        (Order::Ascending, Some(after)) => Box::new(within(rows, Bound::Excluded(after), prefix)),
        // A range that ends before it begins is a panic.
        (Order::Descending, Some(after)) if after <= prefix => Box::new(std::iter::empty()),
        (Order::Descending, after) => {
            let end = after.cloned().unwrap_or_else(|| prefix.end_of_range());
            Box::new(rows.range((Bound::Included(prefix.clone()), Bound::Excluded(end))).rev())
        }
    }
}

fn within<'a>(rows: &'a Rows, from: Bound<&'a Key>, prefix: &'a Key) -> impl Iterator<Item = (&'a Key, &'a Kept)> {
    rows.range::<Key, _>((from, Bound::Unbounded)).take_while(move |(key, _)| key.starts_with(prefix))
}

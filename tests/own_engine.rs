//! An engine of one's own, written with nothing but what the crate makes public: it holds the contract, and with one of its
//! promises broken, the suite has a rule that finds it.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use burrow::{
    RuntimeStoreError, Store, Watch, conformance,
    engine::{
        Bus, Decide, Encoded, Engine, Key, KeyPart, Listener, Order, Page, Read, ReadSet, Reads, Result, Row,
        TableInfo, Write,
    },
};
use futures_util::FutureExt;

/// Keeps every record encoded, in one ordered map.
#[derive(Default)]
struct Shelf {
    records: Mutex<BTreeMap<(&'static str, Key), Encoded>>,
    closed: AtomicBool,
    bus: Bus,
    fault: Option<Fault>,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    LosesTheLastWrite,
    WritesOneByOne,
    DecidesOnAnOldSnapshot,
    BeginsLate,
    BeginsEachPageAnew,
    KnowsOneOrder,
    SortsNumbersAsText,
    RoundsNumbers,
    TakesPrefixesOfText,
    KeepsBytesAsText,
    TellsNobody,
    TellsTwice,
    StaysOpen,
}

#[async_trait]
impl Engine for Shelf {
    async fn read(&self, reads: Reads) -> Result<ReadSet> {
        self.check_open()?;
        Ok(self.snapshot(&reads))
    }

    async fn transact(&self, reads: Reads, mut decide: Decide) -> Result<ReadSet> {
        self.check_open()?;
        if self.has(Fault::BeginsLate) {
            tokio::task::yield_now().await;
        }
        let seen = self.snapshot(&reads);
        if self.has(Fault::DecidesOnAnOldSnapshot) {
            tokio::task::yield_now().await;
        }
        let panicked = |_| Err(RuntimeStoreError::Internal("the decision panicked".to_owned()));
        let mut commit = catch_unwind(AssertUnwindSafe(|| decide(&seen))).unwrap_or_else(panicked)?;
        if self.has(Fault::LosesTheLastWrite) {
            commit.writes.pop();
        }
        for write in commit.writes {
            self.write(write)?;
            if self.has(Fault::WritesOneByOne) {
                tokio::task::yield_now().await;
            }
        }
        let times = if self.has(Fault::TellsNobody) { 0 } else { 1 + usize::from(self.has(Fault::TellsTwice)) };
        for change in commit.change.iter().cycle().take(times * commit.change.iter().len()) {
            self.bus.publish(change);
        }
        Ok(seen)
    }

    fn authority_key(&self) -> Option<String> {
        None
    }

    fn reopens(&self) -> u32 {
        0
    }

    fn watch(&self, listener: Listener) -> Watch {
        self.bus.watch(listener)
    }

    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }
}

impl Shelf {
    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::SeqCst) && !self.has(Fault::StaysOpen) {
            return Err(RuntimeStoreError::Closed("the shelf was closed".to_owned()));
        }
        Ok(())
    }

    fn write(&self, write: Write) -> Result<()> {
        let mut records = self.records.lock().unwrap();
        match write {
            Write::Put(table, key, value) => {
                let record = match value.encode().map_err(RuntimeStoreError::Internal)? {
                    Encoded::Bytes(bytes) if self.has(Fault::KeepsBytesAsText) => {
                        Encoded::Text(String::from_utf8_lossy(&bytes).into())
                    }
                    record => record,
                };
                records.insert((table.name, self.stored(key)), record);
            }
            Write::Delete(table, key) => drop(records.remove(&(table.name, self.stored(key)))),
            Write::DeleteRange(table, prefix) => {
                records.retain(|(name, key), _| *name != table.name || !key.starts_with(&prefix));
            }
        }
        Ok(())
    }

    fn stored(&self, key: Key) -> Key {
        let part = |part: &KeyPart| match part {
            KeyPart::U64(number) if self.has(Fault::SortsNumbersAsText) => number.to_string().into(),
            KeyPart::U64(number) if self.has(Fault::RoundsNumbers) => (*number as f64 as u64).into(),
            part => part.clone(),
        };
        Key::new(key.parts().iter().map(part).collect::<Vec<_>>())
    }

    fn snapshot(&self, reads: &Reads) -> ReadSet {
        let records = self.records.lock().unwrap();
        ReadSet::new(reads.as_slice(), reads.as_slice().iter().map(|read| self.find(&records, read)))
    }

    fn find(&self, records: &BTreeMap<(&'static str, Key), Encoded>, read: &Read) -> Vec<(Key, Row)> {
        let row = |((_, key), record): (&(&str, Key), &Encoded)| (key.clone(), Row::Stored(record.clone()));
        match read {
            Read::Get(table, key, _) => {
                records.get_key_value(&(table.name, self.stored(key.clone()))).map(row).into_iter().collect()
            }
            Read::Range(table, prefix, page) | Read::Values(table, prefix, page) => {
                self.page(self.within(records, table, prefix).map(row), page)
            }
            Read::Distinct(table, prefix, page) => {
                let columns = prefix.parts().len() + 1;
                let mut keys: Vec<_> =
                    self.within(records, table, prefix).map(|((_, key), _)| key.first(columns)).collect();
                keys.dedup();
                self.page(keys.into_iter().map(|key| (key, Row::KeyOnly)), page)
            }
            Read::Keys(table, prefix, page) => {
                let keys = self.within(records, table, prefix).map(|((_, key), _)| (key.clone(), Row::KeyOnly));
                self.page(keys, page)
            }
            Read::Live(table, prefix, page) => {
                let rows = self.within(records, table, prefix).map(row);
                self.page(rows.filter(|(_, row)| row.is_live(table)), page)
            }
            Read::Count(table, prefix) => {
                let count = self.within(records, table, prefix).count() as u64;
                vec![(Key::new([KeyPart::U64(count)]), Row::KeyOnly)]
            }
        }
    }

    fn within<'a>(
        &'a self,
        records: &'a BTreeMap<(&'static str, Key), Encoded>,
        table: &'a TableInfo,
        prefix: &'a Key,
    ) -> impl Iterator<Item = (&'a (&'static str, Key), &'a Encoded)> {
        let is_within = move |key: &Key| match prefix.parts() {
            [KeyPart::Text(prefix)] if self.has(Fault::TakesPrefixesOfText) => key.text(0).starts_with(&**prefix),
            _ => key.starts_with(prefix),
        };
        records.iter().filter(move |((name, key), _)| *name == table.name && is_within(key))
    }

    fn page(&self, rows: impl Iterator<Item = (Key, Row)>, page: &Page) -> Vec<(Key, Row)> {
        let after = page.after.as_ref().filter(|_| !self.has(Fault::BeginsEachPageAnew));
        let limit = page.limit.map_or(usize::MAX, |limit| limit as usize);
        let mut rows: Vec<_> = rows.collect();
        if page.order == Order::Descending && !self.has(Fault::KnowsOneOrder) {
            rows.reverse();
            rows.retain(|(key, _)| after.is_none_or(|after| key < after));
        } else {
            rows.retain(|(key, _)| after.is_none_or(|after| key > after));
        }
        rows.truncate(limit);
        rows
    }
}

async fn empty_store() -> Store<Shelf> {
    Store::over(Shelf::default())
}

burrow::conformance_suite!(
    #[tokio::test]
    empty_store
);

/// Each fault, and a rule that finds it.
macro_rules! found {
    ($($fault:ident by $area:ident::$rule:ident,)+) => {
        #[tokio::test]
        async fn each_fault_is_found() {
            $(
                let faulty = Store::over(Shelf { fault: Some(Fault::$fault), ..Shelf::default() });
                let outcome = AssertUnwindSafe(conformance::$area::$rule(faulty)).catch_unwind().await;
                assert!(outcome.is_err(), "nothing found: {}", stringify!($fault));
            )+
        }
    };
}

found! {
    LosesTheLastWrite by receipts::a_boundary_commits_snapshot_receipt_and_inputs,
    WritesOneByOne by closing::a_dropped_write_is_whole_or_absent,
    DecidesOnAnOldSnapshot by group_commit::no_write_is_lost_or_made_twice,
    BeginsLate by group_commit::a_call_goes_on_when_its_caller_goes_away,
    BeginsEachPageAnew by listing::listings_come_in_pages,
    KnowsOneOrder by listing::listings_come_in_descending_order_too,
    SortsNumbersAsText by receipts::runs_and_receipts_of_a_runtime_are_listed_in_pages,
    RoundsNumbers by receipts::sequences_are_exact_to_the_last_digit,
    TakesPrefixesOfText by labels::no_mob_is_a_prefix_of_another,
    KeepsBytesAsText by sessions::a_snapshot_that_is_not_json_is_kept,
    TellsNobody by watching::every_commit_is_told_once_with_what_it_changed,
    TellsTwice by watching::every_commit_is_told_once_with_what_it_changed,
    StaysOpen by closing::a_closed_store_refuses_everything,
}

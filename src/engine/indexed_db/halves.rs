//! Tables of which some records are live lie in two object stores, so that the live ones are found at their own cost. A live
//! record is in the store of the live ones, and counts there whatever the table's own store has under its key: so a record that
//! becomes live is one write. The others are in the table's own store, and nothing is in the other under their keys.
//!
//! Why not by an index, or by rows that only mark: docs/decisions/020-live-inputs.md.

use std::rc::Rc;

use super::{Read, ReadSet, TableInfo, error::Attempt, reading::Then, transaction::Transaction};
use crate::engine::{Encoded, Key, KeyPart, Order, Page, Row};

/// The names of a table's object stores.
pub(super) fn stores(table: &'static TableInfo) -> impl Iterator<Item = &'static TableInfo> {
    [table].into_iter().chain(table.live.as_ref().map(|live| live.table))
}

/// The object store that a record goes to, and the one in which nothing may then be under its key.
pub(super) fn places(table: &'static TableInfo, encoded: &Encoded) -> (&'static TableInfo, Option<&'static TableInfo>) {
    match &table.live {
        Some(live) if (live.is)(encoded) => (live.table, None),
        Some(live) => (table, Some(live.table)),
        None => (table, None),
    }
}

/// The same read of both object stores: that of the table, and that of its live records.
fn halves(read: &Read) -> Option<(Read, Read)> {
    let live = read.table().live.as_ref()?.table;
    Some(match read.clone() {
        Read::Get(table, key, _) => (Read::Get(table, key.clone(), None), Read::Get(live, key, None)),
        Read::Range(table, prefix, page) | Read::Values(table, prefix, page) => {
            (Read::Range(table, prefix.clone(), page.clone()), Read::Range(live, prefix, page))
        }
        Read::Distinct(table, prefix, page) => {
            (Read::Distinct(table, prefix.clone(), page.clone()), Read::Distinct(live, prefix, page))
        }
        Read::Keys(table, prefix, page) => {
            (Read::Keys(table, prefix.clone(), page.clone()), Read::Keys(live, prefix, page))
        }
        // The keys, since those that are under both are to count once.
        Read::Count(table, prefix) => (Read::Count(table, prefix.clone()), Read::Keys(live, prefix, Page::default())),
        Read::Live(..) => return None,
    })
}

/// The reads of single object stores that come to `reads`.
fn parts(reads: &[Read]) -> Vec<Read> {
    let mut parts = Vec::with_capacity(reads.len());
    for read in reads {
        match (halves(read), read) {
            (Some((own, live)), _) => parts.extend([own, live]),
            (None, Read::Live(table, prefix, page)) => {
                let table = table.live.as_ref().map_or(*table, |live| live.table);
                parts.push(Read::Range(table, prefix.clone(), page.clone()));
            }
            (None, _) => parts.push(read.clone()),
        }
    }
    parts
}

/// The reads of single object stores that come to `reads`, and what makes of their results what `then` is to have.
pub(super) fn of(reads: Vec<Read>, then: Then) -> (Vec<Read>, Then) {
    if !reads.iter().any(|read| read.table().live.is_some()) {
        return (reads, then);
    }
    let parts = parts(&reads);
    let joined =
        move |transaction: &Rc<Transaction>, found: Attempt<ReadSet>| match found.map(|found| join(&reads, found)) {
            Err(error) => then(transaction, Err(error)),
            Ok((rows, twice)) if twice.is_empty() => then(transaction, Ok(ReadSet::new(&reads, rows))),
            Ok((rows, twice)) => count_once(transaction, reads, rows, twice, then),
        };
    (parts, Box::new(joined))
}

type Rows = Vec<(Key, Row)>;

/// A count that has a record twice, if this finds one: the count's place among the reads, and what to look for.
type Twice = (usize, Read);

/// The rows of each read, from those of its parts.
fn join(reads: &[Read], found: ReadSet) -> (Vec<Rows>, Vec<Twice>) {
    let mut parts = found.into_rows();
    let mut next = || parts.next().unwrap_or_default();
    let (mut rows, mut twice) = (Vec::with_capacity(reads.len()), Vec::new());
    for (at, read) in reads.iter().enumerate() {
        let own = next();
        rows.push(match (halves(read), read) {
            (None, _) => own,
            (_, Read::Count(table, _)) => {
                let live = next();
                let count = counted(&own) + live.len() as u64;
                twice.extend(live.into_iter().map(|(key, _)| (at, Read::Count(table, key))));
                count_of(count)
            }
            (
                _,
                Read::Range(_, _, page)
                | Read::Values(_, _, page)
                | Read::Distinct(_, _, page)
                | Read::Keys(_, _, page),
            ) => merged(own, next(), page),
            _ => merged(own, next(), &Page::default()),
        });
    }
    (rows, twice)
}

/// Takes off from the counts what they have twice.
fn count_once(transaction: &Rc<Transaction>, reads: Vec<Read>, mut rows: Vec<Rows>, twice: Vec<Twice>, then: Then) {
    let (places, sought): (Vec<usize>, Vec<Read>) = twice.into_iter().unzip();
    let counted_once = move |transaction: &Rc<Transaction>, found: Attempt<ReadSet>| {
        let found = found.map(|found| {
            for (at, under) in places.into_iter().zip(found.into_rows()) {
                if let Some(count) = rows.get_mut(at) {
                    *count = count_of(counted(count).saturating_sub(counted(&under)));
                }
            }
            ReadSet::new(&reads, rows)
        });
        then(transaction, found);
    };
    if let Err(error) = transaction.read_parts(sought, Box::new(counted_once)) {
        transaction.abort(Err(error));
    }
}

fn counted(rows: &Rows) -> u64 {
    match rows.first().and_then(|(key, _)| key.parts().first()) {
        Some(KeyPart::U64(count)) => *count,
        _ => 0,
    }
}

fn count_of(count: u64) -> Rows {
    vec![(Key::new([KeyPart::U64(count)]), Row::KeyOnly)]
}

/// Both in the order of their keys, the live one where both have a key. What a page of the one lacks behind its last row does not
/// come before the last of the whole page.
fn merged(own: Rows, live: Rows, page: &Page) -> Rows {
    if live.is_empty() {
        return own;
    }
    let comes_before = |a: &Key, b: &Key| match page.order {
        Order::Ascending => a < b,
        Order::Descending => a > b,
    };
    let mut merged = Vec::with_capacity(own.len() + live.len());
    let mut live = live.into_iter().peekable();
    for row in own {
        while let Some(before) = live.next_if(|(key, _)| comes_before(key, &row.0)) {
            merged.push(before);
        }
        if live.peek().is_none_or(|(key, _)| *key != row.0) {
            merged.push(row);
        }
    }
    merged.extend(live);
    merged.truncate(page.limit.map_or(usize::MAX, |limit| limit as usize));
    merged
}

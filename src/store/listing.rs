//! Listings: runtimes, their runs, inputs and receipts; mobs, and labels by selector.
//!
//! Listings come in key order, the same on every engine, and in pages: pass the last item of one page to get the next.
//! They read only keys where they can, so an unreadable record does not hide the others. A stored id that is not valid (an
//! empty one, or one that is no UUID) is skipped: no call could name it.

use std::{str::FromStr, sync::Arc};

use super::{
    Operation, Store,
    metadata::{Labelled, read_each, scope},
    recovery::{deletion, is_deleted},
    schema::{DELETIONS, INPUTS, LABELS, METADATA, OPS, RECEIPTS, SESSIONS, SNAPSHOTS, STATES},
};
use crate::{
    engine::{Bytes, Engine, Key, KeyPart, Keys, One, Order, Page, ReadSet, Reads, Record, Result, Table, Text},
    model::{
        Document, InputId, LabelSelector, Labels, LogicalRuntimeId, MetadataScope, RunBoundaryReceipt, RunId,
        RuntimeState, RuntimeStoreError, SessionDelta, SessionId,
    },
};

impl<E: Engine> Store<E> {
    /// The listings of this store in descending order.
    pub fn descending(&self) -> Descending<'_, E> {
        Descending(self)
    }

    /// Up to `limit` ids of runtimes that hold anything, after the id `after`.
    ///
    /// # Errors
    /// `InvalidInput` for a limit of 0.
    pub async fn list_runtimes(&self, after: Option<&LogicalRuntimeId>, limit: u32) -> Result<Vec<LogicalRuntimeId>> {
        self.run(runtimes(after, limit, Order::Ascending)).await
    }

    /// Up to `limit` ids of runtimes whose committed state is `state`, after the id `after`.
    ///
    /// # Errors
    /// `InvalidInput` for a limit of 0; `Decode` where a runtime's state cannot be read.
    pub async fn list_runtimes_in(
        &self,
        state: RuntimeState,
        after: Option<&LogicalRuntimeId>,
        limit: u32,
    ) -> Result<Vec<LogicalRuntimeId>> {
        self.run(runtimes_in(state, after, limit, Order::Ascending)).await
    }

    /// Up to `limit` ids of mobs that have labels, labelled runs or a cursor, after the id `after`.
    ///
    /// # Errors
    /// `InvalidInput` for a limit of 0.
    pub async fn list_mobs(&self, after: Option<&str>, limit: u32) -> Result<Vec<String>> {
        self.run(mobs(after, limit, Order::Ascending)).await
    }

    /// Up to `limit` ids of runs that have receipts under the runtime, after the id `after`.
    ///
    /// # Errors
    /// `InvalidInput` for a limit of 0.
    pub async fn list_runs(
        &self,
        runtime_id: &LogicalRuntimeId,
        after: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<RunId>> {
        self.run(runs(runtime_id, after, limit, Order::Ascending)).await
    }

    /// Up to `limit` ids of the runtime's inputs, after the id `after`. The inputs themselves are not read: where
    /// `load_input_states` fails on one that cannot be read, this finds the others.
    ///
    /// # Errors
    /// `InvalidInput` for a limit of 0.
    pub async fn list_inputs(
        &self,
        runtime_id: &LogicalRuntimeId,
        after: Option<&InputId>,
        limit: u32,
    ) -> Result<Vec<InputId>> {
        self.run(input_ids(runtime_id, after, limit, Order::Ascending)).await
    }

    /// Up to `limit` receipts of the runtime, by run and then by sequence, after the one of run and sequence `after`.
    ///
    /// # Errors
    /// `InvalidInput` for a limit of 0; `Decode` for a receipt that cannot be read: it names the key, from which the
    /// next page can begin.
    pub async fn list_receipts(
        &self,
        runtime_id: &LogicalRuntimeId,
        after: Option<(&RunId, u64)>,
        limit: u32,
    ) -> Result<Vec<RunBoundaryReceipt>> {
        self.run(receipts(runtime_id, after, limit, Order::Ascending)).await?.iter().map(Document::read).collect()
    }

    /// The receipt of the latest boundary: of one run, or of the run with the greatest id, which for ids of version 7 is the
    /// latest run. `None` where there is none.
    ///
    /// # Errors
    /// `Decode` where it cannot be read.
    pub async fn load_last_receipt(
        &self,
        runtime_id: &LogicalRuntimeId,
        run_id: Option<&RunId>,
    ) -> Result<Option<RunBoundaryReceipt>> {
        self.run(last_receipt(runtime_id, run_id)).await?.map(|found| found.read()).transpose()
    }

    /// Every labelled mob and run whose labels meet the selector, in the order of their ids.
    ///
    /// # Errors
    /// `Decode` for labels that cannot be read.
    pub async fn select_labels(&self, selector: &LabelSelector) -> Result<Vec<(MetadataScope, Labels)>> {
        read_each(self.run(selected(selector.clone())).await?)
    }

    /// The latest snapshot that was committed with this session key, and the runtime that holds it; `None` where there
    /// is none, or where the runtime's snapshot is another session's by now.
    pub async fn load_session_by_id(&self, session: SessionId) -> Result<Option<(LogicalRuntimeId, Vec<u8>)>> {
        let mut held = self.run(holder(session)).await?;
        while let Some(runtime) = held {
            held = match self.run(session_of(runtime.clone(), session)).await? {
                // It moved to another runtime meanwhile.
                (holder, _) if holder.as_ref() != Some(&runtime) => holder,
                (_, snapshot) => return Ok(snapshot.map(|snapshot| (runtime, snapshot))),
            };
        }
        Ok(None)
    }
}

/// The same listings from their ends, from [`Store::descending`]: the greatest ids first, and `after` is followed by what is
/// less. Ids of version 7 begin with their time, so these are the latest.
#[derive(Debug)]
pub struct Descending<'a, E>(&'a Store<E>);

impl<E: Engine> Descending<'_, E> {
    /// As [`Store::list_runtimes`].
    pub async fn list_runtimes(&self, after: Option<&LogicalRuntimeId>, limit: u32) -> Result<Vec<LogicalRuntimeId>> {
        self.0.run(runtimes(after, limit, Order::Descending)).await
    }

    /// As [`Store::list_runtimes_in`].
    pub async fn list_runtimes_in(
        &self,
        state: RuntimeState,
        after: Option<&LogicalRuntimeId>,
        limit: u32,
    ) -> Result<Vec<LogicalRuntimeId>> {
        self.0.run(runtimes_in(state, after, limit, Order::Descending)).await
    }

    /// As [`Store::list_mobs`].
    pub async fn list_mobs(&self, after: Option<&str>, limit: u32) -> Result<Vec<String>> {
        self.0.run(mobs(after, limit, Order::Descending)).await
    }

    /// As [`Store::list_runs`].
    pub async fn list_runs(
        &self,
        runtime_id: &LogicalRuntimeId,
        after: Option<&RunId>,
        limit: u32,
    ) -> Result<Vec<RunId>> {
        self.0.run(runs(runtime_id, after, limit, Order::Descending)).await
    }

    /// As [`Store::list_inputs`].
    pub async fn list_inputs(
        &self,
        runtime_id: &LogicalRuntimeId,
        after: Option<&InputId>,
        limit: u32,
    ) -> Result<Vec<InputId>> {
        self.0.run(input_ids(runtime_id, after, limit, Order::Descending)).await
    }

    /// As [`Store::list_receipts`]. The first is the latest boundary of the runtime.
    pub async fn list_receipts(
        &self,
        runtime_id: &LogicalRuntimeId,
        after: Option<(&RunId, u64)>,
        limit: u32,
    ) -> Result<Vec<RunBoundaryReceipt>> {
        let found = self.0.run(receipts(runtime_id, after, limit, Order::Descending)).await?;
        found.iter().map(Document::read).collect()
    }
}

pub(crate) fn runtimes(
    after: Option<&LogicalRuntimeId>,
    limit: u32,
    order: Order,
) -> Result<Operation<Vec<LogicalRuntimeId>>> {
    let page = page_of_ids(after.map(|id| (id,).into()), limit, order)?;
    let mut reads = Reads::new();
    let tables = [
        reads.distinct(&INPUTS, Key::all(), page.clone()),
        reads.distinct(&RECEIPTS, Key::all(), page.clone()),
        reads.distinct(&SNAPSHOTS, Key::all(), page.clone()),
        reads.distinct(&STATES, Key::all(), page.clone()),
        reads.distinct(&OPS, Key::all(), page.clone()),
        // A runtime whose deletion was cut off may have nothing left but its note. It is listed, so that it can be found and deleted again.
        reads.distinct(&DELETIONS, Key::all(), page),
    ];
    Ok(Operation::read(reads, move |seen| {
        first_texts(seen, &tables, limit, order).into_iter().map(LogicalRuntimeId::new).collect()
    }))
}

pub(crate) fn runtimes_in(
    state: RuntimeState,
    after: Option<&LogicalRuntimeId>,
    limit: u32,
    order: Order,
) -> Result<Operation<Vec<LogicalRuntimeId>>> {
    // The state is in the value, so the row of every runtime is read.
    let page = Page { limit: None, ..page_of_ids(after.map(|id| (id,).into()), limit, order)? };
    let mut reads = Reads::new();
    let states = reads.range(&STATES, Key::all(), page);
    Ok(Operation::read(reads, move |seen| {
        let mut found = Vec::new();
        for (key, stored) in seen.many(states)? {
            if found.len() == limit as usize || key.text(0).is_empty() {
                break;
            }
            if stored.read()? == state {
                found.push(LogicalRuntimeId::new(key.text(0))?);
            }
        }
        Ok(found)
    }))
}

pub(crate) fn mobs(after: Option<&str>, limit: u32, order: Order) -> Result<Operation<Vec<String>>> {
    let page = page_of_ids(after.map(|id| (id,).into()), limit, order)?;
    let mut reads = Reads::new();
    let tables = [reads.distinct(&METADATA, Key::all(), page.clone()), reads.distinct(&LABELS, Key::all(), page)];
    Ok(Operation::read(reads, move |seen| Ok(first_texts(seen, &tables, limit, order))))
}

pub(crate) fn runs(
    runtime_id: &LogicalRuntimeId,
    after: Option<&RunId>,
    limit: u32,
    order: Order,
) -> Result<Operation<Vec<RunId>>> {
    ids(&RECEIPTS, runtime_id, page(after.map(|run| (runtime_id, run).into()), limit, order)?)
}

pub(crate) fn input_ids(
    runtime_id: &LogicalRuntimeId,
    after: Option<&InputId>,
    limit: u32,
    order: Order,
) -> Result<Operation<Vec<InputId>>> {
    ids(&INPUTS, runtime_id, page(after.map(|input| (runtime_id, input).into()), limit, order)?)
}

pub(crate) fn receipts(
    runtime_id: &LogicalRuntimeId,
    after: Option<(&RunId, u64)>,
    limit: u32,
    order: Order,
) -> Result<Operation<Vec<Document<RunBoundaryReceipt>>>> {
    let after = after.map(|(run, sequence)| (runtime_id, run, sequence).into());
    let mut reads = Reads::new();
    let deletion = deletion(&mut reads, runtime_id);
    let receipts = reads.values(&RECEIPTS, (runtime_id,), page(after, limit, order)?);
    Ok(Operation::read(reads, move |seen| {
        if is_deleted(seen, deletion) {
            return Ok(Vec::new());
        }
        let valid =
            |key: &Key| key.text(1).parse::<RunId>().is_ok() && matches!(key.parts().get(2), Some(KeyPart::U64(_)));
        Ok(seen.valid_records(receipts, limit, valid)?.iter().map(|stored| stored.receipt.clone()).collect())
    }))
}

pub(crate) fn last_receipt(
    runtime_id: &LogicalRuntimeId,
    run_id: Option<&RunId>,
) -> Result<Operation<Option<Document<RunBoundaryReceipt>>>> {
    let page = Page { limit: Some(1), order: Order::Descending, after: None };
    let prefix: Key = match run_id {
        None => (runtime_id,).into(),
        Some(run_id) => (runtime_id, run_id).into(),
    };
    let mut reads = Reads::new();
    let deletion = deletion(&mut reads, runtime_id);
    let last = reads.range(&RECEIPTS, prefix, page);
    Ok(Operation::read(reads, move |seen| {
        let last = if is_deleted(seen, deletion) { None } else { seen.many(last)?.pop() };
        Ok(last.map(|(_, stored)| stored.receipt.clone()))
    }))
}

pub(crate) fn selected(selector: LabelSelector) -> Result<Operation<Vec<Labelled>>> {
    let mut reads = Reads::new();
    let rows = reads.range(&LABELS, Key::all(), Page::default());
    Ok(Operation::read(reads, move |seen| {
        let selected = seen.many(rows)?.into_iter().filter(|(_, labels)| labels.meets(&selector));
        Ok(selected.map(|(key, labels)| (scope(key), Document::clone(&labels))).collect())
    }))
}

/// The runtime under which a session was last committed with its key.
fn holder(session: SessionId) -> Result<Operation<Option<LogicalRuntimeId>>> {
    let mut reads = Reads::new();
    let runtime = reads.get(&SESSIONS, (&session,));
    Ok(Operation::read(reads, move |seen| holder_in(seen, runtime, session)))
}

fn holder_in(seen: &ReadSet, runtime: One<Text>, session: SessionId) -> Result<Option<LogicalRuntimeId>> {
    let id = |runtime: Arc<Text>| {
        LogicalRuntimeId::new(runtime.0.as_str()).map_err(|_| RuntimeStoreError::Decode {
            table: SESSIONS.info.name,
            key: format!("[{session}]"),
            reason: "expected the id of a runtime".to_owned(),
        })
    };
    seen.one(runtime)?.map(id).transpose()
}

type Holding = (Option<LogicalRuntimeId>, Option<Vec<u8>>);

/// The runtime that holds a session, and in the same snapshot what `runtime` has, where it is the session's.
fn session_of(runtime: LogicalRuntimeId, session: SessionId) -> Result<Operation<Holding>> {
    let mut reads = Reads::new();
    let holder = reads.get(&SESSIONS, (&session,));
    let snapshot = reads.get(&SNAPSHOTS, (&runtime,));
    Ok(Operation::read(reads, move |seen| {
        let snapshot = seen.one(snapshot)?;
        let is_its =
            |snapshot: &Arc<Bytes>| SessionDelta::new(snapshot.bytes().clone()).check_session_key(session).is_ok();
        let snapshot = snapshot.filter(is_its).map(|snapshot| snapshot.bytes().to_vec());
        Ok((holder_in(seen, holder, session)?, snapshot))
    }))
}

pub(super) fn page(after: Option<Key>, limit: u32, order: Order) -> Result<Page> {
    if limit == 0 {
        return Err(RuntimeStoreError::invalid("limit", "expected at least 1"));
    }
    Ok(Page { after, limit: Some(limit), order })
}

/// A page of ids of runtimes or mobs. An empty one is no id: ascending it is passed over here, descending it comes last.
fn page_of_ids(after: Option<Key>, limit: u32, order: Order) -> Result<Page> {
    let first = (order == Order::Ascending).then(|| ("",).into());
    page(after.or(first), limit, order)
}

/// Merges the texts of the tables, which are in this order, without duplicates and up to `limit`.
fn first_texts(seen: &ReadSet, tables: &[Keys], limit: u32, order: Order) -> Vec<String> {
    let mut tables: Vec<_> = tables.iter().map(|table| seen.keys(*table).map(|key| key.text(0)).peekable()).collect();
    let mut texts = Vec::new();
    while texts.len() < limit as usize {
        let next = tables.iter_mut().filter_map(|table| table.peek().copied());
        let next = match order {
            Order::Ascending => next.min(),
            Order::Descending => next.max(),
        };
        let Some(next) = next.filter(|next| !next.is_empty()) else { break };
        for table in &mut tables {
            table.next_if_eq(&next);
        }
        texts.push(next.to_owned());
    }
    texts
}

/// A page of the ids in the second column of a runtime's table.
fn ids<V: Record, Id: FromStr + 'static>(
    table: &Table<V>,
    runtime_id: &LogicalRuntimeId,
    page: Page,
) -> Result<Operation<Vec<Id>>> {
    let limit = page.limit.unwrap_or(u32::MAX);
    let mut reads = Reads::new();
    let deletion = deletion(&mut reads, runtime_id);
    let keys = reads.distinct(table, (runtime_id,), page);
    Ok(Operation::read(reads, move |seen| {
        if is_deleted(seen, deletion) {
            return Ok(Vec::new());
        }
        seen.valid_keys(keys, limit, |key| key.text(1).parse().ok())
    }))
}

//! Listings: runtimes, their runs, inputs and receipts; mobs, and labels by selector.
//!
//! Listings come in key order, the same on every engine, and in pages: pass the last item of one page to get the next.
//! They read only keys where they can, so an unreadable record does not hide the others. A stored id that is not valid (an
//! empty one, or one that is no UUID) is skipped: no call could name it.

use std::sync::Arc;

use super::{
    Operation, Store,
    metadata::{Labelled, read_each, scope},
    schema::{INPUTS, LABELS, METADATA, OPS, RECEIPTS, SESSIONS, SNAPSHOTS, STATES},
};
use crate::{
    engine::{Bytes, Engine, Key, KeyPart, Keys, Page, ReadSet, Reads, Result, Text},
    model::{
        Document, InputId, LabelSelector, Labels, LogicalRuntimeId, MetadataScope, RunBoundaryReceipt, RunId,
        RuntimeStoreError, SessionDelta, SessionId,
    },
};

impl<E: Engine> Store<E> {
    /// Up to `limit` ids of runtimes that hold anything, after the id `after`.
    ///
    /// # Errors
    /// `InvalidInput` for a limit of 0.
    pub async fn list_runtimes(&self, after: Option<&LogicalRuntimeId>, limit: u32) -> Result<Vec<LogicalRuntimeId>> {
        self.run(runtimes(after, limit)).await
    }

    /// Up to `limit` ids of mobs that have labels, labelled runs or a cursor, after the id `after`.
    ///
    /// # Errors
    /// `InvalidInput` for a limit of 0.
    pub async fn list_mobs(&self, after: Option<&str>, limit: u32) -> Result<Vec<String>> {
        self.run(mobs(after, limit)).await
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
        self.run(runs(runtime_id, after, limit)).await
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
        self.run(input_ids(runtime_id, after, limit)).await
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
        self.run(receipts(runtime_id, after, limit)).await?.iter().map(Document::read).collect()
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
        match self.run(holder(session)).await? {
            Some(runtime) => {
                let snapshot = self.run(session_of(&runtime, session)).await?;
                Ok(snapshot.map(|snapshot| (runtime, snapshot)))
            }
            None => Ok(None),
        }
    }
}

pub(crate) fn runtimes(after: Option<&LogicalRuntimeId>, limit: u32) -> Result<Operation<Vec<LogicalRuntimeId>>> {
    let page = page_of_ids(after.map(|id| (id,).into()), limit)?;
    let mut reads = Reads::new();
    let tables = [
        reads.distinct(&INPUTS, Key::all(), page.clone()),
        reads.distinct(&RECEIPTS, Key::all(), page.clone()),
        reads.distinct(&SNAPSHOTS, Key::all(), page.clone()),
        reads.distinct(&STATES, Key::all(), page.clone()),
        reads.distinct(&OPS, Key::all(), page),
    ];
    Ok(Operation::read(reads, move |seen| {
        first_texts(seen, &tables, limit).into_iter().map(LogicalRuntimeId::new).collect()
    }))
}

pub(crate) fn mobs(after: Option<&str>, limit: u32) -> Result<Operation<Vec<String>>> {
    let page = page_of_ids(after.map(|id| (id,).into()), limit)?;
    let mut reads = Reads::new();
    let tables = [reads.distinct(&METADATA, Key::all(), page.clone()), reads.distinct(&LABELS, Key::all(), page)];
    Ok(Operation::read(reads, move |seen| Ok(first_texts(seen, &tables, limit))))
}

pub(crate) fn runs(runtime_id: &LogicalRuntimeId, after: Option<&RunId>, limit: u32) -> Result<Operation<Vec<RunId>>> {
    let page = page(after.map(|run| (runtime_id, run).into()), limit)?;
    let mut reads = Reads::new();
    let runs = reads.distinct(&RECEIPTS, (runtime_id,), page);
    Ok(Operation::read(reads, move |seen| ids(seen, runs, limit)))
}

pub(crate) fn input_ids(
    runtime_id: &LogicalRuntimeId,
    after: Option<&InputId>,
    limit: u32,
) -> Result<Operation<Vec<InputId>>> {
    let page = page(after.map(|input| (runtime_id, input).into()), limit)?;
    let mut reads = Reads::new();
    let inputs = reads.distinct(&INPUTS, (runtime_id,), page);
    Ok(Operation::read(reads, move |seen| ids(seen, inputs, limit)))
}

pub(crate) fn receipts(
    runtime_id: &LogicalRuntimeId,
    after: Option<(&RunId, u64)>,
    limit: u32,
) -> Result<Operation<Vec<Document<RunBoundaryReceipt>>>> {
    let after = after.map(|(run, sequence)| (runtime_id, run, sequence).into());
    let mut reads = Reads::new();
    let receipts = reads.values(&RECEIPTS, (runtime_id,), page(after, limit)?);
    Ok(Operation::read(reads, move |seen| {
        let valid =
            |key: &Key| key.text(1).parse::<RunId>().is_ok() && matches!(key.parts().get(2), Some(KeyPart::U64(_)));
        Ok(seen.valid_records(receipts, limit, valid)?.iter().map(|stored| stored.receipt.clone()).collect())
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
pub(crate) fn holder(session: SessionId) -> Result<Operation<Option<LogicalRuntimeId>>> {
    let mut reads = Reads::new();
    let runtime = reads.get(&SESSIONS, (&session,));
    Ok(Operation::read(reads, move |seen| {
        let id = |runtime: Arc<Text>| {
            LogicalRuntimeId::new(runtime.0.as_str()).map_err(|_| RuntimeStoreError::Decode {
                table: SESSIONS.info.name,
                key: format!("[{session}]"),
                reason: "expected the id of a runtime".to_owned(),
            })
        };
        seen.one(runtime)?.map(id).transpose()
    }))
}

/// A runtime's snapshot, where it is the session's.
pub(crate) fn session_of(runtime: &LogicalRuntimeId, session: SessionId) -> Result<Operation<Option<Vec<u8>>>> {
    let mut reads = Reads::new();
    let snapshot = reads.get(&SNAPSHOTS, (runtime,));
    Ok(Operation::read(reads, move |seen| {
        let snapshot = seen.one(snapshot)?;
        let is_its = |snapshot: &Arc<Bytes>| SessionDelta::new(snapshot.0.clone()).check_session_key(session).is_ok();
        Ok(snapshot.filter(is_its).map(|snapshot| snapshot.0.to_vec()))
    }))
}

fn page(after: Option<Key>, limit: u32) -> Result<Page> {
    if limit == 0 {
        return Err(RuntimeStoreError::invalid("limit", "expected at least 1"));
    }
    Ok(Page { after, limit: Some(limit) })
}

/// A page of ids of runtimes or mobs, which are not empty.
fn page_of_ids(after: Option<Key>, limit: u32) -> Result<Page> {
    page(after.or_else(|| Some(("",).into())), limit)
}

/// Merges the sorted texts of the tables, without duplicates, up to `limit`.
fn first_texts(seen: &ReadSet, tables: &[Keys], limit: u32) -> Vec<String> {
    let mut tables: Vec<_> = tables.iter().map(|table| seen.keys(*table).map(|key| key.text(0)).peekable()).collect();
    let mut texts = Vec::new();
    while texts.len() < limit as usize
        && let Some(next) = tables.iter_mut().filter_map(|table| table.peek().copied()).min()
    {
        for table in &mut tables {
            table.next_if_eq(&next);
        }
        texts.push(next.to_owned());
    }
    texts
}

/// The first `limit` of the ids in the keys' second column.
fn ids<T: std::str::FromStr>(seen: &ReadSet, keys: Keys, limit: u32) -> Result<Vec<T>> {
    seen.valid_keys(keys, limit, |key| key.text(1).parse().ok())
}

//! What must stay of a runtime that is pruned.

use std::collections::{BTreeMap, BTreeSet};

use super::{CHUNK, GoOn};
use crate::{
    engine::{Engine, Key, Keys, Many, Order, Page, ReadSet, Reads, Result},
    model::{Document, InputId, LogicalRuntimeId, RunBoundaryReceipt, RunId, RuntimeState},
    store::{
        Operation, Store,
        listing::last_receipt,
        payload::StoredReceipt,
        recovery::{deletion, is_deleted, live_inputs},
        runtime::state,
        schema::RECEIPTS,
    },
};

/// What must stay.
#[derive(Clone, Default)]
pub(super) struct Needed {
    /// The first boundary of a run that a live input belongs to; 0 for the open run.
    pub(super) boundaries: BTreeMap<RunId, u64>,
    /// The last boundary of all.
    pub(super) last: Option<(RunId, u64)>,
    /// The live inputs.
    pub(super) live: BTreeSet<InputId>,
    /// The inputs that the last boundary and the open run have taken in.
    pub(super) inputs: BTreeSet<InputId>,
    /// Whether the runtime's deletion is under way.
    pub(super) is_deleted: bool,
}

impl<E: Engine> Store<E> {
    /// What must stay of a runtime; `None` where the caller says no more.
    pub(super) async fn needed(&self, runtime_id: &LogicalRuntimeId, go_on: GoOn<'_>) -> Result<Option<Needed>> {
        let mut needed = Needed::default();
        // Read first, so that every later commit comes after it.
        let last = self.run(last_receipt(runtime_id, None)).await?;
        let mut after = None;
        loop {
            let page = self.run(live_inputs(runtime_id, after.as_ref(), CHUNK)).await?;
            for input in &page {
                needed.live.insert(*input.key());
                if let Some((run, sequence)) = input.boundary()? {
                    let first = needed.boundaries.entry(run).or_insert(sequence);
                    *first = sequence.min(*first);
                }
            }
            match page.last() {
                Some(last) if page.len() == CHUNK as usize => after = Some(*last.key()),
                _ => break,
            }
            if !go_on() {
                return Ok(None);
            }
        }
        let Some(last) = last else { return Ok(Some(needed)) };
        let (run, sequence) = *last.key();
        needed.last = Some((run, sequence));
        needed.inputs.extend(last.inputs()?);
        if self.run(state(runtime_id)).await? == Some(RuntimeState::Running) {
            needed.boundaries.insert(run, 0);
            let mut after = None;
            loop {
                let page = self.run(receipts_of(runtime_id, &run, after)).await?;
                for (_, receipt) in &page {
                    needed.inputs.extend(receipt.inputs()?);
                }
                match page.into_iter().nth(CHUNK as usize - 1) {
                    Some((key, _)) => after = Some(key),
                    None => break,
                }
                if !go_on() {
                    return Ok(None);
                }
            }
        }
        Ok(Some(needed))
    }
}

/// The reads that tell a transaction what came after it was read what is needed.
#[derive(Clone, Copy)]
pub(super) struct Later {
    deletion: Keys,
    receipts: Many<StoredReceipt>,
    last: Many<StoredReceipt>,
}

impl Later {
    pub(super) fn of(reads: &mut Reads, runtime_id: &LogicalRuntimeId, needed: &Needed) -> Self {
        let after = needed.last.as_ref().map(|(run, sequence)| (runtime_id, run, *sequence).into());
        Self {
            deletion: deletion(reads, runtime_id),
            receipts: reads.range(&RECEIPTS, (runtime_id,), Page { after, limit: Some(CHUNK), ..Page::default() }),
            last: reads.range(&RECEIPTS, (runtime_id,), Page { limit: Some(1), order: Order::Descending, after: None }),
        }
    }

    /// What is needed, with what came later; `None` where that is too much, or the last receipt is gone: it has to be read anew.
    pub(super) fn added_to(self, needed: &Needed, seen: &ReadSet) -> Result<Option<Needed>> {
        let later = seen.many(self.receipts)?;
        let last = seen.many(self.last)?.pop().map(|(_, stored)| *stored.receipt.key());
        // A runtime that is being deleted has nothing left to be pruned.
        if is_deleted(seen, self.deletion) {
            return Ok(Some(Needed { is_deleted: true, ..Needed::default() }));
        }
        if later.len() == CHUNK as usize || (later.is_empty() && last != needed.last) {
            return Ok(None);
        }
        let mut needed = needed.clone();
        for (_, stored) in later {
            let (run, sequence) = *stored.receipt.key();
            let first = needed.boundaries.entry(run).or_insert(sequence);
            *first = sequence.min(*first);
            needed.inputs.extend(stored.receipt.inputs()?);
        }
        Ok(Some(needed))
    }
}

type KeyedReceipts = Vec<(Key, Document<RunBoundaryReceipt>)>;

/// Some receipts of a run, with their keys.
fn receipts_of(runtime_id: &LogicalRuntimeId, run_id: &RunId, after: Option<Key>) -> Result<Operation<KeyedReceipts>> {
    let mut reads = Reads::new();
    let page = Page { after, limit: Some(CHUNK), ..Page::default() };
    let receipts = reads.range(&RECEIPTS, (runtime_id, run_id), page);
    Ok(Operation::read(reads, move |seen| {
        let found = seen.many(receipts)?.into_iter();
        Ok(found.map(|(key, stored)| (key.clone(), stored.receipt.clone())).collect())
    }))
}

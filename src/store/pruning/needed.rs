//! What must stay of a runtime that is pruned.

use std::collections::{BTreeMap, BTreeSet};

use super::{CHUNK, GoOn};
use crate::{
    engine::{Count, Engine, Key, Keys, Many, One, Order, Page, ReadSet, Reads, Result},
    model::{Document, InputId, LogicalRuntimeId, RunBoundaryReceipt, RunId, RuntimeState, StoredInputState},
    store::{
        Operation, Store,
        listing::last_receipt,
        payload::StoredReceipt,
        recovery::{deletion, is_deleted},
        runtime::state,
        schema::{INPUTS, RECEIPTS, STATES},
    },
};

/// What is read before the first transaction, because it may be too much for one.
#[derive(Clone, Default)]
pub(super) struct Before {
    /// The last boundary of all.
    last: Option<Document<RunBoundaryReceipt>>,
    /// The run that is open, and how many receipts it has up to the last boundary.
    open: Option<(RunId, u64)>,
    /// The inputs that the last boundary and the open run have taken in.
    inputs: BTreeSet<InputId>,
}

impl<E: Engine> Store<E> {
    /// Reads what is to be known before; false where the caller says no more.
    pub(super) async fn read_before(
        &self,
        runtime_id: &LogicalRuntimeId,
        before: &mut Before,
        go_on: GoOn<'_>,
    ) -> Result<bool> {
        *before = Before::default();
        // Read first, so that every later commit comes after it.
        let Some(last) = self.run(last_receipt(runtime_id, None)).await? else { return Ok(true) };
        let (run, sequence) = *last.key();
        before.inputs.extend(last.inputs()?);
        before.last = Some(last);
        if self.run(state(runtime_id)).await? != Some(RuntimeState::Running) {
            return Ok(true);
        }
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.run(receipts_of(runtime_id, &run, after)).await?;
            for (_, receipt) in &page {
                before.inputs.extend(receipt.inputs()?);
                count += u64::from(receipt.key().1 <= sequence);
            }
            before.open = Some((run, count));
            match page.into_iter().nth(CHUNK as usize - 1) {
                Some((key, _)) => after = Some(key),
                None => return Ok(true),
            }
            if !go_on() {
                return Ok(false);
            }
        }
    }
}

/// What must stay.
#[derive(Default)]
pub(super) struct Needed {
    /// The first boundary of a run that a live input belongs to; 0 for the open run.
    pub(super) boundaries: BTreeMap<RunId, u64>,
    /// The last boundary of those that were read before.
    pub(super) last: Option<(RunId, u64)>,
    /// The live inputs.
    pub(super) live: BTreeSet<InputId>,
    /// The inputs that the last boundary and the open run have taken in.
    pub(super) inputs: BTreeSet<InputId>,
    /// Whether the runtime's deletion is under way.
    pub(super) is_deleted: bool,
}

/// The reads by which a transaction knows what must stay now.
#[derive(Clone, Copy)]
pub(super) struct Now {
    deletion: Keys,
    state: One<Document<RuntimeState>>,
    live: Many<Document<StoredInputState>>,
    of_open: Option<Count>,
    later: Many<StoredReceipt>,
    last: Many<StoredReceipt>,
}

impl Now {
    pub(super) fn of(reads: &mut Reads, runtime_id: &LogicalRuntimeId, before: &Before) -> Self {
        let after = before.last.as_ref().map(|last| (runtime_id, &last.key().0, last.key().1).into());
        let last = Page { limit: Some(1), order: Order::Descending, after: None };
        Self {
            deletion: deletion(reads, runtime_id),
            state: reads.get(&STATES, (runtime_id,)),
            live: reads.live(&INPUTS, (runtime_id,), Page::default()),
            of_open: before.open.map(|(run, _)| reads.count(&RECEIPTS, (runtime_id, &run))),
            later: reads.range(&RECEIPTS, (runtime_id,), Page { after, limit: Some(CHUNK), ..Page::default() }),
            last: reads.range(&RECEIPTS, (runtime_id,), last),
        }
    }

    /// What must stay; `None` where what was read before has to be read anew.
    pub(super) fn needed(self, before: &Before, seen: &ReadSet) -> Result<Option<Needed>> {
        // A runtime that is being deleted has nothing left to be pruned.
        if is_deleted(seen, self.deletion) {
            return Ok(Some(Needed { is_deleted: true, ..Needed::default() }));
        }
        let later = seen.many(self.later)?;
        let last = seen.many(self.last)?.pop().map(|(_, stored)| stored.receipt.clone());
        let is_running = seen.one(self.state)?.map(|state| state.read()).transpose()? == Some(RuntimeState::Running);
        let was_last = before.last.as_ref().map(|last| *last.key());
        let begun_since = is_running && before.open.is_none() && was_last.is_some();
        if later.len() == CHUNK as usize || (later.is_empty() && last != before.last) || begun_since {
            return Ok(None);
        }
        let mut needed = Needed { last: was_last, inputs: before.inputs.clone(), ..Needed::default() };
        let later_of = |run: RunId| later.iter().filter(|(_, stored)| stored.receipt.key().0 == run).count() as u64;
        if let (Some((run, count)), Some(of_open)) = (before.open, self.of_open) {
            // A boundary of it came in before the last one, or some are gone.
            if seen.count(of_open) != count + later_of(run) {
                return Ok(None);
            }
            needed.boundaries.insert(run, 0);
        }
        for (_, input) in seen.many(self.live)? {
            needed.live.insert(*input.key());
            if let Some((run, sequence)) = input.boundary()? {
                needed.keep(run, sequence);
            }
        }
        for (_, stored) in later {
            let (run, sequence) = *stored.receipt.key();
            needed.keep(run, sequence);
            needed.inputs.extend(stored.receipt.inputs()?);
        }
        Ok(Some(needed))
    }
}

impl Needed {
    /// Keeps the boundaries of a run from one on.
    fn keep(&mut self, run: RunId, sequence: u64) {
        let first = self.boundaries.entry(run).or_insert(sequence);
        *first = sequence.min(*first);
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

//! The state that an agent goes on from when it starts again, and how much there is of a runtime.

use super::{
    Operation, Store,
    claim::{Owner, epoch},
    listing::page,
    schema::{CLAIMS, DELETIONS, INPUTS, OPS, RECEIPTS, SNAPSHOTS, STATES},
};
use crate::{
    engine::{Engine, Keys, Many, Order, Page, ReadSet, Reads, Result},
    model::{
        Document, InputId, InputLifecycleState, LogicalRuntimeId, PersistedOpsSnapshot, RunBoundaryReceipt,
        RuntimeState, StoredInputState,
    },
};

/// All that a runtime goes on from, read in one snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovered {
    /// The lifecycle state.
    pub state: RuntimeState,
    /// The latest session snapshot.
    pub session: Option<Vec<u8>>,
    /// The inputs that have not ended, in the order of their ids.
    pub inputs: Vec<StoredInputState>,
    /// The receipt of the latest boundary, as [`load_last_receipt`](Store::load_last_receipt) finds it.
    pub last_receipt: Option<RunBoundaryReceipt>,
    /// The operation registry.
    pub ops: Option<PersistedOpsSnapshot>,
    /// The epoch of the latest claim; 0 where there was none.
    pub epoch: u64,
}

/// How much there is of a runtime.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The inputs that have not ended, by their state; states without any are left out.
    pub live_inputs: Vec<(InputLifecycleState, u64)>,
    /// The terminal inputs.
    pub terminal_inputs: u64,
    /// The receipts.
    pub receipts: u64,
    /// The runs that have receipts.
    pub runs: u64,
    /// The bytes of the session snapshot.
    pub session_bytes: u64,
}

impl<E: Engine> Store<E> {
    /// All that a runtime goes on from, in one snapshot: nothing that another commit changes comes between its parts.
    ///
    /// # Errors
    /// `Decode` where a part of it cannot be read: load the others by themselves.
    pub async fn recover(&self, runtime_id: &LogicalRuntimeId) -> Result<Recovered> {
        let found = self.run(recover(runtime_id)).await?;
        Ok(Recovered {
            state: found.state,
            session: found.session,
            inputs: found.inputs.iter().map(Document::read).collect::<Result<_>>()?,
            last_receipt: found.last_receipt.map(|receipt| receipt.read()).transpose()?,
            ops: found.ops.map(|ops| ops.read()).transpose()?,
            epoch: found.epoch,
        })
    }

    /// How much there is of a runtime, in one snapshot. Receipts and terminal inputs are counted without being read.
    ///
    /// # Errors
    /// `Decode` for a live input that cannot be read.
    pub async fn counts(&self, runtime_id: &LogicalRuntimeId) -> Result<Counts> {
        self.run(counts(runtime_id)).await
    }

    /// Up to `limit` of the runtime's inputs, after the id `after`.
    ///
    /// # Errors
    /// `InvalidInput` for a limit of 0; `Decode` for an input that cannot be read; `TooLarge` where they are more than an answer
    /// can hold.
    pub async fn load_inputs(
        &self,
        runtime_id: &LogicalRuntimeId,
        after: Option<&InputId>,
        limit: u32,
    ) -> Result<Vec<StoredInputState>> {
        self.run(inputs(runtime_id, after, Some(limit), Order::Ascending)).await?.iter().map(Document::read).collect()
    }

    /// Up to `limit` of the inputs that have not ended, after the id `after`. Those that have ended are not read; in memory they
    /// are read over.
    ///
    /// # Errors
    /// As [`load_inputs`](Self::load_inputs).
    pub async fn load_live_inputs(
        &self,
        runtime_id: &LogicalRuntimeId,
        after: Option<&InputId>,
        limit: u32,
    ) -> Result<Vec<StoredInputState>> {
        self.run(live_inputs(runtime_id, after, limit)).await?.iter().map(Document::read).collect()
    }
}

/// [`Recovered`], with the documents as they are stored.
pub(crate) struct Found {
    pub(crate) state: RuntimeState,
    pub(crate) session: Option<Vec<u8>>,
    pub(crate) inputs: Vec<Document<StoredInputState>>,
    pub(crate) last_receipt: Option<Document<RunBoundaryReceipt>>,
    pub(crate) ops: Option<Document<PersistedOpsSnapshot>>,
    pub(crate) epoch: u64,
}

pub(crate) fn recover(runtime_id: &LogicalRuntimeId) -> Result<Operation<Found>> {
    let mut reads = Reads::new();
    let deletion = deletion(&mut reads, runtime_id);
    let state = reads.get(&STATES, (runtime_id,));
    let session = reads.get(&SNAPSHOTS, (runtime_id,));
    let inputs = reads.live(&INPUTS, (runtime_id,), Page::default());
    let last = Page { limit: Some(1), order: Order::Descending, after: None };
    let last_receipt = reads.range(&RECEIPTS, (runtime_id,), last);
    let ops = reads.get(&OPS, (runtime_id,));
    let claim = reads.get(&CLAIMS, (runtime_id,));
    let owner = Owner::Runtime(runtime_id.clone());
    Ok(Operation::read(reads, move |seen| {
        let is_there = !is_deleted(seen, deletion);
        let inputs = if is_there { seen.many(inputs)? } else { Vec::new() };
        let last = if is_there { seen.many(last_receipt)?.pop() } else { None };
        Ok(Found {
            state: seen.one(state)?.map(|state| state.read()).transpose()?.unwrap_or_default(),
            session: seen.one(session)?.map(|session| session.bytes().to_vec()),
            inputs: inputs.into_iter().map(|(_, input)| Document::clone(&input)).collect(),
            last_receipt: last.map(|(_, stored)| stored.receipt.clone()),
            ops: seen.one(ops)?.as_deref().cloned(),
            epoch: epoch(seen, claim, &owner)?,
        })
    }))
}

pub(crate) fn counts(runtime_id: &LogicalRuntimeId) -> Result<Operation<Counts>> {
    let mut reads = Reads::new();
    let deletion = deletion(&mut reads, runtime_id);
    let live = reads.live(&INPUTS, (runtime_id,), Page::default());
    let inputs = reads.count(&INPUTS, (runtime_id,));
    let receipts = reads.count(&RECEIPTS, (runtime_id,));
    let runs = reads.distinct(&RECEIPTS, (runtime_id,), Page::default());
    let session = reads.get(&SNAPSHOTS, (runtime_id,));
    Ok(Operation::read(reads, move |seen| {
        if is_deleted(seen, deletion) {
            return Ok(Counts::default());
        }
        let live = seen.many(live)?;
        let mut live_inputs: Vec<(InputLifecycleState, u64)> = Vec::new();
        for (_, input) in &live {
            let state = input.state()?;
            match live_inputs.iter_mut().find(|(counted, _)| *counted == state) {
                Some((_, count)) => *count += 1,
                None => live_inputs.push((state, 1)),
            }
        }
        Ok(Counts {
            live_inputs,
            terminal_inputs: seen.count(inputs).saturating_sub(live.len() as u64),
            receipts: seen.count(receipts),
            runs: seen.keys(runs).count() as u64,
            session_bytes: seen.one(session)?.map_or(0, |session| session.bytes().len() as u64),
        })
    }))
}

/// All inputs after one, or a page of them.
pub(crate) fn inputs(
    runtime_id: &LogicalRuntimeId,
    after: Option<&InputId>,
    limit: Option<u32>,
    order: Order,
) -> Result<Operation<Vec<Document<StoredInputState>>>> {
    let after = after.map(|input| (runtime_id, input).into());
    let mut reads = Reads::new();
    let deletion = deletion(&mut reads, runtime_id);
    let inputs = match limit {
        None => reads.values(&INPUTS, (runtime_id,), Page { after, limit, order }),
        // With its keys: to name an unreadable input of a page, the others need not be read again.
        Some(limit) => reads.range(&INPUTS, (runtime_id,), page(after, limit, order)?),
    };
    Ok(Operation::read(reads, move |seen| documents(seen, deletion, inputs)))
}

pub(crate) fn live_inputs(
    runtime_id: &LogicalRuntimeId,
    after: Option<&InputId>,
    limit: u32,
) -> Result<Operation<Vec<Document<StoredInputState>>>> {
    let page = page(after.map(|input| (runtime_id, input).into()), limit, Order::Ascending)?;
    let mut reads = Reads::new();
    let deletion = deletion(&mut reads, runtime_id);
    let inputs = reads.live(&INPUTS, (runtime_id,), page);
    Ok(Operation::read(reads, move |seen| documents(seen, deletion, inputs)))
}

fn documents(
    seen: &ReadSet,
    deletion: Keys,
    inputs: Many<Document<StoredInputState>>,
) -> Result<Vec<Document<StoredInputState>>> {
    if is_deleted(seen, deletion) {
        return Ok(Vec::new());
    }
    Ok(seen.many(inputs)?.into_iter().map(|(_, input)| Document::clone(&input)).collect())
}

/// Declares the read by which [`is_deleted`] knows whether the runtime's deletion is under way.
pub(super) fn deletion(reads: &mut Reads, runtime_id: &LogicalRuntimeId) -> Keys {
    reads.keys(&DELETIONS, (runtime_id,), None, 1)
}

/// Whether the deletion of a runtime is under way: then what is left of it does not count.
pub(super) fn is_deleted(seen: &ReadSet, deletion: Keys) -> bool {
    seen.keys(deletion).next().is_some()
}

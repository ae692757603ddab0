//! Pruning: old receipts and terminal inputs go, and what something may still need stays.
//!
//! Of each run the oldest receipts go, and the last of those is kept as a proof (`PRUNED`): a boundary that is committed again is
//! known to be a retry, also where its receipt is pruned. Never pruned are the runtime's last receipt, the receipts of a run that
//! is open (the latest one of a runtime that is running), those that live inputs belong to, and the inputs that these name.
//!
//! It goes on in small transactions, and where the caller says no more, it stops between them. What must stay is read before the first one, the last receipt at the very beginning; each
//! looks for receipts that came after that, and takes neither these nor what they name. So whatever is written meanwhile is safe, and
//! whoever is cut off loses nothing by calling again.

mod needed;

use self::needed::{Later, Needed};
use super::{
    Operation, Store,
    claim::Fence,
    listing::runs,
    recovery::{deletion, is_deleted},
    schema::{INPUTS, PRUNED, RECEIPTS},
};
use crate::{
    engine::{Engine, Key, Many, Order, Page, ReadSet, Reads, Result, Write},
    model::{Document, LogicalRuntimeId, RunId, RuntimeStoreError, StoredInputState, ids::made_at},
};

/// How many rows one transaction reads.
const CHUNK: u32 = 200;

/// What is to be pruned of a runtime. Where neither receipts nor inputs are named, both are, and none is kept that was made
/// before `before`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prune {
    /// Prunes receipts, but not the latest ones, so many of the runtime.
    pub keep_receipts: Option<u64>,
    /// Prunes terminal inputs, but not the latest ones, so many of the runtime.
    pub keep_terminal_inputs: Option<u64>,
    /// Only what was made before: milliseconds since 1970. When a run and an input were made is in their ids, of version 7; what
    /// has an id of another version stays.
    pub before: Option<u64>,
    /// Counts what would be pruned, and prunes nothing.
    pub dry_run: bool,
}

/// How much was pruned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Receipts.
    pub receipts: u64,
    /// Inputs.
    pub inputs: u64,
}

impl<E: Engine> Store<E> {
    /// Prunes a runtime's old receipts and terminal inputs, but never what something may still need. Receipts that were pruned stay
    /// proof: a boundary up to the last one of its run that was pruned counts as committed, and nothing is written.
    ///
    /// # Errors
    /// `InvalidInput` where nothing is to be pruned; `Fenced` through a claim that was overtaken, where there is something to prune;
    /// `Decode` for a record that cannot be read. What was pruned before an error stays so.
    pub async fn prune(&self, runtime_id: &LogicalRuntimeId, prune: Prune) -> Result<Pruned> {
        self.prune_while(runtime_id, prune, &|| true).await
    }

    /// As [`prune`](Self::prune), as long as `go_on` says so: it is asked after each of the small transactions. What is left is for another
    /// call. So a program prunes in idle time, a runtime of [`list_runtimes`](Self::list_runtimes) at a time, and stops where there is
    /// something else to do.
    ///
    /// # Errors
    /// As [`prune`](Self::prune).
    pub async fn prune_while(
        &self,
        runtime_id: &LogicalRuntimeId,
        prune: Prune,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Pruned> {
        let both = prune.keep_receipts.is_none() && prune.keep_terminal_inputs.is_none();
        if both && prune.before.is_none() {
            return Err(RuntimeStoreError::invalid(
                "options",
                "expected what to prune: keepReceipts, keepTerminalInputs or before",
            ));
        }
        let mut needed = self.needed(runtime_id).await?;
        let mut pruned = Pruned::default();
        // Inputs first: what is left of pruned receipts takes room, and where there is none, this makes some.
        if let Some(keep) = prune.keep_terminal_inputs.or(both.then_some(0)) {
            pruned.inputs = self.prune_inputs(runtime_id, keep, prune, &mut needed, go_on).await?;
        }
        if let Some(keep) = prune.keep_receipts.or(both.then_some(0)) {
            pruned.receipts = self.prune_receipts(runtime_id, keep, prune, &mut needed, go_on).await?;
        }
        Ok(pruned)
    }

    async fn prune_receipts(
        &self,
        runtime_id: &LogicalRuntimeId,
        keep: u64,
        prune: Prune,
        needed: &mut Needed,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<u64> {
        let (mut kept, mut pruned, mut after) = (0, 0, None);
        loop {
            let runs = self.run(runs(runtime_id, after.as_ref(), CHUNK, Order::Descending)).await?;
            for run_id in &runs {
                let count = self.run(count_receipts(runtime_id, run_id)).await?;
                let mut doomed = count.saturating_sub(keep.saturating_sub(kept));
                kept += count - doomed;
                if !prune.before.is_none_or(|before| is_before(&run_id.to_string(), before)) {
                    continue;
                }
                let mut after: Option<Key> = None;
                while doomed > 0 {
                    if !go_on() {
                        return Ok(pruned);
                    }
                    let most = u32::try_from(doomed).unwrap_or(u32::MAX).min(CHUNK);
                    let page = Page { after: after.clone(), limit: Some(most), ..Page::default() };
                    let fence = self.fence();
                    let some = prune_some_receipts(fence, runtime_id, run_id, page, needed.clone(), prune.dry_run);
                    let Some((count, last)) = self.run(some).await? else {
                        *needed = self.needed(runtime_id).await?;
                        continue;
                    };
                    pruned += count;
                    doomed = if count < u64::from(most) { 0 } else { doomed - count };
                    after = last.filter(|_| prune.dry_run);
                }
            }
            match runs.last() {
                Some(last) if runs.len() == CHUNK as usize => after = Some(*last),
                _ => return Ok(pruned),
            }
        }
    }

    async fn prune_inputs(
        &self,
        runtime_id: &LogicalRuntimeId,
        keep: u64,
        prune: Prune,
        needed: &mut Needed,
        go_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<u64> {
        let terminal = self.run(count_terminal_inputs(runtime_id)).await?;
        let (mut doomed, mut pruned) = (terminal.saturating_sub(keep), 0);
        let (mut after, mut limit) = (None, CHUNK);
        while doomed > 0 && go_on() {
            let page = Page { after: after.clone(), limit: Some(limit), ..Page::default() };
            let fence = self.fence();
            let some = prune_some_inputs(fence, runtime_id, page, doomed, needed.clone(), prune);
            match self.run(some).await {
                Ok(None) => *needed = self.needed(runtime_id).await?,
                Ok(Some(step)) => {
                    pruned += step.pruned;
                    doomed = doomed.saturating_sub(step.terminal);
                    match step.last {
                        Some(last) if step.read == limit as usize => after = Some(last),
                        _ => break,
                    }
                }
                // Large inputs, of which no transaction can read so many.
                Err(RuntimeStoreError::TooLarge { .. }) if limit > 1 => limit = (limit / 4).max(1),
                Err(error) => return Err(error),
            }
        }
        Ok(pruned)
    }
}

fn is_before(id: &str, before: u64) -> bool {
    made_at(id).is_some_and(|made| made < before)
}

fn count_receipts(runtime_id: &LogicalRuntimeId, run_id: &RunId) -> Result<Operation<u64>> {
    let mut reads = Reads::new();
    let receipts = reads.count(&RECEIPTS, (runtime_id, run_id));
    Ok(Operation::read(reads, move |seen| Ok(seen.count(receipts))))
}

/// In one snapshot, as [`counts`](Store::counts) has it, which reads the session's snapshot besides.
fn count_terminal_inputs(runtime_id: &LogicalRuntimeId) -> Result<Operation<u64>> {
    let mut reads = Reads::new();
    let deletion = deletion(&mut reads, runtime_id);
    let live = reads.live(&INPUTS, (runtime_id,), Page::default());
    let inputs = reads.count(&INPUTS, (runtime_id,));
    Ok(Operation::read(reads, move |seen| {
        let live = if is_deleted(seen, deletion) { u64::MAX } else { seen.many(live)?.len() as u64 };
        Ok(seen.count(inputs).saturating_sub(live))
    }))
}

/// How many receipts went, and the key of the last.
type SomePruned = (u64, Option<Key>);

/// Prunes the first receipts of a run up to one that is needed; answers how many, and the key of the last. `None`: see `Later`.
fn prune_some_receipts(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    run_id: &RunId,
    page: Page,
    needed: Needed,
    dry_run: bool,
) -> Result<Operation<Option<SomePruned>>> {
    let mut reads = Reads::new();
    let later = Later::of(&mut reads, runtime_id, &needed);
    let receipts = reads.range(&RECEIPTS, (runtime_id, run_id), page);
    let run_id = *run_id;
    let doomed = move |seen: &ReadSet| {
        let Some(needed) = later.added_to(&needed, seen)? else { return Ok(None) };
        let mut doomed = Vec::new();
        for (key, stored) in seen.many(receipts)? {
            let (_, sequence) = *stored.receipt.key();
            let is_last = needed.last == Some((run_id, sequence));
            let is_live = stored.receipt.inputs()?.iter().any(|input| needed.live.contains(input));
            let is_needed = needed.boundaries.get(&run_id).is_some_and(|first| sequence >= *first);
            if needed.is_deleted || is_last || is_live || is_needed {
                break;
            }
            doomed.push((key.clone(), stored));
        }
        Ok::<_, RuntimeStoreError>(Some(doomed))
    };
    let answer = {
        let doomed = doomed.clone();
        move |seen: &ReadSet| {
            let doomed = doomed(seen)?;
            Ok(doomed.map(|doomed| (doomed.len() as u64, doomed.last().map(|(key, _)| key.clone()))))
        }
    };
    if dry_run {
        return Ok(Operation::read(reads, answer));
    }
    let proof: Key = (runtime_id, &run_id).into();
    let decide = move |seen: &ReadSet| {
        let doomed = doomed(seen)?.unwrap_or_default();
        let mut writes: Vec<Write> = doomed.iter().map(|(key, _)| RECEIPTS.delete(key.clone())).collect();
        if let Some((_, last)) = doomed.last() {
            writes.push(PRUNED.put(proof.clone(), last.clone()));
        }
        Ok(writes)
    };
    Ok(Operation::delete_from_runtime(fence, runtime_id, reads, decide)?.answering(answer))
}

/// One step over a runtime's inputs.
struct Step {
    /// How many inputs it read, and the key of the last.
    read: usize,
    last: Option<Key>,
    /// How many of them were terminal, and how many of those went.
    terminal: u64,
    pruned: u64,
}

/// Prunes those of some inputs that are terminal and that nothing needs, `most` at most. `None`: see `Later`.
fn prune_some_inputs(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    page: Page,
    most: u64,
    needed: Needed,
    prune: Prune,
) -> Result<Operation<Option<Step>>> {
    let mut reads = Reads::new();
    let later = Later::of(&mut reads, runtime_id, &needed);
    let inputs = reads.range(&INPUTS, (runtime_id,), page);
    let step = move |seen: &ReadSet| {
        let Some(needed) = later.added_to(&needed, seen)? else { return Ok::<_, RuntimeStoreError>(None) };
        step_over(seen, inputs, most, &needed, prune).map(Some)
    };
    let answer = step.clone();
    let answer = move |seen: &ReadSet| Ok(answer(seen)?.map(|(step, _)| step));
    if prune.dry_run {
        return Ok(Operation::read(reads, answer));
    }
    let decide = move |seen: &ReadSet| {
        let doomed = step(seen)?.map(|(_, doomed)| doomed).unwrap_or_default();
        Ok(doomed.into_iter().map(|key| INPUTS.delete(key)).collect())
    };
    Ok(Operation::delete_from_runtime(fence, runtime_id, reads, decide)?.answering(answer))
}

fn step_over(
    seen: &ReadSet,
    inputs: Many<Document<StoredInputState>>,
    most: u64,
    needed: &Needed,
    prune: Prune,
) -> Result<(Step, Vec<Key>)> {
    let found = seen.many(inputs)?;
    let last = found.last().map(|(key, _)| (*key).clone());
    let mut step = Step { read: found.len(), last, terminal: 0, pruned: 0 };
    let mut doomed = Vec::new();
    if needed.is_deleted {
        return Ok((Step { read: 0, ..step }, doomed));
    }
    for (key, input) in found {
        if step.terminal == most || !input.state()?.is_terminal() {
            continue;
        }
        step.terminal += 1;
        let is_old = prune.before.is_none_or(|before| is_before(key.text(1), before));
        if is_old && !needed.inputs.contains(input.key()) {
            step.pruned += 1;
            doomed.push(key.clone());
        }
    }
    Ok((step, doomed))
}

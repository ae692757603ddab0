//! The receipts that are pruned.

use super::{
    CHUNK, GoOn, KEYS, Part, Proof, Prune, Step, end_of_page,
    needed::{Before, Now},
};
use crate::{
    engine::{Engine, Key, Order, Page, ReadSet, Reads, Result, Write},
    model::{LogicalRuntimeId, RunId, RuntimeStoreError, ids::made_at},
    store::{
        Operation, Store,
        claim::Fence,
        listing::runs,
        payload::StoredReceipt,
        schema::{PRUNED, RECEIPTS},
    },
};

impl<E: Engine> Store<E> {
    /// Prunes receipts but the latest, so many; answers how many went.
    pub(super) async fn prune_receipts(
        &self,
        runtime_id: &LogicalRuntimeId,
        keep: u64,
        prune: Prune,
        before: &mut Before,
        go_on: GoOn<'_>,
    ) -> Result<u64> {
        let (mut kept, mut pruned, mut after) = (0, 0, None);
        loop {
            let runs = self.run(runs(runtime_id, after.as_ref(), CHUNK, Order::Descending)).await?;
            if runs.is_empty() {
                return Ok(pruned);
            }
            let counts = self.run(count_receipts(runtime_id, &runs)).await?;
            for (run_id, count) in runs.iter().zip(counts) {
                // One that does not say when it was made may be the latest.
                let Some(made) = made_at(&run_id.to_string()) else { continue };
                let keep = keep.saturating_sub(kept);
                kept += count.min(keep);
                if count > keep && prune.before.is_none_or(|before| made < before) {
                    pruned += Box::pin(self.prune_run(runtime_id, run_id, keep, prune.dry_run, before, go_on)).await?;
                }
            }
            match runs.last() {
                Some(last) if runs.len() == CHUNK as usize && go_on() => after = Some(*last),
                _ => return Ok(pruned),
            }
        }
    }

    /// Prunes the receipts of a run but the latest, so many.
    async fn prune_run(
        &self,
        runtime_id: &LogicalRuntimeId,
        run_id: &RunId,
        keep: u64,
        dry_run: bool,
        before: &mut Before,
        go_on: GoOn<'_>,
    ) -> Result<u64> {
        let (mut pruned, mut after) = (0, None);
        loop {
            let stay = keep + if dry_run { pruned } else { 0 };
            let Some(end) = self.run(too_many_receipts(runtime_id, run_id, after.clone(), stay)).await? else {
                return Ok(pruned);
            };
            let mut last = after.clone();
            while last.as_ref() != Some(&end) {
                if !go_on() {
                    return Ok(pruned);
                }
                let page = Page { after: after.clone(), limit: Some(CHUNK), ..Page::default() };
                let some = (page, end.clone(), before.clone());
                let Some(step) = self.run(prune_some_receipts(self.fence(), runtime_id, run_id, some, dry_run)).await?
                else {
                    if !Box::pin(self.read_before(runtime_id, before, go_on)).await? {
                        return Ok(pruned);
                    }
                    break;
                };
                pruned += step.pruned;
                last = Some(step.last);
                if step.stops {
                    return Ok(pruned);
                }
                if dry_run {
                    after = last.clone();
                }
            }
        }
    }
}

fn count_receipts(runtime_id: &LogicalRuntimeId, runs: &[RunId]) -> Result<Operation<Vec<u64>>> {
    let mut reads = Reads::new();
    let counts: Vec<_> = runs.iter().map(|run_id| reads.count(&RECEIPTS, (runtime_id, run_id))).collect();
    Ok(Operation::read(reads, move |seen| Ok(counts.iter().map(|count| seen.count(*count)).collect())))
}

/// The last of those receipts of a run, after a key, that are not among the latest, of which so many are to stay; or, where it is further
/// away, one before it.
fn too_many_receipts(
    runtime_id: &LogicalRuntimeId,
    run_id: &RunId,
    after: Option<Key>,
    stay: u64,
) -> Result<Operation<Option<Key>>> {
    let mut reads = Reads::new();
    let count = reads.count(&RECEIPTS, (runtime_id, run_id));
    let keys = reads.keys(&RECEIPTS, (runtime_id, run_id), after, KEYS);
    Ok(Operation::read(reads, move |seen| {
        let too_many = seen.count(count).saturating_sub(stay);
        Ok(seen.keys(keys).take(usize::try_from(too_many).unwrap_or(usize::MAX)).last().cloned())
    }))
}

/// Prunes the first receipts of a run up to one that is needed. `None`: see `Now`.
fn prune_some_receipts(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    run_id: &RunId,
    (page, end, before): Part,
    dry_run: bool,
) -> Result<Operation<Option<Step>>> {
    let mut reads = Reads::new();
    let now = Now::of(&mut reads, runtime_id, &before);
    let receipts = reads.range(&RECEIPTS, (runtime_id, run_id), page);
    let proof = reads.get(&PRUNED, (runtime_id, run_id));
    let run_id = *run_id;
    let doom = move |seen: &ReadSet| {
        let Some(needed) = now.needed(&before, seen)? else { return Ok(None) };
        let mut proof = seen.one(proof)?.map(|proof| Proof::clone(&proof));
        let found = seen.many(receipts)?;
        let last = end_of_page(found.last().map(|(key, _)| *key), found.len() == CHUNK as usize, &end);
        let mut doomed = Vec::new();
        let mut stops = needed.is_deleted;
        for (key, stored) in found.into_iter().take_while(|(key, _)| **key <= end) {
            let (_, sequence) = *stored.receipt.key();
            let is_last = needed.last == Some((run_id, sequence));
            let is_live = stored.receipt.inputs()?.iter().any(|input| needed.live.contains(input));
            let is_needed = needed.boundaries.get(&run_id).is_some_and(|first| sequence >= *first);
            stops |= is_last || is_live || is_needed;
            if stops {
                break;
            }
            match &mut proof {
                Some(proof) => stops = !proof.add(&stored),
                none => *none = Some(Proof::of(StoredReceipt::clone(&stored))),
            }
            if stops {
                break;
            }
            doomed.push(key.clone());
        }
        Ok::<_, RuntimeStoreError>(Some((doomed, proof, (last, stops))))
    };
    let answer = {
        let doom = doom.clone();
        move |seen: &ReadSet| {
            let doomed = doom(seen)?;
            Ok(doomed.map(|(doomed, _, (last, stops))| Step {
                last,
                met: doomed.len() as u64,
                pruned: doomed.len() as u64,
                stops,
            }))
        }
    };
    if dry_run {
        return Ok(Operation::read(reads, answer));
    }
    let key: Key = (runtime_id, &run_id).into();
    let decide = move |seen: &ReadSet| {
        let Some((doomed, Some(proof), _)) = doom(seen)?.filter(|(doomed, ..)| !doomed.is_empty()) else {
            return Ok(Vec::new());
        };
        let mut writes: Vec<Write> = doomed.into_iter().map(|key| RECEIPTS.delete(key)).collect();
        writes.push(PRUNED.put(key.clone(), proof));
        Ok(writes)
    };
    Ok(Operation::delete_from_runtime(fence, runtime_id, reads, decide)?.answering(answer))
}

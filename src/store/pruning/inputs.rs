//! The terminal inputs that are pruned.

use std::sync::Arc;

use super::{
    CHUNK, GoOn, KEYS, Part, Prune, Step, end_of_page,
    needed::{Before, Needed, Now},
};
use crate::{
    engine::{Engine, Key, Page, ReadSet, Reads, Result},
    model::{Document, LogicalRuntimeId, RuntimeStoreError, StoredInputState, ids::made_at},
    store::{
        Operation, Store,
        claim::Fence,
        recovery::{deletion, is_deleted},
        schema::INPUTS,
    },
};

impl<E: Engine> Store<E> {
    /// Prunes terminal inputs but the latest, so many; answers how many went.
    pub(super) async fn prune_inputs(
        &self,
        runtime_id: &LogicalRuntimeId,
        keep: u64,
        prune: Prune,
        before: &mut Before,
        go_on: GoOn<'_>,
    ) -> Result<u64> {
        let (mut pruned, mut stay, mut limit) = (0, keep, CHUNK);
        let mut after: Option<Key> = None;
        // One that ends meanwhile behind this counts among those that are there, but costs no later one its place.
        let mut left = u64::MAX;
        while left > 0 {
            let Some((end, beyond)) = self.run(too_many_inputs(runtime_id, after.clone(), stay, left)).await? else {
                break;
            };
            left = beyond;
            while after.as_ref() != Some(&end) {
                if !go_on() {
                    return Ok(pruned);
                }
                let page = Page { after: after.clone(), limit: Some(limit), ..Page::default() };
                let some = (page, end.clone(), before.clone());
                match self.run(prune_some_inputs(self.fence(), runtime_id, some, prune)).await {
                    Ok(None) => {
                        if !Box::pin(self.read_before(runtime_id, before, go_on)).await? {
                            return Ok(pruned);
                        }
                    }
                    Ok(Some(step)) => {
                        pruned += step.pruned;
                        // Those that were passed over are still among those that are counted.
                        stay += step.met - if prune.dry_run { 0 } else { step.pruned };
                        after = Some(step.last);
                    }
                    // Large inputs, of which no transaction can read so many.
                    Err(RuntimeStoreError::TooLarge { .. }) if limit > 1 => limit = (limit / 4).max(1),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(pruned)
    }
}

/// The last of those terminal inputs, after a key, that are not among the latest, of which so many are to stay; or, where it is further
/// away, an input before it. With it, how many come after it. They are `most` at most.
fn too_many_inputs(
    runtime_id: &LogicalRuntimeId,
    after: Option<Key>,
    stay: u64,
    most: u64,
) -> Result<Operation<Option<(Key, u64)>>> {
    let mut reads = Reads::new();
    let deletion = deletion(&mut reads, runtime_id);
    let live = reads.live(&INPUTS, (runtime_id,), Page::default());
    let count = reads.count(&INPUTS, (runtime_id,));
    let keys = reads.keys(&INPUTS, (runtime_id,), after, KEYS);
    Ok(Operation::read(reads, move |seen| {
        if is_deleted(seen, deletion) {
            return Ok(None);
        }
        // In the order of their keys, as they are read.
        let live = seen.many(live)?;
        let mut too_many = seen.count(count).saturating_sub(live.len() as u64 + stay).min(most);
        let mut last = None;
        for key in seen.keys(keys) {
            if too_many == 0 {
                break;
            }
            too_many -= u64::from(live.binary_search_by_key(&key, |(live, _)| *live).is_err());
            last = Some(key);
        }
        Ok(last.map(|last| (last.clone(), too_many)))
    }))
}

/// Prunes those of some inputs that are terminal and that nothing needs. `None`: see `Now`.
fn prune_some_inputs(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    (page, end, before): Part,
    prune: Prune,
) -> Result<Operation<Option<Step>>> {
    let mut reads = Reads::new();
    let now = Now::of(&mut reads, runtime_id, &before);
    let limit = page.limit;
    let inputs = reads.range(&INPUTS, (runtime_id,), page);
    let step = move |seen: &ReadSet| {
        let Some(needed) = now.needed(&before, seen)? else { return Ok::<_, RuntimeStoreError>(None) };
        let found = seen.many(inputs)?;
        let last = end_of_page(found.last().map(|(key, _)| *key), Some(found.len() as u32) == limit, &end);
        step_over(found, last, &end, &needed, prune).map(Some)
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
    found: Vec<(&Key, Arc<Document<StoredInputState>>)>,
    last: Key,
    end: &Key,
    needed: &Needed,
    prune: Prune,
) -> Result<(Step, Vec<Key>)> {
    let mut step = Step { last, met: 0, pruned: 0, stops: false };
    let mut doomed = Vec::new();
    if needed.is_deleted {
        return Ok((Step { last: end.clone(), ..step }, doomed));
    }
    for (key, input) in found.into_iter().take_while(|(key, _)| *key <= end) {
        if !input.state()?.is_terminal() {
            continue;
        }
        step.met += 1;
        let is_old = prune.before.is_none_or(|before| made_at(key.text(1)).is_some_and(|made| made < before));
        if is_old && !needed.inputs.contains(input.key()) {
            step.pruned += 1;
            doomed.push(key.clone());
        }
    }
    Ok((step, doomed))
}

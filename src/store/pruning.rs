//! Pruning: old receipts and terminal inputs go, and what something may still need stays.
//!
//! Of each run the oldest receipts go, and the last of those is kept as a proof (`PRUNED`): a boundary that is committed again is
//! known to be a retry, also where its receipt is pruned. Never pruned are the runtime's last receipt, the receipts of a run that
//! is open (the latest one of a runtime that is running), those that live inputs belong to, and the inputs that these name.
//!
//! It goes on in small transactions, and where the caller says no more, it stops between them. Each reads itself which inputs live,
//! whether a run is open, and which receipts came later. What an open run has taken in may be too much for that: it is read before, and
//! anew where a transaction finds that it has changed. So nothing goes that is needed when it goes, whatever is written meanwhile, and
//! whoever is cut off loses nothing by calling again. What is too much is counted once for many transactions and told by the key up to
//! which they go: several that prune at once find the same key, and none goes beyond it because another has been there.

mod inputs;
mod needed;
mod proof;
mod receipts;

use self::needed::Before;
pub(super) use self::proof::Proof;
use super::Store;
use crate::{
    engine::{Engine, Key, Page, Result},
    model::{LogicalRuntimeId, RuntimeStoreError},
};

/// How many rows one transaction reads.
const CHUNK: u32 = 200;

/// How many keys are read at once to find those that are too many.
const KEYS: u32 = 5_000;

/// What is to be pruned of a runtime. Where neither receipts nor inputs are named, both are, and none is kept that was made
/// before `before`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prune {
    /// Prunes receipts, but not the latest ones, so many of the runtime. Those of a run whose id is not of version 7 stay: it may be the
    /// latest.
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
    /// proof: such a boundary counts as committed, and nothing is written; one of their run that was never committed does not.
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
        let mut pruned = Pruned::default();
        let mut before = Before::default();
        if !Box::pin(self.read_before(runtime_id, &mut before, go_on)).await? {
            return Ok(pruned);
        }
        // Inputs first: what is left of pruned receipts takes room, and where there is none, this makes some.
        if let Some(keep) = prune.keep_terminal_inputs.or(both.then_some(0)) {
            pruned.inputs = self.prune_inputs(runtime_id, keep, prune, &mut before, go_on).await?;
        }
        if let Some(keep) = prune.keep_receipts.or(both.then_some(0)) {
            pruned.receipts = self.prune_receipts(runtime_id, keep, prune, &mut before, go_on).await?;
        }
        Ok(pruned)
    }
}

/// Whether to go on.
type GoOn<'a> = &'a (dyn Fn() -> bool + Sync);

/// A page to be looked through, the key after which nothing goes, and what must stay.
type Part = (Page, Key, Before);

/// What one transaction has come to.
struct Step {
    /// How far it has looked.
    last: Key,
    /// How many of those that are too many it has met, and how many of these went.
    met: u64,
    pruned: u64,
    /// Whether all that come after stay.
    stops: bool,
}

/// How far a page has come that ends with a key: to the end, where there is no more up to it.
fn end_of_page(last: Option<&Key>, is_full: bool, end: &Key) -> Key {
    match last {
        Some(last) if is_full && last < end => last.clone(),
        _ => end.clone(),
    }
}

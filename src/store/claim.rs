//! Claims: who may write to a runtime.
//!
//! A claim is an epoch, kept in the store and raised by each new claim. A write through a claimed handle checks inside its
//! own transaction that the stored claim is still its own. So a writer that was overtaken is refused however late its write
//! arrives: from a suspended tab, from the back/forward cache, from another process. A random token is stored with the
//! epoch, because epochs start at one again when a database is deleted.

use std::ops::Deref;

use uuid::Uuid;

use super::{
    Operation, Store,
    recovery::{deletion, is_deleted},
    schema::{CLAIMS, DELETIONS},
};
use crate::{
    engine::{Engine, One, ReadSet, Reads, Text},
    model::{LogicalRuntimeId, RuntimeStoreError, json::writer::quoted, random::new_uuid},
};

type Result<T, E = RuntimeStoreError> = std::result::Result<T, E>;

/// Ownership of a runtime: a handle of the store whose writes to that runtime fail with
/// [`Fenced`](RuntimeStoreError::Fenced) once another claim on it was made.
///
/// It offers all that a [`Store`] does. Writes to other runtimes through it are refused; labels, cursors and OAuth flows
/// belong to no runtime and are not fenced. Writing without a claim stays possible, and is not fenced either.
#[derive(Debug)]
pub struct RuntimeClaim<E> {
    store: Store<E>,
    fence: Fence,
}

impl<E> Clone for RuntimeClaim<E> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), fence: self.fence.clone() }
    }
}

impl<E: Engine> Store<E> {
    /// Claims a runtime. Every earlier claim on it is fenced from now on.
    ///
    /// # Errors
    /// `Deleted` while the runtime's deletion is under way, or was cut off: delete it again, which goes on with that.
    pub async fn claim(&self, runtime_id: &LogicalRuntimeId) -> Result<RuntimeClaim<E>> {
        Ok(self.under(self.run(claim(runtime_id)).await?))
    }

    /// The store under a claim that was made.
    pub(crate) fn under(&self, fence: Fence) -> RuntimeClaim<E> {
        RuntimeClaim { store: Self { engine: self.engine.clone(), fence: Some(fence.clone()) }, fence }
    }
}

/// Raises the epoch of a runtime's claim.
pub(crate) fn claim(runtime_id: &LogicalRuntimeId) -> Result<Operation<Fence>> {
    let mut reads = Reads::new();
    let stored = reads.get(&CLAIMS, (runtime_id,));
    let deletion = deletion(&mut reads, runtime_id);
    let (runtime_id, token) = (runtime_id.clone(), new_uuid()?);
    let raised = move |seen: &ReadSet| {
        // What is written under the claim would go with the rest.
        if is_deleted(seen, deletion) {
            return Err(being_deleted(&runtime_id));
        }
        let epoch = next_epoch(epoch(seen, stored, &runtime_id)?)?;
        Ok(Fence { runtime_id: runtime_id.clone(), epoch, token })
    };
    let decide = {
        let raised = raised.clone();
        move |seen: &ReadSet| {
            let Fence { runtime_id, epoch, token } = raised(seen)?;
            Ok(vec![CLAIMS.put((&runtime_id,), Text(claim_text(epoch, token)))])
        }
    };
    Ok(Operation::transact(reads, decide).answering(raised))
}

/// Raises the epoch, if the claim is still the stored one.
pub(crate) fn release(fence: &Fence) -> Result<Operation<()>> {
    let mut reads = Reads::new();
    let stored = reads.get(&CLAIMS, (&fence.runtime_id,));
    let (fence, token) = (fence.clone(), new_uuid()?);
    let decide = move |seen: &ReadSet| {
        if !fence.is_in(seen, stored)? {
            return Ok(Vec::new());
        }
        let released = claim_text(next_epoch(fence.epoch)?, token);
        Ok(vec![CLAIMS.put((&fence.runtime_id,), Text(released))])
    };
    Ok(Operation::transact(reads, decide))
}

impl<E: Engine> RuntimeClaim<E> {
    /// The runtime.
    pub fn runtime_id(&self) -> &LogicalRuntimeId {
        &self.fence.runtime_id
    }

    /// The claim's epoch: higher than that of every claim before it.
    pub fn epoch(&self) -> u64 {
        self.fence.epoch
    }

    /// The store under this claim, to be held as an `Arc<dyn RuntimeStore>` for example.
    pub fn store(&self) -> &Store<E> {
        &self.store
    }

    /// What writes under this claim check.
    #[cfg(all(feature = "js", target_arch = "wasm32"))]
    pub(crate) fn fence(&self) -> &Fence {
        &self.fence
    }

    /// Releases the runtime: from now on writes through this claim and the handles made from it are `Fenced`. It does
    /// nothing where another claim was made already.
    pub async fn release(self) -> Result<()> {
        self.store.run(release(&self.fence)).await
    }
}

impl<E> Deref for RuntimeClaim<E> {
    type Target = Store<E>;

    fn deref(&self) -> &Store<E> {
        &self.store
    }
}

/// The claim that a handle writes under.
#[derive(Clone, Debug)]
pub(crate) struct Fence {
    runtime_id: LogicalRuntimeId,
    epoch: u64,
    token: Uuid,
}

impl Fence {
    /// Whether this is the stored claim.
    fn is_in(&self, seen: &ReadSet, stored: One<Text>) -> Result<bool> {
        let stored = seen.one(stored)?;
        Ok(stored.is_some_and(|stored| stored.0 == claim_text(self.epoch, self.token)))
    }

    /// Declares the read that the check needs.
    pub(super) fn guard(&self, runtime_id: &LogicalRuntimeId, reads: &mut Reads) -> Result<Guard> {
        if *runtime_id != self.runtime_id {
            let reason = format!("this handle writes under a claim on {}, not on {runtime_id}", self.runtime_id);
            return Err(RuntimeStoreError::invalid("runtime_id", reason));
        }
        let held = Text(claim_text(self.epoch, self.token));
        Ok(Guard::Claim { fence: self.clone(), stored: reads.get_predicting(&CLAIMS, (runtime_id,), Some(held)) })
    }
}

/// A claim whose holder is elsewhere, and brings it as text with each call.
#[cfg(all(feature = "js", feature = "sqlite", target_arch = "wasm32"))]
impl Fence {
    pub(crate) fn text(&self) -> String {
        claim_text(self.epoch, self.token)
    }

    /// What is no longer the stored claim is `Fenced`, whoever made it up.
    pub(crate) fn of_text(runtime_id: LogicalRuntimeId, text: &str) -> Option<Self> {
        let (epoch, token) = text.split_once(' ')?;
        Some(Self { runtime_id, epoch: epoch.parse().ok()?, token: Uuid::try_parse(token).ok()? })
    }
}

/// Checks, inside a transaction, that a runtime may be written to.
pub(super) enum Guard {
    /// The claim still holds.
    Claim { fence: Fence, stored: One<Text> },
    /// The runtime is not being deleted. Its deletion ends claims, so this needs no look where there is one.
    Deletion { runtime_id: LogicalRuntimeId, begun: One<Text> },
}

impl Guard {
    /// For a write without a claim.
    pub(super) fn of_deletion(runtime_id: &LogicalRuntimeId, reads: &mut Reads) -> Self {
        let begun = reads.get_predicting(&DELETIONS, (runtime_id,), None);
        Self::Deletion { runtime_id: runtime_id.clone(), begun }
    }

    pub(super) fn check(&self, seen: &ReadSet) -> Result<()> {
        let (fence, stored) = match self {
            Self::Claim { fence, stored } => (fence, *stored),
            Self::Deletion { runtime_id, begun } if seen.has(*begun) => return Err(being_deleted(runtime_id)),
            Self::Deletion { .. } => return Ok(()),
        };
        if fence.is_in(seen, stored)? {
            return Ok(());
        }
        let Fence { runtime_id, epoch: held, .. } = fence;
        // A claim that was overtaken or released leaves another in its place.
        if seen.one(stored)?.is_none() {
            return Err(RuntimeStoreError::Deleted(format!(
                "the claim on runtime {runtime_id} ended when the runtime was deleted; claim it anew"
            )));
        }
        let current = epoch(seen, stored, runtime_id)?;
        Err(RuntimeStoreError::Fenced { runtime_id: runtime_id.clone(), held: *held, current })
    }
}

fn being_deleted(runtime_id: &LogicalRuntimeId) -> RuntimeStoreError {
    RuntimeStoreError::Deleted(format!(
        "the deletion of runtime {runtime_id} has begun and not ended; delete it again, and then claim it or write to it"
    ))
}

/// A claim as it is stored: `<epoch> <token>`.
fn claim_text(epoch: u64, token: Uuid) -> String {
    format!("{epoch} {token}")
}

/// The epoch of a claim as it is stored.
pub(super) fn parsed_epoch(claim: &str) -> Result<u64, String> {
    let epoch =
        claim.split_once(' ').filter(|(_, token)| Uuid::try_parse(token).is_ok()).map(|(epoch, _)| epoch.parse());
    let Some(Ok(epoch)) = epoch else { return Err(format!("expected an epoch and a token, found {}", quoted(claim))) };
    Ok(epoch)
}

/// A claim that comes after two others, so that it fences whoever holds one of them.
pub(super) fn after_both(a: &str, b: &str, token: Uuid) -> Result<String, String> {
    let latest = parsed_epoch(a)?.max(parsed_epoch(b)?);
    let next = next_epoch(latest).map_err(|error| error.to_string())?;
    Ok(claim_text(next, token))
}

/// The epoch of the latest claim; 0 where there was none.
pub(super) fn epoch(seen: &ReadSet, stored: One<Text>, runtime_id: &LogicalRuntimeId) -> Result<u64> {
    let Some(stored) = seen.one(stored)? else { return Ok(0) };
    parsed_epoch(&stored.0).map_err(|reason| RuntimeStoreError::Decode {
        table: CLAIMS.info.name,
        key: format!("[{runtime_id}]"),
        reason,
    })
}

fn next_epoch(epoch: u64) -> Result<u64> {
    epoch.checked_add(1).ok_or_else(|| RuntimeStoreError::Internal("there is no epoch after 2^64-1".to_owned()))
}

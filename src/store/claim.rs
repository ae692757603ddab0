//! Claims: who may write to a runtime, or to the labels and the cursor of a mob.
//!
//! A claim is an epoch, kept in the store and raised by each new claim. A write through a claimed handle checks inside its
//! own transaction that the stored claim is still its own. So a writer that was overtaken is refused however late its write
//! arrives: from a suspended tab, from the back/forward cache, from another process. A random token is stored with the
//! epoch, because epochs start at one again when a database is deleted.

use std::{ops::Deref, sync::Arc};

use uuid::Uuid;

use super::{
    Operation, Store,
    metadata::non_empty,
    schema::{CLAIMS, DELETIONS, MOB_CLAIMS},
};
use crate::{
    engine::{Engine, One, ReadSet, Reads, Table, Text},
    model::{
        LogicalRuntimeId, RuntimeStoreError,
        ids::made_at,
        json::{leaf::shown, writer::quoted},
        random::new_uuid,
    },
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
    runtime_id: LogicalRuntimeId,
    fence: Fence,
}

impl<E> Clone for RuntimeClaim<E> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), runtime_id: self.runtime_id.clone(), fence: self.fence.clone() }
    }
}

/// Ownership of a mob: a handle of the store whose writes to the labels of that mob and its runs, and to its cursor, fail with
/// [`MobFenced`](RuntimeStoreError::MobFenced) once another claim on it was made.
///
/// It offers all that a [`Store`] does. Writes to other mobs through it are refused; what belongs to no mob is not fenced. Writing
/// without a claim stays possible, and is not fenced either.
#[derive(Debug)]
pub struct MobClaim<E> {
    store: Store<E>,
    fence: Fence,
}

impl<E> Clone for MobClaim<E> {
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
        let fence = self.run(claim(Owner::Runtime(runtime_id.clone()))).await?;
        Ok(self.under(runtime_id.clone(), fence))
    }

    /// Claims a mob: its labels, those of its runs, and its cursor. Every earlier claim on it is fenced from now on.
    ///
    /// # Errors
    /// `InvalidInput` for an empty id.
    pub async fn claim_mob(&self, mob_id: &str) -> Result<MobClaim<E>> {
        Ok(self.under_mob(self.run(claim_mob(mob_id)).await?))
    }

    /// The store under a claim that was made.
    pub(crate) fn under(&self, runtime_id: LogicalRuntimeId, fence: Fence) -> RuntimeClaim<E> {
        let store = Self { engine: self.engine.clone(), fence: Some(fence.clone()) };
        RuntimeClaim { store, runtime_id, fence }
    }

    /// The store under a claim on a mob that was made.
    pub(crate) fn under_mob(&self, fence: Fence) -> MobClaim<E> {
        MobClaim { store: Self { engine: self.engine.clone(), fence: Some(fence.clone()) }, fence }
    }
}

/// What is claimed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Owner {
    Runtime(LogicalRuntimeId),
    Mob(String),
}

impl Owner {
    /// Where its latest claim is stored.
    fn table(&self) -> &'static Table<Text> {
        match self {
            Self::Runtime(_) => &CLAIMS,
            Self::Mob(_) => &MOB_CLAIMS,
        }
    }

    fn id(&self) -> &str {
        match self {
            Self::Runtime(id) => id.as_str(),
            Self::Mob(id) => id,
        }
    }
}

/// Raises the epoch of a mob's claim.
pub(crate) fn claim_mob(mob_id: &str) -> Result<Operation<Fence>> {
    claim(Owner::Mob(non_empty("mob_id", mob_id)?.to_owned()))
}

/// Raises the epoch of a claim.
pub(crate) fn claim(owner: Owner) -> Result<Operation<Fence>> {
    let mut reads = Reads::new();
    let stored = reads.get(owner.table(), (owner.id(),));
    let guard = match &owner {
        // What is written under the claim would go with the rest.
        Owner::Runtime(runtime_id) => Some(Arc::new(Guard::of_deletion(runtime_id, &mut reads))),
        Owner::Mob(_) => None,
    };
    let token = new_uuid()?;
    let raised = move |seen: &ReadSet| {
        if let Some(guard) = &guard {
            guard.check(seen)?;
        }
        let epoch = next_epoch(epoch(seen, stored, &owner)?)?;
        Ok(Fence { owner: owner.clone(), epoch, token })
    };
    let decide = {
        let raised = raised.clone();
        move |seen: &ReadSet| {
            let Fence { owner, epoch, token } = raised(seen)?;
            Ok(vec![owner.table().put((owner.id(),), Text(claim_text(epoch, token)))])
        }
    };
    Ok(Operation::transact(reads, decide).answering(raised))
}

/// Raises the epoch, if the claim is still the stored one.
pub(crate) fn release(fence: &Fence) -> Result<Operation<()>> {
    let mut reads = Reads::new();
    let (table, id) = (fence.owner.table(), fence.owner.id().to_owned());
    let stored = reads.get(table, (&*id,));
    let fence = fence.clone();
    let decide = move |seen: &ReadSet| {
        if !fence.is_in(seen, stored)? {
            return Ok(Vec::new());
        }
        // Nobody holds it, which the token says.
        Ok(vec![table.put((&*id,), Text(claim_text(next_epoch(fence.epoch)?, Uuid::nil())))])
    };
    Ok(Operation::transact(reads, decide))
}

impl<E: Engine> RuntimeClaim<E> {
    /// The runtime.
    pub fn runtime_id(&self) -> &LogicalRuntimeId {
        &self.runtime_id
    }

    /// The claim's epoch: higher than that of every claim before it.
    pub fn epoch(&self) -> u64 {
        self.fence.epoch
    }

    /// The store under this claim, to be held as an `Arc<dyn RuntimeStore>` for example.
    pub fn store(&self) -> &Store<E> {
        &self.store
    }

    /// The claim's epoch and token, which each write under it compares with the stored ones.
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

impl<E: Engine> MobClaim<E> {
    /// The mob.
    pub fn mob_id(&self) -> &str {
        self.fence.owner.id()
    }

    /// The claim's epoch: higher than that of every claim before it.
    pub fn epoch(&self) -> u64 {
        self.fence.epoch
    }

    /// The store under this claim.
    pub fn store(&self) -> &Store<E> {
        &self.store
    }

    /// The claim's epoch and token, which each write under it compares with the stored ones.
    #[cfg(all(feature = "js", target_arch = "wasm32"))]
    pub(crate) fn fence(&self) -> &Fence {
        &self.fence
    }

    /// Releases the mob: from now on writes through this claim and the handles made from it are `MobFenced`. It does nothing where
    /// another claim was made already.
    pub async fn release(self) -> Result<()> {
        self.store.run(release(&self.fence)).await
    }
}

impl<E> Deref for MobClaim<E> {
    type Target = Store<E>;

    fn deref(&self) -> &Store<E> {
        &self.store
    }
}

/// The claim that a handle writes under.
#[derive(Clone, Debug)]
pub(crate) struct Fence {
    owner: Owner,
    epoch: u64,
    token: Uuid,
}

impl Fence {
    /// Whether this is the stored claim.
    fn is_in(&self, seen: &ReadSet, stored: One<Text>) -> Result<bool> {
        let stored = seen.one(stored)?;
        Ok(stored.is_some_and(|stored| stored.0 == claim_text(self.epoch, self.token)))
    }

    fn guard(&self, reads: &mut Reads) -> Guard {
        let held = Text(claim_text(self.epoch, self.token));
        let stored = reads.get_predicting(self.owner.table(), (self.owner.id(),), Some(held));
        Guard::Claim { fence: self.clone(), stored }
    }

    /// Declares the read by which a write to a runtime is checked; `None` where it is under no claim on a runtime.
    pub(super) fn guard_of_runtime(&self, runtime_id: &LogicalRuntimeId, reads: &mut Reads) -> Result<Option<Guard>> {
        match &self.owner {
            Owner::Mob(_) => Ok(None),
            Owner::Runtime(claimed) if claimed == runtime_id => Ok(Some(self.guard(reads))),
            Owner::Runtime(claimed) => {
                let reason = format!("this handle writes under a claim on {claimed}, not on {runtime_id}");
                Err(RuntimeStoreError::invalid("runtime_id", reason))
            }
        }
    }

    /// The same of a write to a mob.
    pub(super) fn guard_of_mob(&self, mob_id: &str, reads: &mut Reads) -> Result<Option<Guard>> {
        match &self.owner {
            Owner::Runtime(_) => Ok(None),
            Owner::Mob(claimed) if claimed == mob_id => Ok(Some(self.guard(reads))),
            Owner::Mob(claimed) => {
                let reason = format!("this handle writes under a claim on {claimed}, not on {mob_id}");
                Err(RuntimeStoreError::invalid("mob_id", reason))
            }
        }
    }
}

/// A claim whose holder is elsewhere, and brings it as text with each call.
#[cfg(all(feature = "js", feature = "sqlite", target_arch = "wasm32"))]
impl Fence {
    pub(crate) fn text(&self) -> String {
        claim_text(self.epoch, self.token)
    }

    /// Reads a claim from its text. Whether it is still the stored one is checked by each write. `None` for the text of a released claim,
    /// whose token is nil.
    pub(crate) fn of_text(owner: Owner, text: &str) -> Option<Self> {
        let (epoch, token) = text.split_once(' ')?;
        let token = Uuid::try_parse(token).ok().filter(|token| !token.is_nil())?;
        Some(Self { owner, epoch: epoch.parse().ok()?, token })
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
        // The answer may come after the write: what is then written is hidden, and is deleted with the rest of the runtime.
        let begun = reads.get_late(&DELETIONS, (runtime_id,));
        Self::Deletion { runtime_id: runtime_id.clone(), begun }
    }

    /// Whether it guards writes of a runtime: one that would change nothing is a retry, which succeeds whoever has the runtime by now.
    pub(super) fn is_of_runtime(&self) -> bool {
        !matches!(self, Self::Claim { fence: Fence { owner: Owner::Mob(_), .. }, .. })
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
        let Fence { owner, epoch: held, .. } = fence;
        let held = *held;
        // A claim that was overtaken or released leaves another in its place.
        if seen.one(stored)?.is_none() {
            let (what, id) = (if matches!(owner, Owner::Mob(_)) { "mob" } else { "runtime" }, owner.id());
            return Err(RuntimeStoreError::Deleted(format!(
                "the claim on {what} {id} ended when the {what} was deleted; claim it anew"
            )));
        }
        let current = epoch(seen, stored, owner)?;
        Err(match owner.clone() {
            Owner::Runtime(runtime_id) => RuntimeStoreError::Fenced { runtime_id, held, current },
            Owner::Mob(mob_id) => RuntimeStoreError::MobFenced { mob_id, held, current },
        })
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
    let Some(Ok(epoch)) = epoch else {
        return Err(format!("expected an epoch and a token, found {}", quoted(&shown(claim))));
    };
    Ok(epoch)
}

/// When a claim was made, of which its token tells; `None` where nobody holds it.
pub(super) fn open_since(claim: &str) -> Option<u64> {
    claim.split_once(' ').and_then(|(_, token)| made_at(token))
}

/// A claim that comes after two others, so that it fences whoever holds one of them.
pub(super) fn after_both(a: &str, b: &str, token: Uuid) -> Result<String, String> {
    let latest = parsed_epoch(a)?.max(parsed_epoch(b)?);
    let next = next_epoch(latest).map_err(|error| error.to_string())?;
    Ok(claim_text(next, token))
}

/// The epoch of the latest claim; 0 where there was none.
pub(super) fn epoch(seen: &ReadSet, stored: One<Text>, owner: &Owner) -> Result<u64> {
    let Some(stored) = seen.one(stored)? else { return Ok(0) };
    parsed_epoch(&stored.0).map_err(|reason| RuntimeStoreError::Decode {
        table: owner.table().info.name,
        key: format!("[{}]", owner.id()),
        reason,
    })
}

fn next_epoch(epoch: u64) -> Result<u64> {
    epoch.checked_add(1).ok_or_else(|| RuntimeStoreError::Internal("there is no epoch after 2^64-1".to_owned()))
}

//! Operations: what a call reads, writes and answers, as data. The rules build them without an await; one function runs them.

use super::{
    Store,
    claim::{Fence, Guard},
    watch::change_of,
};
use crate::{
    engine::{Commit, Decide, Engine, MaybeSend, ReadSet, Reads, Result, Write},
    model::{LogicalRuntimeId, RuntimeStoreError, limits},
};

/// One operation of the contract that was not run yet: its reads, its decision and its answer.
pub(crate) struct Operation<T> {
    reads: Reads,
    decide: Option<Decide>,
    answer: Answer<T>,
}

#[cfg(not(target_arch = "wasm32"))]
type Answer<T> = Box<dyn FnMut(&ReadSet) -> Result<T> + Send>;
#[cfg(target_arch = "wasm32")]
type Answer<T> = Box<dyn FnMut(&ReadSet) -> Result<T>>;

/// Takes what was read to the answer.
#[cfg(not(target_arch = "wasm32"))]
type TakeAnswer<'a> = &'a mut (dyn FnMut(&ReadSet) -> Result<()> + Send);
#[cfg(target_arch = "wasm32")]
type TakeAnswer<'a> = &'a mut dyn FnMut(&ReadSet) -> Result<()>;

#[cfg(not(target_arch = "wasm32"))]
type Writes = Box<dyn FnMut(&ReadSet) -> Result<Vec<Write>> + Send>;
#[cfg(target_arch = "wasm32")]
type Writes = Box<dyn FnMut(&ReadSet) -> Result<Vec<Write>>>;

impl<T: 'static> Operation<T> {
    /// Answers from what is read.
    pub(super) fn read(reads: Reads, answer: impl FnMut(&ReadSet) -> Result<T> + MaybeSend + 'static) -> Self {
        Self { reads, decide: None, answer: Box::new(answer) }
    }

    /// Replaces the answer.
    pub(super) fn answering<U>(self, answer: impl FnMut(&ReadSet) -> Result<U> + MaybeSend + 'static) -> Operation<U> {
        Operation { reads: self.reads, decide: self.decide, answer: Box::new(answer) }
    }

    /// Converts the answer.
    pub(crate) fn map<U: 'static>(self, mut make: impl FnMut(T) -> Result<U> + MaybeSend + 'static) -> Operation<U> {
        let mut answer = self.answer;
        Operation { reads: self.reads, decide: self.decide, answer: Box::new(move |seen| make(answer(seen)?)) }
    }
}

/// What an operation writes to.
#[derive(Clone, Copy)]
enum Target<'a> {
    Runtime(&'a LogicalRuntimeId),
    /// What it only deletes from.
    OfRuntime(&'a LogicalRuntimeId),
    Mob(&'a str),
}

impl Operation<()> {
    /// Decides, from what is read, what to write.
    pub(super) fn transact(
        reads: Reads,
        decide: impl FnMut(&ReadSet) -> Result<Vec<Write>> + MaybeSend + 'static,
    ) -> Self {
        Self::with_change(reads, Box::new(decide))
    }

    /// Writes without a precondition.
    pub(crate) fn write(writes: Vec<Write>) -> Self {
        Self::transact(Reads::new(), move |_| Ok(writes.clone()))
    }

    /// Decides and writes to a runtime: under the handle's claim where it has one, and else only where the runtime is not being
    /// deleted, since what is written then would go with the rest. A decision without writes is the retry of a commit whose
    /// acknowledgement was lost: it succeeds also where the claim was overtaken since.
    pub(super) fn transact_runtime(
        fence: Option<&Fence>,
        runtime_id: &LogicalRuntimeId,
        reads: Reads,
        decide: impl FnMut(&ReadSet) -> Result<Vec<Write>> + MaybeSend + 'static,
    ) -> Result<Self> {
        Self::guarded(fence, Target::Runtime(runtime_id), reads, Box::new(decide))
    }

    /// Deletes from a runtime, under the handle's claim where it has one: also while the runtime is being deleted.
    pub(super) fn delete_from_runtime(
        fence: Option<&Fence>,
        runtime_id: &LogicalRuntimeId,
        reads: Reads,
        decide: impl FnMut(&ReadSet) -> Result<Vec<Write>> + MaybeSend + 'static,
    ) -> Result<Self> {
        Self::guarded(fence, Target::OfRuntime(runtime_id), reads, Box::new(decide))
    }

    /// Decides and writes to a mob, under the handle's claim where it has one.
    pub(super) fn transact_mob(
        fence: Option<&Fence>,
        mob_id: &str,
        reads: Reads,
        decide: impl FnMut(&ReadSet) -> Result<Vec<Write>> + MaybeSend + 'static,
    ) -> Result<Self> {
        Self::guarded(fence, Target::Mob(mob_id), reads, Box::new(decide))
    }

    /// Adds the check of a claim or of a deletion to a decision. The decision is boxed, so that this is compiled once.
    fn guarded(fence: Option<&Fence>, target: Target<'_>, mut reads: Reads, decide: Writes) -> Result<Self> {
        let claimed = match (fence, target) {
            (None, _) => None,
            (Some(fence), Target::Mob(mob_id)) => fence.guard_of_mob(mob_id, &mut reads)?,
            (Some(fence), Target::Runtime(id) | Target::OfRuntime(id)) => fence.guard_of_runtime(id, &mut reads)?,
        };
        let guard = match target {
            Target::Runtime(id) if claimed.is_none() => Some(Guard::of_deletion(id, &mut reads)),
            _ => claimed,
        };
        let decide = match guard {
            Some(guard) => guarded(guard, decide),
            None => decide,
        };
        Ok(Self::with_change(reads, decide))
    }

    /// Writes to a runtime, under the handle's claim where it has one.
    pub(super) fn write_runtime(
        fence: Option<&Fence>,
        runtime_id: &LogicalRuntimeId,
        writes: Vec<Write>,
    ) -> Result<Self> {
        Self::transact_runtime(fence, runtime_id, Reads::new(), move |_| Ok(writes.clone()))
    }

    /// Decides and writes what watchers are not told of, since it means what was there.
    pub(super) fn quietly(
        reads: Reads,
        mut decide: impl FnMut(&ReadSet) -> Result<Vec<Write>> + MaybeSend + 'static,
    ) -> Self {
        Self::with_commit(reads, Box::new(move |seen| Ok(Commit { change: None, writes: decide(seen)? })))
    }

    /// Derives the change that watchers are told from what is written.
    fn with_change(reads: Reads, mut decide: Writes) -> Self {
        let decide: Decide = Box::new(move |seen| {
            let writes = decide(seen)?;
            writes.iter().try_for_each(check_key)?;
            Ok(Commit { change: change_of(&writes), writes })
        });
        Self::with_commit(reads, decide)
    }

    fn with_commit(reads: Reads, decide: Decide) -> Self {
        Self { reads, decide: Some(decide), answer: Box::new(|_| Ok(())) }
    }
}

/// Refuses a record under ids that are too long.
fn check_key(write: &Write) -> Result<()> {
    let Write::Put(table, key, _) = write else { return Ok(()) };
    limits::key(table.key[0].name, key.size())
}

/// Refuses writes whose claim was overtaken, and those to a runtime that is being deleted. The retry of what was committed to a
/// runtime writes nothing, and succeeds under any claim.
fn guarded(guard: Guard, mut decide: Writes) -> Writes {
    Box::new(move |seen| {
        let decision = decide(seen);
        match (decision, guard.check(seen)) {
            (Ok(writes), _) if writes.is_empty() && guard.is_of_runtime() => Ok(writes),
            (_, Err(refused)) => Err(refused),
            (decision, Ok(())) => decision,
        }
    })
}

impl<E: Engine> Store<E> {
    /// Runs an operation.
    pub(crate) async fn run<T: MaybeSend + 'static>(&self, operation: Result<Operation<T>>) -> Result<T> {
        let Operation { reads, decide, mut answer } = operation?;
        let mut answered = None;
        self.carry_out(reads, decide, &mut |seen| {
            answered = Some(answer(seen)?);
            Ok(())
        })
        .await?;
        answered.ok_or_else(|| RuntimeStoreError::Internal("an operation without an answer".to_owned()))
    }

    /// Not generic, since compiled futures are large.
    async fn carry_out(&self, reads: Reads, decide: Option<Decide>, answer: TakeAnswer<'_>) -> Result<()> {
        if let Some(decide) = decide {
            return answer(&self.engine.transact(reads, decide).await?);
        }
        let widened = reads.widened();
        let seen = self.engine.read(reads).await?;
        // An engine in memory has read what no answer can hold.
        limits::answer(seen.size())?;
        let answered = answer(&seen);
        match (&answered, widened) {
            // Either the error must name the unreadable record, whose key was not read, or there are rows after an invalid id.
            (Err(RuntimeStoreError::Decode { .. }), Some(reads)) => {
                answer(&self.engine.read(reads).await?.of_widened())
            }
            _ => answered,
        }
    }
}

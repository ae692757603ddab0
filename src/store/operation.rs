//! Operations: what a call does, apart from when. The rules make them, without an await; one function carries them out.

use super::{
    Store,
    claim::{Fence, Guard},
    watch::change_of,
};
use crate::{
    engine::{Commit, Decide, Engine, MaybeSend, ReadSet, Reads, Result, Write},
    model::{LogicalRuntimeId, RuntimeStoreError},
};

/// One operation of the contract, not yet carried out: what it reads, what it decides to write, what it answers.
pub(crate) struct Operation<T> {
    reads: Reads,
    decide: Option<Decide>,
    answer: Answer<T>,
}

#[cfg(not(target_arch = "wasm32"))]
type Answer<T> = Box<dyn FnMut(&ReadSet) -> Result<T> + Send>;
#[cfg(target_arch = "wasm32")]
type Answer<T> = Box<dyn FnMut(&ReadSet) -> Result<T>>;

#[cfg(not(target_arch = "wasm32"))]
type Writes = Box<dyn FnMut(&ReadSet) -> Result<Vec<Write>> + Send>;
#[cfg(target_arch = "wasm32")]
type Writes = Box<dyn FnMut(&ReadSet) -> Result<Vec<Write>>>;

impl<T: 'static> Operation<T> {
    /// Answers from what is read.
    pub(super) fn read(reads: Reads, answer: impl FnMut(&ReadSet) -> Result<T> + MaybeSend + 'static) -> Self {
        Self { reads, decide: None, answer: Box::new(answer) }
    }

    /// The operation with another answer, made from what was seen.
    pub(super) fn answering<U>(self, answer: impl FnMut(&ReadSet) -> Result<U> + MaybeSend + 'static) -> Operation<U> {
        Operation { reads: self.reads, decide: self.decide, answer: Box::new(answer) }
    }

    /// The operation with something made of its answer.
    pub(crate) fn map<U: 'static>(self, mut make: impl FnMut(T) -> Result<U> + MaybeSend + 'static) -> Operation<U> {
        let mut answer = self.answer;
        Operation { reads: self.reads, decide: self.decide, answer: Box::new(move |seen| make(answer(seen)?)) }
    }
}

impl Operation<()> {
    /// Decides, from what is read, what to write.
    pub(super) fn transact(
        reads: Reads,
        decide: impl FnMut(&ReadSet) -> Result<Vec<Write>> + MaybeSend + 'static,
    ) -> Self {
        Self::telling(reads, Box::new(decide))
    }

    /// Writes without a precondition.
    pub(super) fn write(writes: Vec<Write>) -> Self {
        Self::transact(Reads::new(), move |_| Ok(writes.clone()))
    }

    /// Decides and writes to a runtime, under the claim of the handle where it has one. Without writes, it was committed
    /// before and its acknowledgement was lost; that holds whoever has the claim by now.
    pub(super) fn transact_runtime(
        fence: Option<&Fence>,
        runtime_id: &LogicalRuntimeId,
        mut reads: Reads,
        decide: impl FnMut(&ReadSet) -> Result<Vec<Write>> + MaybeSend + 'static,
    ) -> Result<Self> {
        let decide: Writes = Box::new(decide);
        match fence {
            None => Ok(Self::telling(reads, decide)),
            Some(fence) => {
                let guard = fence.guard(runtime_id, &mut reads)?;
                Ok(Self::telling(reads, guarded(guard, decide)))
            }
        }
    }

    /// Writes to a runtime, under the claim of the handle where it has one.
    pub(super) fn write_runtime(
        fence: Option<&Fence>,
        runtime_id: &LogicalRuntimeId,
        writes: Vec<Write>,
    ) -> Result<Self> {
        Self::transact_runtime(fence, runtime_id, Reads::new(), move |_| Ok(writes.clone()))
    }

    /// Has those who watch told of what is written.
    fn telling(reads: Reads, mut decide: Writes) -> Self {
        let decide: Decide = Box::new(move |seen| {
            let writes = decide(seen)?;
            Ok(Commit { change: change_of(&writes), writes })
        });
        Self { reads, decide: Some(decide), answer: Box::new(|_| Ok(())) }
    }
}

/// Refuses what is written where the claim does not hold.
fn guarded(guard: Guard, mut decide: Writes) -> Writes {
    Box::new(move |seen| {
        let decision = decide(seen);
        let held = guard.check(seen);
        match (decision, held) {
            (Ok(writes), _) if writes.is_empty() => Ok(writes),
            (_, Err(fenced)) => Err(fenced),
            (decision, Ok(())) => decision,
        }
    })
}

impl<E: Engine> Store<E> {
    /// Carries an operation out.
    pub(crate) async fn run<T: 'static>(&self, operation: Result<Operation<T>>) -> Result<T> {
        let Operation { reads, decide, mut answer } = operation?;
        if let Some(decide) = decide {
            return answer(&self.engine.transact(reads, decide).await?);
        }
        let widened = reads.widened();
        let answered = answer(&self.engine.read(reads).await?);
        match (&answered, widened) {
            // The error must name the record, whose key nobody asked for; or there are others behind an id that is none.
            (Err(RuntimeStoreError::Decode { .. }), Some(reads)) => {
                answer(&self.engine.read(reads).await?.of_widened())
            }
            _ => answered,
        }
    }
}

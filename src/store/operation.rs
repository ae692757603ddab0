//! Operations: what a call does, apart from when. The rules make them, without an await; one function carries them out.

use super::{Store, claim::Fence, watch::change_of};
use crate::{
    engine::{Commit, Decide, Engine, MaybeSend, ReadSet, Reads, Result, Write},
    model::LogicalRuntimeId,
};

/// One operation of the contract, not yet carried out: what it reads, what it decides to write, what it answers.
pub(crate) struct Operation<T> {
    reads: Reads,
    decide: Option<Decide>,
    answer: Answer<T>,
}

#[cfg(not(target_arch = "wasm32"))]
type Answer<T> = Box<dyn FnOnce(&ReadSet) -> Result<T> + Send>;
#[cfg(target_arch = "wasm32")]
type Answer<T> = Box<dyn FnOnce(&ReadSet) -> Result<T>>;

/// What a write to a runtime comes to.
pub(super) enum Decision {
    /// These writes, if the claim still holds.
    Write(Vec<Write>),
    /// Nothing: it was committed before, and its acknowledgement was lost. That holds whoever has the claim by now.
    AlreadyDone,
}

impl<T: 'static> Operation<T> {
    /// Answers from what is read.
    pub(super) fn read(reads: Reads, answer: impl FnOnce(&ReadSet) -> Result<T> + MaybeSend + 'static) -> Self {
        Self { reads, decide: None, answer: Box::new(answer) }
    }

    /// The operation with another answer, made from what was seen.
    pub(super) fn answering<U>(self, answer: impl FnOnce(&ReadSet) -> Result<U> + MaybeSend + 'static) -> Operation<U> {
        Operation { reads: self.reads, decide: self.decide, answer: Box::new(answer) }
    }

    /// The operation with something made of its answer.
    pub(crate) fn map<U: 'static>(self, make: impl FnOnce(T) -> Result<U> + MaybeSend + 'static) -> Operation<U> {
        let answer = self.answer;
        Operation { reads: self.reads, decide: self.decide, answer: Box::new(|seen| make(answer(seen)?)) }
    }
}

impl Operation<()> {
    /// Decides, from what is read, what to write.
    pub(super) fn transact(
        reads: Reads,
        mut decide: impl FnMut(&ReadSet) -> Result<Vec<Write>> + MaybeSend + 'static,
    ) -> Self {
        let decide: Decide = Box::new(move |seen| decide(seen).map(telling));
        Self { reads, decide: Some(decide), answer: Box::new(|_| Ok(())) }
    }

    /// Writes without a precondition.
    pub(super) fn write(writes: Vec<Write>) -> Self {
        Self::transact(Reads::new(), move |_| Ok(writes.clone()))
    }

    /// Decides and writes to a runtime, under the claim of the handle where it has one.
    pub(super) fn transact_runtime(
        fence: Option<&Fence>,
        runtime_id: &LogicalRuntimeId,
        mut reads: Reads,
        mut decide: impl FnMut(&ReadSet) -> Result<Decision> + MaybeSend + 'static,
    ) -> Result<Self> {
        let guard = fence.map(|fence| fence.guard(runtime_id, &mut reads)).transpose()?;
        Ok(Self::transact(reads, move |seen| {
            let decision = decide(seen);
            let held = guard.as_ref().map_or(Ok(()), |guard| guard.check(seen));
            match (decision, held) {
                (Ok(Decision::AlreadyDone), _) => Ok(Vec::new()),
                (_, Err(fenced)) => Err(fenced),
                (Err(error), Ok(())) => Err(error),
                (Ok(Decision::Write(writes)), Ok(())) => Ok(writes),
            }
        }))
    }

    /// Writes to a runtime, under the claim of the handle where it has one.
    pub(super) fn write_runtime(
        fence: Option<&Fence>,
        runtime_id: &LogicalRuntimeId,
        writes: Vec<Write>,
    ) -> Result<Self> {
        Self::transact_runtime(fence, runtime_id, Reads::new(), move |_| Ok(Decision::Write(writes.clone())))
    }
}

/// A commit of these writes, of which those who watch are told.
fn telling(writes: Vec<Write>) -> Commit {
    Commit { change: change_of(&writes), writes }
}

impl<E: Engine> Store<E> {
    /// Carries an operation out.
    pub(crate) async fn run<T: 'static>(&self, operation: Result<Operation<T>>) -> Result<T> {
        let Operation { reads, decide, answer } = operation?;
        let seen = match decide {
            None => self.engine.read(reads).await?,
            Some(decide) => self.engine.transact(reads, decide).await?,
        };
        answer(&seen)
    }
}

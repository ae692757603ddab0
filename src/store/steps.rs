//! Work of many transactions, each of which depends on what came of those before it: as a machine that says what to run next, so that
//! one function awaits for all of them. Compiled futures are large.

use std::{future::poll_fn, pin::Pin, task::Poll};

use super::{Operation, Store};
use crate::engine::{Encoded, Engine, Key, MaybeSend, Result};

/// A record as it is stored, or why it cannot be read.
pub(crate) type Found = (Key, std::result::Result<Encoded, String>);

/// What comes of an operation.
pub(crate) enum Outcome {
    /// Records that were read.
    Found(Vec<Found>),
    /// Keys that were read.
    Keys(Vec<Key>),
    /// How many records were written.
    Written(u64),
}

/// A machine.
pub(crate) trait Steps: MaybeSend {
    /// What to run next, all of it together; nothing where it is the caller's turn.
    fn next(&mut self) -> Result<Vec<Operation<Outcome>>>;

    /// Takes what came of it, in its order.
    fn took(&mut self, outcomes: Vec<Result<Outcome>>) -> Result<()>;
}

impl<E: Engine> Store<E> {
    /// Runs a machine until it is the caller's turn.
    pub(crate) async fn walk(&self, steps: &mut dyn Steps) -> Result<()> {
        loop {
            let calls: Vec<_> = steps.next()?.into_iter().map(|next| Box::pin(self.run(Ok(next)))).collect();
            if calls.is_empty() {
                return Ok(());
            }
            steps.took(at_once(calls).await)?;
        }
    }
}

/// Runs calls together, so that they are all begun before the first one ends.
async fn at_once<F: Future>(mut calls: Vec<Pin<Box<F>>>) -> Vec<F::Output> {
    let mut outcomes: Vec<Option<F::Output>> = calls.iter().map(|_| None).collect();
    poll_fn(|context| {
        let mut pending = false;
        for (call, outcome) in calls.iter_mut().zip(&mut outcomes) {
            if outcome.is_none() {
                match call.as_mut().poll(context) {
                    Poll::Ready(ended) => *outcome = Some(ended),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    outcomes.into_iter().flatten().collect()
}

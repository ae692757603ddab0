//! Records written anew, to mean the same: sealed under another key, say. Only what was seen is replaced, so nothing that somebody else
//! writes meanwhile is lost, and watchers are told nothing.

use super::{
    Operation, Store,
    claim::Fence,
    schema::{INPUTS, SNAPSHOTS},
};
use crate::{
    engine::{Bytes, Engine, Key, One, ReadSet, Reads, Record, Result, Table},
    model::{Document, LogicalRuntimeId, RuntimeStoreError, SessionDelta, StoredInputState, limits},
};

impl<E: Engine> Store<E> {
    /// Puts `session` in the place of the runtime's snapshot if that is still `seen`, and returns whether it was. Watchers are not told:
    /// this is for other bytes that mean the same, such as those sealed under another key.
    ///
    /// # Errors
    /// `InvalidInput` for a snapshot that is too large; `Unsupported` through a claim.
    pub async fn rewrite_session_snapshot(
        &self,
        runtime_id: &LogicalRuntimeId,
        seen: SessionDelta,
        session: SessionDelta,
    ) -> Result<bool> {
        self.run(rewrite_session(self.fence(), runtime_id, seen, session)).await
    }

    /// Puts `input` in the place of the stored one of the same id if that is still `seen`, and returns whether it was. Watchers are not
    /// told, as by [`rewrite_session_snapshot`](Self::rewrite_session_snapshot).
    ///
    /// # Errors
    /// `InvalidInput` for an input of another id; `Decode` where the stored one cannot be read; `Unsupported` through a claim.
    pub async fn rewrite_input_state(
        &self,
        runtime_id: &LogicalRuntimeId,
        seen: StoredInputState,
        input: StoredInputState,
    ) -> Result<bool> {
        self.run(rewrite_input(self.fence(), runtime_id, Document::new(seen)?, Document::new(input)?)).await
    }
}

pub(crate) fn rewrite_session(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    seen: SessionDelta,
    session: SessionDelta,
) -> Result<Operation<bool>> {
    unclaimed(fence)?;
    limits::snapshot("session", session.session_snapshot.len())?;
    let key = (runtime_id,).into();
    Ok(rewrite(&SNAPSHOTS, key, Bytes::new(seen.session_snapshot), Bytes::new(session.session_snapshot)))
}

pub(crate) fn rewrite_input(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    seen: Document<StoredInputState>,
    input: Document<StoredInputState>,
) -> Result<Operation<bool>> {
    unclaimed(fence)?;
    if seen.key() != input.key() {
        return Err(RuntimeStoreError::invalid("input", "expected the input that was seen, got one of another id"));
    }
    Ok(rewrite(&INPUTS, (runtime_id, seen.key()).into(), seen, input))
}

fn unclaimed(fence: Option<&Fence>) -> Result<()> {
    if fence.is_none() {
        return Ok(());
    }
    let reason = "what is written anew is under no claim: call it on the store's own runtime";
    Err(RuntimeStoreError::Unsupported(reason.to_owned()))
}

/// Puts a value in the place of the one that was seen, where that is still there.
fn rewrite<T: Record + Clone + PartialEq>(
    table: &'static Table<T>,
    key: Key,
    expected: T,
    value: T,
) -> Operation<bool> {
    let mut reads = Reads::new();
    let stored: One<T> = reads.get(table, key.clone());
    let is_same =
        move |seen: &ReadSet| Ok::<_, RuntimeStoreError>(seen.one(stored)?.is_some_and(|stored| *stored == expected));
    let decide = {
        let is_same = is_same.clone();
        move |seen: &ReadSet| Ok(if is_same(seen)? { vec![table.put(key.clone(), value.clone())] } else { Vec::new() })
    };
    Operation::quietly(reads, decide).answering(is_same)
}

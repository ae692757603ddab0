//! Deleting a runtime, a mob or a run: no row of it is left in any table.
//!
//! A runtime is deleted in one transaction where that is not too much for one. Else the first transaction deletes its state,
//! snapshot, registry and claim, and leaves a note (`DELETIONS`), which hides the receipts and inputs that are still there; further
//! ones delete these, and the last one the note. Where there is no room for the note, it is one transaction all the same. Whoever was cut off calls again, which goes on where that was. Without the note they
//! delete nothing: another call has come to the end before, and the runtime may have been made anew.
//!
//! Writers are refused from the first transaction on: those under a claim since the claim is not stored any more, and none is made
//! before the end; those without one by the note. After the end a write without a claim makes the runtime anew.

use super::{
    Operation, Store,
    claim::Fence,
    quarantine::{OF_MOB, OF_RUNTIME},
    recovery::{deletion, is_deleted},
    schema::{
        CLAIMS, DELETIONS, INPUTS, LABELS, METADATA, MOB_CLAIMS, OPS, PRUNED, QUARANTINE, RECEIPTS, SESSIONS,
        SNAPSHOTS, STATES, change_kind,
    },
    steps::Found,
    watch::scope_of,
};
use crate::{
    engine::{Encoded, Engine, Key, Page, Raw, ReadSet, Reads, Result, Table, TableInfo, Text, Write},
    model::{ChangeScope, LogicalRuntimeId, MetadataScope, RunId, RuntimeStoreError, ids::now_ms},
};

/// How many rows of a table one transaction deletes.
const CHUNK: u32 = 1000;

/// What is left of a deletion after one of its transactions.
pub(crate) enum Left {
    Nothing,
    /// Receipts and inputs.
    Rows,
    /// The session ids that name the runtime, after this one.
    Sessions(Option<Key>),
}

impl<E: Engine> Store<E> {
    /// Deletes a runtime with everything that there is of it, and its claim. Through a [`RuntimeClaim`](super::RuntimeClaim) it
    /// must still hold; other claims end with it: what is written under them fails with `Deleted`. What is written without a claim
    /// afterwards makes the runtime anew. Where there is none, nothing happens.
    ///
    /// A large runtime is deleted in several transactions. Should the process end in the middle, its receipts and inputs are
    /// hidden, and another call deletes the rest; until then whatever is written to it fails with `Deleted`. Where the disk or the quota
    /// is too full for that, it is one transaction, however large.
    ///
    /// # Errors
    /// `Fenced` through a claim that was overtaken; otherwise those of the engine.
    pub async fn delete_runtime(&self, runtime_id: &LogicalRuntimeId) -> Result<()> {
        let mut left = match self.run(begin_deletion(self.fence(), runtime_id)).await {
            // There is no room for the note, and deletes need none.
            Err(RuntimeStoreError::QuotaExceeded { .. }) => self.run(delete_at_once(self.fence(), runtime_id)).await?,
            begun => begun?,
        };
        loop {
            left = match left {
                Left::Nothing => return Ok(()),
                Left::Rows => self.run(delete_rows(runtime_id)).await?,
                Left::Sessions(after) => self.run(delete_sessions(runtime_id, after)).await?,
            };
        }
    }

    /// Deletes a mob's labels, those of all its runs, and its cursor, in one transaction. Through a [`MobClaim`](super::MobClaim) it
    /// must still hold; other claims end with it: what is written under them fails with `Deleted`. Its runtimes are not among it: see
    /// [`delete_runtime`](Self::delete_runtime).
    ///
    /// # Errors
    /// `InvalidInput` for an empty id; `MobFenced` through a claim that was overtaken; otherwise those of the engine.
    pub async fn delete_mob(&self, mob_id: &str) -> Result<()> {
        self.run(delete_mob(self.fence(), mob_id)).await
    }

    /// Deletes the receipts that a run has left under a runtime, and the proof of those that were pruned: afterwards they can be
    /// committed anew. It is one transaction.
    ///
    /// # Errors
    /// `Fenced` through a claim that was overtaken; otherwise those of the engine.
    pub async fn delete_run(&self, runtime_id: &LogicalRuntimeId, run_id: &RunId) -> Result<()> {
        self.run(delete_run(self.fence(), runtime_id, run_id)).await
    }
}

/// Deletes all of a runtime where it is little, and else what there is one of.
pub(crate) fn begin_deletion(fence: Option<&Fence>, runtime_id: &LogicalRuntimeId) -> Result<Operation<Left>> {
    let mut reads = Reads::new();
    let inputs = reads.keys(&INPUTS, (runtime_id,), None, CHUNK);
    let receipts = reads.keys(&RECEIPTS, (runtime_id,), None, CHUNK);
    let sessions = reads.range(&RAW_SESSIONS, Key::all(), Page { limit: Some(CHUNK), ..Page::default() });
    let is_little = move |seen: &ReadSet| {
        let few = |count: usize| count < CHUNK as usize;
        few(seen.keys(inputs).count()) && few(seen.keys(receipts).count()) && few(seen.raw(sessions).len())
    };
    let runtime_id = runtime_id.clone();
    let runtime = runtime_id.clone();
    let decide = move |seen: &ReadSet| {
        if !is_little(seen) {
            let mut writes = single_records(&runtime);
            writes.push(DELETIONS.put((&runtime,), Text(now_ms().to_string())));
            return Ok(writes);
        }
        let mut writes = everything(&runtime);
        writes.extend(held_by(&runtime, seen.raw(sessions)));
        Ok(writes)
    };
    let operation = Operation::delete_from_runtime(fence, &runtime_id, reads, decide)?;
    Ok(operation.answering(move |seen| Ok(if is_little(seen) { Left::Nothing } else { Left::Rows })))
}

/// Deletes all of a runtime in one transaction, however much it is.
pub(crate) fn delete_at_once(fence: Option<&Fence>, runtime_id: &LogicalRuntimeId) -> Result<Operation<Left>> {
    let mut reads = Reads::new();
    let sessions = reads.range(&RAW_SESSIONS, Key::all(), Page::default());
    let runtime = runtime_id.clone();
    let decide = move |seen: &ReadSet| {
        let mut writes = everything(&runtime);
        writes.extend(held_by(&runtime, seen.raw(sessions)));
        Ok(writes)
    };
    Ok(Operation::delete_from_runtime(fence, runtime_id, reads, decide)?.answering(|_| Ok(Left::Nothing)))
}

/// Deletes some of a runtime's receipts and inputs.
pub(crate) fn delete_rows(runtime_id: &LogicalRuntimeId) -> Result<Operation<Left>> {
    let mut reads = Reads::new();
    let inputs = reads.keys(&INPUTS, (runtime_id,), None, CHUNK);
    let receipts = reads.keys(&RECEIPTS, (runtime_id,), None, CHUNK);
    let deletion = deletion(&mut reads, runtime_id);
    let decide = move |seen: &ReadSet| {
        if !is_deleted(seen, deletion) {
            return Ok(Vec::new());
        }
        let inputs = seen.keys(inputs).map(|key| INPUTS.delete(key.clone()));
        Ok(inputs.chain(seen.keys(receipts).map(|key| RECEIPTS.delete(key.clone()))).collect())
    };
    Ok(Operation::transact(reads, decide).answering(move |seen| {
        if !is_deleted(seen, deletion) {
            return Ok(Left::Nothing);
        }
        let most = seen.keys(inputs).count().max(seen.keys(receipts).count());
        Ok(if most < CHUNK as usize { Left::Sessions(None) } else { Left::Rows })
    }))
}

/// Deletes those of some session ids that name a runtime, and after the last ones what has been written meanwhile, and the note.
pub(crate) fn delete_sessions(runtime_id: &LogicalRuntimeId, after: Option<Key>) -> Result<Operation<Left>> {
    let mut reads = Reads::new();
    let page = Page { after, limit: Some(CHUNK), ..Page::default() };
    let sessions = reads.range(&RAW_SESSIONS, Key::all(), page);
    let deletion = deletion(&mut reads, runtime_id);
    let runtime_id = runtime_id.clone();
    let decide = move |seen: &ReadSet| {
        if !is_deleted(seen, deletion) {
            return Ok(Vec::new());
        }
        let found = seen.raw(sessions);
        let mut writes = if found.len() < CHUNK as usize { everything(&runtime_id) } else { Vec::new() };
        writes.extend(held_by(&runtime_id, found));
        Ok(writes)
    };
    Ok(Operation::transact(reads, decide).answering(move |seen| {
        if !is_deleted(seen, deletion) {
            return Ok(Left::Nothing);
        }
        let mut found = seen.raw(sessions);
        let last = if found.len() == CHUNK as usize { found.pop() } else { None };
        Ok(last.map_or(Left::Nothing, |(key, _)| Left::Sessions(Some(key))))
    }))
}

/// The sessions as they are stored: one that cannot be read names nobody, and keeps no runtime from being deleted.
static RAW_SESSIONS: Table<Raw> = Table::new(SESSIONS.info);

/// Deletes those of some sessions that name a runtime.
fn held_by(runtime_id: &LogicalRuntimeId, sessions: Vec<Found>) -> impl Iterator<Item = Write> {
    let names = move |holder: &Encoded| holder.as_text().is_ok_and(|holder| holder == runtime_id.as_str());
    let its = sessions.into_iter().filter(move |(_, holder)| holder.as_ref().is_ok_and(names));
    its.map(|(session, _)| SESSIONS.delete(session))
}

/// The runtime with whose deletion a record goes.
pub(super) fn runtime_of<'a>(table: &TableInfo, key: &'a Key, record: &'a Encoded) -> Option<&'a str> {
    match change_kind(table).and_then(|kind| scope_of(table, kind, key)) {
        Some(ChangeScope::Runtime(_)) => Some(key.text(0)),
        Some(ChangeScope::Mob(_)) => None,
        None if [PRUNED.info.name, DELETIONS.info.name].contains(&table.name) => Some(key.text(0)),
        None if table.name == SESSIONS.info.name => record.as_text().ok(),
        None if table.name == QUARANTINE.info.name && key.text(0) == OF_RUNTIME => Some(key.text(1)),
        None => None,
    }
}

/// The tables that have at most one record of a runtime.
fn single_records(runtime_id: &LogicalRuntimeId) -> Vec<Write> {
    let key: Key = (runtime_id,).into();
    vec![STATES.delete(key.clone()), SNAPSHOTS.delete(key.clone()), OPS.delete(key.clone()), CLAIMS.delete(key)]
}

fn everything(runtime_id: &LogicalRuntimeId) -> Vec<Write> {
    let key: Key = (runtime_id,).into();
    let mut writes = single_records(runtime_id);
    writes.extend([
        INPUTS.delete_range(key.clone()),
        RECEIPTS.delete_range(key.clone()),
        PRUNED.delete_range(key.clone()),
        QUARANTINE.delete_range((OF_RUNTIME, runtime_id)),
        DELETIONS.delete(key),
    ]);
    writes
}

pub(crate) fn delete_mob(fence: Option<&Fence>, mob_id: &str) -> Result<Operation<()>> {
    let key: Key = super::metadata::labels_key(&MetadataScope::Mob(mob_id.to_owned()))?.first(1);
    let writes = vec![
        LABELS.delete_range(key.clone()),
        METADATA.delete_range(key.clone()),
        MOB_CLAIMS.delete(key),
        QUARANTINE.delete_range((OF_MOB, mob_id)),
    ];
    Operation::transact_mob(fence, mob_id, Reads::new(), move |_| Ok(writes.clone()))
}

pub(crate) fn delete_run(
    fence: Option<&Fence>,
    runtime_id: &LogicalRuntimeId,
    run_id: &RunId,
) -> Result<Operation<()>> {
    let run: Key = (runtime_id, run_id).into();
    let writes = vec![RECEIPTS.delete_range(run.clone()), PRUNED.delete(run)];
    Operation::delete_from_runtime(fence, runtime_id, Reads::new(), move |_| Ok(writes.clone()))
}

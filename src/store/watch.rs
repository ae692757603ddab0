//! Watching: every commit is told once, after it is committed.

use super::{
    Store,
    schema::{MOB_CLAIMS, change_kind},
};
use crate::{
    engine::{Engine, Key, TableInfo, Watch, Write},
    model::{Change, ChangeKind, ChangeScope, LogicalRuntimeId, MetadataScope, WatchScope},
};

impl<E: Engine> Store<E> {
    /// Calls `listener` with every commit in `scope` from now on, until the watch is dropped: those of this process on
    /// the same store or file, and on IndexedDB those of every tab and worker of the origin. Each is told once, after it is
    /// committed; those of one store in the order in which they were committed.
    ///
    /// A commit whose tab ends before it could tell the others is not told. So load what you need when a watch begins, and
    /// when a page comes back from being suspended.
    ///
    /// The listener must not wait for the store, and should be short: commits of this process wait for it. A panic in it does
    /// not fail the commit.
    pub fn watch(&self, scope: WatchScope, listener: impl Fn(&Change) + Send + Sync + 'static) -> Watch {
        self.engine.watch(Box::new(move |change| {
            if scope.includes(change) {
                listener(change);
            }
        }))
    }
}

/// The change that the writes of one operation make. They all belong to one mob or runtime.
pub(super) fn change_of(writes: &[Write]) -> Option<Change> {
    let mut change: Option<Change> = None;
    for write in writes {
        let (Write::Put(table, key, _) | Write::Delete(table, key) | Write::DeleteRange(table, key)) = write;
        let Some(kind) = change_kind(table) else { continue };
        match &mut change {
            None => change = scope_of(table, kind, key).map(|scope| Change { scope, kinds: vec![kind] }),
            Some(change) if change.kinds.contains(&kind) => {}
            Some(change) => change.kinds.push(kind),
        }
    }
    change
}

/// The mob, run or runtime to which the record under a key belongs.
pub(super) fn scope_of(table: &TableInfo, kind: ChangeKind, key: &Key) -> Option<ChangeScope> {
    Some(match kind {
        ChangeKind::Labels => ChangeScope::Mob(super::metadata::scope(key)),
        _ if matches!(kind, ChangeKind::Cursor) || table.name == MOB_CLAIMS.info.name => {
            ChangeScope::Mob(MetadataScope::Mob(key.text(0).to_owned()))
        }
        _ => ChangeScope::Runtime(LogicalRuntimeId::new(key.text(0)).ok()?),
    })
}

//! Changes to labels and cursors that lose nothing of what others write at the same time: each reads, decides and writes in one
//! transaction.

use super::{
    Operation, Store,
    claim::Fence,
    metadata::{cursor_in, cursor_key, labels_key},
    schema::{LABELS, METADATA},
};
use crate::{
    engine::{Engine, Key, ReadSet, Reads, Result, Text, Write},
    model::{Document, LabelPatch, Labels, MetadataScope, RuntimeStoreError},
};

impl<E: Engine> Store<E> {
    /// Sets some labels of a scope and removes others, leaves the rest as they are, and returns what they are now.
    ///
    /// # Errors
    /// `InvalidInput` for an empty id, and for a label that is both set and removed; `Decode` for an unreadable record.
    pub async fn patch_labels(&self, scope: &MetadataScope, patch: LabelPatch) -> Result<Labels> {
        self.run(patch_labels(self.fence(), scope, Document::new(patch.set)?, patch.remove)).await?.read()
    }

    /// Replaces all labels of a scope if they are the `expected` ones; an empty set stands for none.
    ///
    /// # Errors
    /// `Conflict` where they are others: nothing is written. Otherwise as [`patch_labels`](Self::patch_labels).
    pub async fn compare_and_set_labels(&self, scope: &MetadataScope, expected: Labels, labels: Labels) -> Result<()> {
        self.run(compare_and_set_labels(self.fence(), scope, Document::new(expected)?, Document::new(labels)?)).await
    }

    /// Moves a mob's cursor forward to `cursor`, never back, and returns where it is now: further, where it was further.
    ///
    /// # Errors
    /// `InvalidInput` for an empty mob id; `Decode` for a stored cursor that is no number.
    pub async fn advance_subscription_cursor(&self, mob_id: &str, cursor: u64) -> Result<u64> {
        self.run(advance_cursor(self.fence(), mob_id, cursor)).await
    }

    /// Sets a mob's cursor if it is the `expected` one; `None` stands for a cursor that was never set.
    ///
    /// # Errors
    /// `Conflict` where it is another: nothing is written. Otherwise as
    /// [`advance_subscription_cursor`](Self::advance_subscription_cursor).
    pub async fn compare_and_set_subscription_cursor(
        &self,
        mob_id: &str,
        expected: Option<u64>,
        cursor: u64,
    ) -> Result<()> {
        self.run(compare_and_set_cursor(self.fence(), mob_id, expected, cursor)).await
    }
}

pub(crate) fn patch_labels(
    fence: Option<&Fence>,
    scope: &MetadataScope,
    set: Document<Labels>,
    remove: Vec<String>,
) -> Result<Operation<Document<Labels>>> {
    // Refuses the patch before anything is read.
    Document::default().patched(&set, &remove)?;
    let key = labels_key(scope)?;
    let mut reads = Reads::new();
    let stored = reads.get(&LABELS, key.clone());
    let patched = move |seen: &ReadSet| {
        let before = seen.one(stored)?.as_deref().cloned().unwrap_or_default();
        let after = before.patched(&set, &remove)?;
        Ok::<_, RuntimeStoreError>((before, after))
    };
    let decide = {
        let patched = patched.clone();
        move |seen: &ReadSet| match patched(seen)? {
            (before, after) if before == after => Ok(Vec::new()),
            (_, after) => Ok(vec![replace_labels(&key, after)]),
        }
    };
    Ok(Operation::transact_mob(fence, scope.mob_id(), reads, decide)?.answering(move |seen| Ok(patched(seen)?.1)))
}

pub(crate) fn compare_and_set_labels(
    fence: Option<&Fence>,
    scope: &MetadataScope,
    expected: Document<Labels>,
    labels: Document<Labels>,
) -> Result<Operation<()>> {
    let (key, scope) = (labels_key(scope)?, scope.clone());
    let mut reads = Reads::new();
    let stored = reads.get(&LABELS, key.clone());
    let mob = scope.mob_id().to_owned();
    Operation::transact_mob(fence, &mob, reads, move |seen| {
        if seen.one(stored)?.as_deref().cloned().unwrap_or_default() != expected {
            return Err(RuntimeStoreError::Conflict(format!(
                "the labels of {scope} are not the expected ones; nothing was written, load them and decide anew"
            )));
        }
        Ok(vec![replace_labels(&key, labels.clone())])
    })
}

pub(crate) fn advance_cursor(fence: Option<&Fence>, mob_id: &str, cursor: u64) -> Result<Operation<u64>> {
    let key = cursor_key(mob_id)?;
    let mut reads = Reads::new();
    let stored = reads.get(&METADATA, key.clone());
    let advanced = {
        let key = key.clone();
        move |seen: &ReadSet| {
            Ok::<_, RuntimeStoreError>(cursor_in(seen, stored, &key)?.filter(|there| *there >= cursor))
        }
    };
    let decide = {
        let advanced = advanced.clone();
        move |seen: &ReadSet| match advanced(seen)? {
            Some(_) => Ok(Vec::new()),
            None => Ok(vec![METADATA.put(key.clone(), Text(cursor.to_string()))]),
        }
    };
    Ok(Operation::transact_mob(fence, mob_id, reads, decide)?
        .answering(move |seen| Ok(advanced(seen)?.unwrap_or(cursor))))
}

pub(crate) fn compare_and_set_cursor(
    fence: Option<&Fence>,
    mob_id: &str,
    expected: Option<u64>,
    cursor: u64,
) -> Result<Operation<()>> {
    let (key, mob) = (cursor_key(mob_id)?, mob_id.to_owned());
    let mut reads = Reads::new();
    let stored = reads.get(&METADATA, key.clone());
    Operation::transact_mob(fence, mob_id, reads, move |seen| {
        let there = cursor_in(seen, stored, &key)?;
        if there != expected {
            let shown = |cursor: Option<u64>| cursor.map_or("not set".to_owned(), |cursor| cursor.to_string());
            let (there, expected) = (shown(there), shown(expected));
            return Err(RuntimeStoreError::Conflict(format!(
                "the cursor of mob {mob} is {there} where {expected} was expected; nothing was written"
            )));
        }
        Ok(vec![METADATA.put(key.clone(), Text(cursor.to_string()))])
    })
}

fn replace_labels(key: &Key, labels: Document<Labels>) -> Write {
    if labels.is_empty() { LABELS.delete(key.clone()) } else { LABELS.put(key.clone(), labels) }
}

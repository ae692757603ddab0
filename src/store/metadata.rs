//! The rules of cursors and labels.

use async_trait::async_trait;

use super::{
    Operation, PersistentMetadataStore, RuntimeMetadataTable, Store,
    claim::Fence,
    schema::{LABELS, METADATA},
};
use crate::{
    engine::{Engine, Key, One, Page, ReadSet, Reads, Text},
    model::{
        Document, Labels, MetadataScope, MetadataStoreError, RuntimeStoreError,
        json::{leaf::shown, writer::quoted},
    },
};

type Result<T, E = RuntimeStoreError> = std::result::Result<T, E>;

/// A mob or a run, and its labels.
pub(crate) type Labelled = (MetadataScope, Document<Labels>);

/// The key of a mob's cursor.
pub(super) const SUBSCRIPTION_CURSOR: &str = "subscription_cursor";

pub(crate) fn cursor(mob_id: &str) -> Result<Operation<Option<u64>>> {
    let key = cursor_key(mob_id)?;
    let mut reads = Reads::new();
    let stored = reads.get(&METADATA, key.clone());
    Ok(Operation::read(reads, move |seen| cursor_in(seen, stored, &key)))
}

/// The cursor that was found under `key`.
pub(super) fn cursor_in(seen: &ReadSet, stored: One<Text>, key: &Key) -> Result<Option<u64>> {
    let Some(stored) = seen.one(stored)? else { return Ok(None) };
    let undecodable = |reason| RuntimeStoreError::Decode { table: METADATA.info.name, key: key.to_string(), reason };
    parsed_cursor(&stored.0).map(Some).map_err(undecodable)
}

/// A cursor as it is stored.
pub(super) fn parsed_cursor(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("expected a number up to 2^64-1, found {}", quoted(&shown(text))))
}

pub(crate) fn set_cursor(fence: Option<&Fence>, mob_id: &str, cursor: u64) -> Result<Operation<()>> {
    let writes = vec![METADATA.put(cursor_key(mob_id)?, Text(cursor.to_string()))];
    Operation::transact_mob(fence, mob_id, Reads::new(), move |_| Ok(writes.clone()))
}

pub(crate) fn set_labels(
    fence: Option<&Fence>,
    scope: &MetadataScope,
    labels: Document<Labels>,
) -> Result<Operation<()>> {
    if labels.is_empty() {
        return Ok(delete_labels(fence, scope)?.answering(|_| Ok(())));
    }
    let writes = vec![LABELS.put(labels_key(scope)?, labels)];
    Operation::transact_mob(fence, scope.mob_id(), Reads::new(), move |_| Ok(writes.clone()))
}

pub(crate) fn labels(scope: &MetadataScope) -> Result<Operation<Document<Labels>>> {
    let mut reads = Reads::new();
    let labels = reads.get(&LABELS, labels_key(scope)?);
    Ok(Operation::read(reads, move |seen| Ok(seen.one(labels)?.as_deref().cloned().unwrap_or_default())))
}

pub(crate) fn delete_labels(fence: Option<&Fence>, scope: &MetadataScope) -> Result<Operation<Document<Labels>>> {
    let key = labels_key(scope)?;
    let mut reads = Reads::new();
    let previous = reads.get(&LABELS, key.clone());
    let decide = move |seen: &ReadSet| {
        // Fails on an unreadable record, which must not be deleted.
        seen.one(previous)?;
        Ok(vec![LABELS.delete(key.clone())])
    };
    Ok(Operation::transact_mob(fence, scope.mob_id(), reads, decide)?
        .answering(move |seen| Ok(seen.one(previous)?.as_deref().cloned().unwrap_or_default())))
}

pub(crate) fn labels_of_mob(mob_id: &str) -> Result<Operation<Vec<Labelled>>> {
    let mob = non_empty("mob_id", mob_id)?;
    let mut reads = Reads::new();
    let rows = reads.range(&LABELS, (mob,), Page::default());
    Ok(Operation::read(reads, move |seen| {
        Ok(seen.many(rows)?.into_iter().map(|(key, labels)| (scope(key), Document::clone(&labels))).collect())
    }))
}

/// The labels as structs.
pub(super) fn read_each(found: Vec<Labelled>) -> Result<Vec<(MetadataScope, Labels)>> {
    found.into_iter().map(|(scope, labels)| Ok((scope, labels.read()?))).collect()
}

pub(super) fn cursor_key(mob_id: &str) -> Result<Key> {
    Ok((non_empty("mob_id", mob_id)?, SUBSCRIPTION_CURSOR).into())
}

pub(super) fn labels_key(scope: &MetadataScope) -> Result<Key> {
    let mob = non_empty("mob_id", scope.mob_id())?;
    let run = scope.run_id().map(|run| non_empty("run_id", run)).transpose()?;
    Ok((mob, run.unwrap_or_default()).into())
}

/// The scope that a row of labels belongs to.
pub(super) fn scope(key: &Key) -> MetadataScope {
    match (key.text(0).to_owned(), key.text(1)) {
        (mob, "") => MetadataScope::Mob(mob),
        (mob, run) => MetadataScope::Run(mob, run.to_owned()),
    }
}

pub(super) fn non_empty<'a>(argument: &str, id: &'a str) -> Result<&'a str> {
    if id.is_empty() {
        return Err(RuntimeStoreError::invalid(argument, "expected a non-empty string"));
    }
    Ok(id)
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl<E: Engine> PersistentMetadataStore for Store<E> {
    async fn get_subscription_cursor(&self, mob_id: &str) -> Result<Option<u64>, MetadataStoreError> {
        Ok(self.run(cursor(mob_id)).await?)
    }

    async fn set_subscription_cursor(&self, mob_id: &str, cursor: u64) -> Result<(), MetadataStoreError> {
        Ok(self.run(set_cursor(self.fence(), mob_id, cursor)).await?)
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl<E: Engine> RuntimeMetadataTable for Store<E> {
    async fn set_labels(&self, scope: &MetadataScope, labels: Labels) -> Result<(), MetadataStoreError> {
        Ok(self.run(set_labels(self.fence(), scope, Document::new(labels)?)).await?)
    }

    async fn get_labels(&self, scope: &MetadataScope) -> Result<Labels, MetadataStoreError> {
        Ok(self.run(labels(scope)).await?.read()?)
    }

    async fn delete_labels(&self, scope: &MetadataScope) -> Result<Labels, MetadataStoreError> {
        Ok(self.run(delete_labels(self.fence(), scope)).await?.read()?)
    }

    async fn list_labels_for_mob(&self, mob_id: &str) -> Result<Vec<(MetadataScope, Labels)>, MetadataStoreError> {
        Ok(read_each(self.run(labels_of_mob(mob_id)).await?)?)
    }
}

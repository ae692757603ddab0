//! The rules of cursors and labels.

use async_trait::async_trait;

use super::{
    Operation, PersistentMetadataStore, RuntimeMetadataTable, Store,
    document::LabelSet,
    schema::{LABELS, METADATA},
};
use crate::{
    engine::{Document, Engine, Key, Page, ReadSet, Reads, Text},
    model::{Labels, MetadataScope, MetadataStoreError, RuntimeStoreError, wire::quoted},
};

type Result<T, E = RuntimeStoreError> = std::result::Result<T, E>;

const SUBSCRIPTION_CURSOR: &str = "subscription_cursor";

pub(crate) fn cursor(mob_id: &str) -> Result<Operation<Option<u64>>> {
    let key = cursor_key(mob_id)?;
    let mut reads = Reads::new();
    let cursor = reads.get(&METADATA, key.clone());
    Ok(Operation::read(reads, move |seen| {
        let Some(stored) = seen.one(cursor)? else { return Ok(None) };
        stored.0.parse().map(Some).map_err(|_| RuntimeStoreError::Decode {
            table: METADATA.info.name,
            key: key.to_string(),
            reason: format!("expected a number up to 2^64-1, found {}", quoted(&stored.0)),
        })
    }))
}

pub(crate) fn set_cursor(mob_id: &str, cursor: u64) -> Result<Operation<()>> {
    Ok(Operation::write(vec![METADATA.put(cursor_key(mob_id)?, Text(cursor.to_string()))]))
}

pub(crate) fn set_labels<L: LabelSet>(scope: &MetadataScope, labels: L) -> Result<Operation<()>> {
    if labels.is_empty() {
        return Ok(delete_labels::<L>(scope)?.answering(|_| Ok(())));
    }
    Ok(Operation::write(vec![LABELS.holding::<Document<_>>().put(labels_key(scope)?, Document(labels))]))
}

pub(crate) fn labels<L: LabelSet>(scope: &MetadataScope) -> Result<Operation<L>> {
    let mut reads = Reads::new();
    let labels = reads.get(&LABELS.holding::<Document<L>>(), labels_key(scope)?);
    Ok(Operation::read(reads, move |seen| Ok(seen.one(labels)?.map_or_else(L::none, |labels| labels.0.clone()))))
}

pub(crate) fn delete_labels<L: LabelSet>(scope: &MetadataScope) -> Result<Operation<L>> {
    let key = labels_key(scope)?;
    let mut reads = Reads::new();
    let previous = reads.get(&LABELS.holding::<Document<L>>(), key.clone());
    let decide = move |seen: &ReadSet| {
        // An unreadable record is never deleted.
        seen.one(previous)?;
        Ok(vec![LABELS.delete(key.clone())])
    };
    Ok(Operation::transact(reads, decide)
        .answering(move |seen| Ok(seen.one(previous)?.map_or_else(L::none, |labels| labels.0.clone()))))
}

pub(crate) fn labels_of_mob<L: LabelSet>(mob_id: &str) -> Result<Operation<Vec<(MetadataScope, L)>>> {
    let mob = non_empty("mob_id", mob_id)?;
    let mut reads = Reads::new();
    let rows = reads.range(&LABELS.holding::<Document<L>>(), (mob,), Page::default());
    Ok(Operation::read(reads, move |seen| {
        Ok(seen.many(rows)?.into_iter().map(|(key, labels)| (scope(key), labels.0.clone())).collect())
    }))
}

fn cursor_key(mob_id: &str) -> Result<Key> {
    Ok((non_empty("mob_id", mob_id)?, SUBSCRIPTION_CURSOR).into())
}

fn labels_key(scope: &MetadataScope) -> Result<Key> {
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

fn non_empty<'a>(argument: &str, id: &'a str) -> Result<&'a str> {
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
        Ok(self.run(set_cursor(mob_id, cursor)).await?)
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl<E: Engine> RuntimeMetadataTable for Store<E> {
    async fn set_labels(&self, scope: &MetadataScope, labels: Labels) -> Result<(), MetadataStoreError> {
        Ok(self.run(set_labels(scope, labels)).await?)
    }

    async fn get_labels(&self, scope: &MetadataScope) -> Result<Labels, MetadataStoreError> {
        Ok(self.run(labels(scope)).await?)
    }

    async fn delete_labels(&self, scope: &MetadataScope) -> Result<Labels, MetadataStoreError> {
        Ok(self.run(delete_labels(scope)).await?)
    }

    async fn list_labels_for_mob(&self, mob_id: &str) -> Result<Vec<(MetadataScope, Labels)>, MetadataStoreError> {
        Ok(self.run(labels_of_mob(mob_id)).await?)
    }
}

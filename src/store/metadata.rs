//! The rules of cursors and labels.

use async_trait::async_trait;

use super::{PersistentMetadataStore, RuntimeMetadataTable, Store};
use crate::{
    engine::{
        Engine, Key, Page, ReadSet, Reads,
        table::{Document, LABELS, METADATA, Text},
    },
    model::{Labels, MetadataScope, MetadataStoreError, RuntimeStoreError},
};

type Result<T> = std::result::Result<T, MetadataStoreError>;

const SUBSCRIPTION_CURSOR: &str = "subscription_cursor";

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl<E: Engine> PersistentMetadataStore for Store<E> {
    async fn get_subscription_cursor(&self, mob_id: &str) -> Result<Option<u64>> {
        let key = cursor_key(mob_id)?;
        let Some(stored) = self.load(&METADATA, key.clone()).await? else { return Ok(None) };
        stored.0.parse().map(Some).map_err(|_| MetadataStoreError::Decode {
            table: METADATA.info.name,
            key: key.to_string(),
            reason: format!("expected a number up to 2^64-1, found {:?}", stored.0),
        })
    }

    async fn set_subscription_cursor(&self, mob_id: &str, cursor: u64) -> Result<()> {
        let write = METADATA.put(cursor_key(mob_id)?, Text(cursor.to_string()));
        Ok(self.write(vec![write]).await?)
    }
}

#[cfg_attr(not(target_arch = "wasm32"), async_trait)]
#[cfg_attr(target_arch = "wasm32", async_trait(?Send))]
impl<E: Engine> RuntimeMetadataTable for Store<E> {
    async fn set_labels(&self, scope: &MetadataScope, labels: Labels) -> Result<()> {
        if labels.is_empty() {
            return self.delete_labels(scope).await.map(drop);
        }
        Ok(self.write(vec![LABELS.put(labels_key(scope)?, Document(labels))]).await?)
    }

    async fn get_labels(&self, scope: &MetadataScope) -> Result<Labels> {
        let labels = self.load(&LABELS, labels_key(scope)?).await?;
        Ok(labels.map(|labels| labels.0.clone()).unwrap_or_default())
    }

    async fn delete_labels(&self, scope: &MetadataScope) -> Result<Labels> {
        let key = labels_key(scope)?;
        let mut reads = Reads::new();
        let previous = reads.get(&LABELS, key.clone());
        let decide = move |seen: &ReadSet| {
            // An unreadable record is never deleted.
            seen.one(previous)?;
            Ok(vec![LABELS.delete(key.clone())])
        };
        let seen = self.transact(reads, decide).await?;
        Ok(seen.one(previous)?.map(|labels| labels.0.clone()).unwrap_or_default())
    }

    async fn list_labels_for_mob(&self, mob_id: &str) -> Result<Vec<(MetadataScope, Labels)>> {
        let mob = non_empty("mob_id", mob_id)?;
        let mut reads = Reads::new();
        let rows = reads.range(&LABELS, (mob,), Page::default());
        let seen = self.engine.read(reads).await?;
        Ok(seen.many(rows)?.into_iter().map(|(key, labels)| (scope(&key), labels.0.clone())).collect())
    }
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
        return Err(RuntimeStoreError::invalid(argument, "expected a non-empty string").into());
    }
    Ok(id)
}

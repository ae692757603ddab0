//! The limit of the engine in memory.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use burrow::{
    RuntimeStoreError,
    engine::{Bytes, Column, Commit, Engine, Key, Page, Reads, Table, TableInfo, ValueType, Write, memory::Memory},
};
use fastrand::Rng;

static BLOBS: Table<Bytes> = Table::new(&TableInfo::new(
    "blobs",
    &[Column::text("owner"), Column::number("number")],
    ("bytes", ValueType::Bytes),
));

const KEY: usize = 1 + 8;

fn put(owner: &str, number: u64, size: usize) -> Write {
    BLOBS.put((owner, number), Bytes::new(vec![7; size]))
}

async fn commit(engine: &Memory, writes: Vec<Write>) -> Result<(), RuntimeStoreError> {
    let decide = move |_: &_| Ok(Commit { writes: writes.clone(), change: None });
    engine.transact(Reads::new(), Box::new(decide)).await.map(drop)
}

async fn stored(engine: &Memory) -> Vec<(String, usize)> {
    let mut reads = Reads::new();
    let rows = reads.range(&BLOBS, Key::all(), Page::default());
    let seen = engine.read(reads).await.unwrap();
    seen.many(rows).unwrap().into_iter().map(|(key, bytes)| (key.to_string(), bytes.bytes().len())).collect()
}

/// As many bytes as one record may have where nothing else is kept.
fn largest(limit: usize) -> usize {
    limit - KEY - Memory::RECORD
}

#[tokio::test]
async fn what_fits_to_the_byte_is_kept_and_one_byte_more_is_not() {
    let engine = Memory::with_limit(10_000);
    let error = commit(&engine, vec![put("a", 1, largest(10_000) + 1)]).await.unwrap_err();
    assert!(matches!(error, RuntimeStoreError::QuotaExceeded { .. }) && !error.is_retryable(), "{error}");
    assert_eq!(stored(&engine).await, []);
    commit(&engine, vec![put("a", 1, largest(10_000))]).await.unwrap();
    // A record counts instead of the one before it.
    commit(&engine, vec![put("a", 1, largest(10_000))]).await.unwrap();
    commit(&engine, vec![put("a", 2, 0)]).await.unwrap_err();
    commit(&engine, vec![BLOBS.delete(("a", 1u64)), put("a", 2, 0)]).await.unwrap();
    assert_eq!(stored(&engine).await, [("[a, 2]".to_owned(), 0)]);
}

#[tokio::test]
async fn a_commit_that_does_not_fit_undoes_its_writes_of_every_kind() {
    let engine = Memory::with_limit(10_000);
    commit(&engine, vec![put("a", 1, 100), put("a", 2, 200), put("b", 1, 300)]).await.unwrap();
    let before = stored(&engine).await;
    let writes = vec![
        put("a", 1, 50),
        BLOBS.delete(("a", 2u64)),
        put("a", 2, 60),
        BLOBS.delete_range(("a",)),
        put("c", 1, 1),
        put("c", 1, 20_000),
    ];
    commit(&engine, writes).await.unwrap_err();
    assert_eq!(stored(&engine).await, before);
}

/// The bytes that are counted are those of the records that are kept, after any writes and refusals.
#[tokio::test]
async fn what_is_counted_is_what_is_kept() {
    const LIMIT: usize = 20_000;
    let mut rng = Rng::with_seed(7);
    let engine = Memory::with_limit(LIMIT);
    let mut refused = 0;
    for _ in 0..2000 {
        let writes = (0..rng.usize(1..5)).map(|_| {
            let (owner, number) = (["a", "b"][rng.usize(0..2)], rng.u64(0..4));
            match rng.u8(0..6) {
                0 => BLOBS.delete((owner, number)),
                1 => BLOBS.delete_range((owner,)),
                _ => put(owner, number, rng.usize(0..6000)),
            }
        });
        let writes = writes.collect();
        refused += usize::from(commit(&engine, writes).await.is_err());
        let kept: usize = stored(&engine).await.iter().map(|(_, size)| KEY + size + Memory::RECORD).sum();
        assert!(kept <= LIMIT, "{kept}");
    }
    assert!((100..1900).contains(&refused), "{refused}");
    commit(&engine, vec![BLOBS.delete_range(Key::all())]).await.unwrap();
    commit(&engine, vec![put("a", 1, largest(LIMIT))]).await.unwrap();
}

#[tokio::test]
async fn without_a_limit_nothing_is_refused() {
    let engine = Memory::default();
    commit(&engine, (0..100).map(|number| put("a", number, 100_000)).collect()).await.unwrap();
    assert_eq!(stored(&engine).await.len(), 100);
}

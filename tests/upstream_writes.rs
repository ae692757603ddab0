//! What meerkat-runtime 0.6 writes into a file that burrow has opened.
#![cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use burrow::{LogicalRuntimeId, RuntimeStore, RuntimeStoreError, SessionDelta, SqliteRuntimeStore};
use rusqlite::Connection;

fn runtime(id: &str) -> LogicalRuntimeId {
    LogicalRuntimeId::new(id).unwrap()
}

/// Upstream's own statements, which name their columns: what it writes past burrow is no damage, and what burrow writes it reads.
#[tokio::test]
async fn what_upstream_writes_over_a_snapshot_is_no_damage() {
    const UPSERT: &str = "INSERT INTO runtime_session_snapshots (runtime_id, session_snapshot) VALUES (?1, ?2) \
        ON CONFLICT(runtime_id) DO UPDATE SET session_snapshot = excluded.session_snapshot";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("upstream.sqlite");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/upstream-0.6.sqlite"), &path).unwrap();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let upstream = Connection::open(&path).unwrap();
    let stored = async |id: &str| store.load_session_snapshot(&runtime(id)).await.map(Option::unwrap);
    for id in ["agent-2", "a new one"] {
        for round in 0..3 {
            let (ours, theirs) = (format!("ours {round}"), format!("theirs {round}"));
            upstream.execute(UPSERT, (id, theirs.as_bytes())).unwrap();
            assert_eq!(stored(id).await.unwrap(), theirs.as_bytes());
            upstream.execute(UPSERT, (id, theirs.as_bytes())).unwrap();
            store.commit_session_snapshot(&runtime(id), SessionDelta::new(ours.as_bytes())).await.unwrap();
            assert_eq!(stored(id).await.unwrap(), ours.as_bytes());
            store.commit_session_snapshot(&runtime(id), SessionDelta::new(ours.as_bytes())).await.unwrap();
            let select = "SELECT session_snapshot FROM runtime_session_snapshots WHERE runtime_id = ?1";
            let read: Vec<u8> = upstream.query_row(select, [id], |row| row.get(0)).unwrap();
            assert_eq!(read, ours.as_bytes());
        }
    }
    // And what burrow wrote last is checked.
    for trigger in ["inserted", "updated"] {
        upstream.execute(&format!("DROP TRIGGER burrow_sum_runtime_session_snapshots_{trigger}"), []).unwrap();
    }
    upstream.execute(UPSERT, ("agent-2", b"damaged".as_slice())).unwrap();
    let damaged = stored("agent-2").await.unwrap_err();
    assert!(matches!(&damaged, RuntimeStoreError::Decode { key, .. } if key == "[agent-2]"), "{damaged:?}");
    upstream.execute("UPDATE runtime_session_snapshots SET burrow_sum = NULL", []).unwrap();
    assert_eq!(stored("a new one").await.unwrap_err().code(), "Decode");
}

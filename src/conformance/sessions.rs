use crate::{RuntimeStore, SessionDelta, Store, engine::Engine};

use super::samples::{receipt, runtime, snapshot};

pub async fn a_snapshot_comes_back_byte_for_byte(store: Store<impl Engine>) {
    let id = runtime("r");
    assert_eq!(store.load_session_snapshot(&id).await.unwrap(), None);
    let text = r#"{ "id" : 1,  "text":"“quoted” 🧠", "n": 1e0 }"#;
    store.commit_session_snapshot(&id, snapshot(text)).await.unwrap();
    assert_eq!(store.load_session_snapshot(&id).await.unwrap().as_deref(), Some(text.as_bytes()));
}

pub async fn a_snapshot_may_be_larger_than_any_row(store: Store<impl Engine>) {
    let id = runtime("r");
    for length in [60 * 1024 - 1, 60 * 1024, 60 * 1024 + 1, 5_000_000] {
        let bytes: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        store.commit_session_snapshot(&id, SessionDelta::new(bytes.clone())).await.unwrap();
        assert!(store.load_session_snapshot(&id).await.unwrap() == Some(bytes), "{length} bytes");
    }
}

pub async fn a_shorter_snapshot_replaces_a_longer_one_whole(store: Store<impl Engine>) {
    let id = runtime("r");
    store.commit_session_snapshot(&id, SessionDelta::new(vec![7; 200_000])).await.unwrap();
    for shorter in [vec![1; 100_000], vec![2; 3], vec![]] {
        store.commit_session_snapshot(&id, SessionDelta::new(shorter.clone())).await.unwrap();
        assert!(store.load_session_snapshot(&id).await.unwrap() == Some(shorter));
    }
}

pub async fn a_snapshot_that_is_not_json_is_kept(store: Store<impl Engine>) {
    let id = runtime("r");
    let bytes = vec![0, 255, 254, 0xC3, 0x28];
    store.commit_session_snapshot(&id, SessionDelta::new(bytes.clone())).await.unwrap();
    assert_eq!(store.load_session_snapshot(&id).await.unwrap(), Some(bytes));
}

pub async fn a_boundarys_snapshot_need_not_be_json(store: Store<impl Engine>) {
    let (id, bytes) = (runtime("r"), vec![255; 9]);
    store.atomic_apply(&id, Some(SessionDelta::new(bytes.clone())), receipt(0), vec![], None).await.unwrap();
    assert_eq!(store.load_session_snapshot(&id).await.unwrap(), Some(bytes));
}

pub async fn a_snapshot_commit_writes_no_receipt(store: Store<impl Engine>) {
    let id = runtime("r");
    let never = receipt(0);
    store.commit_session_snapshot(&id, snapshot("{}")).await.unwrap();
    assert_eq!(store.load_boundary_receipt(&id, &never.run_id, 0).await.unwrap(), None);
    assert_eq!(store.load_runtime_state(&id).await.unwrap(), None);
}

pub async fn each_runtime_has_its_own_snapshot(store: Store<impl Engine>) {
    for id in ["r", "r\0", "rr", "r~"] {
        store.commit_session_snapshot(&runtime(id), snapshot(id)).await.unwrap();
    }
    for id in ["r", "r\0", "rr", "r~"] {
        let stored = store.load_session_snapshot(&runtime(id)).await.unwrap();
        assert_eq!(stored.as_deref(), Some(id.as_bytes()));
    }
}

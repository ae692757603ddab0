//! The contract on IndexedDB, in a real browser.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use burrow::{IndexedDbRuntimeStore, RunId, engine::indexed_db::Durability};

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

async fn empty_store() -> IndexedDbRuntimeStore {
    IndexedDbRuntimeStore::open(&format!("test-{}", RunId::new()), Durability::Relaxed).await.unwrap()
}

burrow::conformance_suite!(
    #[wasm_bindgen_test::wasm_bindgen_test]
    empty_store
);

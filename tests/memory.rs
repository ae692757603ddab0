//! The contract on the engine in memory: natively, and compiled to wasm.
#![allow(missing_docs)]

async fn empty_store() -> burrow::InMemoryRuntimeStore {
    burrow::InMemoryRuntimeStore::new()
}

burrow::conformance_suite!(
    #[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
    #[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
    empty_store
);

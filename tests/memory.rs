//! The contract on the engine in memory: natively, and compiled to wasm.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod conformance;

async fn empty_store() -> burrow::InMemoryRuntimeStore {
    burrow::InMemoryRuntimeStore::new()
}

conformance::suite!(crate::empty_store);

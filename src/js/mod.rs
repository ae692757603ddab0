//! The door to JavaScript: what the npm package's TypeScript calls, one export per operation, named as in its manual.
//!
//! The TypeScript takes option objects apart, and turns documents into JSON text and back. Each value then arrives here as
//! whatever the caller passed, and is checked here (`argument.rs`). In text that goes out, a u64 may be a string of its
//! digits; the TypeScript makes it a `bigint`.

mod answer;
mod argument;
mod caring;
mod failure;
#[cfg(feature = "sqlite")]
mod held;
mod life;
mod merging;
mod moving;
mod panic;
mod runtime;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::{LogicalRuntimeId, Store, engine::Engine};

/// A store over whichever engine.
type AnyStore = Store<Box<dyn Engine>>;

/// A store. A call under way shares it, and so outlives a handle that is freed.
#[wasm_bindgen]
pub struct RawStore(AnyStore);

/// One runtime of a store, under a claim or not.
#[wasm_bindgen]
pub struct RawRuntime {
    store: AnyStore,
    id: LogicalRuntimeId,
}

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
import type { Bytes, Durability, Order, RuntimeState } from "../src/types.js";

/** The text of a JSON document. */
export type JsonText = string;
"#;

//! What the targets run: the functions that `tests/properties/` runs too.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[path = "../tests/bodies/mod.rs"]
pub mod bodies;

/// For the module of burrow's own source that is compiled here.
use burrow::engine;

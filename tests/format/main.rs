//! The format on the disk, which docs/format.md describes. A fixture of each version of it is opened here for ever, and what burrow
//! writes today is, row by row, the fixture of today's version.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[cfg(target_arch = "wasm32")]
mod indexed_db;
#[cfg(any(feature = "sqlite", target_arch = "wasm32"))]
mod sample;
#[cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
mod sqlite;

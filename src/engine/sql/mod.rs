//! SQLite: one engine over a small synchronous driver, rusqlite natively and on wasm32 any SQLite of JavaScript's. Files are
//! those of meerkat-runtime 0.6 and mobkit 0.6, with burrow's own tables beside theirs; other tables are left alone.

mod cell;
mod database;
mod driver;
mod error;
mod jobs;
mod pieces;
mod reserve;
mod schema;
mod statement;
mod sums;

#[cfg(not(target_arch = "wasm32"))]
mod file;
#[cfg(not(target_arch = "wasm32"))]
mod files;
#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(not(target_arch = "wasm32"))]
mod worker;

#[cfg(target_arch = "wasm32")]
mod javascript;
#[cfg(target_arch = "wasm32")]
mod task;

use super::{Decide, Engine, Listener, Read, ReadSet, Reads, Result, TableInfo, Tables, Watch, Write};

#[cfg(not(target_arch = "wasm32"))]
pub use file::Sqlite;
#[cfg(target_arch = "wasm32")]
pub use {
    javascript::{JsDatabase, Synchronous},
    task::Sqlite,
};

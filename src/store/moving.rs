//! Moving house: a store as a file of lines, and back, from any engine to any other.

pub(crate) mod base64;
mod export;
mod import;
mod lines;
mod put;

pub use export::Export;
pub use import::{Import, Imported, OnConflict};
#[cfg(all(feature = "js", target_arch = "wasm32"))]
pub(crate) use {export::Exporting, import::Importing};

use super::Store;
use crate::engine::Engine;

impl<E: Engine> Store<E> {
    /// All that the store holds, as lines of JSON that [`import`](Self::import) reads, from and into any engine: every record byte for
    /// byte, in the order of tables and keys. Stores that hold the same have the same export. At most a few pages and one snapshot
    /// are in memory at a time.
    ///
    /// Each record is whole, but the export is read page by page: what is written meanwhile may be in it or not. For a copy of one
    /// moment nobody may write while it is made.
    pub fn export(&self) -> Export<E> {
        Export::new(self.clone())
    }

    /// Takes the lines of an [`export`](Self::export) into the store, beside what it has. A record is checked before it is written,
    /// and one that is there already, byte for byte, is passed over: so an import that ended early, for whatever reason, is completed by
    /// another one of the same file. Watchers are told of what is written.
    ///
    /// Claims come with the rest, so that epochs go on where they were. Whoever holds a claim in the store that was exported holds
    /// none here.
    pub fn import(&self, on_conflict: OnConflict) -> Import<E> {
        Import::new(self.clone(), on_conflict)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;

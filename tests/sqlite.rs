//! The contract on SQLite: in a file, and in memory.
#![cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod file {
    use std::cell::RefCell;

    use burrow::SqliteRuntimeStore;
    use tempfile::TempDir;

    thread_local! {
        /// Removed as the test's thread ends.
        static FOLDERS: RefCell<Vec<TempDir>> = const { RefCell::new(Vec::new()) };
    }

    pub async fn empty_store() -> SqliteRuntimeStore {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("burrow.sqlite");
        FOLDERS.with_borrow_mut(|folders| folders.push(folder));
        SqliteRuntimeStore::open(path).await.unwrap()
    }

    burrow::conformance_suite!(
        #[tokio::test]
        empty_store
    );
}

mod in_memory {
    use burrow::SqliteRuntimeStore;

    pub async fn empty_store() -> SqliteRuntimeStore {
        SqliteRuntimeStore::in_memory().await.unwrap()
    }

    burrow::conformance_suite!(
        #[tokio::test]
        empty_store
    );
}

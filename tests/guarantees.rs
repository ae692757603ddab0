//! What the compiler and the source tree must keep true.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use burrow::{InMemoryRuntimeStore, PersistentMetadataStore, RuntimeMetadataTable, RuntimeStore};

/// Stores stand behind the `Arc<dyn …>` that runtimes hold, on every target.
const _: fn() = || {
    fn shareable<T: Send + Sync + ?Sized>() {}
    shareable::<InMemoryRuntimeStore>();
    shareable::<dyn RuntimeStore>();
    shareable::<dyn PersistentMetadataStore>();
    shareable::<dyn RuntimeMetadataTable>();
    #[cfg(target_arch = "wasm32")]
    shareable::<burrow::IndexedDbRuntimeStore>();
    #[cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
    shareable::<burrow::SqliteRuntimeStore>();
};

/// Futures are `Send` on native targets, so that they may be spawned on any executor.
#[cfg(not(target_arch = "wasm32"))]
const _: fn(&dyn RuntimeStore, &burrow::LogicalRuntimeId) = |store, id| {
    fn sendable<T: Send>(_: T) {}
    sendable(store.load_input_states(id));
    sendable(store.atomic_apply(
        id,
        None,
        burrow::RunBoundaryReceipt::new(burrow::RunId::new(), burrow::RunBoundary::Immediate, 0),
        vec![],
        None,
    ));
};

/// On wasm32 they need not be: an implementation may hold a browser's handle across an await.
#[cfg(target_arch = "wasm32")]
const _: fn() = || {
    struct HoldsAHandle;
    #[async_trait::async_trait(?Send)]
    impl PersistentMetadataStore for HoldsAHandle {
        async fn get_subscription_cursor(&self, _: &str) -> Result<Option<u64>, burrow::MetadataStoreError> {
            let handle = std::rc::Rc::new(());
            std::future::ready(()).await;
            Ok(Some(std::rc::Rc::strong_count(&handle) as u64))
        }
        async fn set_subscription_cursor(&self, _: &str, _: u64) -> Result<(), burrow::MetadataStoreError> {
            Ok(())
        }
    }
    let _: &dyn PersistentMetadataStore = &HoldsAHandle;
};

/// Imports go one way: doors → store → engine → model.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn no_room_imports_from_one_above_it() {
    fn sources(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
    }
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (room, above) in [
        ("model", &["engine", "store", "rpc", "js", "conformance"][..]),
        ("engine", &["store", "rpc", "js", "conformance"]),
        ("store", &["rpc", "js", "conformance"]),
    ] {
        for file in sources(&source.join(room)) {
            let text = std::fs::read_to_string(&file).unwrap();
            for other in above {
                assert!(!text.contains(&format!("crate::{other}")), "{} imports {other}", file.display());
                assert!(!text.contains(&format!("{other}::{{")), "{} imports {other}", file.display());
            }
        }
    }
}

/// What `docs/guarantees.md` names is there: each file, and each rule of the suite.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn every_test_that_a_guarantee_names_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let suite = std::fs::read_to_string(root.join("src/conformance/mod.rs")).unwrap();
    let (mut files, mut rules) = (0, 0);
    for name in include_str!("../docs/guarantees.md")
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| !name.contains(' ') && name.contains(['/', ':']))
    {
        match name.split_once("::") {
            Some((area, rule)) => {
                let listed = suite.split_once(&format!("{area} {{")).unwrap_or_else(|| panic!("{name}")).1;
                assert!(listed.split('}').next().unwrap().contains(&format!(" {rule},")), "{name}");
                rules += 1;
            }
            None => {
                assert!(root.join(name).exists(), "{name}");
                files += 1;
            }
        }
    }
    assert!(files > 10 && rules > 5, "{files} files, {rules} rules");
}

/// Every rule is listed in the suite, and the README says how many each area of the contract has.
#[cfg(not(target_arch = "wasm32"))]
#[test]
fn the_suite_lists_every_rule_and_the_readme_counts_them() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/conformance");
    let suite = std::fs::read_to_string(folder.join("mod.rs")).unwrap();
    let listed = suite.split("($(#[$test:meta])+ $open:path) => {").nth(1).unwrap().split("@native").next().unwrap();
    let readme = include_str!("../README.md");
    let row = |area: &str| -> usize {
        let row = readme.lines().find(|line| line.split('|').nth(1).is_some_and(|cell| cell.trim() == area));
        row.and_then(|row| row.split('|').nth(2)).unwrap_or_else(|| panic!("{area}")).trim().parse().unwrap()
    };
    let mut all = 0;
    for area in listed.split('}').filter(|area| area.trim_end().ends_with(',')) {
        let (before, rules) = area.rsplit_once('{').unwrap();
        let name = before.split_whitespace().last().unwrap();
        let source = std::fs::read_to_string(folder.join(name).with_extension("rs")).unwrap();
        for rule in source.split("\npub async fn ").skip(1) {
            let rule = rule.split('(').next().unwrap();
            // The one that is no rule of wasm32's.
            let listed = rules.contains(&format!(" {rule},")) || rule == "a_panic_in_an_update_changes_nothing";
            assert!(listed, "the suite does not list {name}::{rule}");
        }
        let rules = rules.lines().filter(|line| line.trim().ends_with(',')).count();
        assert_eq!(row(name), rules, "{name}");
        all += rules;
    }
    assert!(all > 70);
    assert_eq!(row("all"), all);
}

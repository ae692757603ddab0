use std::cell::RefCell;

use super::{super::reserve::STEP, *};
use crate::engine::{
    Bytes, Commit, Reads, Write,
    group_commit::{Group, QueuedTransaction},
    samples::{BLOBS, TABLES},
    sql::database::Database,
};

/// Something to be done once.
#[derive(Default)]
pub(super) struct BeforeCommit(std::cell::Cell<Option<Box<dyn FnOnce() + Send>>>);

impl BeforeCommit {
    fn set(&self, work: impl FnOnce() + Send + 'static) {
        self.0.set(Some(Box::new(work)));
    }

    pub(super) fn run(&self) {
        if let Some(work) = self.0.take() {
            work();
        }
    }
}

impl std::fmt::Debug for BeforeCommit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BeforeCommit")
    }
}

fn open() -> (tempfile::TempDir, Rusqlite) {
    let folder = tempfile::tempdir().unwrap();
    let driver = Rusqlite::open(&folder.path().join("burrow.sqlite"), "a file", TABLES).unwrap().0;
    (folder, driver)
}

fn pragma<T: rusqlite::types::FromSql>(driver: &Rusqlite, name: &str) -> T {
    driver.connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
}

#[test]
fn a_commit_is_flushed_to_the_disk_before_it_is_acknowledged() {
    let (_folder, driver) = open();
    assert_eq!(pragma::<String>(&driver, "journal_mode"), "wal");
    const FULL: i64 = 2;
    assert_eq!(pragma::<i64>(&driver, "synchronous"), FULL);
    assert_eq!(pragma::<i64>(&driver, "busy_timeout"), 5000);
}

#[test]
fn a_full_disk_refuses_a_write_whole_and_takes_others_once_there_is_room() {
    let (_folder, driver) = open();
    let full_at = pragma::<i64>(&driver, "page_count") + 100;
    driver.connection.pragma_update(None, "max_page_count", full_at).unwrap();
    let database = RefCell::new(Database::over(&driver, TABLES));
    let put = |id: &str, length: usize| BLOBS.put((id,), Bytes::new(vec![7; length]));
    let transact = |writes: Vec<Write>| {
        let commit = move |_: &_| Ok(Commit { writes: writes.clone(), change: None });
        let (call, _answer) = QueuedTransaction::new(Reads::new(), Box::new(commit));
        database.borrow_mut().transact(&mut Group::of(call))
    };
    let stored = |id: &str| {
        let mut reads = Reads::new();
        let one = reads.get(&BLOBS, (id,));
        database.borrow_mut().read(&reads).unwrap().one(one).unwrap().map(|bytes| bytes.bytes().len())
    };
    transact(vec![put("first", 300_000)]).unwrap();

    let error = transact(vec![put("small", 10), put("first", 10), put("large", 600_000)]).unwrap_err();
    let RuntimeStoreError::QuotaExceeded { message, cause: Some(cause) } = &error else { panic!("{error:?}") };
    assert!(message.contains("writing blobs") && message.contains("full"), "{message}");
    assert!(cause.downcast_ref::<rusqlite::Error>().is_some());
    assert_eq!((stored("small"), stored("first"), stored("large")), (None, Some(300_000), None));

    transact(vec![BLOBS.delete(("first",))]).unwrap();
    transact(vec![put("large", 300_000)]).unwrap();
    assert_eq!(stored("large"), Some(300_000));
}

#[test]
fn a_file_that_is_lost_in_the_middle_of_a_commit_is_outcome_unknown_and_deleted_from_then_on() {
    for suffix in ["", "-wal", "-shm"] {
        let (folder, driver) = open();
        let file = folder.path().join(format!("burrow.sqlite{suffix}"));
        driver.before_commit.set(move || fs::remove_file(file).unwrap());
        let transact = || {
            let commit = |_: &_| Ok(Commit { writes: vec![BLOBS.put(("id",), Bytes::new([7]))], change: None });
            let (call, _answer) = QueuedTransaction::new(Reads::new(), Box::new(commit));
            Database::over(&driver, TABLES).transact(&mut Group::of(call))
        };
        let error = transact().unwrap_err();
        assert!(matches!(error, RuntimeStoreError::OutcomeUnknown { .. }), "{suffix}: {error:?}");
        assert!(error.to_string().contains("open the store again"), "{error}");
        let error = transact().unwrap_err();
        assert!(matches!(error, RuntimeStoreError::Deleted(_)), "{suffix}: {error:?}");
    }
}

#[test]
fn a_file_that_is_something_else_is_no_reserve() {
    let folder = tempfile::tempdir().unwrap();
    let (path, reserve) = (folder.path().join("burrow.sqlite"), folder.path().join("burrow.sqlite-reserve"));
    for text in [&b"SQLite format 3\0"[..], &[&[0; 100][..], b"1"].concat()] {
        fs::write(&reserve, text).unwrap();
        files::keep_reserve(&path, STEP).unwrap();
        assert!(!files::give_up_reserve(&path));
        assert_eq!(fs::read(&reserve).unwrap(), text);
    }
    fs::remove_file(&reserve).unwrap();
    fs::write(&path, "").unwrap();
    for steps in [1, 3, 2] {
        files::keep_reserve(&path, steps * STEP).unwrap();
    }
    assert_eq!(fs::read(&reserve).unwrap(), vec![0; 3 * STEP as usize]);
    // Another process is in the middle of the same: what is there is written again in its place.
    fs::write(&reserve, vec![0; STEP as usize + 5]).unwrap();
    files::keep_reserve(&path, 2 * STEP).unwrap();
    assert_eq!(fs::metadata(&reserve).unwrap().len(), 2 * STEP);
    assert!(files::give_up_reserve(&path) && !reserve.exists() && !files::give_up_reserve(&path));
}

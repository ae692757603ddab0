//! Which jobs go together, counted by the transactions that the driver runs.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Waker},
};

use futures_util::future::{join, join_all, join3};

use super::*;
use crate::engine::{
    Bytes, Commit, Key, Page, Text, Write,
    samples::{BLOBS, TABLES, TEXTS},
    sql::{
        cell::{Cell, CellResult},
        native::{Prepared, Rusqlite},
        statement::{Select, Statement},
    },
};

/// Counts its transactions, and refuses them while another process is said to write.
struct Counted {
    sqlite: Rusqlite,
    observed: Arc<Observed>,
}

#[derive(Default)]
struct Observed {
    transactions: AtomicUsize,
    blocked: AtomicBool,
}

impl Driver for Counted {
    const LARGEST: usize = 2_000_000;

    const SELECT: Select = Rusqlite::SELECT;

    type Prepared<'d> = Prepared<'d>;

    fn prepare(&self, statement: &Statement) -> Result<Prepared<'_>> {
        self.sqlite.prepare(statement)
    }

    fn query<T>(
        &self,
        prepared: &mut Prepared<'_>,
        parameters: &[Cell<'_>],
        row: impl FnMut(&[CellResult<'_>]) -> T,
    ) -> Result<Vec<T>> {
        self.sqlite.query(prepared, parameters, row)
    }

    fn execute(&self, prepared: &mut Prepared<'_>, parameters: &[Cell<'_>]) -> Result<()> {
        self.sqlite.execute(prepared, parameters)
    }

    fn snapshot<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T> {
        self.sqlite.snapshot(body)
    }

    fn transaction<T>(&self, body: impl FnOnce() -> Result<T>) -> Result<T> {
        self.observed.transactions.fetch_add(1, Ordering::SeqCst);
        if self.observed.blocked.load(Ordering::SeqCst) {
            return Err(RuntimeStoreError::Blocked("said so".to_owned()));
        }
        self.sqlite.transaction(body)
    }
}

async fn start() -> (Worker, Arc<Observed>) {
    let observed = Arc::new(Observed::default());
    let counted = Arc::clone(&observed);
    let open = move |_: IsCancelled<'_>| {
        let sqlite = Rusqlite::in_memory(TABLES)?;
        let small =
            Statement { sql: "PRAGMA max_page_count = 200".to_owned(), doing: "limiting".to_owned(), tagged: 0 };
        sqlite.query(&mut sqlite.prepare(&small)?, &[], |_| ())?;
        Ok((Counted { sqlite, observed: counted }, Bus::default(), ()))
    };
    let (worker, _, ()) = Worker::start(TABLES, open).await.unwrap();
    (worker, observed)
}

/// Has the thread wait within a transaction until all of `jobs` are sent.
async fn while_busy<T>(worker: &Worker, jobs: impl Future<Output = T>) -> T {
    let (here, begun) = mpsc::channel();
    let (go_on, told) = mpsc::channel();
    let wait = move |_: &ReadSet| {
        here.send(()).unwrap();
        told.recv().unwrap();
        Ok(Commit::default())
    };
    let busy = async { worker.transact(Reads::new(), Box::new(wait)).await.map(drop).unwrap() };
    let mut busy = pin!(busy);
    let mut context = Context::from_waker(Waker::noop());
    assert!(busy.as_mut().poll(&mut context).is_pending());
    begun.recv().unwrap();
    let mut jobs = pin!(jobs);
    assert!(jobs.as_mut().poll(&mut context).is_pending());
    go_on.send(()).unwrap();
    join(busy, jobs).await.1
}

async fn write(worker: &Worker, write: Write) -> &'static str {
    let decide = move |_: &ReadSet| Ok(Commit { writes: vec![write.clone()], change: None });
    worker.transact(Reads::new(), Box::new(decide)).await.map_or_else(|error| error.code(), |_| "ok")
}

fn put(name: &str) -> Write {
    TEXTS.put(("m", name), Text(String::new()))
}

fn put_large(id: &str, pages: usize) -> Write {
    BLOBS.put((id,), Bytes::new(vec![7; pages * 4096]))
}

#[tokio::test]
async fn what_waits_goes_together_and_reads_come_after() {
    let (worker, observed) = start().await;
    let all = || {
        let mut reads = Reads::new();
        let all = reads.range(&TEXTS, ("m",), Page::default());
        (reads, all)
    };
    let read = async {
        let (reads, all) = all();
        worker.read(reads).await.unwrap().many(all).unwrap().len()
    };
    let ranged = async {
        let (reads, all) = all();
        worker.transact(reads, Box::new(|_| Ok(Commit::default()))).await.unwrap().many(all).unwrap().len()
    };
    let writes = |names: &'static str| join_all(names.split(' ').map(|name| write(&worker, put(name))));
    let jobs = join3(join(writes("a b"), read), join(writes("c d e"), ranged), writes("f g"));
    let ((first, of_the_read), (second, of_the_range), third) = while_busy(&worker, jobs).await;
    assert_eq!([first, second, third].concat(), ["ok"; 7]);
    assert_eq!((of_the_read, of_the_range), (5, 5));
    // The one that kept the thread busy, `a b c d e`, the range alone, `f g`.
    assert_eq!(observed.transactions.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn one_that_does_not_fit_on_the_disk_fails_alone() {
    let (worker, observed) = start().await;
    let writes = [put("a"), put_large("fits", 50), put_large("does not fit", 300), put("b"), put_large("fits too", 50)];
    let outcomes = while_busy(&worker, join_all(writes.map(|one| write(&worker, one)))).await;
    assert_eq!(outcomes, ["ok", "ok", "QuotaExceeded", "ok", "ok"]);
    // What finds the disk full is tried once more: the group, and the one.
    assert_eq!(observed.transactions.load(Ordering::SeqCst), 1 + 2 + 6);
    let mut reads = Reads::new();
    let (names, snapshots) =
        (reads.distinct(&TEXTS, ("m",), Page::default()), reads.distinct(&BLOBS, Key::all(), Page::default()));
    let found = worker.read(reads).await.unwrap();
    assert_eq!((found.keys(names).count(), found.keys(snapshots).count()), (2, 2));
}

/// Its neighbours are written, and what was under its key stays.
#[tokio::test]
async fn one_that_is_too_large_to_be_kept_fails_alone() {
    let (worker, _) = start().await;
    assert_eq!(write(&worker, put_large("b", 1)).await, "ok");
    let writes = [put("a"), put_large("b", 489), put("c")];
    assert_eq!(while_busy(&worker, join_all(writes.map(|one| write(&worker, one)))).await, ["ok", "Unsupported", "ok"]);
    let too_large = move |_: &ReadSet| Ok(Commit { writes: vec![put_large("b", 489)], change: None });
    let error = worker.transact(Reads::new(), Box::new(too_large)).await.map(drop).unwrap_err();
    assert!(error.to_string().contains("2003073 bytes") && error.to_string().contains("at most 2000000"), "{error}");
    let mut reads = Reads::new();
    let (texts, blob) = (reads.distinct(&TEXTS, ("m",), Page::default()), reads.get(&BLOBS, ("b",)));
    let found = worker.read(reads).await.unwrap();
    assert_eq!((found.keys(texts).count(), found.one(blob).unwrap().unwrap().bytes().len()), (2, 4096));
}

/// Each alone would only wait as long again.
#[tokio::test]
async fn a_group_that_another_process_blocks_is_not_tried_singly() {
    let (worker, observed) = start().await;
    let blocking = async {
        observed.blocked.store(true, Ordering::SeqCst);
        join_all(["a", "b", "c"].map(|name| write(&worker, put(name)))).await
    };
    assert_eq!(while_busy(&worker, blocking).await, ["Blocked"; 3]);
    assert_eq!(observed.transactions.load(Ordering::SeqCst), 2);
    observed.blocked.store(false, Ordering::SeqCst);
    assert_eq!(write(&worker, put("a")).await, "ok");
}

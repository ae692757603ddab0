//! A store with a long life behind it, in an SQLite file: what recovery, pruning, deleting and verification take of it.

use std::time::{Duration, Instant};

use burrow::{InputId, LogicalRuntimeId, Prune, RunId, RuntimeState, SqliteRuntimeStore};
use rusqlite::{Connection, params};

const RUNTIMES: u32 = 1000;
const RECEIPTS: u32 = 1000;
/// The live inputs of each runtime, which also has as many consumed inputs as receipts.
const LIVE: u32 = 3;

/// Makes the file, and prints the table.
pub fn run(quick: bool) {
    let (runtimes, receipts) = if quick { (20, 20) } else { (RUNTIMES, RECEIPTS) };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("old.sqlite");
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        drop(SqliteRuntimeStore::open(&path).await.unwrap());
        populate(&mut Connection::open(&path).unwrap(), runtimes, receipts);
        let store = SqliteRuntimeStore::open(&path).await.unwrap();
        let rows = runtimes * receipts;
        println!("{runtimes} runtimes with {rows} receipts and {rows} consumed inputs, {LIVE} live ones each:\n");
        println!("| what                                       |    time | resident |\n| --- | ---: | ---: |");

        let began = Instant::now();
        let mut running = Vec::new();
        loop {
            let page = store.list_runtimes_in(RuntimeState::Running, running.last(), 100).await.unwrap();
            if page.is_empty() {
                break;
            }
            running.extend(page);
        }
        for id in &running {
            assert_eq!(store.recover(id).await.unwrap().inputs.len(), LIVE as usize);
        }
        row(&format!("find and recover {} running runtimes", running.len()), began.elapsed());

        let began = Instant::now();
        let counts = store.counts(&running[0]).await.unwrap();
        assert_eq!((counts.receipts, counts.terminal_inputs), (receipts.into(), receipts.into()));
        row("count one runtime", began.elapsed());

        let began = Instant::now();
        let keep = Some(u64::from(receipts / 10));
        let prune = Prune { keep_receipts: keep, keep_terminal_inputs: keep, ..Prune::default() };
        let pruned = store.prune(&running[0], prune).await.unwrap();
        row(&format!("prune one runtime: {} receipts, {} inputs", pruned.receipts, pruned.inputs), began.elapsed());

        let began = Instant::now();
        store.delete_runtime(&running[1]).await.unwrap();
        row("delete one runtime", began.elapsed());

        let began = Instant::now();
        let mut verify = store.verify();
        let mut findings = 0;
        while let Some(found) = verify.next().await.unwrap() {
            findings += found.len();
        }
        assert_eq!(findings, 0);
        row(&format!("verify {} records", verify.records()), began.elapsed());
    });
}

/// Past burrow, since to commit them one by one would take most of the bench's time.
fn populate(database: &mut Connection, runtimes: u32, receipts: u32) {
    let transaction = database.transaction().unwrap();
    {
        let mut state = transaction.prepare("INSERT INTO runtime_states VALUES (?1, ?2)").unwrap();
        let mut receipt = transaction.prepare("INSERT INTO runtime_boundary_receipts VALUES (?1, ?2, ?3, ?4)").unwrap();
        let mut input = transaction.prepare("INSERT INTO runtime_input_states VALUES (?1, ?2, ?3)").unwrap();
        for runtime in 0..runtimes {
            let id = LogicalRuntimeId::new(format!("agent-{runtime:05}")).unwrap();
            let now = if runtime % 10 == 0 { "\"running\"" } else { "\"idle\"" };
            state.execute(params![id.as_str(), now.as_bytes()]).unwrap();
            // A running one has an open run besides, whose receipts stay.
            let (run, open) = (RunId::new(), RunId::new());
            let mut commit = |run: RunId, sequence: u32| {
                let json = format!(
                    r#"{{"run_id":"{run}","boundary":"run_checkpoint","contributing_input_ids":[],"message_count":1,"sequence":{sequence}}}"#
                );
                receipt.execute(params![id.as_str(), run.to_string(), sequence, json.as_bytes()]).unwrap();
            };
            (0..receipts - 1).for_each(|sequence| commit(run, sequence));
            commit(open, 0);
            for number in 0..receipts + LIVE {
                let (key, now) = (InputId::new(), if number < receipts { "consumed" } else { "queued" });
                let text = "x".repeat(200);
                let json = format!(
                    r#"{{"input_id":"{key}","current_state":"{now}","attempt_count":0,"recovery_count":0,"history":[],"persisted_input":"{text}","created_at":"2026-11-22T02:48:30Z","updated_at":"2026-11-22T02:48:30Z"}}"#
                );
                input.execute(params![id.as_str(), key.to_string(), json.as_bytes()]).unwrap();
            }
        }
    }
    transaction.commit().unwrap();
}

fn row(what: &str, took: Duration) {
    println!("| {what:42} | {:>4.1} ms | {:>5} MB |", took.as_secs_f64() * 1000.0, resident());
}

/// What the process holds in memory, in megabytes; 0 where the system does not say.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()).unwrap_or_default() / 1000
}

//! Rows that lie under each other's keys: each is whole, and none is what its key says.

use burrow::{
    RunBoundary, RunBoundaryReceipt, RunId, RuntimeStore, RuntimeStoreError, SessionDelta, SqliteRuntimeStore,
};
use rusqlite::Connection;

use super::samples::{queued, runtime};

/// Swaps columns of the first two rows of a table.
fn swap(database: &Connection, table: &str, columns: &str) {
    database
        .execute_batch(&format!(
            "CREATE TEMP TABLE swapped AS SELECT 3 - row_number() OVER (ORDER BY rowid) AS place, {columns} FROM {table};
             UPDATE {table} SET ({columns}) = (SELECT {columns} FROM swapped WHERE place =
                 (SELECT count(*) FROM {table} AS other WHERE other.rowid <= {table}.rowid))
             WHERE rowid IN (SELECT rowid FROM {table} ORDER BY rowid LIMIT 2);
             DROP TABLE swapped;"
        ))
        .unwrap();
}

fn is_told<T: std::fmt::Debug>(outcome: Result<T, RuntimeStoreError>, table: &str) {
    assert!(matches!(&outcome, Err(RuntimeStoreError::Decode { table: found, .. }) if *found == table), "{outcome:?}");
}

#[tokio::test]
async fn rows_under_each_others_keys_are_told_and_hide_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("swapped.sqlite");
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let (id, run) = (runtime("r"), RunId::new());
    let inputs = [queued(), queued(), queued()];
    for sequence in 0..3 {
        let receipt = RunBoundaryReceipt::new(run, RunBoundary::RunCheckpoint, sequence);
        let input = inputs[sequence as usize].clone();
        store.atomic_apply(&id, None, receipt, vec![input], None).await.unwrap();
        let snapshot = SessionDelta::new(format!("of {sequence}").into_bytes());
        store.commit_session_snapshot(&runtime(&format!("s{sequence}")), snapshot).await.unwrap();
    }
    let database = Connection::open(&path).unwrap();
    for trigger in ["inserted", "updated"] {
        database.execute(&format!("DROP TRIGGER burrow_sum_runtime_session_snapshots_{trigger}"), []).unwrap();
    }
    swap(&database, "runtime_input_states", "state_json");
    swap(&database, "runtime_boundary_receipts", "receipt_json");
    swap(&database, "runtime_session_snapshots", "session_snapshot, burrow_sum");

    for (place, input) in inputs.iter().enumerate().take(2) {
        is_told(store.load_input_state(&id, &input.input_id).await, "runtime_input_states");
        is_told(store.load_boundary_receipt(&id, &run, place as u64).await, "runtime_boundary_receipts");
        let again = RunBoundaryReceipt::new(run, RunBoundary::RunCheckpoint, place as u64);
        is_told(store.atomic_apply(&id, None, again, vec![], None).await, "runtime_boundary_receipts");
        is_told(store.load_session_snapshot(&runtime(&format!("s{place}"))).await, "runtime_session_snapshots");
    }
    is_told(store.load_input_states(&id).await, "runtime_input_states");
    is_told(store.load_inputs(&id, None, 1).await, "runtime_input_states");
    is_told(store.load_live_inputs(&id, None, 1).await, "runtime_input_states");
    is_told(store.recover(&id).await, "runtime_input_states");
    is_told(store.list_receipts(&id, None, 100).await, "runtime_boundary_receipts");

    assert_eq!(store.load_input_state(&id, &inputs[2].input_id).await.unwrap().as_ref(), Some(&inputs[2]));
    assert_eq!(store.load_boundary_receipt(&id, &run, 2).await.unwrap().unwrap().sequence, 2);
    assert_eq!(store.load_session_snapshot(&runtime("s2")).await.unwrap().as_deref(), Some(&b"of 2"[..]));
    assert_eq!(store.list_inputs(&id, None, 100).await.unwrap().len(), 3);
    assert_eq!(store.load_last_receipt(&id, None).await.unwrap().unwrap().sequence, 2);

    let (mut named, mut verify) = (Vec::new(), store.verify());
    while let Some(findings) = verify.next().await.unwrap() {
        named.extend(findings.into_iter().map(|finding| (finding.table, finding.key)));
    }
    let mut expected: Vec<(&str, String)> = Vec::new();
    for (place, input) in inputs.iter().enumerate().take(2) {
        expected.push(("runtime_input_states", format!("[r, {}]", input.input_id)));
        expected.push(("runtime_boundary_receipts", format!("[r, {run}, {place}]")));
        expected.push(("runtime_session_snapshots", format!("[s{place}]")));
    }
    named.sort();
    expected.sort();
    assert_eq!(named, expected);
}

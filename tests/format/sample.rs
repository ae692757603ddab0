//! One of everything that burrow keeps, with what is hard to keep: written through the contract, and read back through it
//! from a database of any version.

use std::collections::BTreeMap;

use burrow::{
    Labels, LogicalRuntimeId, MetadataScope, PersistentMetadataStore, Prune, Pruned, RunBoundary, RunBoundaryReceipt,
    RunId, RuntimeMetadataTable, RuntimeState, RuntimeStore, RuntimeStoreError, SessionDelta, SessionId, Store,
    StoredInputState, engine::Engine,
};
use serde::de::DeserializeOwned;

const SESSION: &str = "01932c07-7d1e-7000-8000-000000000001";
const RUN: &str = "01932c07-7d1e-7000-8000-000000000002";
const SMALL: &str = r#"{"id":"01932c07-7d1e-7000-8000-000000000001","text":"ポチ — “é”"}"#;
const OAUTH: &[u8] = br#"{"verifier":"a secret"}"#;
const OPS: &str = r#"{"epoch_id":"e-1","authority_state":{"big":9007199254740993},"operation_specs":{},"completion_entries":[],"cursors":{"agent_applied_cursor":18446744073709551615,"runtime_observed_seq":0,"runtime_last_injected_seq":1}}"#;
const INPUTS: [&str; 2] = [
    r#"{"input_id":"01932c07-7d1e-7000-8000-00000000000a","current_state":"queued","attempt_count":1,"recovery_count":0,"history":[{"timestamp":"2026-11-22T02:48:30.193749452Z","from":"accepted","to":"queued","reason":"because — of “it”"}],"persisted_input":{"text":"🧠","n":1e400},"created_at":"2026-11-22T02:48:30.193749452Z","updated_at":"2026-11-22T02:48:31Z","later":true}"#,
    r#"{"input_id":"01932c07-7d1e-7000-8000-00000000000b","current_state":"consumed","terminal_outcome":{"outcome_type":"consumed"},"durability":"durable","idempotency_key":"k","attempt_count":2,"recovery_count":1,"history":[{"timestamp":"2026-11-22T02:48:32Z","from":"queued","to":"consumed"}],"last_run_id":"01932c07-7d1e-7000-8000-000000000002","last_boundary_sequence":18446744073709551615,"created_at":"2026-11-22T02:48:30Z","updated_at":"2026-11-22T02:48:32Z"}"#,
];
const RECEIPTS: [&str; 2] = [
    r#"{"run_id":"01932c07-7d1e-7000-8000-000000000002","boundary":"run_start","contributing_input_ids":[],"message_count":0,"sequence":0}"#,
    r#"{"run_id":"01932c07-7d1e-7000-8000-000000000002","boundary":"run_checkpoint","contributing_input_ids":["01932c07-7d1e-7000-8000-00000000000b"],"conversation_digest":"0707070707070707070707070707070707070707070707070707070707070707","message_count":9007199254740993,"sequence":18446744073709551615}"#,
];
const CURSORS: [(&str, u64); 3] = [("mob-1", u64::MAX), ("~", 0), ("🧠", 9_007_199_254_740_993)];

/// The bytes of a piece. SQLite keeps values whole.
const PIECE: usize = if cfg!(target_arch = "wasm32") { 60 * 1024 } else { 8 };

/// Snapshots of every length that pieces make a difference to, by their runtime.
fn snapshots() -> [(&'static str, Vec<u8>); 5] {
    [
        ("a~b", Vec::new()),
        ("one piece", vec![b'a'; PIECE]),
        ("two pieces", vec![0xFF; 2 * PIECE]),
        ("агент-ß/ポチ", vec![b'b'; PIECE - 1]),
        ("🧠", vec![b'c'; PIECE + 1]),
    ]
}

fn labels() -> [(MetadataScope, Labels); 4] {
    let set = |labels: &[(&str, &str)]| -> Labels {
        labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let mob = |mob: &str| MetadataScope::Mob(mob.to_owned());
    let run = |run: &str| MetadataScope::Run("mob-1".to_owned(), run.to_owned());
    [
        (mob("mob-1"), set(&[("", "empty"), ("__proto__", "a \"key\"\n"), ("env", "prod")])),
        (run("run~1"), set(&[("é", "🧠")])),
        (run("\u{0}"), set(&[("nul", "\u{0}")])),
        (mob("моб"), set(&[("a", "b")])),
    ]
}

fn runtime(id: &str) -> LogicalRuntimeId {
    LogicalRuntimeId::new(id).unwrap()
}

fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

/// Writes all that a database of version 1 could hold.
pub async fn write_first(store: &Store<impl Engine>) {
    for (scope, labels) in labels() {
        store.set_labels(&scope, labels).await.unwrap();
    }
    for (mob, cursor) in CURSORS {
        store.set_subscription_cursor(mob, cursor).await.unwrap();
    }
    for (id, snapshot) in snapshots() {
        store.commit_session_snapshot(&runtime(id), SessionDelta::new(snapshot)).await.unwrap();
    }
    let agent = runtime("agent-1");
    let session: SessionId = SESSION.parse().unwrap();
    let [first, last] = RECEIPTS.map(read::<RunBoundaryReceipt>);
    let [queued, consumed] = INPUTS.map(read::<StoredInputState>);
    store.atomic_apply(&agent, None, first, vec![], None).await.unwrap();
    let snapshot = SessionDelta::new(SMALL.as_bytes());
    store.atomic_apply(&agent, Some(snapshot), last, vec![consumed], Some(session)).await.unwrap();
    store.persist_input_state(&agent, &queued).await.unwrap();
    let step = RuntimeState::Initializing.step(RuntimeState::Idle).unwrap();
    store.commit_machine_lifecycle(&agent, step, &[]).await.unwrap();
}

/// Writes what came after version 1.
pub async fn write_later(store: &Store<impl Engine>) {
    let agent = runtime("agent-1");
    store.persist_ops_lifecycle(&agent, &read(OPS)).await.unwrap();
    store.persist_auth_oauth_flow_snapshot(OAUTH).await.unwrap();
    store.claim(&agent).await.unwrap();
}

/// Writes what a pruned run leaves.
pub async fn write_pruned(store: &Store<impl Engine>) {
    let (agent, run) = (runtime("pruned"), RUN.parse::<RunId>().unwrap());
    for sequence in 0..3 {
        let receipt = RunBoundaryReceipt::new(run, RunBoundary::RunCheckpoint, sequence);
        store.atomic_apply(&agent, None, receipt, vec![], None).await.unwrap();
    }
    let pruned = store.prune(&agent, Prune { keep_receipts: Some(1), ..Prune::default() }).await.unwrap();
    assert_eq!(pruned, Pruned { receipts: 2, inputs: 0 });
}

/// What stands under the key `["damaged"]` in `runtime_states` before the next is called.
pub const DAMAGED: &str = r#""asleep""#;

/// Writes what claims on mobs leave, and what is set aside.
pub async fn write_care(store: &Store<impl Engine>) {
    store.claim_mob("mob-1").await.unwrap();
    store.claim_mob("моб").await.unwrap().release().await.unwrap();
    let mut verify = store.verify().quarantining();
    let mut aside = 0;
    while let Some(findings) = verify.next().await.unwrap() {
        aside += findings.iter().filter(|finding| finding.quarantined).count();
    }
    assert_eq!(aside, 1);
}

/// Reads it back.
pub async fn check_care(store: &Store<impl Engine>) {
    assert_eq!(store.claim_mob("mob-1").await.unwrap().epoch(), 2);
    assert_eq!(store.claim_mob("моб").await.unwrap().epoch(), 3);
    let aside = store.list_quarantined(None, 10).await.unwrap();
    let [(id, aside)] = &aside[..] else { panic!("{aside:?}") };
    assert!(id.starts_with("runtime:damaged:"), "{id}");
    assert_eq!(
        (&*aside.table, &*aside.key, &*aside.record),
        ("runtime_states", &["damaged".to_owned()][..], DAMAGED.as_bytes())
    );
    assert_eq!(store.load_runtime_state(&runtime("damaged")).await.unwrap(), None);
}

/// Finds that it is still proof.
pub async fn check_pruned(store: &Store<impl Engine>) {
    let (agent, run) = (runtime("pruned"), RUN.parse::<RunId>().unwrap());
    let receipt = |sequence| RunBoundaryReceipt::new(run, RunBoundary::RunCheckpoint, sequence);
    for sequence in 0..3 {
        store.atomic_apply(&agent, None, receipt(sequence), vec![], None).await.unwrap();
    }
    let mut other = receipt(1);
    other.message_count = 7;
    let refused = store.atomic_apply(&agent, None, other, vec![], None).await;
    assert!(matches!(refused, Err(RuntimeStoreError::Conflict(_))), "{refused:?}");
    assert_eq!(store.list_receipts(&agent, None, 10).await.unwrap(), [receipt(2)]);
}

/// Reads all of it back.
pub async fn check_first(store: &Store<impl Engine>) {
    let mut listed = BTreeMap::new();
    for (scope, labels) in labels() {
        assert_eq!(store.get_labels(&scope).await.unwrap(), labels, "{scope:?}");
        listed.insert(scope, labels);
    }
    let all = store.select_labels(&"".parse().unwrap()).await.unwrap();
    assert_eq!(all.into_iter().collect::<BTreeMap<_, _>>(), listed);
    for (mob, cursor) in CURSORS {
        assert_eq!(store.get_subscription_cursor(mob).await.unwrap(), Some(cursor), "{mob}");
    }
    for (id, snapshot) in snapshots() {
        let stored = store.load_session_snapshot(&runtime(id)).await.unwrap();
        assert!(stored.as_ref() == Some(&snapshot), "{id}: {:?} bytes", stored.map(|stored| stored.len()));
    }
    let agent = runtime("agent-1");
    let by_id = store.load_session_by_id(SESSION.parse().unwrap()).await.unwrap();
    assert_eq!(by_id, Some((agent.clone(), SMALL.as_bytes().to_vec())));
    assert_eq!(store.load_input_states(&agent).await.unwrap(), INPUTS.map(read::<StoredInputState>));
    let run: RunId = RUN.parse().unwrap();
    for receipt in RECEIPTS.map(read::<RunBoundaryReceipt>) {
        let stored = store.load_boundary_receipt(&agent, &run, receipt.sequence).await.unwrap();
        assert_eq!(stored, Some(receipt));
    }
    assert_eq!(store.load_runtime_state(&agent).await.unwrap(), Some(RuntimeState::Idle));
    let runtimes = ["agent-1", "a~b", "one piece", "two pieces", "агент-ß/ポチ", "🧠"].map(runtime);
    let mut listed = store.list_runtimes(None, 100).await.unwrap();
    listed.retain(|id| *id != runtime("pruned") && *id != runtime("damaged"));
    assert_eq!(listed, runtimes);
    assert_eq!(store.list_mobs(None, 100).await.unwrap(), ["mob-1", "~", "моб", "🧠"]);
}

/// Commits the last boundary again, which is known by its payload's fingerprint, in whichever form that was written.
pub async fn check_retries(store: &Store<impl Engine>) {
    let (agent, session) = (runtime("agent-1"), SESSION.parse::<SessionId>().unwrap());
    let again = |snapshot: &str| {
        let snapshot = Some(SessionDelta::new(snapshot.as_bytes()));
        store.atomic_apply(&agent, snapshot, read(RECEIPTS[1]), vec![read(INPUTS[1])], Some(session))
    };
    again(SMALL).await.unwrap();
    let refused = again(&SMALL.replace('ポ', "po")).await;
    assert!(matches!(refused, Err(RuntimeStoreError::Conflict(_))), "{refused:?}");
}

/// Finds each snapshot damaged, by name, and nothing else.
pub async fn check_that_snapshots_are_damaged(store: &Store<impl Engine>) {
    for (id, _) in snapshots() {
        let damaged = store.load_session_snapshot(&runtime(id)).await.unwrap_err();
        assert!(matches!(&damaged, RuntimeStoreError::Decode { key, .. } if *key == format!("[{id}]")), "{damaged:?}");
    }
    let mut named = Vec::new();
    let mut verify = store.verify();
    while let Some(findings) = verify.next().await.unwrap() {
        let of_snapshots = findings.into_iter().filter(|finding| finding.table == "runtime_session_snapshots");
        named.extend(of_snapshots.map(|finding| finding.key));
    }
    let all = snapshots().map(|(id, _)| id).into_iter().chain(["agent-1"]);
    let mut all: Vec<_> = all.map(|id| format!("[{id}]")).collect();
    all.sort();
    named.sort();
    assert_eq!(named, all);
}

/// Reads back what came after version 1.
pub async fn check_later(store: &Store<impl Engine>) {
    let agent = runtime("agent-1");
    assert_eq!(store.load_ops_lifecycle(&agent).await.unwrap(), Some(read(OPS)));
    assert_eq!(store.load_auth_oauth_flow_snapshot().await.unwrap().as_deref(), Some(OAUTH));
    assert_eq!(store.claim(&agent).await.unwrap().epoch(), 2);
}

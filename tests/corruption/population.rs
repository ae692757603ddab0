//! What is in the file before it is damaged, and every way to read it.

use std::{collections::BTreeMap, path::Path};

use burrow::{
    InputId, LogicalRuntimeId, MetadataScope, OpsCursors, PersistedOpsSnapshot, PersistentMetadataStore, RunBoundary,
    RunBoundaryReceipt, RunId, RuntimeMetadataTable, RuntimeState, RuntimeStore, RuntimeStoreError, SessionDelta,
    SessionId, SqliteRuntimeStore,
};

use super::{DEADLINE, samples};

const RUNTIMES: usize = 6;
const MOBS: usize = 4;
const SEQUENCES: [u64; 3] = [0, 1, u64::MAX];

/// The ids of what is there.
pub struct Population {
    runtimes: Vec<Runtime>,
    mobs: Vec<String>,
}

struct Runtime {
    id: LogicalRuntimeId,
    session: SessionId,
    run: RunId,
    inputs: Vec<InputId>,
}

/// What a call gave: its answer in words, or its error.
pub type Outcome = Result<String, RuntimeStoreError>;

/// A way to read, and what it reads: tables, and the first columns of keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reading {
    pub name: &'static str,
    tables: &'static [&'static str],
    key: Vec<String>,
    /// Whether it reads keys and no values.
    pub keys_only: bool,
}

impl Reading {
    /// Whether its answer is a snapshot.
    pub fn is_of_a_snapshot(&self) -> bool {
        matches!(self.name, "session" | "session by id")
    }

    /// Whether the row of this key is among what it reads.
    pub fn reads(&self, table: &str, key: &[String]) -> bool {
        // The snapshot of a session is found by the session's id, under another key.
        let by_id =
            self.name == "session by id" && table == "runtime_session_snapshots" && key.first() == self.key.last();
        by_id || (self.tables.contains(&table) && self.key.iter().zip(key).all(|(own, other)| own == other))
    }
}

/// Fills a new file.
pub async fn populate(path: &Path) -> Population {
    populate_and_keep_open(path).await.0
}

/// Fills a new file, all of which is in its log while the store is open.
pub async fn populate_and_keep_open(path: &Path) -> (Population, SqliteRuntimeStore) {
    let store = SqliteRuntimeStore::open(path).await.unwrap();
    let mut population = Population { runtimes: Vec::new(), mobs: Vec::new() };
    for number in 0..RUNTIMES {
        let runtime = Runtime {
            id: samples::runtime(&format!("agent-{number}")),
            session: SessionId::new(),
            run: RunId::new(),
            inputs: Vec::new(),
        };
        let text = "says something ".repeat(number * number * 60);
        let snapshot = format!(r#"{{"id":"{}","messages":["{text}"]}}"#, runtime.session);
        let inputs = vec![samples::queued(), samples::queued(), samples::queued()];
        let ids = inputs.iter().map(|input| input.input_id).collect();
        for sequence in SEQUENCES {
            let receipt = RunBoundaryReceipt::new(runtime.run, RunBoundary::RunStart, sequence);
            let session = Some(SessionDelta::new(snapshot.clone().into_bytes()));
            store.atomic_apply(&runtime.id, session, receipt, inputs.clone(), Some(runtime.session)).await.unwrap();
        }
        let step = RuntimeState::Initializing.step(RuntimeState::Idle).unwrap();
        store.commit_machine_lifecycle(&runtime.id, step, &[]).await.unwrap();
        store.persist_ops_lifecycle(&runtime.id, &ops(number as u64)).await.unwrap();
        store.claim(&runtime.id).await.unwrap();
        population.runtimes.push(Runtime { inputs: ids, ..runtime });
    }
    for number in 0..MOBS {
        let mob = format!("mob-{number}");
        store.set_subscription_cursor(&mob, number as u64 * 1000).await.unwrap();
        for scope in [MetadataScope::Mob(mob.clone()), MetadataScope::Run(mob.clone(), "run-1".to_owned())] {
            store.set_labels(&scope, [("env".to_owned(), "dev".to_owned())].into()).await.unwrap();
        }
        population.mobs.push(mob);
    }
    store.persist_auth_oauth_flow_snapshot(br#"{"flows":["a verifier"]}"#).await.unwrap();
    (population, store)
}

fn ops(number: u64) -> PersistedOpsSnapshot {
    PersistedOpsSnapshot {
        epoch_id: format!("epoch-{number}"),
        authority_state: "{}".parse().unwrap(),
        operation_specs: r#"{"op-1":{"name":"fetch"}}"#.parse().unwrap(),
        completion_entries: "[]".parse().unwrap(),
        cursors: OpsCursors {
            agent_applied_cursor: number,
            runtime_observed_seq: number,
            runtime_last_injected_seq: number,
            extra: Default::default(),
        },
        extra: Default::default(),
    }
}

/// Notes the outcome of each call.
struct Readings(BTreeMap<Reading, Outcome>);

impl Readings {
    async fn note<T: std::fmt::Debug, E: Into<RuntimeStoreError>>(
        &mut self,
        name: &'static str,
        tables: &'static [&'static str],
        key: &[&str],
        call: impl Future<Output = Result<T, E>>,
    ) {
        let key = key.iter().map(|part| (*part).to_owned()).collect();
        let keys_only = matches!(name, "input ids" | "runs" | "runtimes" | "mobs");
        let outcome = tokio::time::timeout(DEADLINE, call).await.unwrap_or_else(|_| panic!("{name} {key:?} hangs"));
        let outcome = outcome.map(|answer| format!("{answer:?}")).map_err(Into::into);
        self.0.insert(Reading { name, tables, key, keys_only }, outcome);
    }
}

const RUNTIME_TABLES: &[&str] = &[
    "runtime_input_states",
    "runtime_boundary_receipts",
    "runtime_session_snapshots",
    "runtime_states",
    "runtime_ops_lifecycle",
];

impl Population {
    /// Reads everything in every way.
    pub async fn read(&self, store: &SqliteRuntimeStore) -> BTreeMap<Reading, Outcome> {
        let mut all = Readings(BTreeMap::new());
        for Runtime { id, session, run, inputs } in &self.runtimes {
            let (name, run_text, session_text) = (id.as_str(), run.to_string(), session.to_string());
            all.note("session", &["runtime_session_snapshots"], &[name], store.load_session_snapshot(id)).await;
            let by_id = store.load_session_by_id(*session);
            all.note("session by id", &["burrow_sessions"], &[&session_text, name], by_id).await;
            for input in inputs {
                let key = [name, &input.to_string()];
                all.note("input", &["runtime_input_states"], &key, store.load_input_state(id, input)).await;
            }
            all.note("inputs", &["runtime_input_states"], &[name], store.load_input_states(id)).await;
            all.note("input ids", &["runtime_input_states"], &[name], store.list_inputs(id, None, 100)).await;
            for sequence in SEQUENCES {
                let key = [name, &run_text, &sequence.to_string()];
                let receipt = store.load_boundary_receipt(id, run, sequence);
                all.note("receipt", &["runtime_boundary_receipts"], &key, receipt).await;
            }
            let receipts = &["runtime_boundary_receipts"];
            all.note("receipts", receipts, &[name], store.list_receipts(id, None, 100)).await;
            all.note("last receipt", receipts, &[name], store.load_last_receipt(id, None)).await;
            all.note("runs", receipts, &[name], store.list_runs(id, None, 100)).await;
            all.note("state", &["runtime_states"], &[name], store.load_runtime_state(id)).await;
            all.note("ops", &["runtime_ops_lifecycle"], &[name], store.load_ops_lifecycle(id)).await;
        }
        for mob in &self.mobs {
            all.note("cursor", &["mobkit_metadata"], &[mob], store.get_subscription_cursor(mob)).await;
            for (run, scope) in
                [("", MetadataScope::Mob(mob.clone())), ("run-1", MetadataScope::Run(mob.clone(), "run-1".into()))]
            {
                all.note("labels", &["burrow_labels"], &[mob, run], store.get_labels(&scope)).await;
            }
            all.note("labels of mob", &["burrow_labels"], &[mob], store.list_labels_for_mob(mob)).await;
        }
        all.note("selected", &["burrow_labels"], &[], store.select_labels(&"env".parse().unwrap())).await;
        all.note("mobs", &["burrow_labels", "mobkit_metadata"], &[], store.list_mobs(None, 100)).await;
        all.note("runtimes", RUNTIME_TABLES, &[], store.list_runtimes(None, 100)).await;
        let idle = store.list_runtimes_in(RuntimeState::Idle, None, 100);
        all.note("runtimes in", &["runtime_states"], &[], idle).await;
        all.note("flows", &["runtime_auth_oauth_flow_state"], &[], store.load_auth_oauth_flow_snapshot()).await;
        all.0
    }

    pub fn boundaries(&self) -> usize {
        self.runtimes.len() * SEQUENCES.len()
    }

    /// Whether each receipt has what was committed with it; how many there are.
    pub async fn assert_that_boundaries_are_whole(&self, store: &SqliteRuntimeStore, what: &str) -> usize {
        let mut all = 0;
        for Runtime { id, inputs, session, .. } in &self.runtimes {
            let receipts = store.list_receipts(id, None, 100).await.unwrap().len();
            all += receipts;
            let there = store.list_inputs(id, None, 100).await.unwrap().len();
            assert_eq!(there, if receipts > 0 { inputs.len() } else { 0 }, "{what}: inputs of {id}");
            let found = store.load_session_by_id(*session).await.unwrap();
            assert_eq!(found.is_some(), receipts > 0, "{what}: the session of {id}");
        }
        all
    }

    /// Writes that decide on what is stored. Each gives its error, where it has one.
    pub async fn decide(&self, store: &SqliteRuntimeStore) -> BTreeMap<Reading, Outcome> {
        let mut all = Readings(BTreeMap::new());
        for Runtime { id, run, .. } in &self.runtimes {
            let name = id.as_str();
            let stay = RuntimeState::Idle.step(RuntimeState::Idle).unwrap();
            let stayed = store.commit_machine_lifecycle(id, stay, &[]);
            all.note("stay", &["runtime_states"], &[name], stayed).await;
            let receipt = RunBoundaryReceipt::new(*run, RunBoundary::RunStart, 0);
            let key = [name, &run.to_string(), "0"];
            let again = store.atomic_apply(id, None, receipt, vec![], None);
            all.note("boundary again", &["runtime_boundary_receipts"], &key, again).await;
            all.note("claim", &["burrow_claims"], &[name], async { store.claim(id).await.map(drop) }).await;
        }
        for mob in &self.mobs {
            let advanced = store.advance_subscription_cursor(mob, 0);
            all.note("advance", &["mobkit_metadata"], &[mob], advanced).await;
            let scope = MetadataScope::Mob(mob.clone());
            let patch = burrow::LabelPatch { set: [("env".into(), "dev".into())].into(), remove: vec![] };
            all.note("patch", &["burrow_labels"], &[mob, ""], store.patch_labels(&scope, patch)).await;
        }
        all.0
    }
}

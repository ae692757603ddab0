//! The store's tables. The names and the SQL types are those of databases that meerkat-runtime 0.6 and mobkit 0.6 write;
//! the tables whose names begin with `burrow_` are our own.

use super::{payload::StoredReceipt, pruning::Proof, quarantine::Quarantined};
use crate::{
    engine::{Bytes, Column, Encoded, Live, Table, TableInfo, Text, ValueType},
    model::{
        ChangeKind, Document, InputLifecycleState, Labels, PersistedOpsSnapshot, RuntimeState, StoredInputState,
        ids::is_recent,
        json::{lexer::Members, wire::read_member},
    },
};

const fn text(name: &'static str) -> Column {
    Column::text(name)
}

const fn number(name: &'static str) -> Column {
    Column::number(name)
}

/// The queued inputs of a runtime.
pub static INPUTS: Table<Document<StoredInputState>> = Table::new(&inputs("runtime_input_states").with_live(Live {
    is: is_live_input,
    sql: LIVE_INPUT,
    table: &LIVE_INPUTS,
}));

/// Those that have not ended, where an engine keeps them by themselves.
static LIVE_INPUTS: TableInfo = inputs("burrow_live_inputs");

const fn inputs(name: &'static str) -> TableInfo {
    const KEY: [Column; 2] = [text("runtime_id"), text("input_id")];
    TableInfo::new(name, &KEY, ("state_json", ValueType::Json)).with_new_keys(|key| is_recent(key.text(1)))
}

/// Whether something may still happen to an input. The JSON of one that cannot be read does not say that it has ended.
fn is_live_input(encoded: &Encoded) -> bool {
    let state = encoded.as_text().and_then(|json| read_member(&Members::read(json)?, "current_state"));
    !state.is_ok_and(InputLifecycleState::is_terminal)
}

/// The JSON is a BLOB, which SQLite would take for its own binary JSON.
const LIVE_INPUT: &str = "CASE WHEN json_valid(CAST(state_json AS TEXT)) \
    THEN coalesce(json_extract(CAST(state_json AS TEXT), '$.current_state'), '') \
    NOT IN ('consumed', 'superseded', 'coalesced', 'abandoned') ELSE 1 END";

/// The receipts of a runtime's runs, each with a fingerprint of what was committed with it, in which there is a random salt.
pub static RECEIPTS: Table<StoredReceipt> = Table::new(
    &TableInfo::new(
        "runtime_boundary_receipts",
        &[text("runtime_id"), text("run_id"), number("sequence")],
        ("receipt_json", ValueType::Json),
    )
    .with_unique_records(),
);

/// The latest session snapshot of a runtime.
pub static SNAPSHOTS: Table<Bytes> = Table::new(
    &TableInfo::new("runtime_session_snapshots", &[text("runtime_id")], ("session_snapshot", ValueType::Bytes))
        .with_sums(),
);

/// The lifecycle state of a runtime.
pub static STATES: Table<Document<RuntimeState>> =
    Table::new(&TableInfo::new("runtime_states", &[text("runtime_id")], ("runtime_state_json", ValueType::Json)));

/// The operation registry of a runtime.
pub static OPS: Table<Document<PersistedOpsSnapshot>> =
    Table::new(&TableInfo::new("runtime_ops_lifecycle", &[text("runtime_id")], ("state_json", ValueType::Json)));

/// The OAuth flows under way, in one record.
pub static OAUTH_FLOWS: Table<Bytes> =
    Table::new(&TableInfo::new("runtime_auth_oauth_flow_state", &[text("id")], ("state_json", ValueType::Bytes)));

/// Cursors and other single values of a mob.
pub static METADATA: Table<Text> =
    Table::new(&TableInfo::new("mobkit_metadata", &[text("mob_id"), text("key")], ("value", ValueType::Text)));

/// Labels; the run id is `""` for the mob's own.
pub static LABELS: Table<Document<Labels>> =
    Table::new(&TableInfo::new("burrow_labels", &[text("mob_id"), text("run_id")], ("labels_json", ValueType::Json)));

/// The runtime under which a session was last committed with its key.
pub static SESSIONS: Table<Text> =
    Table::new(&TableInfo::new("burrow_sessions", &[text("session_id")], ("runtime_id", ValueType::Text)));

/// The latest claim on a runtime: its epoch and its token.
pub static CLAIMS: Table<Text> =
    Table::new(&TableInfo::new("burrow_claims", &[text("runtime_id")], ("claim", ValueType::Text)));

/// The latest claim on a mob: its epoch and its token.
pub static MOB_CLAIMS: Table<Text> =
    Table::new(&TableInfo::new("burrow_mob_claims", &[text("mob_id")], ("claim", ValueType::Text)));

/// The last receipt of each run that was pruned, and which before it there never were: all others were committed.
pub static PRUNED: Table<Proof> = Table::new(&TableInfo::new(
    "burrow_pruned",
    &[text("runtime_id"), text("run_id")],
    ("receipt_json", ValueType::Json),
));

/// The runtimes whose deletion has begun and not ended, each with the time when it began, in milliseconds since 1970.
pub static DELETIONS: Table<Text> =
    Table::new(&TableInfo::new("burrow_deletions", &[text("runtime_id")], ("begun_at", ValueType::Text)));

/// Records that were damaged and set aside, by what they belonged to: `runtime` or `mob` and its id, or `store` and `""`.
pub static QUARANTINE: Table<Quarantined> = Table::new(&TableInfo::new(
    "burrow_quarantine",
    &[text("owner_kind"), text("owner_id"), text("id")],
    ("record_json", ValueType::Json),
));

/// Every table with the kind of change that a write to it means. `None` is for tables that belong to no mob or runtime:
/// watchers are not told of writes to them.
static CATALOG: [(&TableInfo, Option<ChangeKind>); 14] = [
    (INPUTS.info, Some(ChangeKind::Inputs)),
    (RECEIPTS.info, Some(ChangeKind::Receipt)),
    (SNAPSHOTS.info, Some(ChangeKind::Session)),
    (STATES.info, Some(ChangeKind::State)),
    (OPS.info, Some(ChangeKind::Ops)),
    (OAUTH_FLOWS.info, None),
    (METADATA.info, Some(ChangeKind::Cursor)),
    (LABELS.info, Some(ChangeKind::Labels)),
    (SESSIONS.info, None),
    (CLAIMS.info, Some(ChangeKind::Claim)),
    (PRUNED.info, None),
    (DELETIONS.info, None),
    (MOB_CLAIMS.info, Some(ChangeKind::Claim)),
    (QUARANTINE.info, None),
];

/// Every table, for the engine.
pub static TABLES: [&TableInfo; CATALOG.len()] = {
    let mut tables = [CATALOG[0].0; CATALOG.len()];
    let mut at = 0;
    while at < tables.len() {
        tables[at] = CATALOG[at].0;
        at += 1;
    }
    tables
};

/// The kind of change that a write to a table means.
pub(super) fn change_kind(table: &TableInfo) -> Option<ChangeKind> {
    CATALOG.iter().find(|(info, _)| info.name == table.name).and_then(|(_, kind)| *kind)
}

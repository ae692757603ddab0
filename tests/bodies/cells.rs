//! Cells of SQLite: whatever a row holds, it is read or told as what cannot be.

use std::cell::OnceCell;

use burrow::{
    InputId, LogicalRuntimeId, PersistentMetadataStore, RunId, RuntimeMetadataTable, RuntimeState, RuntimeStore,
    RuntimeStoreError, SessionId, SqliteRuntimeStore, store::TABLES,
};
use rusqlite::{Connection, params_from_iter, types::Value};

use super::Bytes;

const UUID: &str = "01a20127-b8f1-725e-bae9-39a85b9ab50a";

const JSON: [&str; 6] = [
    r#""idle""#,
    r#"{"env":"dev"}"#,
    r#"{"run_id":"01a20127-b8f1-725e-bae9-39a85b9ab50a","boundary":"run_start","contributing_input_ids":[],"message_count":1,"sequence":0}"#,
    r#"{"input_id":"01a20127-b8f1-725e-bae9-39a85b9ab50a","current_state":"queued","created_at":"2026-11-22T02:48:30Z","updated_at":"2026-11-22T02:48:30Z"}"#,
    "7",
    "1 01a20127-b8f1-725e-bae9-39a85b9ab50a",
];

struct Database {
    store: SqliteRuntimeStore,
    /// Another program's.
    connection: Connection,
    _folder: tempfile::TempDir,
}

impl Database {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("burrow.sqlite");
        let store = pollster::block_on(SqliteRuntimeStore::open(&path)).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "synchronous", "OFF").unwrap();
        Self { store, connection, _folder: folder }
    }
}

/// Rows, each in a table, with cells of any type.
pub fn body(data: &[u8]) {
    thread_local!(static DATABASE: OnceCell<Database> = const { OnceCell::new() });
    let mut bytes = Bytes(data);
    DATABASE.with(|database| {
        let Database { store, connection, .. } = database.get_or_init(Database::new);
        connection.execute_batch("BEGIN").unwrap();
        for table in TABLES {
            connection.execute(&format!("DELETE FROM {}", table.name), []).unwrap();
        }
        for _ in 0..4 {
            let table = TABLES[bytes.below(TABLES.len())];
            let cells: Vec<Value> =
                (0..table.key.len() + 1).map(|at| cell(&mut bytes, at == table.key.len())).collect();
            let places = vec!["?"; cells.len()].join(", ");
            // A row that the table itself refuses is not there.
            let columns =
                table.key.iter().map(|column| column.name).chain([table.value]).collect::<Vec<_>>().join(", ");
            let insert = format!("INSERT OR IGNORE INTO {} ({columns}) VALUES ({places})", table.name);
            connection.execute(&insert, params_from_iter(cells)).unwrap();
        }
        connection.execute_batch("COMMIT").unwrap();
        pollster::block_on(read(store));
    });
}

fn cell(bytes: &mut Bytes<'_>, is_value: bool) -> Value {
    match bytes.below(if is_value { 9 } else { 12 }) {
        0 => Value::Null,
        1 => Value::Integer(bytes.number() as i64),
        2 => Value::Real(f64::from_bits(bytes.number())),
        3 => Value::Text(bytes.text(30)),
        4 => Value::Blob(bytes.bytes(30).to_vec()),
        5 | 6 if is_value => {
            // A whole document with a byte that is another.
            let mut json = bytes.one_of(&JSON).as_bytes().to_vec();
            let at = bytes.below(json.len());
            json[at] = bytes.byte();
            Value::Blob(json)
        }
        7 if is_value => Value::Text(bytes.one_of(&JSON).to_owned()),
        8 if is_value => Value::Blob(bytes.one_of(&JSON).as_bytes().to_vec()),
        5 => Value::Text(UUID.to_owned()),
        6 => Value::Text(String::new()),
        7 => Value::Integer(0),
        8 => Value::Blob((u64::MAX - u64::from(bytes.byte())).to_be_bytes().to_vec()),
        _ => Value::Text("a".to_owned()),
    }
}

/// Every way to read what may be there.
async fn read(store: &SqliteRuntimeStore) {
    let id = &LogicalRuntimeId::new("a").unwrap();
    let (run, input, session): (RunId, InputId, SessionId) =
        (UUID.parse().unwrap(), UUID.parse().unwrap(), UUID.parse().unwrap());
    may_not_decode(store.load_session_snapshot(id).await);
    may_not_decode(store.load_session_by_id(session).await);
    may_not_decode(store.load_input_states(id).await);
    may_not_decode(store.load_input_state(id, &input).await);
    may_not_decode(store.load_boundary_receipt(id, &run, 0).await);
    may_not_decode(store.list_receipts(id, None, 2).await);
    may_not_decode(store.load_last_receipt(id, None).await);
    may_not_decode(store.load_runtime_state(id).await);
    may_not_decode(store.list_runtimes_in(RuntimeState::Idle, None, 2).await);
    may_not_decode(store.load_ops_lifecycle(id).await);
    may_not_decode(store.load_auth_oauth_flow_snapshot().await);
    may_not_decode(store.get_subscription_cursor("a").await);
    may_not_decode(store.list_labels_for_mob("a").await);
    may_not_decode(store.select_labels(&"env".parse().unwrap()).await);
    match store.claim(id).await {
        // Among the rows there is one that says so.
        Err(RuntimeStoreError::Deleted(_)) => {}
        claimed => may_not_decode(claimed),
    }
    // Listings read keys alone, and pass over those that are none.
    for limit in [1, 100] {
        let mut ids = store.list_runtimes(None, limit).await.unwrap();
        ids.extend(store.descending().list_runtimes(None, limit).await.unwrap());
        let mut mobs = store.list_mobs(None, limit).await.unwrap();
        mobs.extend(store.descending().list_mobs(None, limit).await.unwrap());
        assert!(ids.iter().all(|id| !id.as_str().is_empty()) && mobs.iter().all(|mob| !mob.is_empty()));
        store.list_inputs(id, None, limit).await.unwrap();
        store.list_runs(id, None, limit).await.unwrap();
    }
}

fn may_not_decode<T, E: Into<RuntimeStoreError>>(outcome: Result<T, E>) {
    if let Err(error) = outcome.map_err(Into::into) {
        assert_eq!(error.code(), "Decode", "{error}");
    }
}

//! IndexedDB, read and written past burrow by a crate that knows nothing of it.

use burrow::{IndexedDbRuntimeStore, RunId, engine::indexed_db::Durability};
use indexed_db_futures::{
    Build, BuildPrimitive, database::Database, prelude::QuerySource, transaction::TransactionMode,
};
use js_sys::{Array, Uint8Array};
use serde_json::{Map, Value, json};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::{INDEXED_DB, sample};

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// `[key, value]` pairs by the name of their object store, in the order of the keys.
type Rows = Map<String, Value>;

fn fixture(version: usize) -> Rows {
    let Value::Object(mut fixture) = serde_json::from_str(INDEXED_DB[version - 1]).unwrap() else { panic!() };
    assert_eq!(fixture["version"], version);
    match fixture["stores"].take() {
        Value::Object(rows) => rows,
        other => panic!("{other}"),
    }
}

fn new_name() -> String {
    format!("format-{}", RunId::new())
}

async fn open(name: &str) -> IndexedDbRuntimeStore {
    IndexedDbRuntimeStore::open(name, Durability::Relaxed).await.unwrap()
}

/// All that a database holds.
async fn rows(database: &Database) -> Rows {
    let names: Vec<String> = database.object_store_names().collect();
    let transaction = database.transaction(names.clone()).build().unwrap();
    let mut all = Rows::new();
    for name in names {
        let store = transaction.object_store(&name).unwrap();
        let keys = store.get_all_keys::<Vec<String>>().primitive().unwrap().await.unwrap();
        let values = store.get_all::<JsValue>().primitive().unwrap().await.unwrap();
        let row =
            |(key, value): (Result<Vec<String>, _>, Result<JsValue, _>)| json!([key.unwrap(), shown(value.unwrap())]);
        all.insert(name, keys.zip(values).map(row).collect());
    }
    all
}

/// A string as it is, bytes in hex: `{"hex":…}`, or `{"hex":…,"times":…}` where they are one and the same; and a list of such.
fn shown(value: JsValue) -> Value {
    if let Some(text) = value.as_string() {
        return text.into();
    }
    if let Some(list) = value.dyn_ref::<Array>() {
        return list.iter().map(shown).collect();
    }
    let bytes = value.dyn_into::<Uint8Array>().unwrap().to_vec();
    match bytes.split_first() {
        Some((first, rest)) if rest.len() > 100 && rest.iter().all(|byte| byte == first) => {
            json!({"hex": format!("{first:02x}"), "times": bytes.len()})
        }
        _ => json!({"hex": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()}),
    }
}

/// The value that is shown so.
fn value_of(shown: &Value) -> JsValue {
    if let Some(list) = shown.as_array() {
        return list.iter().map(value_of).collect::<Array>().into();
    }
    if let Some(text) = shown.as_str() {
        return text.into();
    }
    let hex = shown["hex"].as_str().unwrap();
    let bytes: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    let times = shown["times"].as_u64().unwrap_or(1);
    Uint8Array::from(&*bytes.repeat(times.try_into().unwrap())).into()
}

/// Makes the database that a fixture describes.
async fn make(name: &str, version: u32, rows: &Rows) {
    let names: Vec<String> = rows.keys().cloned().collect();
    let stores = names.clone();
    let database = Database::open(name)
        .with_version(version)
        .with_on_upgrade_needed(move |_, database| {
            stores.iter().try_for_each(|name| database.create_object_store(name).build().map(drop))
        })
        .await
        .unwrap();
    let transaction = database.transaction(names).with_mode(TransactionMode::Readwrite).build().unwrap();
    for (name, rows) in rows {
        let store = transaction.object_store(name).unwrap();
        for row in rows.as_array().unwrap() {
            let key: Vec<String> = serde_json::from_value(row[0].clone()).unwrap();
            store.put(value_of(&row[1])).with_key(key).primitive().unwrap();
        }
    }
    transaction.commit().await.unwrap();
    database.close();
}

/// Puts a record into the database that is none of its table.
async fn damage(name: &str) {
    let database = Database::open(name).await.unwrap();
    let transaction = database.transaction("runtime_states").with_mode(TransactionMode::Readwrite).build().unwrap();
    let store = transaction.object_store("runtime_states").unwrap();
    store.put(JsValue::from(sample::DAMAGED)).with_key(vec!["damaged".to_owned()]).primitive().unwrap();
    transaction.commit().await.unwrap();
    database.close();
}

/// What is random in a row stands there as its form: a payload's fingerprint, a snapshot's sum, a claim's token, the row of a store's
/// marks, the database's id.
fn without_chance(mut rows: Rows) -> Rows {
    let random = |text: &str| match text.parse::<RunId>() {
        Ok(id) if id.as_uuid().get_version_num() == 7 => "<UUID>".to_owned(),
        _ => text.to_owned(),
    };
    for table in ["burrow_claims", "burrow_mob_claims"] {
        for row in rows.get_mut(table).and_then(Value::as_array_mut).into_iter().flatten() {
            let claim = row[1].as_str().unwrap().split(' ').map(random).collect::<Vec<_>>().join(" ");
            row[1] = claim.into();
        }
    }
    for row in rows.get_mut("burrow_quarantine").and_then(Value::as_array_mut).into_iter().flatten() {
        row[0][2] = random(row[0][2].as_str().unwrap()).into();
        row[1] = crate::without_time(row[1].as_str().unwrap()).into();
    }
    for row in rows["runtime_boundary_receipts"].as_array_mut().unwrap() {
        row[1] = crate::without_fingerprint(row[1].as_str().unwrap()).into();
    }
    for row in rows["burrow_pruned"].as_array_mut().unwrap() {
        row[1] = crate::without_fingerprint(row[1].as_str().unwrap()).into();
    }
    for row in rows["runtime_session_snapshots"].as_array_mut().unwrap() {
        if let Some([_, sum]) = row[1].as_array_mut().map(Vec::as_mut_slice) {
            assert_eq!(sum["hex"].as_str().unwrap().len(), 64);
            *sum = "<sum>".into();
        }
    }
    for row in rows["burrow_commits"].as_array_mut().unwrap() {
        row[0] = json!([random(row[0][0].as_str().unwrap())]);
    }
    for row in rows["burrow_database"].as_array_mut().unwrap() {
        row[1] = random(row[1].as_str().unwrap()).into();
    }
    rows
}

#[wasm_bindgen_test]
async fn what_burrow_writes_is_the_fixture_of_its_version() {
    let name = new_name();
    let store = open(&name).await;
    sample::write_first(&store).await;
    sample::write_later(&store).await;
    sample::write_pruned(&store).await;
    damage(&name).await;
    sample::write_care(&store).await;
    store.close();

    let database = Database::open(name).await.unwrap();
    let found = rows(&database).await;
    let fixture_of = json!({"version": database.version() as u32, "stores": found});
    assert_eq!(database.version(), INDEXED_DB.len() as f64, "there is no fixture of this version: it is {fixture_of}");
    let (found, expected) = (without_chance(found), without_chance(fixture(INDEXED_DB.len())));
    for (name, rows) in &found {
        assert_eq!(Some(rows), expected.get(name), "{name}; as a fixture it would all be {fixture_of}");
    }
    assert_eq!(found.len(), expected.len());
}

#[wasm_bindgen_test]
async fn a_database_of_version_1_is_read() {
    let name = new_name();
    make(&name, 1, &fixture(1)).await;
    let store = open(&name).await;
    sample::check_first(&store).await;
    // And it has all that came later.
    sample::write_later(&store).await;
    sample::check_later(&store).await;
    sample::write_pruned(&store).await;
    sample::check_pruned(&store).await;
}

#[wasm_bindgen_test]
async fn a_database_of_version_2_is_read() {
    let name = new_name();
    make(&name, 2, &fixture(2)).await;
    let store = open(&name).await;
    sample::check_first(&store).await;
    sample::check_later(&store).await;
    // And it has an id, by which the store knows it again.
    let database = Database::open(name).await.unwrap();
    assert_eq!(without_chance(rows(&database).await)["burrow_database"], json!([[["id"], "<UUID>"]]));
}

#[wasm_bindgen_test]
async fn a_database_of_version_3_is_read() {
    let name = new_name();
    make(&name, 3, &fixture(3)).await;
    let store = open(&name).await;
    sample::check_first(&store).await;
    sample::check_later(&store).await;
}

#[wasm_bindgen_test]
async fn a_database_of_version_4_is_read() {
    let name = new_name();
    make(&name, 4, &fixture(4)).await;
    let store = open(&name).await;
    sample::check_first(&store).await;
    sample::check_later(&store).await;
    sample::check_pruned(&store).await;
    damage(&name).await;
    sample::write_care(&store).await;
    sample::check_care(&store).await;
    sample::check_retries(&store).await;
    // Of the two inputs one has not ended. It lies among the others no more.
    let database = Database::open(name).await.unwrap();
    let rows = rows(&database).await;
    let ids =
        |store: &str| -> Vec<Value> { rows[store].as_array().unwrap().iter().map(|row| row[0][1].clone()).collect() };
    assert_eq!(ids("burrow_live_inputs"), ["01932c07-7d1e-7000-8000-00000000000a"]);
    assert_eq!(ids("runtime_input_states"), ["01932c07-7d1e-7000-8000-00000000000b"]);
}

#[wasm_bindgen_test]
async fn a_database_of_version_5_is_read_and_its_snapshots_are_checked() {
    let name = new_name();
    let mut rows = fixture(5);
    make(&name, 5, &rows).await;
    let store = open(&name).await;
    sample::check_first(&store).await;
    sample::check_later(&store).await;
    sample::check_pruned(&store).await;
    sample::check_care(&store).await;
    sample::check_retries(&store).await;
    // The sum of another.
    let name = new_name();
    for row in rows["runtime_session_snapshots"].as_array_mut().unwrap() {
        if let Some([_, sum]) = row[1].as_array_mut().map(Vec::as_mut_slice) {
            *sum = json!({"hex": "00", "times": 32});
        }
    }
    make(&name, 5, &rows).await;
    sample::check_that_snapshots_are_damaged(&open(&name).await).await;
}

//! Damaged cells: a row has what no program of burrow's has written.

use std::collections::{BTreeMap, BTreeSet};

use burrow::{RuntimeStoreError, SqliteRuntimeStore, store::TABLES};
use fastrand::Rng;
use rusqlite::{Connection, types::Value};

use super::{bytes, population::populate, seeds};

/// The tables that `Population::decide` writes to.
const WRITTEN: [&str; 3] = ["burrow_claims", "burrow_labels", "runtime_states"];

/// What was damaged.
#[derive(Debug)]
struct Damage {
    table: &'static str,
    /// The key that the row had.
    key: Vec<String>,
    rowid: i64,
    is_value: bool,
    #[allow(dead_code, reason = "it is printed")]
    to: String,
}

#[tokio::test]
async fn damaged_cells_are_told_left_as_they_are_and_hide_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, path) = (folder.path().join("whole.sqlite"), folder.path().join("damaged.sqlite"));
    let population = populate(&whole).await;
    let store = SqliteRuntimeStore::open(&whole).await.unwrap();
    let before = population.read(&store).await;
    drop(store);
    let mut told = BTreeMap::<&str, usize>::new();
    let mut passed_for_whole = BTreeMap::<&str, usize>::new();

    for seed in seeds(80) {
        std::fs::copy(&whole, &path).unwrap();
        let mut random = Rng::with_seed(seed);
        let damages: Vec<_> = {
            let database = Connection::open(&path).unwrap();
            // What is written by SQL is not damage to them, but a snapshot without a sum.
            for trigger in ["inserted", "updated"] {
                database.execute(&format!("DROP TRIGGER burrow_sum_runtime_session_snapshots_{trigger}"), []).unwrap();
            }
            (0..random.usize(1..4)).filter_map(|_| damage(&database, &mut random)).collect()
        };
        let rows = dump(&path);
        let context = |what: String| format!("seed {seed}: {what}\nafter {damages:?}");

        let store = SqliteRuntimeStore::open(&path).await.unwrap();
        let after = population.read(&store).await;
        for (reading, outcome) in &after {
            let hit = |damage: &&Damage| reading.reads(damage.table, &damage.key);
            let of_importance = |damage: &&Damage| hit(damage) && !(damage.is_value && reading.keys_only);
            match outcome {
                Err(RuntimeStoreError::Decode { table, .. }) if damages.iter().any(|damage| hit(&damage)) => {
                    assert!(damages.iter().any(|damage| damage.table == *table), "{}", context(format!("{outcome:?}")));
                    *told.entry(table).or_default() += 1;
                    assert!(!reading.keys_only, "{}", context(format!("{reading:?}: {outcome:?}")));
                }
                Ok(answer) if before[reading].as_ref().is_ok_and(|before| before == answer) => {}
                Ok(answer) if damages.iter().any(|damage| of_importance(&damage)) => {
                    // One whose row has another key now is not found.
                    let is_whole = answer == "None" || !reading.is_of_a_snapshot();
                    assert!(is_whole, "{}", context(format!("{reading:?} passed for whole: {answer}")));
                    *passed_for_whole.entry(reading.name).or_default() += 1;
                }
                other => panic!("{}", context(format!("{reading:?}: {other:?}, before {:?}", before[reading]))),
            }
        }
        drop(store);
        assert_eq!(dump(&path), rows, "{}", context("to read has changed something".to_owned()));

        let store = SqliteRuntimeStore::open(&path).await.unwrap();
        let mut left = BTreeSet::new();
        for (reading, outcome) in population.decide(&store).await {
            let mut hits = damages.iter().filter(|damage| reading.reads(damage.table, &damage.key)).peekable();
            let is_hit = hits.peek().is_some();
            match outcome {
                Ok(_) => {}
                Err(RuntimeStoreError::Decode { .. }) if is_hit => left.extend(hits.map(|hit| (hit.table, hit.rowid))),
                // The same receipt was committed with a session and inputs.
                Err(RuntimeStoreError::Conflict(_)) if reading.name == "boundary again" || is_hit => {}
                Err(error) => panic!("{}", context(format!("{reading:?}: {error:?}"))),
            }
        }
        drop(store);
        let rows_now = dump(&path);
        for (place, row) in &rows {
            let now = rows_now.get(place).unwrap_or_else(|| panic!("{}", context(format!("{place:?} is gone: {row}"))));
            let may_change = WRITTEN.contains(&place.0) && !left.contains(place);
            assert!(now == row || may_change, "{}", context(format!("{place:?} was {row} and is {now}")));
        }
    }
    println!("told as Decode, by table: {told:?}; passed for whole, by call: {passed_for_whole:?}");
    assert!(told.values().sum::<usize>() > 0 || std::env::var("BURROW_SEED").is_ok());
}

/// Damages one cell; `None` where the table refuses what was to be put there.
fn damage(database: &Connection, random: &mut Rng) -> Option<Damage> {
    let table = TABLES[random.usize(..TABLES.len())];
    let key: Vec<_> = table.key.iter().map(|column| column.name).collect();
    let count: u32 = database.query_row(&format!("SELECT count(*) FROM {}", table.name), [], |row| row.get(0)).unwrap();
    // Two tables are empty as a rule: of what was pruned, and of what is being deleted.
    let row = (count > 0).then(|| random.u32(..count))?;
    let sql = format!("SELECT rowid, {}, {} FROM {} LIMIT 1 OFFSET {row}", table.value, key.join(", "), table.name);
    let (rowid, value, parts) = database
        .query_row(&sql, [], |row| {
            let parts: Vec<Value> = (0..key.len()).map(|at| row.get(at + 2)).collect::<Result<_, _>>()?;
            Ok((row.get::<_, i64>(0)?, row.get::<_, Value>(1)?, parts))
        })
        .unwrap();
    let at = random.usize(..key.len() + 3);
    let (column, was) = if at < key.len() { (key[at], parts[at].clone()) } else { (table.value, value) };
    let to = damaged(was, random);
    let updated = database.execute(&format!("UPDATE {} SET {column} = ?1 WHERE rowid = {rowid}", table.name), [&to]);
    updated.is_ok().then(|| Damage {
        table: table.name,
        key: parts.iter().map(shown).collect(),
        rowid,
        is_value: at >= key.len(),
        to: format!("{column} = {to:?}").chars().take(200).collect(),
    })
}

/// A key column as calls name it.
fn shown(part: &Value) -> String {
    match part {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Blob(bytes) => u64::from_be_bytes(bytes.as_slice().try_into().unwrap_or_default()).to_string(),
        other => format!("{other:?}"),
    }
}

fn damaged(was: Value, random: &mut Rng) -> Value {
    let (is_text, mut whole) = match was {
        Value::Text(text) => (true, text.into_bytes()),
        Value::Blob(bytes) => (false, bytes),
        Value::Integer(number) => return Value::Integer(number ^ (1 << random.u8(..64)) ^ i64::MIN),
        other => return other,
    };
    let as_it_was = |bytes: Vec<u8>| match is_text {
        true => Value::Text(String::from_utf8_lossy(&bytes).into_owned()),
        false => Value::Blob(bytes),
    };
    match random.u8(..10) {
        0 => Value::Null,
        1 => Value::Integer(random.i64(..)),
        2 => Value::Real(random.f64()),
        3 => Value::Blob(bytes(random, 40)),
        4 => Value::Text(String::from_utf8_lossy(&bytes(random, 40)).into_owned()),
        5 => as_it_was(whole[..random.usize(..=whole.len())].to_vec()),
        6 => Value::Text(String::new()),
        _ => {
            for _ in 0..random.usize(1..4) {
                if !whole.is_empty() {
                    let at = random.usize(..whole.len());
                    whole[at] = random.u8(..);
                }
            }
            as_it_was(whole)
        }
    }
}

type Rows = BTreeMap<(&'static str, i64), String>;

/// Every row of every table.
fn dump(path: &std::path::Path) -> Rows {
    let database = Connection::open(path).unwrap();
    let mut rows = Rows::new();
    for table in TABLES {
        let mut statement = database.prepare(&format!("SELECT rowid, * FROM {}", table.name)).unwrap();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let cells: Vec<_> = (1..table.key.len() + 2).map(|at| format!("{:?}", row.get_ref(at).unwrap())).collect();
            rows.insert((table.name, row.get(0).unwrap()), cells.join(", "));
        }
    }
    rows
}

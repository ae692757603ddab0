//! SQLite files, read and made past burrow. Those that meerkat-runtime 0.6 and mobkit 0.6 wrote are opened in tests/upstream.rs.

use std::path::{Path, PathBuf};

use burrow::{LogicalRuntimeId, RunId, RuntimeStore, SessionDelta, SqliteRuntimeStore};
use rusqlite::{Connection, types::Value as Cell};
use tempfile::TempDir;

use crate::{SQLITE, sample};

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("burrow.sqlite");
    (folder, path)
}

/// Makes the file that a fixture describes.
fn make(path: &Path, version: usize) {
    Connection::open(path).unwrap().execute_batch(SQLITE[version - 1]).unwrap();
}

fn rows(connection: &Connection, sql: &str) -> Vec<Vec<Cell>> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|i| row.get(i)).collect()).unwrap();
    rows.map(rusqlite::Result::unwrap).collect()
}

/// All that a file holds, as the SQL that makes it.
fn dump(path: &Path) -> String {
    let connection = Connection::open(path).unwrap();
    let mut dump = String::new();
    let made = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type = 'trigger', type DESC, name";
    for table in rows(&connection, made) {
        let [Cell::Text(name), Cell::Text(sql)] = &table[..] else { panic!("{table:?}") };
        dump += &format!("{sql};\n");
        if !sql.starts_with("CREATE TABLE") {
            continue;
        }
        for row in rows(&connection, &format!("SELECT * FROM {name}")) {
            let cells: Vec<String> = row.iter().map(literal).collect();
            dump += &format!("INSERT INTO {name} VALUES ({});\n", cells.join(", "));
        }
    }
    dump
}

/// A cell as SQL: readable, where it is text or the bytes of one.
fn literal(cell: &Cell) -> String {
    let hex = |bytes: &[u8]| format!("X'{}'", bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>());
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
        Cell::Text(text) if text.contains('\0') => format!("CAST({} AS TEXT)", hex(text.as_bytes())),
        Cell::Text(text) => quoted(text),
        Cell::Blob(bytes) => match str::from_utf8(bytes) {
            Ok(text) if !text.is_empty() && !text.contains('\0') => format!("CAST({} AS BLOB)", quoted(text)),
            _ => hex(bytes),
        },
    }
}

/// Puts a record into the file that is none of its table.
fn damage(path: &Path) {
    let put = "INSERT INTO runtime_states VALUES ('damaged', CAST(? AS BLOB))";
    Connection::open(path).unwrap().execute(put, [sample::DAMAGED]).unwrap();
}

/// What is random stands there as its form: a claim's token, the salt of a payload's fingerprint and of a snapshot's sum, and so
/// both of these, the id and the time of a record that was set aside.
fn without_chance(dump: &str) -> String {
    let random = |word: &str| match word.trim_end_matches("');").parse::<RunId>() {
        Ok(id) if id.as_uuid().get_version_num() == 7 => "<UUID>".to_owned(),
        _ => word.to_owned(),
    };
    let line = |line: &str| match line {
        _ if line.starts_with("INSERT INTO burrow_claims") || line.starts_with("INSERT INTO burrow_mob_claims") => {
            line.split(' ').map(random).collect::<Vec<_>>().join(" ")
        }
        _ if line.starts_with("INSERT INTO burrow_quarantine") => {
            crate::without_time(&line.split('\'').map(random).collect::<Vec<_>>().join("'"))
        }
        _ => match line.rsplit_once(", X'") {
            Some((before, sum)) if line.starts_with("INSERT INTO runtime_session_snapshots") => {
                assert_eq!(sum.len(), 64 + "');".len(), "{line}");
                format!("{before}, <sum>")
            }
            _ => crate::without_fingerprint(line),
        },
    };
    dump.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn what_burrow_writes_is_the_fixture_of_its_version() {
    let (_folder, path) = file();
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    sample::write_first(&store).await;
    sample::write_later(&store).await;
    sample::write_pruned(&store).await;
    damage(&path);
    sample::write_care(&store).await;

    let found = dump(&path);
    let version: i64 =
        Connection::open(&path).unwrap().query_row("SELECT version FROM burrow_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(version, SQLITE.len() as i64, "there is no fixture of this version: it is\n{found}");
    let (_folder, described) = file();
    make(&described, SQLITE.len());
    let (expected, ours) = (without_chance(&dump(&described)), without_chance(&found));
    for (ours, expected) in ours.lines().zip(expected.lines()) {
        assert_eq!(ours, expected, "as a fixture it would all be\n{found}");
    }
    assert_eq!(ours.lines().count(), expected.lines().count(), "as a fixture it would all be\n{found}");
}

#[tokio::test]
async fn a_file_of_version_1_is_read() {
    let (_folder, path) = file();
    make(&path, 1);
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    sample::check_first(&store).await;
    sample::check_later(&store).await;
    sample::write_pruned(&store).await;
    sample::check_pruned(&store).await;
}

#[tokio::test]
async fn a_file_of_version_2_is_read() {
    let (_folder, path) = file();
    make(&path, 2);
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    sample::check_first(&store).await;
    sample::check_later(&store).await;
    sample::check_pruned(&store).await;
    damage(&path);
    sample::write_care(&store).await;
    sample::check_care(&store).await;
    sample::check_retries(&store).await;
}

#[tokio::test]
async fn a_file_of_version_3_is_read_and_its_snapshots_are_checked() {
    let (_folder, path) = file();
    make(&path, 3);
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    sample::check_first(&store).await;
    sample::check_later(&store).await;
    sample::check_pruned(&store).await;
    sample::check_care(&store).await;
    sample::check_retries(&store).await;
    let others = "UPDATE runtime_session_snapshots SET burrow_sum = zeroblob(32)";
    Connection::open(&path).unwrap().execute(others, []).unwrap();
    sample::check_that_snapshots_are_damaged(&store).await;
}

/// A file of an older version is one in which snapshots have no sum, until they are written.
#[tokio::test]
async fn a_snapshot_of_version_2_has_no_sum_until_it_is_written_again() {
    let (_folder, path) = file();
    make(&path, 2);
    let store = SqliteRuntimeStore::open(&path).await.unwrap();
    let sums = |path: &Path| {
        let sql = "SELECT count(*), sum(length(burrow_sum) = 32) FROM runtime_session_snapshots";
        rows(&Connection::open(path).unwrap(), sql)
    };
    let [before] = &sums(&path)[..] else { panic!() };
    assert_eq!(before[1], Cell::Integer(0));
    store
        .commit_session_snapshot(&LogicalRuntimeId::new("a~b").unwrap(), SessionDelta::new(&b"again"[..]))
        .await
        .unwrap();
    let [after] = &sums(&path)[..] else { panic!() };
    assert_eq!(after[..], [before[0].clone(), Cell::Integer(1)]);
}

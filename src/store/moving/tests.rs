//! Files that no store of ours would export.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{
    OnConflict,
    lines::{Line, Reader, Value, Writer},
};
use crate::{
    RuntimeStoreError,
    engine::{Commit, Encoded, Engine, Key, KeyPart, Raw, Reads, Table, memory::Memory},
    store::{
        InMemoryRuntimeStore, Store,
        schema::{CLAIMS, INPUTS, LABELS, METADATA, OAUTH_FLOWS, OPS, RECEIPTS, SESSIONS, SNAPSHOTS, STATES, TABLES},
    },
};

const RUN: &str = "01a20127-b8f1-725e-bae9-39a85b9ab50a";

fn key(parts: &[&str]) -> Key {
    Key::new(parts.iter().map(|part| KeyPart::from(*part)).collect::<Vec<_>>())
}

fn import(lines: impl FnOnce(&mut Writer)) -> (InMemoryRuntimeStore, Result<super::Imported, RuntimeStoreError>) {
    let store = InMemoryRuntimeStore::new();
    let mut writer = Writer::default();
    writer.header();
    lines(&mut writer);
    let outcome = pollster::block_on(async {
        let mut import = store.import(OnConflict::Refuse);
        import.write(writer.text.as_bytes()).await?;
        import.finish().await
    });
    (store, outcome)
}

fn refused(lines: impl FnOnce(&mut Writer)) -> String {
    let (store, outcome) = import(lines);
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), "InvalidInput", "{error}");
    let mut export = store.export();
    while pollster::block_on(export.next()).unwrap().is_some() {}
    assert_eq!(export.records(), 0, "{error}: something was written");
    error.to_string()
}

#[test]
fn a_record_that_is_none_of_its_table_is_refused() {
    let receipt = format!(
        r#"{{"run_id":"{RUN}","boundary":"run_start","contributing_input_ids":[],"message_count":0,"sequence":1}}"#
    );
    let number = |of: u64| Key::new([KeyPart::from("r"), RUN.into(), of.into()]);
    let large = format!("\"{}\"", "x".repeat(crate::limits::DOCUMENT));
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(127), "]".repeat(127));
    for (table, key, value, told) in [
        (INPUTS.info, key(&["r", RUN]), Value::Json("{}"), "input_id: missing"),
        (INPUTS.info, key(&["", RUN]), Value::Json("{}"), "its id is empty"),
        (RECEIPTS.info, number(2), Value::Json(&receipt), "the record is that of \"1\", its key is that of \"2\""),
        (RECEIPTS.info, key(&["r", "other", "1"]), Value::Json(&receipt), "the record is that of"),
        (STATES.info, key(&["r"]), Value::Json("\"asleep\""), "unknown variant `asleep`"),
        (STATES.info, key(&["r"]), Value::Json("\"idle"), "expected"),
        (STATES.info, key(&["r"]), Value::Json(&large), "the JSON text of a document may have"),
        (STATES.info, key(&[&"r".repeat(crate::limits::KEY + 1)]), Value::Json("\"idle\""), "the ids of a record"),
        (OPS.info, key(&["r"]), Value::Json("[]"), "expected an object"),
        (LABELS.info, key(&["m", ""]), Value::Json(r#"{"a":1}"#), "expected a string"),
        (LABELS.info, key(&["m", ""]), Value::Json(&deep), "levels deep"),
        (OAUTH_FLOWS.info, key(&["x"]), Value::Bytes(b"x"), "the record is that of \"auth_oauth_flow_state\""),
        (METADATA.info, key(&["", "subscription_cursor"]), Value::Text("1"), "its id is empty"),
        (SESSIONS.info, key(&[RUN]), Value::Text(""), "expected the id of a runtime"),
        (SESSIONS.info, key(&[&RUN.to_uppercase()]), Value::Text("r"), "the record is that of"),
        (CLAIMS.info, key(&["r"]), Value::Text("1"), "expected an epoch and a token"),
        (SNAPSHOTS.info, key(&[""]), Value::Bytes(b"x"), "its id is empty"),
        // The value of another type.
        (SNAPSHOTS.info, key(&["r"]), Value::Text("x"), "bytes: missing"),
        (STATES.info, key(&["r", "s"]), Value::Json("\"idle\""), "key: expected 1 strings, got 2"),
        (RECEIPTS.info, key(&["r", RUN, "-1"]), Value::Json(&receipt), "expected a whole number"),
    ] {
        let error = refused(|writer| writer.record(table, &key, value, false));
        assert!(error.starts_with("invalid input: source: line 2: ") && error.contains(told), "{told}: {error}");
    }
}

#[test]
fn pieces_belong_together() {
    let (a, b) = (key(&["a"]), key(&["b"]));
    let piece = |writer: &mut Writer, key: &Key, more| writer.record(SNAPSHOTS.info, key, Value::Bytes(b"x"), more);
    for error in [
        refused(|writer| {
            piece(writer, &a, true);
            piece(writer, &b, false);
        }),
        refused(|writer| {
            piece(writer, &a, true);
            writer.record(STATES.info, &a, Value::Json("\"idle\""), false);
        }),
    ] {
        assert!(error.contains("line 3: expected the rest of the record before it"), "{error}");
    }
    let error = refused(|writer| {
        piece(writer, &a, true);
        writer.end(&[0; TABLES.len()]);
    });
    assert!(error.contains("line 3: expected another record"), "{error}");
}

#[test]
fn a_file_that_counts_other_records_is_refused() {
    for counts in [[1; TABLES.len()], [0; TABLES.len()]] {
        let (_, outcome) = import(|writer| {
            writer.record(STATES.info, &key(&["a"]), Value::Json("\"idle\""), false);
            writer.end(&counts);
        });
        assert!(outcome.unwrap_err().to_string().contains("line 3: expected another record"));
    }
    let told = refused(|writer| {
        writer.end(&[0; TABLES.len()]);
        writer.end(&[0; TABLES.len()]);
    });
    assert!(told.contains("line 3: expected nothing behind the last line"), "{told}");
    assert!(refused(Writer::header).contains("line 2: expected another record"));
}

#[test]
fn a_record_that_cannot_be_read_is_in_no_export_and_is_found() {
    let broken = |table: &'static _, key: Key| Table::<Raw>::new(table).put(key, Raw(Encoded::Text("{".to_owned())));
    pollster::block_on(async {
        let engine = Memory::default();
        let writes = vec![broken(STATES.info, key(&["a"])), broken(LABELS.info, key(&["m", "r"]))];
        let decide = move |_: &_| Ok(Commit { writes: writes.clone(), change: None });
        engine.transact(Reads::new(), Box::new(decide)).await.unwrap();
        let store = Store::over(engine);
        let mut export = store.export();
        let error = loop {
            match export.next().await {
                Ok(lines) => assert!(lines.is_some()),
                Err(error) => break error,
            }
        };
        assert!(error.to_string().contains("cannot decode runtime_states [a]"), "{error}");
        assert_eq!(export.next().await.unwrap(), None);
        let (mut verify, mut found) = (store.verify(), Vec::new());
        while let Some(findings) = verify.next().await.unwrap() {
            found.extend(findings.into_iter().map(|finding| (finding.table, finding.key)));
        }
        let place = |table, key: &str| (table, key.to_owned());
        assert_eq!(found, [place("runtime_states", "[a]"), place("burrow_labels", "[m, r]")]);
        assert_eq!(verify.records(), 2);
    });
}

/// As `docs/format.md` shows it.
#[test]
fn the_lines_are_those_of_the_page_about_the_format() {
    let mut writer = Writer::default();
    writer.header();
    writer.record(STATES.info, &key(&["agent-1"]), Value::Json("\"idle\""), false);
    let mut counts = [0; TABLES.len()];
    counts[3] = 1;
    writer.end(&counts);
    let page = include_str!("../../../docs/format.md");
    assert!(page.contains(&format!("\n{}", writer.text)), "{}", writer.text);
    let mut reader = Reader::default();
    let lines = writer.text.lines().map(|line| reader.line(line.as_bytes()).unwrap());
    assert_eq!(lines.filter(|line| matches!(line, Line::Record(_))).count(), 1);
}

//! docs/format.md names what the newest fixtures hold.

use crate::{INDEXED_DB, SQLITE};

const PAGE: &str = include_str!("../../docs/format.md");

#[test]
fn the_page_has_every_table_of_sqlite_to_the_letter() {
    let created = SQLITE[SQLITE.len() - 1].lines().filter(|line| line.starts_with("CREATE "));
    let ours: Vec<&str> = created.collect();
    assert!(ours.len() > 10);
    for table in &ours {
        assert!(PAGE.contains(&format!("\n{table}\n")), "docs/format.md does not have: {table}");
    }
    // What a Durable Object has beside them stands after them, and `pieces.rs` looks after it.
    let files = PAGE.split("### In a Durable Object").next().unwrap();
    assert_eq!(files.lines().filter(|line| line.starts_with("CREATE ")).count(), ours.len());
}

#[test]
fn the_page_has_every_object_store_of_indexed_db() {
    let fixture: serde_json::Value = serde_json::from_str(INDEXED_DB[INDEXED_DB.len() - 1]).unwrap();
    let stores = fixture["stores"].as_object().unwrap();
    assert!(stores.len() > 10);
    for store in stores.keys() {
        assert!(PAGE.contains(&format!("`{store}`")), "docs/format.md does not name {store}");
    }
}

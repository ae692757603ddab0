//! The format on the disk, which docs/format.md describes. A fixture of each version of it is opened here for ever, and what burrow
//! writes today is, row by row, the fixture of today's version.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

/// IndexedDB: every version there was, what its object stores held. One that was published is never changed; how a new one is made
/// is in docs/format.md.
pub const INDEXED_DB: [&str; 5] = [
    include_str!("../fixtures/format/indexed-db-1.json"),
    include_str!("../fixtures/format/indexed-db-2.json"),
    include_str!("../fixtures/format/indexed-db-3.json"),
    include_str!("../fixtures/format/indexed-db-4.json"),
    include_str!("../fixtures/format/indexed-db-5.json"),
];

/// SQLite: the same, as the SQL that makes the file.
pub const SQLITE: [&str; 3] = [
    include_str!("../fixtures/format/sqlite-1.sql"),
    include_str!("../fixtures/format/sqlite-2.sql"),
    include_str!("../fixtures/format/sqlite-3.sql"),
];

#[cfg(target_arch = "wasm32")]
mod indexed_db;
#[cfg(not(target_arch = "wasm32"))]
mod page;
#[cfg(any(feature = "sqlite", target_arch = "wasm32"))]
mod sample;
#[cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
mod sqlite;

/// A receipt's row with `<fingerprint>` in place of its payload's fingerprint, whose salt is random.
#[cfg(any(feature = "sqlite", target_arch = "wasm32"))]
fn without_fingerprint(row: &str) -> String {
    let member = r#""burrow_payload":""#;
    let Some((before, after)) = row.split_once(member) else { return row.to_owned() };
    let (digits, rest) = after.strip_prefix("2:").unwrap_or(after).split_at(64);
    assert!(digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{row}");
    format!("{before}{member}<fingerprint>{rest}")
}

/// A record that was set aside with `<time>` in place of the time.
#[cfg(any(feature = "sqlite", target_arch = "wasm32"))]
fn without_time(row: &str) -> String {
    let (before, after) = row.split_once(r#""at":"#).unwrap();
    format!("{before}\"at\":<time>{}", after.trim_start_matches(|digit: char| digit.is_ascii_digit()))
}

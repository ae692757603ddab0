//! Keys: what is written is read again, and the order is that of the keys, on SQLite and in IndexedDB's strings.

use std::{cell::OnceCell, collections::BTreeSet};

use burrow::engine::{
    Column, ColumnType, Commit, Decide, Engine, Key, KeyPart, Order, Page, Reads, Table, TableInfo, Text, ValueType,
    sql::Sqlite,
};

use super::Bytes;

#[path = "../../src/engine/indexed_db/key_part.rs"]
mod key_part;

use key_part::{decode, encode};

static TABLE: Table<Text> =
    Table::new(&TableInfo::new("keys", &[Column::text("text"), Column::number("number")], ("value", ValueType::Text)));
static TABLES: [&TableInfo; 1] = [TABLE.info];

/// Keys, or with an odd first byte what another program may have stored.
pub fn body(data: &[u8]) {
    let mut bytes = Bytes(data);
    if bytes.byte() % 2 == 1 {
        let stored = String::from_utf8_lossy(bytes.0);
        for column in [ColumnType::Text, ColumnType::U64] {
            if let Some(part) = decode(column, &stored) {
                assert_eq!(encode(&part), stored, "another string than the one it is written as");
            }
        }
        return;
    }
    let mut keys = BTreeSet::new();
    while !bytes.is_empty() && keys.len() < 20 {
        let text = bytes.text(8);
        let number = match bytes.below(4) {
            0 => bytes.number(),
            1 => u64::from(bytes.byte()),
            2 => u64::MAX - u64::from(bytes.byte()),
            _ => (1 << 63) - 2 + u64::from(bytes.byte() % 4),
        };
        keys.insert(Key::new([KeyPart::from(text), KeyPart::from(number)]));
    }
    in_strings(&keys);
    in_sqlite(&keys);
}

/// IndexedDB compares strings by their UTF-16 units.
fn in_strings(keys: &BTreeSet<Key>) {
    let mut written: Vec<[Vec<u16>; 2]> = Vec::new();
    for key in keys {
        let [text, number] = key.parts() else { unreachable!() };
        let strings = [encode(text), encode(number)];
        assert_eq!(decode(ColumnType::Text, &strings[0]).as_ref(), Some(text));
        assert_eq!(decode(ColumnType::U64, &strings[1]).as_ref(), Some(number));
        written.push(strings.map(|string| string.encode_utf16().collect()));
    }
    assert!(written.is_sorted(), "{keys:?}");
}

fn in_sqlite(keys: &BTreeSet<Key>) {
    thread_local!(static ENGINE: OnceCell<Sqlite> = const { OnceCell::new() });
    ENGINE.with(|engine| {
        let engine = engine.get_or_init(|| pollster::block_on(Sqlite::in_memory(&TABLES)).unwrap());
        let mut writes = vec![TABLE.delete_range(Key::all())];
        writes.extend(keys.iter().map(|key| TABLE.put(key.clone(), Text(key.to_string()))));
        let decide: Decide = Box::new(move |_| Ok(Commit { writes: writes.clone(), change: None }));
        pollster::block_on(engine.transact(Reads::new(), decide)).unwrap();

        let mut reads = Reads::new();
        let ascending = reads.range(&TABLE, Key::all(), Page::default());
        let descending = reads.range(&TABLE, Key::all(), Page { order: Order::Descending, ..Page::default() });
        let prefix: Option<Key> = keys.iter().nth(keys.len() / 2).map(|key| key.first(1));
        let within = prefix.clone().map(|prefix| reads.range(&TABLE, prefix, Page::default()));
        let points: Vec<_> = keys.iter().map(|key| reads.get(&TABLE, key.clone())).collect();
        let seen = pollster::block_on(engine.read(reads)).unwrap();

        let found = |many| seen.many(many).unwrap().into_iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
        assert!(found(ascending).iter().eq(keys), "{keys:?}");
        assert!(found(descending).iter().eq(keys.iter().rev()), "{keys:?}");
        if let (Some(prefix), Some(within)) = (prefix, within) {
            assert!(found(within).iter().eq(keys.iter().filter(|key| key.starts_with(&prefix))), "{keys:?}");
        }
        for (key, point) in keys.iter().zip(points) {
            assert_eq!(seen.one(point).unwrap().unwrap().0, key.to_string());
        }
    });
}

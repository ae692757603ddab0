//! The cut itself, beneath the store: what every engine must do for its two operations.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use burrow::{
    RuntimeStoreError,
    engine::{
        Column, Commit, Engine, Key, Order, Page, Reads, Table, TableInfo, Text, ValueType, Write, memory::Memory,
    },
};

// An engine keeps whatever tables it is given.
static PAIRS: Table<Text> =
    Table::new(&TableInfo::new("pairs", &[Column::text("owner"), Column::text("name")], ("value", ValueType::Text)));

/// A decision that panics is its caller's error, and nobody else's.
async fn a_panic_writes_nothing_and_leaves_the_store_usable(engine: impl Engine) {
    let put = |id: &str, value: &str| PAIRS.put((id, ""), Text(value.to_owned()));
    let first = put("first", "one");
    engine.transact(Reads::new(), Box::new(move |_| Ok(written(vec![first.clone()])))).await.unwrap();

    let why = String::from("a reason");
    let outcome = engine.transact(Reads::new(), Box::new(move |_| panic!("no such luck, for {why}"))).await;
    let Err(RuntimeStoreError::Internal(message)) = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("no such luck, for a reason"), "{message}");
    let outcome = engine.transact(Reads::new(), Box::new(|_| panic!("plain"))).await;
    assert!(matches!(&outcome, Err(RuntimeStoreError::Internal(message)) if message.contains("plain")), "{outcome:?}");

    let second = put("second", "two");
    engine.transact(Reads::new(), Box::new(move |_| Ok(written(vec![second.clone()])))).await.unwrap();
    let mut reads = Reads::new();
    let rows = reads.range(&PAIRS, Key::all(), Page::default());
    let seen = engine.read(reads).await.unwrap();
    let found: Vec<_> = seen.many(rows).unwrap().into_iter().map(|(_, text)| text.0.clone()).collect();
    assert_eq!(found, ["one", "two"]);
}

fn written(writes: Vec<Write>) -> Commit {
    Commit { writes, change: None }
}

#[tokio::test]
async fn memory_survives_a_panic() {
    a_panic_writes_nothing_and_leaves_the_store_usable(Memory::default()).await;
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use burrow::engine::{KeyPart, Tables, sql::Sqlite};
    use fastrand::Rng;

    use super::*;

    static NUMBERED: Table<Text> = Table::new(&TableInfo::new(
        "numbered",
        &[Column::text("owner"), Column::text("name"), Column::number("number")],
        ("value", ValueType::Text),
    ));

    static TABLES: Tables = &[PAIRS.info, NUMBERED.info];

    #[tokio::test]
    async fn sqlite_survives_a_panic() {
        a_panic_writes_nothing_and_leaves_the_store_usable(Sqlite::in_memory(TABLES).await.unwrap()).await;
    }

    /// Dice that fall the same way in each run.
    struct Dice(Rng);

    impl Dice {
        fn below(&mut self, limit: usize) -> usize {
            self.0.usize(..limit)
        }

        fn text(&mut self) -> KeyPart {
            ["", "\0", "a", "a\0", "ab", "b", "é", "\u{FFFD}", "🧠"][self.below(9)].into()
        }

        fn number(&mut self) -> KeyPart {
            let half = 1 << 63;
            [0, 9, 10, (1 << 53) + 1, half - 1, half, half + 1, half + 256, u64::MAX][self.below(9)].into()
        }

        fn pair(&mut self) -> Key {
            Key::new([self.text(), self.text()])
        }

        fn triple(&mut self) -> Key {
            Key::new([self.text(), self.text(), self.number()])
        }

        fn page(&mut self, key: Key) -> Page {
            let limit = [None, Some(0), Some(1), Some(2), Some(5)][self.below(5)];
            let order = [Order::Ascending, Order::Descending][self.below(2)];
            Page { after: (self.below(2) == 0).then_some(key), limit, order }
        }

        fn write(&mut self) -> Write {
            let number = self.0.u64(..1000);
            let (pair, triple) = (self.pair(), self.triple());
            match self.below(12) {
                0 => PAIRS.delete(pair),
                1 => NUMBERED.delete(triple),
                2 => PAIRS.delete_range(pair.first(1 + self.below(2))),
                3 => NUMBERED.delete_range(triple.first(1 + self.below(3))),
                n if n % 2 == 0 => PAIRS.put(pair, Text(number.to_string())),
                _ => NUMBERED.put(triple, Text(number.to_string())),
            }
        }
    }

    /// Everything that a set of random reads finds, as text.
    async fn found(engine: &dyn Engine, mut dice: Dice) -> String {
        let (pair, triple) = (dice.pair(), dice.triple());
        let (two, three) = (dice.below(3), dice.below(4));
        let mut reads = Reads::new();
        let one_of_two = reads.get(&PAIRS, pair.clone());
        let one_of_three = reads.get(&NUMBERED, triple.clone());
        let many_of_two = reads.range(&PAIRS, pair.first(two), dice.page(pair.clone()));
        let many_of_three = reads.range(&NUMBERED, triple.first(three), dice.page(triple.clone()));
        let (two, three) = (dice.below(2), dice.below(3));
        let keys_of_two = reads.distinct(&PAIRS, pair.first(two), dice.page(pair.first(two + 1)));
        let keys_of_three = reads.distinct(&NUMBERED, triple.first(three), dice.page(triple.first(three + 1)));
        let seen = engine.read(reads.clone()).await.unwrap();
        format!(
            "{reads:#?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
            seen.one(one_of_two).unwrap(),
            seen.one(one_of_three).unwrap(),
            seen.many(many_of_two).unwrap(),
            seen.many(many_of_three).unwrap(),
            seen.keys(keys_of_two).collect::<Vec<_>>(),
            seen.keys(keys_of_three).collect::<Vec<_>>(),
        )
    }

    /// Memory is the reference: ordered maps, and nothing that could be wrong.
    #[tokio::test]
    async fn sqlite_finds_what_memory_finds() {
        let (memory, sqlite) = (Memory::default(), Sqlite::in_memory(TABLES).await.unwrap());
        let mut dice = Dice(Rng::with_seed(20_261_123));
        for round in 0..3000 {
            let writes: Vec<_> = (0..dice.below(4)).map(|_| dice.write()).collect();
            for engine in [&memory as &dyn Engine, &sqlite] {
                let writes = writes.clone();
                engine.transact(Reads::new(), Box::new(move |_| Ok(written(writes.clone())))).await.unwrap();
            }
            let reads = dice.0.fork();
            assert_eq!(found(&memory, Dice(reads.clone())).await, found(&sqlite, Dice(reads)).await, "round {round}");
        }
    }
}

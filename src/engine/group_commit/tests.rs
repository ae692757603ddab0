//! The core alone, over a disk that fails when it is told to.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::*;
use crate::{
    engine::{
        Encoded, Page, Text,
        samples::{NUMBERED, TEXTS},
    },
    model::{ChangeScope, MetadataScope},
};

type Answer = std::pin::Pin<Box<dyn Future<Output = Result<ReadSet>> + Send>>;

/// One table in memory. What is written to others is not kept.
#[derive(Default)]
struct Disk {
    rows: BTreeMap<Key, String>,
    /// A write of this text fails the transaction that it is in.
    poison: Option<&'static str>,
    transactions: usize,
}

impl Disk {
    fn transact(&mut self, group: &mut Group) -> Result<()> {
        self.transactions += 1;
        let seen = self.seen(group);
        let writes = group.decide(seen)?;
        let mut rows = self.rows.clone();
        for write in writes {
            match write {
                Write::Put(_, key, value) => {
                    let Ok(Encoded::Text(text)) = value.encode() else { panic!("{value:?} is no text") };
                    if self.poison == Some(&text) {
                        return Err(write_failed());
                    }
                    rows.insert(key, text);
                }
                Write::Delete(_, key) => drop(rows.remove(&key)),
                Write::DeleteRange(table, _) if table.name != TEXTS.info.name => {}
                Write::DeleteRange(_, prefix) => rows.retain(|key, _| !key.starts_with(&prefix)),
            }
        }
        self.rows = rows;
        Ok(())
    }

    fn seen(&self, group: &Group) -> ReadSet {
        let reads = group.reads();
        let rows = reads.iter().map(|read| {
            let Read::Get(_, key, _) = read else { panic!("{read:?} in a group") };
            let row = |text: &String| (key.clone(), Row::Stored(Encoded::Text(text.clone())));
            self.rows.get(key).map(row).into_iter().collect()
        });
        ReadSet::new(reads.iter().copied(), rows.collect::<Vec<_>>())
    }

    /// As an engine does it, but for telling.
    fn commit(&mut self, mut group: Group) {
        match self.transact(&mut group) {
            Ok(()) => group.committed(|_| {}),
            Err(error) => group.failed(&error, Retry::EachAlone).into_iter().for_each(|alone| self.commit(alone)),
        }
    }
}

fn write_failed() -> RuntimeStoreError {
    RuntimeStoreError::WriteFailed { message: "poison".to_owned(), cause: None }
}

fn unknown() -> RuntimeStoreError {
    RuntimeStoreError::OutcomeUnknown { message: "lost".to_owned(), cause: None }
}

fn key(name: &str) -> Key {
    ("m", name).into()
}

/// Adds its own letter to a record that many write.
fn append(name: &'static str, letter: &'static str) -> (QueuedTransaction, Answer) {
    let mut reads = Reads::new();
    let stored = reads.get(&TEXTS, key(name));
    let decide = move |seen: &ReadSet| {
        let text = seen.one(stored)?.map_or_else(String::new, |text| text.0.clone());
        let change = Change { scope: ChangeScope::Mob(MetadataScope::Mob(letter.to_owned())), kinds: vec![] };
        Ok(Commit { writes: vec![TEXTS.put(key(name), Text(text + letter))], change: Some(change) })
    };
    call(reads, decide)
}

/// Is refused where the record is there.
fn create(name: &'static str, text: &'static str) -> (QueuedTransaction, Answer) {
    let mut reads = Reads::new();
    let stored = reads.get(&TEXTS, key(name));
    let decide = move |seen: &ReadSet| match seen.one(stored)? {
        Some(there) => Err(RuntimeStoreError::Conflict(format!("{name} is {}", there.0))),
        None => Ok(Commit { writes: vec![TEXTS.put(key(name), Text(text.to_owned()))], change: None }),
    };
    call(reads, decide)
}

fn write(write: Write) -> (QueuedTransaction, Answer) {
    call(Reads::new(), move |_| Ok(Commit { writes: vec![write.clone()], change: None }))
}

fn call(reads: Reads, decide: impl FnMut(&ReadSet) -> Result<Commit> + Send + 'static) -> (QueuedTransaction, Answer) {
    let (call, answer) = QueuedTransaction::new(reads, Box::new(decide));
    (call, Box::pin(answer))
}

fn group(calls: impl IntoIterator<Item = (QueuedTransaction, Answer)>) -> (Group, Vec<Answer>) {
    let (calls, answers): (Vec<_>, Vec<_>) = calls.into_iter().unzip();
    let mut calls = calls.into_iter();
    let mut group = Group::of(calls.next().unwrap());
    for call in calls {
        assert!(group.join(call).is_ok());
    }
    (group, answers)
}

/// `"ok"` or the code of each caller's error.
fn codes(answers: Vec<Answer>) -> Vec<&'static str> {
    let outcomes = answers.into_iter().map(pollster::block_on);
    outcomes.map(|outcome| outcome.map_or_else(|error| error.code(), |_| "ok")).collect()
}

#[test]
fn members_are_decided_in_order_on_what_those_before_them_wrote() {
    let mut disk = Disk::default();
    disk.rows.insert(key("kept"), "k".to_owned());
    let (group, answers) = group([
        append("a", "1"),
        append("kept", "2"),
        append("a", "3"),
        write(TEXTS.delete(key("a"))),
        append("a", "4"),
        write(TEXTS.delete_range(("m",))),
        append("kept", "5"),
        append("a", "6"),
        write(NUMBERED.delete_range(("m",))),
        write(TEXTS.delete_range(("another",))),
        append("a", "7"),
    ]);
    disk.commit(group);
    assert_eq!(codes(answers), ["ok"; 11]);
    assert_eq!(disk.transactions, 1);
    assert_eq!(disk.rows, [(key("a"), "67".to_owned()), (key("kept"), "5".to_owned())].into());
}

#[test]
fn each_caller_gets_what_its_own_decision_saw() {
    let (group, answers) = group([append("a", "1"), append("b", "2"), append("a", "3")]);
    Disk::default().commit(group);
    let mut reads = Reads::new();
    let first = reads.get(&TEXTS, key("a"));
    let seen = answers.into_iter().map(|answer| pollster::block_on(answer).unwrap().one(first).unwrap());
    assert_eq!(seen.collect::<Vec<_>>(), [None, None, Some(Text("1".to_owned()).into())]);
}

#[test]
fn one_that_is_refused_or_panics_is_refused_alone_and_writes_nothing() {
    let mut disk = Disk::default();
    let panics = call(Reads::new(), |_| panic!("no such luck"));
    let (group, answers) = group([create("a", "1"), panics, create("a", "2"), create("b", "3")]);
    disk.commit(group);
    assert_eq!(codes(answers), ["ok", "Internal", "Conflict", "ok"]);
    assert_eq!(disk.transactions, 1);
    assert_eq!(disk.rows, [(key("a"), "1".to_owned()), (key("b"), "3".to_owned())].into());
}

#[test]
fn where_all_are_refused_nothing_is_committed_or_tried_again() {
    let mut disk = Disk::default();
    disk.rows.insert(key("a"), "0".to_owned());
    let (mut refused, answers) = group([create("a", "1"), create("a", "2")]);
    let error = disk.transact(&mut refused).unwrap_err();
    assert_eq!(error.code(), "Conflict");
    assert!(refused.failed(&error, Retry::EachAlone).is_empty());
    assert_eq!(codes(answers), ["Conflict"; 2]);
}

#[test]
fn a_failed_transaction_is_tried_again_singly_and_in_order() {
    let mut disk = Disk { poison: Some("poison"), ..Disk::default() };
    let poison = write(TEXTS.put(key("p"), Text("poison".to_owned())));
    let (group, answers) = group([append("a", "1"), create("p", "first"), poison, append("a", "2"), append("a", "3")]);
    disk.commit(group);
    assert_eq!(codes(answers), ["ok", "ok", "WriteFailed", "ok", "ok"]);
    assert_eq!(disk.transactions, 6);
    assert_eq!(disk.rows, [(key("a"), "123".to_owned()), (key("p"), "first".to_owned())].into());
}

/// Who was refused for what a failed transaction did not write is decided anew.
#[test]
fn nobody_is_refused_for_what_never_came_to_be() {
    let mut disk = Disk { poison: Some("poison"), ..Disk::default() };
    let (group, answers) = group([create("a", "poison"), create("a", "2")]);
    disk.commit(group);
    assert_eq!(codes(answers), ["WriteFailed", "ok"]);
    assert_eq!(disk.rows, [(key("a"), "2".to_owned())].into());

    let (mut lost, answers) = self::group([create("b", "1"), create("b", "2")]);
    lost.decide(disk.seen(&lost)).unwrap();
    assert!(lost.failed(&write_failed(), Retry::None).is_empty());
    assert_eq!(codes(answers), ["WriteFailed"; 2]);
}

#[test]
fn an_unknown_outcome_is_told_to_all_who_may_have_written_and_not_repeated() {
    let (mut group, answers) = group([create("a", "1"), create("a", "2"), append("b", "3")]);
    group.decide(Disk::default().seen(&group)).unwrap();
    assert!(group.failed(&unknown(), Retry::None).is_empty());
    assert_eq!(codes(answers), ["OutcomeUnknown", "Conflict", "OutcomeUnknown"]);
}

#[test]
fn a_transaction_that_starts_over_is_decided_anew() {
    let mut disk = Disk::default();
    let decided = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&decided);
    let count = call(Reads::new(), move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(Commit::default())
    });
    let (mut group, answers) = group([append("a", "1"), count, create("b", "2"), append("a", "3")]);
    // The connection is lost after the decision, and meanwhile another tab writes.
    group.decide(disk.seen(&group)).unwrap();
    disk.rows.insert(key("a"), "0".to_owned());
    disk.rows.insert(key("b"), "0".to_owned());
    disk.transact(&mut group).unwrap();
    let mut told = Vec::new();
    group.committed(|changes| told.extend_from_slice(changes));
    assert_eq!(codes(answers), ["ok", "ok", "Conflict", "ok"]);
    assert_eq!(decided.load(Ordering::SeqCst), 2);
    assert_eq!(disk.rows[&key("a")], "013");
    let told: Vec<_> = told.into_iter().map(|change| change.scope).collect();
    assert_eq!(told, ["1", "3"].map(|mob| ChangeScope::Mob(MetadataScope::Mob(mob.to_owned()))));
}

#[test]
fn a_caller_who_goes_away_takes_nothing_along() {
    let mut disk = Disk { poison: Some("poison"), ..Disk::default() };
    let poison = write(TEXTS.put(key("p"), Text("poison".to_owned())));
    let (group, mut answers) = group([append("a", "1"), poison, append("a", "2"), append("a", "3")]);
    drop(answers.drain(..3));
    disk.commit(group);
    assert_eq!(codes(answers), ["ok"]);
    assert_eq!(disk.rows[&key("a")], "123");
}

#[test]
fn an_engine_that_ends_is_the_callers_error() {
    let (call, answer) = append("a", "1");
    drop(Group::of(call));
    assert_eq!(codes(vec![answer]), ["Internal"]);
}

#[test]
fn a_group_has_room_for_so_many_and_for_point_reads_only() {
    let (mut full, _answers) = group((0..LIMIT).map(|_| append("a", "1")));
    assert!(full.join(append("a", "1").0).is_err());

    let ranged = || {
        let mut reads = Reads::new();
        reads.range(&TEXTS, ("m",), Page::default());
        call(reads, |_| Ok(Commit::default())).0
    };
    let (mut points, _answers) = group([append("a", "1")]);
    assert!(points.join(ranged()).is_err());
    assert!(Group::of(ranged()).join(append("a", "1").0).is_err());
    let mut reads = Reads::new();
    reads.distinct(&TEXTS, Key::all(), Page::default());
    assert!(points.join(call(reads, |_| Ok(Commit::default())).0).is_err());
    assert!(points.join(append("a", "1").0).is_ok());
}

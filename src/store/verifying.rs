//! Whether all that is stored can be read, and whether what it names is there.

use super::{
    Operation, Store,
    checking::damage,
    quarantine::quarantine,
    schema::{DELETIONS, INPUTS, RECEIPTS, SESSIONS, SNAPSHOTS},
    steps::{Found, Outcome, Steps},
    walk::Walk,
};
use crate::{
    engine::{Encoded, Engine, Key, KeyPart, Order, Page, Raw, ReadSet, Reads, Result, Table, TableInfo},
    model::{
        InputId, RuntimeStoreError,
        json::{lexer::Members, wire::read_member},
    },
};

/// Something that is wrong with a stored record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The table that holds the record.
    pub table: &'static str,
    /// The record's key, as `[column, column]`.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
    /// Whether it was set aside: see [`Verify::quarantining`].
    pub quarantined: bool,
}

/// A store being verified: see [`Store::verify`].
#[derive(Debug)]
pub struct Verify<E> {
    store: Store<E>,
    pages: Verifying,
}

impl<E: Engine> Store<E> {
    /// Reads everything and checks that each record is what its table holds, that the receipts of a run follow each other without a
    /// gap, that the inputs which the last receipt of a runtime names are there (those of others may have been pruned), and that
    /// sessions are held by runtimes with a snapshot. What a deletion that was cut off has left is not looked at for that. It changes
    /// nothing, unless it is told to set aside what is damaged: see [`Verify::quarantining`].
    /// It is read page by page: what is written or deleted meanwhile may look like a gap.
    pub fn verify(&self) -> Verify<E> {
        Verify { store: self.clone(), pages: Verifying::new() }
    }
}

impl<E: Engine> Verify<E> {
    /// Sets aside each record that is damaged, by itself, as it was: it is no longer in its table, so that what it belonged to can be
    /// read, counted, pruned and exported again, and stands in [`list_quarantined`](Store::list_quarantined). Only what is missing of
    /// others, and what the engine cannot give as bytes or text, stays where it is.
    ///
    /// Without it nobody knows what it was: the boundary of a receipt can be committed anew, the epochs of a claim begin at 1.
    pub fn quarantining(mut self) -> Self {
        self.pages.quarantines = true;
        self
    }

    /// How many records were read so far.
    pub fn records(&self) -> u64 {
        self.pages.records
    }

    /// Reads on for about a mebibyte, and says what is wrong with it; `None` after the last record.
    ///
    /// # Errors
    /// What keeps the store from reading. What cannot be read of the store's records is no error here.
    pub async fn next(&mut self) -> Result<Option<Vec<Finding>>> {
        self.store.walk(&mut self.pages).await?;
        Ok(self.pages.take())
    }
}

/// A verification without its store.
pub(crate) struct Verifying {
    walk: Walk,
    /// The table that is read.
    table: Option<&'static TableInfo>,
    pub(crate) records: u64,
    /// The last receipt, and the inputs that it names, if it is the last of its runtime.
    last: Option<Key>,
    its_inputs: Vec<(Key, Named)>,
    /// What the records of the page name, each with the key of who names it.
    named: Vec<(Key, Named)>,
    /// How many of those are being looked for.
    sought: usize,
    findings: Vec<Finding>,
    /// Whether damaged records are set aside, and those that are to be, each with its finding.
    pub(crate) quarantines: bool,
    damaged: Vec<(&'static TableInfo, Key, usize)>,
    /// How many of those are being set aside.
    moved: usize,
    /// Whether a page was read that was not taken yet.
    has_page: bool,
}

/// What a record names.
enum Named {
    Input(Key),
    SnapshotOf(String),
}

impl std::fmt::Debug for Verifying {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifying").field("records", &self.records).finish_non_exhaustive()
    }
}

impl Verifying {
    pub(crate) fn new() -> Self {
        Self {
            walk: Walk::new(),
            table: None,
            records: 0,
            last: None,
            its_inputs: Vec::new(),
            named: Vec::new(),
            sought: 0,
            findings: Vec::new(),
            quarantines: false,
            damaged: Vec::new(),
            moved: 0,
            has_page: false,
        }
    }

    /// What is wrong with the page that was read; `None` where there are no more.
    pub(crate) fn take(&mut self) -> Option<Vec<Finding>> {
        let findings = std::mem::take(&mut self.findings);
        std::mem::take(&mut self.has_page).then_some(findings)
    }

    fn found(&mut self, table: &'static TableInfo, key: &Key, problem: String) {
        self.findings.push(Finding { table: table.name, key: key.to_string(), problem, quarantined: false });
    }

    fn read(&mut self, table: &'static TableInfo, found: Vec<Found>) {
        self.records += found.len() as u64;
        if table.name != RECEIPTS.info.name {
            self.named.append(&mut self.its_inputs);
        }
        for (key, record) in found {
            let damaged = record.and_then(|record| damage(table, &key, &record).map(|()| record));
            match damaged {
                Ok(record) => {
                    if let Err(problem) = self.check(table, &key, &record) {
                        self.found(table, &key, problem);
                    }
                }
                Err(problem) => {
                    if self.quarantines {
                        self.damaged.push((table, key.clone(), self.findings.len()));
                    }
                    self.found(table, &key, problem);
                }
            }
            // A receipt that is damaged is no gap.
            if table.name == RECEIPTS.info.name {
                self.last = Some(key);
            }
        }
    }

    /// Checks a record that is not damaged beside others.
    fn check(&mut self, table: &'static TableInfo, key: &Key, record: &Encoded) -> std::result::Result<(), String> {
        if table.name == RECEIPTS.info.name {
            let inputs: Vec<InputId> = read_member(&Members::read(record.as_text()?)?, "contributing_input_ids")?;
            let named = |input| (key.clone(), Named::Input((key.text(0), &input).into()));
            let inputs = inputs.into_iter().map(named).collect();
            let before = std::mem::replace(&mut self.its_inputs, inputs);
            if self.last.as_ref().is_some_and(|last| last.text(0) != key.text(0)) {
                self.named.extend(before);
            }
            if let Some(gap) = self.last.as_ref().and_then(|last| gap(last, key)) {
                return Err(gap);
            }
        } else if table.name == SESSIONS.info.name {
            self.named.push((key.clone(), Named::SnapshotOf(record.as_text()?.to_owned())));
        }
        Ok(())
    }
}

impl Steps for Verifying {
    fn next(&mut self) -> Result<Vec<Operation<Outcome>>> {
        if !self.damaged.is_empty() {
            let moves: Vec<_> =
                self.damaged.iter().take(AT_ONCE).map(|(table, key, _)| quarantine(table, key)).collect();
            self.moved = moves.len();
            return moves.into_iter().collect();
        }
        if !self.named.is_empty() {
            let sought: Vec<_> = self.named.iter().take(AT_ONCE).map(|(_, named)| named.seek()).collect();
            self.sought = sought.len();
            return Ok(sought);
        }
        if self.has_page {
            return Ok(Vec::new());
        }
        let Some((table, read)) = self.walk.next() else { return Ok(Vec::new()) };
        self.table = Some(table);
        Ok(vec![read])
    }

    fn took(&mut self, outcomes: Vec<Result<Outcome>>) -> Result<()> {
        if self.moved > 0 {
            let moved = self.damaged.drain(..std::mem::take(&mut self.moved));
            for ((_, _, finding), outcome) in moved.zip(outcomes) {
                let is_moved = matches!(outcome?, Outcome::Written(1));
                if let Some(finding) = self.findings.get_mut(finding) {
                    finding.quarantined = is_moved;
                }
            }
            return Ok(());
        }
        let sought: Vec<_> = self.named.drain(..std::mem::take(&mut self.sought)).collect();
        if sought.is_empty() {
            let Some(table) = self.table else { return Ok(()) };
            for outcome in outcomes {
                self.has_page = true;
                match self.walk.took(outcome) {
                    Ok(found) => self.read(table, found),
                    // A key that the engine itself cannot read hides what is behind it.
                    Err(RuntimeStoreError::Decode { table, key, reason }) => {
                        let problem = [&reason, "; the table was not read any further"].concat();
                        self.findings.push(Finding { table, key, problem, quarantined: false });
                        self.walk.pass();
                    }
                    Err(error) => return Err(error),
                }
            }
            return Ok(());
        }
        for ((key, named), outcome) in sought.into_iter().zip(outcomes) {
            if !named.is_there(outcome?) {
                let (table, what, id) = match &named {
                    Named::Input(input) => (RECEIPTS.info, "the input ", input.text(1)),
                    Named::SnapshotOf(runtime) => (SESSIONS.info, "the snapshot of the runtime ", &**runtime),
                };
                self.found(table, &key, [what, id, ", which it names, is not there"].concat());
            }
        }
        Ok(())
    }
}

/// How many named records are looked for at a time.
const AT_ONCE: usize = 16;

impl Named {
    /// Looks for it, and for a deletion of its runtime that is under way, which may have been cut off: what such a runtime's records
    /// name does not count.
    fn seek(&self) -> Operation<Outcome> {
        let mut reads = Reads::new();
        let runtime = match self {
            Self::Input(key) => key.text(0),
            Self::SnapshotOf(runtime) => runtime,
        };
        let deletion = reads.get(&Table::<Raw>::new(DELETIONS.info), (runtime,));
        match self {
            Self::Input(key) => {
                let input = reads.get(&Table::<Raw>::new(INPUTS.info), key.clone());
                Operation::read(reads, move |seen: &ReadSet| {
                    let mut found = seen.raw_one(input);
                    found.extend(seen.raw_one(deletion));
                    Ok(Outcome::Found(found))
                })
            }
            // It is not read for that. The id is the first before the least that is greater than the id, if it is there.
            Self::SnapshotOf(runtime) => {
                let after = Some(([runtime, "\0"].concat(),).into());
                let page = Page { after, limit: Some(1), order: Order::Descending };
                let before = reads.distinct(&SNAPSHOTS, Key::all(), page);
                Operation::read(reads, move |seen: &ReadSet| {
                    let mut found: Vec<Key> = seen.keys(before).cloned().collect();
                    found.extend(seen.raw_one(deletion).into_iter().map(|(key, _)| key));
                    Ok(Outcome::Keys(found))
                })
            }
        }
    }

    fn is_there(&self, outcome: Outcome) -> bool {
        match (self, outcome) {
            (Self::SnapshotOf(runtime), Outcome::Keys(keys)) => keys.iter().any(|key| key.text(0) == runtime),
            (_, Outcome::Found(found)) => !found.is_empty(),
            _ => false,
        }
    }
}

/// What is missing between two receipts, if they are of one run.
fn gap(last: &Key, key: &Key) -> Option<String> {
    match (last.parts(), key.parts()) {
        ([run @ .., KeyPart::U64(before)], [same @ .., KeyPart::U64(sequence)])
            if run == same && before.checked_add(1) != Some(*sequence) =>
        {
            Some(format!("the receipt before it in its run is that of sequence {before}"))
        }
        _ => None,
    }
}

//! What is left of the receipts of a run that were pruned: the last of them, and which before it there never were.

use crate::{
    engine::{Encoded, Key, Record},
    model::json::lexer::{Members, items},
    store::payload::StoredReceipt,
};

/// The proof that all boundaries of a run up to a certain one were committed, except for those that are missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    last: StoredReceipt,
    /// The sequences below the last one's that were not committed: the first and the last of each gap, in ascending order.
    missing: Vec<(u64, u64)>,
}

/// So many gaps at most have room in a proof.
const MOST_GAPS: usize = 100;

impl Proof {
    /// The proof of a run of which one receipt was pruned.
    pub(super) fn of(receipt: StoredReceipt) -> Self {
        let sequence = sequence_of(&receipt);
        let missing = sequence.checked_sub(1).map(|before| (0, before)).into_iter().collect();
        Self { last: receipt, missing }
    }

    /// Adds a receipt that is pruned; `false` where that would be a gap too many.
    pub(super) fn add(&mut self, receipt: &StoredReceipt) -> bool {
        let (last, sequence) = (self.sequence(), sequence_of(receipt));
        let mut missing = Vec::with_capacity(self.missing.len() + 1);
        for &(first, end) in &self.missing {
            if (first..=end).contains(&sequence) {
                missing.extend((first < sequence).then(|| (first, sequence - 1)));
                missing.extend((sequence < end).then(|| (sequence + 1, end)));
            } else {
                missing.push((first, end));
            }
        }
        missing.extend((sequence > last && sequence - last > 1).then(|| (last + 1, sequence - 1)));
        if missing.len() > MOST_GAPS && missing.len() > self.missing.len() {
            return false;
        }
        self.missing = missing;
        if sequence > last {
            self.last = receipt.clone();
        }
        true
    }

    /// The last receipt that was pruned.
    pub(in crate::store) fn last(&self) -> &StoredReceipt {
        &self.last
    }

    /// Its sequence.
    pub(in crate::store) fn sequence(&self) -> u64 {
        sequence_of(&self.last)
    }

    /// Whether the boundary of this sequence was committed, and its receipt pruned.
    pub(in crate::store) fn covers(&self, sequence: u64) -> bool {
        sequence <= self.sequence() && !self.missing.iter().any(|(first, end)| (*first..=*end).contains(&sequence))
    }
}

fn sequence_of(receipt: &StoredReceipt) -> u64 {
    receipt.receipt.key().1
}

impl Record for Proof {
    /// Where nothing is missing it is the receipt alone, as older versions always wrote it: they did not note what was missing.
    fn encode(&self) -> Result<Encoded, String> {
        let last = self.last.encode()?;
        if self.missing.is_empty() {
            return Ok(last);
        }
        let missing: Vec<String> = self.missing.iter().map(|(first, end)| format!("{first},{end}")).collect();
        Ok(Encoded::Text(format!(r#"{{"receipt":{},"missing":[{}]}}"#, last.as_text()?, missing.join(","))))
    }

    fn size(&self) -> usize {
        if self.missing.is_empty() { self.last.size() } else { self.encode().map_or(0, |encoded| encoded.size()) }
    }

    fn decode(encoded: &Encoded) -> Result<Self, String> {
        let members = Members::read(encoded.as_text()?)?;
        // Every receipt names its run.
        let Some(receipt) = members.get("receipt").filter(|_| members.get("run_id").is_none()) else {
            return Ok(Self { last: StoredReceipt::decode(encoded)?, missing: Vec::new() });
        };
        let missing: Vec<u64> = items(members.get("missing").unwrap_or_default())?
            .into_iter()
            .map(|sequence| sequence.parse().map_err(|_| format!("missing: expected a sequence, got {sequence}")))
            .collect::<Result<_, _>>()?;
        let last = StoredReceipt::decode(&Encoded::Text(receipt.to_owned()))?;
        Ok(Self { last, missing: missing.chunks_exact(2).map(|gap| (gap[0], gap[1])).collect() })
    }

    fn check_key(&self, key: &Key) -> Result<(), String> {
        self.last.check_key(key)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::model::{Document, RunBoundary, RunBoundaryReceipt, RunId};

    fn receipt(sequence: u64) -> StoredReceipt {
        let receipt = RunBoundaryReceipt::new(RunId::new(), RunBoundary::RunStart, sequence);
        StoredReceipt { receipt: Document::new(receipt).unwrap(), payload: None }
    }

    fn of(sequences: &[u64]) -> Proof {
        let mut proof = Proof::of(receipt(sequences[0]));
        assert!(sequences[1..].iter().all(|sequence| proof.add(&receipt(*sequence))));
        proof
    }

    #[test]
    fn it_covers_what_was_pruned_in_whichever_order_and_nothing_else() {
        for sequences in [&[0, 1, 2][..], &[3], &[2, 5, 6, 9], &[5, 9, 3, 4, 0, 7], &[u64::MAX - 1, u64::MAX], &[1, 1]]
        {
            let proof = of(sequences);
            for sequence in (0..12).chain(u64::MAX - 3..=u64::MAX) {
                assert_eq!(proof.covers(sequence), sequences.contains(&sequence), "{sequence} of {sequences:?}");
            }
            assert_eq!(Some(&proof.sequence()), sequences.iter().max());
            let encoded = proof.encode().unwrap();
            assert_eq!(proof.size(), encoded.size());
            assert_eq!(Proof::decode(&encoded), Ok(proof));
        }
    }

    #[test]
    fn without_gaps_it_is_the_receipt_alone() {
        let last = receipt(1);
        let mut proof = Proof::of(receipt(0));
        assert!(proof.add(&last));
        assert_eq!(proof.encode().unwrap().as_text(), last.encode().unwrap().as_text());
        // Another program's member of this name is the receipt's own.
        let json = last.encode().unwrap().as_text().unwrap().replacen('{', r#"{"receipt":{},"#, 1);
        assert!(Proof::decode(&Encoded::Text(json)).unwrap().covers(0));
    }

    #[test]
    fn gaps_that_have_no_room_are_refused_and_those_that_close_are_not() {
        let mut proof = Proof::of(receipt(0));
        let added = (1..1000).take_while(|at| proof.add(&receipt(at * 2))).count() as u64;
        assert_eq!(added, 100);
        assert!(!proof.covers(202) && proof.add(&receipt(201)) && proof.add(&receipt(7)) && proof.add(&receipt(203)));
        assert!(proof.covers(7) && proof.covers(201) && !proof.covers(202));
    }
}

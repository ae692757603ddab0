//! How much there is of everything, and which claim has been held longest.

use super::{
    Operation, Store,
    claim::open_since,
    schema::{CLAIMS, DELETIONS, INPUTS, LABELS, MOB_CLAIMS, QUARANTINE, RECEIPTS, STATES},
};
use crate::engine::{Engine, Key, Page, Reads, Result};
#[cfg(all(feature = "js", target_arch = "wasm32"))]
use crate::model::json::writer::JsonWriter;

/// How much there is in a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The runtimes that have a lifecycle state.
    pub runtimes: u64,
    /// The inputs of all runtimes, terminal ones too.
    pub inputs: u64,
    /// The receipts of all runtimes.
    pub receipts: u64,
    /// The mobs and runs that have labels.
    pub labelled: u64,
    /// The runtimes whose deletion has begun and not ended.
    pub deletions: u64,
    /// The damaged records that were set aside.
    pub quarantined: u64,
    /// The claims that were not released.
    pub open_claims: u64,
    /// The oldest of them.
    pub oldest_claim: Option<OpenClaim>,
}

/// A claim that was not released; whoever made it may be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenClaim {
    /// Whether it is one on a mob; else it is one on a runtime.
    pub is_of_mob: bool,
    /// The id of the mob or runtime.
    pub id: String,
    /// When it was made: milliseconds since 1970.
    pub since: u64,
}

impl<E: Engine> Store<E> {
    /// How much there is of everything, and the oldest open claim, in one snapshot. It costs what there is: the rows of most tables are
    /// counted without being read, and each claim is read, of which a runtime and a mob have one. Claims that were released by an older
    /// burrow count as open.
    ///
    /// # Errors
    /// `Decode` for a claim that cannot be read; `TooLarge` where the claims are more than an answer can hold.
    pub async fn contents(&self) -> Result<Contents> {
        self.run(contents()).await
    }
}

pub(crate) fn contents() -> Result<Operation<Contents>> {
    let mut reads = Reads::new();
    let runtimes = reads.count(&STATES, Key::all());
    let inputs = reads.count(&INPUTS, Key::all());
    let receipts = reads.count(&RECEIPTS, Key::all());
    let labelled = reads.count(&LABELS, Key::all());
    let deletions = reads.count(&DELETIONS, Key::all());
    let quarantined = reads.count(&QUARANTINE, Key::all());
    let claims = [&CLAIMS, &MOB_CLAIMS].map(|table| reads.range(table, Key::all(), Page::default()));
    Ok(Operation::read(reads, move |seen| {
        let mut contents = Contents {
            runtimes: seen.count(runtimes),
            inputs: seen.count(inputs),
            receipts: seen.count(receipts),
            labelled: seen.count(labelled),
            deletions: seen.count(deletions),
            quarantined: seen.count(quarantined),
            ..Contents::default()
        };
        for (claims, is_of_mob) in claims.iter().zip([false, true]) {
            for (key, claim) in seen.many(*claims)? {
                let Some(since) = open_since(&claim.0) else { continue };
                contents.open_claims += 1;
                if contents.oldest_claim.as_ref().is_none_or(|oldest| since < oldest.since) {
                    contents.oldest_claim = Some(OpenClaim { is_of_mob, id: key.text(0).to_owned(), since });
                }
            }
        }
        Ok(contents)
    }))
}

#[cfg(all(feature = "js", target_arch = "wasm32"))]
impl Contents {
    /// The same as JSON, for JavaScript.
    pub(crate) fn json(&self) -> String {
        let mut json = JsonWriter::default();
        let mut object = json.object();
        for (name, count) in [
            ("runtimes", self.runtimes),
            ("inputs", self.inputs),
            ("receipts", self.receipts),
            ("labelled", self.labelled),
            ("deletions", self.deletions),
            ("quarantined", self.quarantined),
            ("openClaims", self.open_claims),
        ] {
            object.named(name).json(&count.to_string());
        }
        if let Some(OpenClaim { is_of_mob, id, since }) = &self.oldest_claim {
            let mut claim = object.named("oldestClaim").object();
            claim.named(if *is_of_mob { "mob" } else { "runtime" }).string(id);
            claim.named("since").json(&since.to_string());
            claim.end();
        }
        object.end();
        json.into_text()
    }
}

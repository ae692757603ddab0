//! Quarantine: damaged records, set aside so that the rest of what they belong to can be read again.
//!
//! A record is moved in one transaction, which looks again whether it is damaged: it is here or there, and its bytes are the same. It
//! goes with what it belonged to when that is deleted.

use uuid::Uuid;

use super::{
    Operation, Store,
    checking::damage,
    listing::page,
    moving::base64,
    schema::{DELETIONS, LABELS, METADATA, MOB_CLAIMS, OAUTH_FLOWS, QUARANTINE, SESSIONS},
    steps::Outcome,
};
use crate::{
    engine::{Encoded, Engine, Key, Order, Raw, ReadSet, Reads, Record, Result, Table, TableInfo},
    model::{
        RuntimeStoreError,
        ids::now_ms,
        json::{
            leaf,
            lexer::{Members, items},
            wire::read_member,
            writer::{JsonWriter, quoted},
        },
        limits,
        random::new_uuid,
    },
};

/// A damaged record that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// The table that held it.
    pub table: String,
    /// Its key there, a string for each column.
    pub key: Vec<String>,
    /// What is wrong with it.
    pub reason: String,
    /// When it was set aside: milliseconds since 1970.
    pub at: u64,
    /// Its bytes, as they were.
    pub record: Vec<u8>,
}

impl<E: Engine> Store<E> {
    /// Up to `limit` of the damaged records that [`verify`](Self::verify) has set aside, each with its id, after the id `after`. They
    /// come by what they belonged to and then in the order in which they were set aside.
    ///
    /// # Errors
    /// `InvalidInput` for a limit of 0 and for an id that is none; `TooLarge` where they are more than an answer can hold.
    pub async fn list_quarantined(&self, after: Option<&str>, limit: u32) -> Result<Vec<(String, Quarantined)>> {
        self.run(quarantined(after, limit)).await
    }

    /// Deletes a record that was set aside, for good. Where there is none, nothing happens.
    ///
    /// # Errors
    /// `InvalidInput` for an id that is none; otherwise those of the engine.
    pub async fn delete_quarantined(&self, id: &str) -> Result<()> {
        self.run(delete_quarantined(id)).await
    }
}

/// The kinds of what a record belongs to.
pub(super) const OF_RUNTIME: &str = "runtime";
pub(super) const OF_MOB: &str = "mob";
const OF_STORE: &str = "store";

/// The first two columns of the key under which a damaged record is set aside.
fn owner(table: &TableInfo, key: &Key) -> (&'static str, String) {
    let (kind, id) = match table.name {
        name if [LABELS.info.name, METADATA.info.name, MOB_CLAIMS.info.name].contains(&name) => (OF_MOB, key.text(0)),
        name if [SESSIONS.info.name, OAUTH_FLOWS.info.name].contains(&name) => (OF_STORE, ""),
        _ => (OF_RUNTIME, key.text(0)),
    };
    (kind, id.to_owned())
}

/// Whether the records of a table can be set aside. The note of a deletion counts by being there, whatever is in it.
fn is_movable(table: &TableInfo) -> bool {
    ![DELETIONS.info.name, QUARANTINE.info.name].contains(&table.name)
}

/// Sets a record aside if it is damaged, and answers how many were. One that the engine cannot give as bytes or text stays.
pub(super) fn quarantine(table: &'static TableInfo, key: &Key) -> Result<Operation<Outcome>> {
    let id = new_uuid()?.to_string();
    let mut reads = Reads::new();
    let stored = reads.get(&Table::<Raw>::new(table), key.clone());
    let key = key.clone();
    let damaged = move |seen: &ReadSet| {
        let (_, record) = seen.raw_one(stored).pop()?;
        let record = record.ok().filter(|record| is_movable(table) && record.size() <= limits::DOCUMENT)?;
        let reason = damage(table, &key, &record).err()?;
        Some((key.clone(), record, reason))
    };
    let found = damaged.clone();
    let decide = move |seen: &ReadSet| {
        let Some((key, record, reason)) = damaged(seen) else { return Ok(Vec::new()) };
        let (kind, owner) = owner(table, &key);
        let aside = Quarantined {
            table: table.name.to_owned(),
            key: key.parts().iter().map(ToString::to_string).collect(),
            reason,
            at: now_ms(),
            record: record.as_bytes().to_vec(),
        };
        Ok(vec![QUARANTINE.put((kind, &*owner, &*id), aside), Table::<Raw>::new(table).delete(key)])
    };
    let answer = move |seen: &ReadSet| Ok(Outcome::Written(found(seen).map_or(0, |_| 1)));
    Ok(Operation::transact(reads, decide).answering(answer))
}

pub(crate) fn quarantined(after: Option<&str>, limit: u32) -> Result<Operation<Vec<(String, Quarantined)>>> {
    let after = after.map(|after| key_of("after", after)).transpose()?;
    let mut reads = Reads::new();
    let found = reads.range(&QUARANTINE, Key::all(), page(after, limit, Order::Ascending)?);
    Ok(Operation::read(reads, move |seen| {
        Ok(seen.many(found)?.into_iter().map(|(key, aside)| (id_of(key), Quarantined::clone(&aside))).collect())
    }))
}

pub(crate) fn delete_quarantined(id: &str) -> Result<Operation<()>> {
    Ok(Operation::write(vec![QUARANTINE.delete(key_of("id", id)?)]))
}

/// A key as one string: of its columns only the second may have colons.
fn id_of(key: &Key) -> String {
    [key.text(0), ":", key.text(1), ":", key.text(2)].concat()
}

fn key_of(argument: &str, id: &str) -> Result<Key> {
    let parts = id.split_once(':').and_then(|(kind, rest)| Some((kind, rest.rsplit_once(':')?)));
    match parts {
        Some((kind, (owner, uuid))) if Uuid::try_parse(uuid).is_ok() => Ok((kind, owner, uuid).into()),
        _ => Err(RuntimeStoreError::invalid(argument, "expected the id of a record in quarantine")),
    }
}

impl Quarantined {
    /// `{"table","key","reason","at","bytes"}`, the bytes in base64, after other members.
    pub(crate) fn write(&self, to: &mut JsonWriter, id: Option<&str>) {
        let mut object = to.object();
        if let Some(id) = id {
            object.named("id").string(id);
        }
        object.named("table").string(&self.table);
        object.named("key").array(&self.key, |to, part| to.string(part));
        object.named("reason").string(&self.reason);
        object.named("at").json(&self.at.to_string());
        object.named("bytes").json(&quoted(&base64::encode(&self.record)));
        object.end();
    }

    fn json(&self) -> String {
        let mut json = JsonWriter::default();
        self.write(&mut json, None);
        json.into_text()
    }
}

impl Record for Quarantined {
    fn encode(&self) -> std::result::Result<Encoded, String> {
        Ok(Encoded::Text(self.json()))
    }

    fn size(&self) -> usize {
        // Engines ask for it where they count what they keep. It is seldom.
        self.json().len()
    }

    fn decode(encoded: &Encoded) -> std::result::Result<Self, String> {
        let members = Members::read(encoded.as_text()?)?;
        let key = items(members.get("key").unwrap_or_default())?;
        let mut record = Vec::new();
        base64::decode(&read_member::<String>(&members, "bytes")?, &mut record)?;
        Ok(Self {
            table: read_member(&members, "table")?,
            key: key.into_iter().map(|part| leaf::text(part).map(Into::into)).collect::<std::result::Result<_, _>>()?,
            reason: read_member(&members, "reason")?,
            at: leaf::u64(members.get("at").unwrap_or_default())?,
            record,
        })
    }
}

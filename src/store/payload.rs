//! What a boundary committed beside its receipt, told again by a fingerprint.
//!
//! A receipt that is committed again is a retry only where its session, inputs and session key are the same too; by then
//! the snapshot may have moved on. So a fingerprint of them is kept in the receipt's own row, as one more member of its
//! JSON, which upstream reads over. Receipts without one, upstream's and those of older versions, are compared alone.

use std::borrow::Cow;

use uuid::Uuid;

use crate::{
    engine::{Digest, Encoded, Key, Record, hash_of},
    model::{
        Document, PAYLOAD_MEMBER, RunBoundaryReceipt, SessionDelta, SessionId, StoredInputState,
        json::{lexer::Members, writer::JsonWriter},
    },
};

/// What a boundary commits beside its receipt.
pub(super) struct Payload {
    pub(super) session: Option<SessionDelta>,
    pub(super) inputs: Vec<Document<StoredInputState>>,
    /// Ignored where there is no session.
    pub(super) session_key: Option<SessionId>,
}

impl Payload {
    /// A fingerprint of it, under a random salt, from its session's hash under the same salt.
    pub(super) fn fingerprint(&self, salt: Uuid, session: Option<Digest>) -> Fingerprint {
        self.fingerprint_of(salt, session.as_ref().map(Digest::hash), Form::OfHash)
    }

    /// Whether a fingerprint is one of it.
    pub(super) fn has(&self, fingerprint: Fingerprint) -> bool {
        let Fingerprint { salt, form, .. } = fingerprint;
        let session = self.session.as_ref().map(|session| &*session.session_snapshot);
        let own = match form {
            Form::OfSession => self.fingerprint_of(salt, session, form),
            Form::OfHash => self.fingerprint(salt, session.map(|session| Digest::of(salt, session))),
        };
        own == fingerprint
    }

    /// Inputs count as the JSON that they are, however it is written.
    fn fingerprint_of(&self, salt: Uuid, session: Option<&[u8]>, form: Form) -> Fingerprint {
        let key = self.session_key.map(|key| key.as_uuid().into_bytes());
        let inputs: Vec<_> = self.inputs.iter().map(Document::canonical).collect();
        let mut parts: Vec<&[u8]> = match session {
            None => vec![b"no session"],
            Some(session) => vec![key.as_ref().map_or(b"no key", |key| key), session],
        };
        parts.extend(inputs.iter().map(|input| input.as_bytes()));
        Fingerprint { form, salt, hash: Uuid::from_bytes(hash_of(salt, &parts)) }
    }
}

/// SipHash-1-3 with 128 bits, keyed by a random salt that is kept with it: another payload that has the same cannot be
/// made in advance. SHA-256 would cost six times as much: see `docs/decisions/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint {
    form: Form,
    salt: Uuid,
    /// No id: sixteen bytes, for which UUIDs have the digits.
    hash: Uuid,
}

/// What a fingerprint is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Of the session itself, up to version 4 of the format in IndexedDB and 2 in SQLite.
    OfSession,
    /// Of the session's hash, which is that of the snapshot's sum too: to make it takes longer than all else.
    OfHash,
}

/// The hexadecimal digits of a fingerprint, after its mark.
const DIGITS: usize = 64;

/// What the digits begin with in today's form.
const OF_HASH: &str = "2:";

impl Form {
    fn mark(self) -> &'static str {
        match self {
            Self::OfSession => "",
            Self::OfHash => OF_HASH,
        }
    }
}

impl Fingerprint {
    fn read(text: &str) -> Option<Self> {
        let (form, digits) = match text.strip_prefix(OF_HASH) {
            Some(digits) => (Form::OfHash, digits),
            None => (Form::OfSession, text),
        };
        let (salt, hash) = digits.split_at_checked(DIGITS / 2)?;
        let half = |digits: &str| (digits.len() == DIGITS / 2).then(|| Uuid::try_parse(digits).ok())?;
        Some(Self { form, salt: half(salt)?, hash: half(hash)? })
    }
}

/// A receipt as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredReceipt {
    pub(super) receipt: Document<RunBoundaryReceipt>,
    pub(super) payload: Option<Fingerprint>,
}

impl Record for StoredReceipt {
    fn encode(&self) -> std::result::Result<Encoded, String> {
        let json = self.receipt.json();
        let (Some(payload), Some(members)) = (self.payload, json.trim_end().strip_suffix('}')) else {
            return Ok(Encoded::Text(json.into_owned()));
        };
        // A receipt has members, so there is one to put a comma behind.
        let Fingerprint { form, salt, hash } = payload;
        Ok(Encoded::Text(format!("{members}{PAYLOAD_BEGIN}{}{}{}\"}}", form.mark(), salt.simple(), hash.simple())))
    }

    fn size(&self) -> usize {
        let size = |payload: Fingerprint| PAYLOAD_BEGIN.len() + payload.form.mark().len() + DIGITS + 1;
        self.receipt.size() + self.payload.map_or(0, size)
    }

    fn decode(encoded: &Encoded) -> std::result::Result<Self, String> {
        let (json, payload) = split(encoded.as_text()?)?;
        Ok(Self { receipt: Document::from_stored(&json)?, payload })
    }

    fn check_key(&self, key: &Key) -> std::result::Result<(), String> {
        self.receipt.check_key(key)
    }
}

/// What stands before the digits of a fingerprint in a receipt's row.
const PAYLOAD_BEGIN: &str = r#","burrow_payload":""#;

/// A stored text that ends as it is written here, without its fingerprint, which has this form.
fn at_end(json: &str, form: Form) -> Option<(&str, Fingerprint)> {
    let row = json.strip_suffix("\"}")?;
    let (members, text) = row.split_at_checked(row.len().checked_sub(form.mark().len() + DIGITS)?)?;
    Some((members.strip_suffix(PAYLOAD_BEGIN)?, Fingerprint::read(text)?))
}

/// A stored text as the receipt's own, and its fingerprint.
fn split(json: &str) -> std::result::Result<(Cow<'_, str>, Option<Fingerprint>), String> {
    if let Some((members, payload)) = [Form::OfHash, Form::OfSession].into_iter().find_map(|form| at_end(json, form)) {
        return Ok((format!("{members}}}").into(), Some(payload)));
    }
    // As another program has written it again, or without one.
    let mut members = Members::read(json)?;
    let Some(digits) = members.remove(PAYLOAD_MEMBER) else { return Ok((json.into(), None)) };
    let payload = Fingerprint::read(digits.trim_matches('"'))
        .ok_or_else(|| format!("{PAYLOAD_MEMBER}: expected {DIGITS} hexadecimal digits, got {digits}"))?;
    let mut writer = JsonWriter::default();
    let mut object = writer.object();
    for (name, value) in members {
        object.named(&name).json(value);
    }
    object.end();
    Ok((writer.into_text().into(), Some(payload)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::model::{RunBoundary, RunId, json::writer::canonical, random::salt};

    const INPUT: &str = r#"{"input_id":"01a20127-b8f1-725e-bae9-39a85b9ab50a","current_state":"queued","created_at":"2026-11-22T02:48:30Z","updated_at":"2026-11-22T02:48:30Z"}"#;

    fn payload(session: Option<&str>, inputs: &[&str]) -> Payload {
        let inputs = inputs.iter().map(|json| Document::from_json(json).unwrap()).collect();
        Payload { session: session.map(|text| SessionDelta::new(text.as_bytes())), inputs, session_key: None }
    }

    impl Payload {
        fn fingerprinted(&self) -> Fingerprint {
            let salt = salt().unwrap();
            self.fingerprint(salt, self.session.as_ref().map(|session| Digest::of(salt, &session.session_snapshot)))
        }
    }

    #[test]
    fn a_payload_is_known_however_its_inputs_are_written_and_no_other_is() {
        let fingerprint = payload(Some("s"), &[INPUT]).fingerprinted();
        let members = &INPUT[1..INPUT.len() - 1];
        let (first, rest) = members.split_once(',').unwrap();
        assert!(payload(Some("s"), &[&format!("{{ {rest} , {first} }}")]).has(fingerprint));
        assert!(!payload(Some("s"), &[&INPUT.replace("queued", "staged")]).has(fingerprint));
        assert!(!payload(Some("t"), &[INPUT]).has(fingerprint));
        assert!(!payload(None, &[INPUT]).has(fingerprint));
        assert!(!payload(Some("s"), &[INPUT, INPUT]).has(fingerprint));
        assert!(!payload(Some("s"), &[]).has(fingerprint));
        // The same payload has another fingerprint each time.
        assert_ne!(payload(Some("s"), &[INPUT]).fingerprinted(), fingerprint);
    }

    fn stored(json: &str) -> std::result::Result<StoredReceipt, String> {
        StoredReceipt::decode(&Encoded::Text(json.to_owned()))
    }

    #[test]
    fn a_receipts_row_is_read_as_it_is_written_and_as_others_write_it_again() {
        let receipt = Document::new(RunBoundaryReceipt::new(RunId::new(), RunBoundary::RunStart, 7)).unwrap();
        let row = StoredReceipt { receipt, payload: Some(payload(Some("s"), &[INPUT]).fingerprinted()) };
        let Encoded::Text(json) = row.encode().unwrap() else { unreachable!() };
        assert_eq!(row.size(), json.len());
        assert_eq!(stored(&json), Ok(row.clone()));
        // Written again by a program that sorts members.
        assert_eq!(stored(&canonical(&json)), Ok(row.clone()));
        // By upstream, which drops what it does not know.
        let bare = row.receipt.json().into_owned();
        assert_eq!(stored(&bare), Ok(StoredReceipt { payload: None, ..row.clone() }));
        // A receipt that only speaks of it.
        let speaks = bare.replace("}", r#","note":"\"burrow_payload\":\"x\""}"#);
        assert_eq!(stored(&speaks).unwrap().receipt.read().unwrap().extra.len(), 1);
    }

    #[test]
    fn a_fingerprint_that_is_none_is_told_and_not_passed_over() {
        let receipt = Document::new(RunBoundaryReceipt::new(RunId::new(), RunBoundary::RunStart, 7)).unwrap();
        let bare = receipt.json().into_owned();
        for bad in
            ["\"\"", "\"xyz\"", "7", "null", &format!("\"{}\"", "g".repeat(64)), &format!("\"{}\"", "0".repeat(66))]
        {
            let error = stored(&bare.replace('}', &format!(r#","burrow_payload":{bad}}}"#))).unwrap_err();
            assert!(error.starts_with("burrow_payload: expected 64 hexadecimal digits"), "{bad}: {error}");
        }
    }
}

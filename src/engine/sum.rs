//! Sums, by which it is told that bytes are not those that were written: docs/decisions/021-sums.md.

use std::hash::Hasher as _;

use siphasher::sip128::{Hasher128 as _, SipHasher13};
use uuid::Uuid;

use super::{Key, KeyPart, TableInfo};

/// The hash of a record's bytes, under a salt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    salt: Uuid,
    hash: [u8; 16],
}

impl Digest {
    /// The hash of these bytes.
    pub(crate) fn of(salt: Uuid, bytes: &[u8]) -> Self {
        Self { salt, hash: hash_of(salt, &[bytes]) }
    }

    /// The hash alone.
    pub(crate) fn hash(&self) -> &[u8] {
        &self.hash
    }

    /// What is kept beside the bytes: the salt, and a hash of theirs and of the place, so that they are nowhere else whole.
    pub(super) fn sum(&self, table: &TableInfo, key: &Key) -> [u8; SUM] {
        let columns: Vec<String> = key.parts().iter().map(KeyPart::to_string).collect();
        let mut parts: Vec<&[u8]> = vec![&self.hash, table.name.as_bytes()];
        parts.extend(columns.iter().map(String::as_bytes));
        let mut sum = [0; SUM];
        let (salt, hash) = sum.split_at_mut(SUM / 2);
        salt.copy_from_slice(self.salt.as_bytes());
        hash.copy_from_slice(&hash_of(self.salt, &parts));
        sum
    }
}

/// SipHash-1-3 with 128 bits, keyed by the salt, over parts. Each is preceded by its length, so that no two lists of parts are the same
/// bytes.
#[inline(never)]
pub(crate) fn hash_of(salt: Uuid, parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = SipHasher13::new_with_key(salt.as_bytes());
    for part in parts {
        hasher.write(&(part.len() as u64).to_le_bytes());
        hasher.write(part);
    }
    hasher.finish128().as_bytes()
}

/// The length of a sum in bytes.
const SUM: usize = 32;

/// Whether a sum is that of these bytes in this place; `Err` says that it is not.
pub(super) fn check(sum: &[u8], table: &TableInfo, key: &Key, bytes: &[u8]) -> Result<(), String> {
    let salt = sum.get(..SUM / 2).and_then(|salt| Uuid::from_slice(salt).ok());
    match salt {
        Some(salt) if Digest::of(salt, bytes).sum(table, key) == sum => Ok(()),
        _ => Err("it is damaged: its bytes are not those that its checksum is of".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Column, ValueType};

    #[test]
    fn a_sum_is_of_these_bytes_in_this_place_and_of_no_others() {
        static TABLE: TableInfo = TableInfo::new("t", &[Column::text("id")], ("value", ValueType::Bytes));
        static OTHER: TableInfo = TableInfo::new("u", &[Column::text("id")], ("value", ValueType::Bytes));
        let key = Key::from(("a",));
        let sum = Digest::of(Uuid::from_u128(7), b"bytes").sum(&TABLE, &key);
        assert_eq!(check(&sum, &TABLE, &key, b"bytes"), Ok(()));
        for bytes in [&b"Bytes"[..], b"byte", b"bytes\0", b""] {
            assert!(check(&sum, &TABLE, &key, bytes).is_err(), "{bytes:?}");
        }
        assert!(check(&sum, &TABLE, &("b",).into(), b"bytes").is_err());
        assert!(check(&sum, &OTHER, &key, b"bytes").is_err());
        for at in 0..SUM {
            let mut sum = sum;
            sum[at] ^= 1;
            assert!(check(&sum, &TABLE, &key, b"bytes").is_err(), "{at}");
        }
        for short in [&sum[..31], &sum[..16], &[]] {
            assert!(check(short, &TABLE, &key, b"bytes").is_err());
        }
    }
}

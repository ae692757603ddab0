//! A component of a key as a string.
//!
//! IndexedDB compares strings by UTF-16 units, and its numbers end at 2^53. So a number is written with 20 digits,
//! and text with each UTF-8 byte from 0x7E (`~`) up as `~XX`: ASCII stays readable and the order is that of the bytes.

use crate::engine::{ColumnType, KeyPart};

pub fn encode(part: &KeyPart) -> String {
    match part {
        KeyPart::U64(number) => format!("{number:020}"),
        KeyPart::Text(text) => {
            let mut encoded = String::with_capacity(text.len());
            for byte in text.bytes() {
                match byte {
                    0..0x7E => encoded.push(char::from(byte)),
                    _ => encoded.push_str(&format!("~{byte:02X}")),
                }
            }
            encoded
        }
    }
}

/// `None` for what [`encode`] does not make, though it may look like it: a call that names the component would not find it.
pub fn decode(column_type: ColumnType, encoded: &str) -> Option<KeyPart> {
    let part = match column_type {
        ColumnType::U64 => encoded.parse().ok().map(KeyPart::U64),
        ColumnType::Text if encoded.bytes().all(|byte| byte < 0x7E) => return Some(encoded.into()),
        ColumnType::Text => {
            let mut pieces = encoded.split('~');
            let mut bytes = pieces.next()?.as_bytes().to_vec();
            for piece in pieces {
                let (escaped, rest) = piece.split_at_checked(2)?;
                bytes.push(u8::from_str_radix(escaped, 16).ok()?);
                bytes.extend_from_slice(rest.as_bytes());
            }
            String::from_utf8(bytes).ok().map(KeyPart::from)
        }
    };
    part.filter(|part| encode(part) == encoded)
}

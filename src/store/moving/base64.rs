//! Base64 with padding (RFC 4648, section 4).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for at in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * at)) as usize & 63];
            text.push(if at <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

/// Adds the bytes to others; `Err` where the text is none that [`encode`] makes.
pub(crate) fn decode(text: &str, bytes: &mut Vec<u8>) -> Result<(), String> {
    decoded(text, bytes).ok_or_else(|| "bytes: expected base64".to_owned())
}

fn decoded(text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    let (groups, []) = text.as_bytes().as_chunks::<4>() else { return None };
    bytes.reserve(groups.len() * 3);
    for (at, group) in groups.iter().enumerate() {
        let padding = match group {
            [_, _, b'=', b'='] => 2,
            [_, _, _, b'='] => 1,
            _ => 0,
        };
        if padding > 0 && at + 1 < groups.len() {
            return None;
        }
        let mut bits = 0;
        for digit in &group[..4 - padding] {
            bits = bits << 6 | value(*digit)?;
        }
        bits <<= 6 * padding;
        let [_, group @ ..] = bits.to_be_bytes();
        let (kept, dropped) = group.split_at(3 - padding);
        if dropped.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(kept);
    }
    Some(())
}

fn value(digit: u8) -> Option<u32> {
    Some(u32::from(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"), ("\u{7f}\u{ff}", "f8O/")]
        {
            assert_eq!(encode(bytes.as_bytes()), text);
        }
        for length in 0..300u32 {
            let bytes: Vec<u8> = (0..length).map(|i| (i * 167 + length) as u8).collect();
            let mut back = b"before".to_vec();
            assert_eq!(decode(&encode(&bytes), &mut back), Ok(()));
            assert_eq!(back, [b"before", &*bytes].concat());
        }
    }

    #[test]
    fn what_encode_does_not_make_is_refused() {
        for bad in ["Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Zm9v\n", "Z===", "====", "Zm-_", "Zm9é"] {
            assert!(decode(bad, &mut Vec::new()).is_err(), "{bad}");
        }
    }
}

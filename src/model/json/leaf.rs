//! The rules of single JSON values. Both the check against a schema and the readers of Rust types use them.

use std::borrow::Cow;

use uuid::Uuid;

use super::lexer::unescaped;

/// A string of well-formed Unicode.
pub fn text(json: &str) -> Result<Cow<'_, str>, String> {
    unescaped(json).ok_or_else(|| expected("a string", json))
}

/// A UUID.
pub fn uuid(json: &str) -> Result<Uuid, String> {
    let uuid = unescaped(json).and_then(|text| Uuid::try_parse(&text).ok());
    uuid.ok_or_else(|| expected("a UUID", json))
}

/// Whether a JSON string says what stands between its quotes, and nothing stands around them.
pub fn is_plain(json: &str) -> bool {
    json.starts_with('"') && json.ends_with('"') && !json.as_bytes().contains(&b'\\')
}

/// Whether a JSON string that is a UUID is written as UUIDs are here: of the other spellings none has this length.
pub fn is_canonical_uuid(json: &str) -> bool {
    const QUOTED: usize = 38;
    json.len() == QUOTED && is_plain(json) && !json.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// An instant in RFC 3339 form.
pub fn time(json: &str) -> Result<Cow<'_, str>, String> {
    let time = unescaped(json).filter(|text| is_rfc3339(text.as_bytes()));
    time.ok_or_else(|| expected("RFC 3339", json))
}

/// A whole number up to 2^64-1.
pub fn u64(json: &str) -> Result<u64, String> {
    digits(json).and_then(|digits| digits.parse().ok()).ok_or_else(|| expected("a whole number from 0 to 2^64-1", json))
}

/// A whole number up to 2^32-1.
pub fn u32(json: &str) -> Result<u32, String> {
    digits(json).and_then(|digits| digits.parse().ok()).ok_or_else(|| expected("a whole number from 0 to 2^32-1", json))
}

/// One of these names; gives its place among them.
pub fn name(json: &str, names: &[&str]) -> Result<usize, String> {
    let name = text(json)?;
    names.iter().position(|known| *known == name).ok_or_else(|| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        format!("unknown variant `{}`, expected one of {}", shown(&name), names.join(", "))
    })
}

/// The message that names what was expected and what was found.
pub fn expected(what: &str, json: &str) -> String {
    format!("expected {what}, got {}", shown(json))
}

/// The beginning of a text, for errors.
#[inline(never)]
pub fn shown(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut rest = text.chars();
    let mut shown: String = rest.by_ref().take(SHOWN).collect();
    if !rest.as_str().is_empty() {
        shown.push('…');
    }
    shown
}

/// `str::parse` would accept a leading plus sign, which JSON does not have.
fn digits(json: &str) -> Option<&str> {
    json.as_bytes().first().is_some_and(u8::is_ascii_digit).then_some(json)
}

/// Checks the grammar and each field's range, but not how many days a month has.
pub fn is_rfc3339(text: &[u8]) -> bool {
    let number = |from: usize, digits: usize| {
        text.get(from..from + digits)?
            .iter()
            .try_fold(0u32, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
    };
    let within = |from, range: std::ops::RangeInclusive<u32>| number(from, 2).is_some_and(|n| range.contains(&n));
    let is = |at: usize, any_of: &[u8]| text.get(at).is_some_and(|b| any_of.contains(b));
    let date = number(0, 4).is_some() && is(4, b"-") && within(5, 1..=12) && is(7, b"-") && within(8, 1..=31);
    let time = is(10, b"Tt ")
        && within(11, 0..=23)
        && is(13, b":")
        && within(14, 0..=59)
        && is(16, b":")
        && within(17, 0..=60);
    let digits = match text.get(19) {
        Some(b'.') => text[20..].iter().take_while(|b| b.is_ascii_digit()).count(),
        _ => 0,
    };
    let offset = if digits > 0 { 20 + digits } else { 19 };
    let zulu = is(offset, b"Zz") && text.len() == offset + 1;
    let numeric = is(offset, b"+-")
        && within(offset + 1, 0..=23)
        && is(offset + 3, b":")
        && within(offset + 4, 0..=59)
        && text.len() == offset + 6;
    date && time && (zulu || numeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_quote_the_beginning_of_what_is_long() {
        assert_eq!(shown("ü"), "ü");
        assert_eq!(shown(&"ü".repeat(40)), "ü".repeat(40));
        assert_eq!(shown(&"ü".repeat(41)), format!("{}…", "ü".repeat(40)));
        let refused = name(&format!("{:?}", "x".repeat(100_000)), &["a"]);
        assert!(refused.is_err_and(|refused| refused.len() < 100));
    }

    #[test]
    fn rfc3339_is_told_from_what_only_looks_like_it() {
        for good in ["2026-11-22T02:48:30Z", "2026-11-22t02:48:30.193749452z", "2026-11-22 02:48:60.5-23:59"] {
            assert!(is_rfc3339(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "2026-11-22",
            "2026-13-22T02:48:30Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T02:48:30.Z",
            "2026-11-22T02:48:30",
            "2026-11-22T02:48:30+1:00",
            "2026-11-22T02:48:30Z ",
            "２026-11-22T02:48:30Z",
        ] {
            assert!(!is_rfc3339(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn only_what_is_written_as_it_is_here_is_taken_as_it_is() {
        assert!(is_plain(r#""é""#));
        for other in [r#" "é""#, "\"é\"\n", r#""\u00e9""#] {
            assert!(!is_plain(other), "{other}");
        }
        const ID: &str = "01a20127-b8f1-725e-bae9-39a85b9ab50a";
        let simple = ID.replace('-', "");
        assert!(is_canonical_uuid(&format!("\"{ID}\"")));
        for other in [
            format!("\"{}\"", ID.to_uppercase()),
            format!("\"{{{ID}}}\""),
            format!("\"{simple}\"    "),
            format!("\"urn:uuid:{ID}\""),
        ] {
            assert!(!is_canonical_uuid(&other) && uuid(&other).is_ok(), "{other}");
        }
    }

    #[test]
    fn numbers_are_digits_and_nothing_else() {
        assert_eq!(u64("18446744073709551615"), Ok(u64::MAX));
        for bad in ["", "+1", "-1", "1.0", "1e2", "18446744073709551616", "\"1\"", "null"] {
            assert!(u64(bad).is_err(), "{bad}");
        }
        assert!(u32("4294967295").is_ok() && u32("4294967296").is_err());
    }

    #[test]
    fn a_string_with_half_a_character_is_none() {
        assert_eq!(text(r#""\ud83e\udde0""#).as_deref(), Ok("🧠"));
        assert!(text(r#""\ud83e""#).is_err_and(|error| error.starts_with("expected a string")));
    }
}

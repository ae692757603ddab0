//! Splits JSON text into the texts of its parts.

use std::{borrow::Cow, cmp::Reverse, collections::BinaryHeap};

use hifijson::{
    Error, Expect, SliceLexer,
    num::Lex as _,
    str::{Lex as _, LexAlloc as _},
    token::Lex,
};

use super::leaf::expected;

/// How deep arrays and objects may be nested: `serde_json`'s limit.
const DEPTH: usize = 128;

/// The members of a JSON object, each as its text.
#[derive(Default)]
pub struct Members<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Members<'a> {
    /// Splits an object; `Err` says why it is none.
    pub fn read(json: &'a str) -> Result<Self, String> {
        Self::read_nested(json, DEPTH)
    }

    /// As [`read`](Self::read), of an object that is nested as deep as it likes.
    pub fn read_of_any_depth(json: &'a str) -> Result<Self, String> {
        Self::read_nested(json, usize::MAX)
    }

    fn read_nested(json: &'a str, depth: usize) -> Result<Self, String> {
        // Room for the members of most documents, so that the vector does not grow.
        let mut members = Vec::with_capacity(16);
        parts(json, b'{', |first, lexer| {
            lexer.expect(|_| Some(first), b'"').ok_or(Expect::String)?;
            let name = string(json, lexer)?;
            lexer.expect(Lex::ws_peek, b':').ok_or(Expect::Colon)?;
            let first = lexer.ws_peek().ok_or(Expect::Value)?;
            members.push((name, value(json, first, lexer, depth)?));
            Ok(())
        })?;
        Ok(Self(members))
    }

    /// A member's text. Of several with the same name it is the last, as in JavaScript.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(member, _)| member == name).map(|(_, json)| *json)
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<&'a str> {
        let found = self.get(name)?;
        self.0.retain(|(member, _)| member != name);
        Some(found)
    }

    /// The members, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &(Cow<'a, str>, &'a str)> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The members sorted by name; of several with the same name only the last.
    pub fn sorted(self) -> Vec<(Cow<'a, str>, &'a str)> {
        // A heap, since the code of a sort is four times as large. The last of several comes first.
        let members = self.0.into_iter().enumerate().map(|(at, (name, json))| (name, Reverse(at), json));
        let mut members = members.collect::<BinaryHeap<_>>().into_sorted_vec();
        members.dedup_by(|(a, ..), (b, ..)| a == b);
        members.into_iter().map(|(name, _, json)| (name, json)).collect()
    }
}

impl<'a> IntoIterator for Members<'a> {
    type Item = (Cow<'a, str>, &'a str);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The items of a JSON array, each as its text.
pub fn items(json: &str) -> Result<Vec<&str>, String> {
    let mut items = Vec::new();
    parts(json, b'[', |first, lexer| {
        items.push(value(json, first, lexer, DEPTH)?);
        Ok(())
    })?;
    Ok(items)
}

/// A JSON string without its quotes and escapes; `None` where the text is no JSON string.
pub fn unescaped(json: &str) -> Option<Cow<'_, str>> {
    let mut lexer = SliceLexer::new(json.as_bytes());
    lexer.expect(Lex::ws_peek, b'"')?;
    let text = string(json, &mut lexer).ok()?;
    lexer.ws_peek().is_none().then_some(text)
}

/// The text of one JSON value, without white space around it; `None` where the text is something else.
pub fn valid(json: &str) -> Option<&str> {
    let mut lexer = SliceLexer::new(json.as_bytes());
    lexer.exactly_one(Lex::ws_peek, |first, lexer| value(json, first, lexer, DEPTH)).ok()
}

/// Reads the parts of an array or object that is the whole text.
fn parts<'a>(
    json: &'a str,
    open: u8,
    part: impl FnMut(u8, &mut SliceLexer<'a>) -> Result<(), Error>,
) -> Result<(), String> {
    let (what, close) = if open == b'{' { ("an object", b'}') } else { ("an array", b']') };
    let mut lexer = SliceLexer::new(json.as_bytes());
    if lexer.ws_peek() != Some(open) {
        return Err(expected(what, json));
    }
    let read = lexer.exactly_one(Lex::ws_peek, |_, lexer| lexer.discarded().seq(close, Lex::ws_peek, part));
    read.map_err(|_| format!("not JSON, or nested deeper than {DEPTH} levels, at byte {}", offset(json, &lexer)))
}

/// Passes a value and gives its text.
fn value<'a>(json: &'a str, first: u8, lexer: &mut SliceLexer<'a>, depth: usize) -> Result<&'a str, Error> {
    let start = offset(json, lexer);
    skip(first, lexer, depth)?;
    json.get(start..offset(json, lexer)).ok_or(Expect::Value.into())
}

fn offset(json: &str, lexer: &SliceLexer<'_>) -> usize {
    json.len() - lexer.as_slice().len()
}

/// As [`hifijson::ignore::parse`], up to a depth, and without recursion: no text can make the stack overflow.
fn skip(mut first: u8, lexer: &mut SliceLexer<'_>, depth: usize) -> Result<(), Error> {
    // The closing brackets of the arrays and objects that are open.
    let mut open = Vec::new();
    loop {
        if open.len() >= depth {
            return Err(Expect::Value.into());
        }
        match first {
            b'a'..=b'z' => lexer.null_or_bool().map(drop).ok_or(Expect::Value)?,
            b'0'..=b'9' | b'-' => lexer.num_ignore().validate().map(drop).map_err(Error::Num)?,
            b'"' => skip_string(lexer.discarded())?,
            b'[' | b'{' => {
                let close = if first == b'[' { b']' } else { b'}' };
                let next = lexer.discarded().ws_peek().ok_or(Expect::Value)?;
                if next != close {
                    open.push(close);
                    first = item(close, next, lexer)?;
                    continue;
                }
                lexer.discarded();
            }
            _ => return Err(Expect::Value.into()),
        }
        // A value has ended, and with it perhaps those around it.
        loop {
            let Some(&close) = open.last() else { return Ok(()) };
            match lexer.ws_peek() {
                Some(b',') => {
                    let next = lexer.discarded().ws_peek().ok_or(Expect::Value)?;
                    first = item(close, next, lexer)?;
                    break;
                }
                Some(next) if next == close => {
                    lexer.discarded();
                    open.pop();
                }
                _ => return Err(Expect::CommaOrEnd.into()),
            }
        }
    }
}

/// The first byte of an item's value, where the item begins with `next`: in an object behind its name.
fn item(close: u8, next: u8, lexer: &mut SliceLexer<'_>) -> Result<u8, Error> {
    if close == b']' {
        return Ok(next);
    }
    lexer.expect(|_| Some(next), b'"').ok_or(Expect::String)?;
    skip_string(lexer)?;
    lexer.expect(Lex::ws_peek, b':').ok_or(Expect::Colon)?;
    Ok(lexer.ws_peek().ok_or(Expect::Value)?)
}

/// Reads the rest of a string. One without escapes is part of the text.
fn string<'a>(json: &'a str, lexer: &mut SliceLexer<'a>) -> Result<Cow<'a, str>, Error> {
    let (start, length) = (offset(json, lexer), plain(lexer.as_slice()));
    if lexer.as_slice().get(length) != Some(&b'"') {
        return lexer.str_string().map_err(Error::Str);
    }
    *lexer = SliceLexer::new(&lexer.as_slice()[length + 1..]);
    json.get(start..start + length).map(Cow::Borrowed).ok_or(Expect::String.into())
}

/// Passes the rest of a string.
fn skip_string(lexer: &mut SliceLexer<'_>) -> Result<(), Error> {
    *lexer = SliceLexer::new(&lexer.as_slice()[plain(lexer.as_slice())..]);
    lexer.str_ignore().map_err(Error::Str)
}

/// How many bytes stand before the first quote, backslash or control character. Eight are looked at together: strings are most of
/// what is stored (<https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord>).
fn plain(text: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGHEST_BITS: u64 = ONES << 7;
    let less_than = |word: u64, least: u8| word.wrapping_sub(ONES * u64::from(least)) & !word & HIGHEST_BITS;
    let is_plain = |word: &[u8; 8]| {
        let word = u64::from_ne_bytes(*word);
        let is = |byte: u8| less_than(word ^ (ONES * u64::from(byte)), 1);
        (is(b'"') | is(b'\\') | less_than(word, b' ')) == 0
    };
    let (words, _) = text.as_chunks::<8>();
    let start = 8 * words.iter().take_while(|word| is_plain(word)).count();
    let rest = &text[start..];
    start + rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' ')).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_split_into_the_texts_of_its_members() {
        let members = Members::read(" { \"a\" : [1, {\"b\": null}] , \"\\u0062\\n\":\"x\\\"}\" ,\"n\":-1.5e+400} ");
        let shown = members.map(|members| members.0.iter().map(|(name, json)| format!("{name}={json}")).collect());
        assert_eq!(shown, Ok(vec![r#"a=[1, {"b": null}]"#.to_owned(), "b\n=\"x\\\"}\"".into(), "n=-1.5e+400".into()]));
    }

    #[test]
    fn of_two_members_with_one_name_the_last_counts() {
        let members = Members::read(r#"{"a":1,"b":2,"a":3}"#);
        assert_eq!(members.as_ref().ok().and_then(|members| members.get("a")), Some("3"));
        assert_eq!(members.map(Members::sorted), Ok(vec![("a".into(), "3"), ("b".into(), "2")]));
    }

    #[test]
    fn what_is_no_json_is_refused_wherever_it_breaks() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(items(&deep(DEPTH)).is_ok());
        assert!(items(&deep(100_000)).is_err_and(|reason| reason.contains("deeper than 128 levels")));
        assert!(Members::read_of_any_depth(&format!(r#"{{"a":{},"b":1}}"#, deep(100_000))).is_ok());
        assert!(Members::read_of_any_depth(&format!(r#"{{"a":{}}}"#, "[".repeat(100_000))).is_err());
        for bad in [
            "",
            "{",
            "{}}",
            "{} x",
            "{,}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{a:1}"#,
            r#"{"a":01}"#,
            r#"{"a":1.}"#,
            r#"{"a":+1}"#,
            r#"{"a":tru}"#,
            r#"{"a":"\x"}"#,
            "{\"a\":\"\n\"}",
            r#"{"a":"\u12"}"#,
            r#"{"a":"}"#,
            r#"{"a":[1 2]}"#,
            r#"{"a":[1,]}"#,
            r#"{"a":[,1]}"#,
            r#"{"a":[1}"#,
            r#"{"a":{"b":1]}"#,
            r#"{"a":{"b":1,}}"#,
            r#"{"a":{"b"}}"#,
            r#"{"a":[[1],"#,
            "[]",
            "null",
            "7",
        ] {
            assert!(Members::read(bad).is_err(), "{bad}");
            assert!(!bad.starts_with('{') || valid(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn plain_text_ends_before_the_first_byte_that_is_not_plain_wherever_that_stands() {
        for end in (0..b' ').chain(*b"\"\\") {
            for (before, after) in [(0, 0), (0, 20), (7, 0), (7, 1), (8, 8), (9, 30), (23, 3)] {
                let text = [&b" !#[]~\x7f\x80\xff"[..]].concat().repeat(4);
                let text = [&text[..before], &[end], &b"\0\"\\"[..after.min(3)], &text[..after]].concat();
                assert_eq!(plain(&text), before, "{end} in {text:?}");
            }
        }
        assert_eq!(plain(&[b' '; 21]), 21);
    }

    #[test]
    fn a_string_is_read_without_its_escapes_or_not_at_all() {
        assert_eq!(unescaped(r#" "é\u00e9\ud83e\udde0\/" "#).as_deref(), Some("éé🧠/"));
        for bad in ["", "x", "\"", r#""a"b"#, r#""\ud83e""#, "7", "\"\u{1}\""] {
            assert_eq!(unescaped(bad), None, "{bad}");
        }
    }
}

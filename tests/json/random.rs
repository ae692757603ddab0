//! Random JSON text of a form, mostly: some of it is of another form, and some is no JSON.

use fastrand::Rng;

use super::json::{Form, Need};

/// Instants in RFC 3339 form.
pub const TIMES: &[&str] = &[
    "2026-11-22T02:48:30Z",
    "2026-11-22T02:48:30.193749452Z",
    "2026-11-22t02:48:30.1+05:30",
    "2026-11-22 02:48:60-23:59",
    "0000-01-01T00:00:00z",
];

const NO_TIMES: &[&str] =
    &["", "2026-11-22", "2026-13-22T02:48:30Z", "2026-11-22T02:48:30", "2026-11-22T02:48:30.Z", "1790000000"];

const NUMBERS: &[&str] = &[
    "0",
    "1",
    "42",
    "4294967295",
    "9007199254740991",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
];

const ODD_NUMBERS: &[&str] = &[
    "-0",
    "-1",
    "1.0",
    "0.5",
    "1e2",
    "1E400",
    "-1.5e-400",
    "4294967296",
    "18446744073709551616",
    "123456789012345678901234567890",
    "01",
    "+1",
    "1.",
    ".5",
    "0x1",
    "NaN",
    "1e",
    "--1",
];

const UUIDS: &[&str] = &[
    "01a20127-b8f1-725e-bae9-39a85b9ab50a",
    "01A20127-B8F1-725E-BAE9-39A85B9AB50A",
    "01a20127b8f1725ebae939a85b9ab50a",
    "urn:uuid:01a20127-b8f1-725e-bae9-39a85b9ab50a",
    "{01a20127-b8f1-725e-bae9-39a85b9ab50a}",
];

const NO_UUIDS: &[&str] = &[
    "",
    "x",
    "01a20127-b8f1-725e-bae9-39a85b9ab50",
    " 01a20127-b8f1-725e-bae9-39a85b9ab50a",
    "01a20127_b8f1_725e_bae9_39a85b9ab50a",
];

/// Pieces of strings, as they stand in JSON.
const PIECES: &[&str] = &[
    "a",
    "b",
    "env",
    "~",
    " ",
    "/",
    "é",
    "\u{FFFD}",
    "\u{1F9E0}",
    "\u{7F}",
    r"\n",
    r"\/",
    r"\\",
    "\\\"",
    r"\u00e9",
    r"\u0000",
    r"\uD83E\uDDE0",
    r"\ud83e\udde0",
    "__proto__",
];

const BAD_PIECES: &[&str] = &[r"\ud83e", r"\udde0", r"\udde0\ud83e", r"\x", r"\u12", "\n", "\u{1}", "\""];

fn one_of<'a>(random: &mut Rng, all: &[&'a str]) -> &'a str {
    all[random.usize(..all.len())]
}

/// Whether something happens that does so once in `times`.
fn once_in(random: &mut Rng, times: u32) -> bool {
    random.u32(..times) == 0
}

/// A document.
pub fn text(random: &mut Rng, form: &Form) -> String {
    let mut json = value(random, form, 0);
    if once_in(random, 20) {
        let at = (0..=json.len())
            .filter(|at| json.is_char_boundary(*at))
            .nth(random.usize(..=json.chars().count()))
            .unwrap_or(0);
        match random.bool() {
            true => json.insert(at, *random.choice(&[',', '}', ']', '"', '-', ':', '\\', ' ']).unwrap_or(&',')),
            false => json.truncate(at),
        }
    }
    json
}

fn value(random: &mut Rng, form: &Form, depth: usize) -> String {
    if depth > 0 && once_in(random, 100) {
        return value(random, &Form::Any, depth + 1);
    }
    let json = match form {
        Form::Any => any(random, depth),
        Form::Text => string(random),
        Form::Uuid => mostly(random, UUIDS, NO_UUIDS),
        Form::Time => mostly(random, TIMES, NO_TIMES),
        Form::U64 if once_in(random, 40) => one_of(random, ODD_NUMBERS).to_owned(),
        Form::U64 => one_of(random, NUMBERS).to_owned(),
        Form::U32 if once_in(random, 20) => one_of(random, NUMBERS).to_owned(),
        Form::U32 if once_in(random, 40) => one_of(random, ODD_NUMBERS).to_owned(),
        Form::U32 => one_of(random, &NUMBERS[..4]).to_owned(),
        Form::Name(names) => mostly(random, names, &["", "Queued", "idle ", "later"]),
        Form::List(form) => {
            let items: Vec<_> = (0..random.usize(..3)).map(|_| value(random, form, depth + 1)).collect();
            format!("[{}]", items.join(","))
        }
        Form::Map(form) => {
            let members = (0..random.usize(..4)).map(|_| (string(random), value(random, form, depth + 1))).collect();
            object(random, members)
        }
        Form::Object(known) => {
            let mut members = Vec::new();
            for (name, need, form) in *known {
                let absent = match need {
                    Need::Required => once_in(random, 150),
                    Need::Optional | Need::Or(_) => once_in(random, 3),
                };
                if absent {
                    continue;
                }
                let null = matches!(need, Need::Optional) && once_in(random, 5) || once_in(random, 150);
                let json = if null { "null".to_owned() } else { value(random, form, depth + 1) };
                members.push((quoted(random, name), json));
                if once_in(random, 40) {
                    members.push((quoted(random, name), value(random, form, depth + 1)));
                }
            }
            members
                .extend((0..random.usize(..3)).map(|_| (string(random), any(random, depth + 1))).collect::<Vec<_>>());
            object(random, members)
        }
    };
    if once_in(random, 10) { format!("{}{json}{}", space(random), space(random)) } else { json }
}

fn any(random: &mut Rng, depth: usize) -> String {
    let kinds = if depth > 5 { 4 } else { 6 };
    match random.u32(..kinds) {
        0 => one_of(random, &["null", "true", "false"]).to_owned(),
        1 => one_of(random, NUMBERS).to_owned(),
        // The last of the odd ones are no JSON.
        2 => one_of(random, &ODD_NUMBERS[..10]).to_owned(),
        // Within JSON that burrow does not interpret, half a character harms nobody.
        3 if once_in(random, 10) => format!("\"{}\"", one_of(random, &BAD_PIECES[..3])),
        3 => string(random),
        4 => format!("[{}]", (0..random.usize(..3)).map(|_| any(random, depth + 1)).collect::<Vec<_>>().join(" ,")),
        _ => {
            let members = (0..random.usize(..3)).map(|_| (string(random), any(random, depth + 1))).collect();
            object(random, members)
        }
    }
}

/// An object with these members, in any order.
fn object(random: &mut Rng, mut members: Vec<(String, String)>) -> String {
    random.shuffle(&mut members);
    let members: Vec<_> = members.into_iter().map(|(name, json)| format!("{name}:{json}")).collect();
    format!("{{{}}}", members.join(","))
}

fn string(random: &mut Rng) -> String {
    let mut text: String = (0..random.usize(..4)).map(|_| one_of(random, PIECES)).collect();
    if once_in(random, 120) {
        text.push_str(one_of(random, BAD_PIECES));
    }
    format!("\"{text}\"")
}

/// A string, some of its characters escaped.
fn quoted(random: &mut Rng, text: &str) -> String {
    let escapes = once_in(random, 10);
    let escaped = |char: char| match escapes && random.bool() {
        true => format!("\\u{:04x}", char as u32),
        false => char.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

fn mostly(random: &mut Rng, good: &[&str], bad: &[&str]) -> String {
    let text = if once_in(random, 80) { one_of(random, bad) } else { one_of(random, good) };
    quoted(random, text)
}

fn space(random: &mut Rng) -> &'static str {
    one_of(random, &["", " ", "\n", "\t", " \r\n "])
}

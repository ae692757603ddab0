//! Label selectors against an evaluation of their own.

use burrow::{LabelSelector, Labels};

use super::Bytes;

const NAMES: [&str; 6] = ["env", "in", "notin", "a/b", "é", "x"];
const VALUES: [&str; 5] = ["dev", "", "in", "1", "\u{1F9E0}"];

/// A selector as it is meant.
enum Meant {
    Exists,
    Missing,
    Is(&'static str),
    IsNot(&'static str),
    In(Vec<&'static str>),
    NotIn(Vec<&'static str>),
}

/// The first byte says whether the rest is a selector as text, or how to make one.
pub fn body(data: &[u8]) {
    let mut bytes = Bytes(data);
    if bytes.byte() % 2 == 0 {
        let text = String::from_utf8_lossy(bytes.0);
        match text.parse::<LabelSelector>() {
            Ok(selector) => {
                selector.matches(&labels(&mut Bytes(data)));
                // White space around a selector is of no importance.
                assert_eq!(format!(" {text}\n").parse::<LabelSelector>().unwrap(), selector, "{text}");
            }
            Err(error) => assert!(error.to_string().contains("expected"), "{text}: {error}"),
        }
        return;
    }
    let meant: Vec<_> = (0..bytes.below(4)).map(|_| (bytes.one_of(&NAMES), requirement(&mut bytes))).collect();
    let labels = labels(&mut bytes);
    let text = written(&meant, &mut bytes);
    let selector: LabelSelector = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
    let holds = meant.iter().all(|(name, meant)| holds(meant, labels.get(*name).map(String::as_str)));
    assert_eq!(selector.matches(&labels), holds, "{text} on {labels:?}");
}

fn requirement(bytes: &mut Bytes<'_>) -> Meant {
    let values = |bytes: &mut Bytes<'_>| (0..1 + bytes.below(3)).map(|_| bytes.one_of(&VALUES)).collect();
    match bytes.below(6) {
        0 => Meant::Exists,
        1 => Meant::Missing,
        2 => Meant::Is(bytes.one_of(&VALUES)),
        3 => Meant::IsNot(bytes.one_of(&VALUES)),
        4 => Meant::In(values(bytes)),
        _ => Meant::NotIn(values(bytes)),
    }
}

fn labels(bytes: &mut Bytes<'_>) -> Labels {
    (0..bytes.below(4)).map(|_| (bytes.one_of(&NAMES).to_owned(), bytes.one_of(&VALUES).to_owned())).collect()
}

fn holds(meant: &Meant, value: Option<&str>) -> bool {
    match meant {
        Meant::Exists => value.is_some(),
        Meant::Missing => value.is_none(),
        Meant::Is(wanted) => value == Some(wanted),
        Meant::IsNot(unwanted) => value != Some(unwanted),
        Meant::In(values) => value.is_some_and(|value| values.contains(&value)),
        Meant::NotIn(values) => !value.is_some_and(|value| values.contains(&value)),
    }
}

/// The selector as text, with white space wherever it may be.
fn written(meant: &[(&str, Meant)], bytes: &mut Bytes<'_>) -> String {
    let requirements: Vec<_> = meant
        .iter()
        .map(|(name, meant)| {
            let space = bytes.one_of(&["", " ", "\t ", "\u{3000}"]);
            let list = |values: &[&str]| values.join(&format!("{space},{space}"));
            match meant {
                Meant::Exists => format!("{space}{name}{space}"),
                Meant::Missing => format!("!{space}{name}"),
                Meant::Is(value) => format!("{name}{space}{}{space}{value}", bytes.one_of(&["=", "=="])),
                Meant::IsNot(value) => format!("{name}{space}!={space}{value}"),
                Meant::In(values) => format!("{space}{name} in{space}({space}{})", list(values)),
                Meant::NotIn(values) => format!("{name} notin {space}({}{space})", list(values)),
            }
        })
        .collect();
    requirements.join(",")
}

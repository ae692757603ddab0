//! Label selectors, in the syntax of Kubernetes:
//! <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>.

use std::str::FromStr;

use super::{
    Labels, RuntimeStoreError,
    json::{leaf::shown, writer::quoted},
};

/// A condition on labels: requirements joined by commas, all of which must hold.
///
/// | requirement | holds where |
/// | --- | --- |
/// | `env` | the label is there |
/// | `!env` | the label is not there |
/// | `env=dev`, `env==dev` | it has this value |
/// | `env!=dev` | it has another value, or is not there |
/// | `env in (dev, test)` | it has one of these values |
/// | `env notin (dev, test)` | it has none of these values, or is not there |
///
/// The empty selector holds everywhere. A name or value is any run of characters other than white space and `,()=!`;
/// labels that hold those can be kept, but not selected by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelSelector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Exists,
    Missing,
    In(Vec<String>),
    NotIn(Vec<String>),
}

impl LabelSelector {
    /// Whether the labels meet every requirement.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matches_by(|name| labels.get(name).cloned())
    }

    /// As [`matches`](Self::matches), for labels in any form: `label` gives one by its name.
    pub(crate) fn matches_by(&self, label: impl Fn(&str) -> Option<String>) -> bool {
        self.0.iter().all(|Requirement { key, test }| match (test, label(key)) {
            (Test::Exists, value) => value.is_some(),
            (Test::Missing, value) => value.is_none(),
            (Test::In(values), value) => value.is_some_and(|value| values.contains(&value)),
            (Test::NotIn(values), value) => value.is_none_or(|value| !values.contains(&value)),
        })
    }
}

impl FromStr for LabelSelector {
    type Err = RuntimeStoreError;

    /// Reads a selector; what does not parse is [`RuntimeStoreError::InvalidInput`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parser = Parser { tokens: tokens(text), at: 0 };
        parser.selector().map(Self).map_err(|expected| {
            let found = parser.tokens.get(parser.at).map_or("the end".to_owned(), |token| quoted(&shown(token)));
            RuntimeStoreError::invalid(
                "selector",
                format!("expected {expected}, found {found} in {}", quoted(&shown(text))),
            )
        })
    }
}

/// Operators and the words between them.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let length = match rest {
            _ if rest.starts_with("==") || rest.starts_with("!=") => 2,
            _ if rest.starts_with([',', '(', ')', '=', '!']) => 1,
            _ => rest.find(|c: char| c.is_whitespace() || ",()=!".contains(c)).unwrap_or(rest.len()),
        };
        let Some((token, after)) = rest.split_at_checked(length) else { break };
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

struct Parser<'a> {
    tokens: Vec<&'a str>,
    at: usize,
}

/// `Err` says what was expected at the parser's position.
type Parsed<T> = Result<T, &'static str>;

impl<'a> Parser<'a> {
    fn selector(&mut self) -> Parsed<Vec<Requirement>> {
        let mut requirements = Vec::new();
        if self.tokens.is_empty() {
            return Ok(requirements);
        }
        loop {
            requirements.push(self.requirement()?);
            match self.next() {
                None => return Ok(requirements),
                Some(",") => {}
                Some(_) => return self.refuse("`,` or an operator"),
            }
        }
    }

    fn requirement(&mut self) -> Parsed<Requirement> {
        if self.take("!") {
            return Ok(Requirement { key: self.word("a label's name")?, test: Test::Missing });
        }
        let key = self.word("a label's name")?;
        let test = match self.next() {
            Some("=" | "==") => Test::In(vec![self.value()]),
            Some("!=") => Test::NotIn(vec![self.value()]),
            Some("in") => Test::In(self.values()?),
            Some("notin") => Test::NotIn(self.values()?),
            Some(_) => {
                self.at -= 1;
                Test::Exists
            }
            None => Test::Exists,
        };
        Ok(Requirement { key, test })
    }

    fn values(&mut self) -> Parsed<Vec<String>> {
        if !self.take("(") {
            return Err("`(`");
        }
        let mut values = vec![self.value()];
        while self.take(",") {
            values.push(self.value());
        }
        if self.take(")") { Ok(values) } else { Err("`,` or `)`") }
    }

    /// A value may be empty.
    fn value(&mut self) -> String {
        self.word("").unwrap_or_default()
    }

    fn word(&mut self, expected: &'static str) -> Parsed<String> {
        match self.next() {
            Some(word) if !matches!(word, "," | "(" | ")" | "=" | "==" | "!" | "!=") => Ok(word.to_owned()),
            Some(_) => self.refuse(expected),
            None => Err(expected),
        }
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.tokens.get(self.at) == Some(&token);
        self.at += usize::from(found);
        found
    }

    fn next(&mut self) -> Option<&'a str> {
        let token = self.tokens.get(self.at).copied();
        self.at += usize::from(token.is_some());
        token
    }

    /// Steps back before what is refused, so that the error shows it.
    fn refuse<T>(&mut self, expected: &'static str) -> Parsed<T> {
        self.at -= 1;
        Err(expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(selector: &str, labels: &[(&str, &str)]) -> bool {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        selector.parse::<LabelSelector>().is_ok_and(|selector| selector.matches(&labels))
    }

    #[test]
    fn each_requirement_holds_where_it_says() {
        let dev = [("env", "dev"), ("repo", "a"), ("empty", "")];
        for holds in [
            "",
            "  ",
            "env",
            "env=dev",
            "env == dev",
            "env!=prod",
            "missing!=x",
            "!missing",
            "! missing",
            "env in (dev)",
            "env in (prod, dev)",
            "env notin (prod,test)",
            "missing notin (x)",
            "empty=",
            "empty in ()",
            "env=dev,repo in (a,b),!canary",
            "empty in (x,)",
            "env=dev,empty",
        ] {
            assert!(matches(holds, &dev), "{holds}");
        }
        for fails in [
            "missing",
            "!env",
            "env=prod",
            "env!=dev",
            "env in (prod,test)",
            "env notin (dev)",
            "missing in (x)",
            "missing=",
            "env=dev,repo in (b),!canary",
            "env=",
        ] {
            assert!(fails.parse::<LabelSelector>().is_ok() && !matches(fails, &dev), "{fails}");
        }
    }

    #[test]
    fn words_that_are_operators_elsewhere_may_be_names_and_values() {
        assert!(matches("in in (notin)", &[("in", "notin")]));
        assert!(matches("notin,in=in", &[("notin", "x"), ("in", "in")]));
    }

    #[test]
    fn what_does_not_parse_says_where() {
        for (bad, told) in [
            (",", "expected a label's name, found \",\""),
            ("env=dev,", "expected a label's name, found the end"),
            ("env in dev", "expected `(`, found \"dev\""),
            ("env in (a b)", "expected `,` or `)`, found \"b\""),
            ("env in (a", "expected `,` or `)`, found the end"),
            ("env dev", "expected `,` or an operator, found \"dev\""),
            ("!", "expected a label's name, found the end"),
            ("!env=dev", "expected `,` or an operator, found \"=\""),
            ("=dev", "expected a label's name, found \"=\""),
            ("a=b=c", "expected `,` or an operator, found \"=\""),
        ] {
            let error = bad.parse::<LabelSelector>().map_err(|error| error.to_string());
            assert!(error.as_ref().is_err_and(|error| error.contains(told)), "{bad}: {error:?}");
        }
    }
}

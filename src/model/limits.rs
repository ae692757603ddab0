//! How large what is written may be, the same for every write, on every engine and through every door. Why these sizes, and what
//! browsers and runtimes can hold: `docs/limits.md`.

use super::RuntimeStoreError;

type Result<T> = std::result::Result<T, RuntimeStoreError>;

/// The most bytes of one snapshot: a session's, or that of the OAuth flows.
pub const SNAPSHOT: usize = 64 * MIB;

/// The most bytes of one document as JSON text: a receipt, an input, an operation registry, a set of labels.
pub const DOCUMENT: usize = 16 * MIB;

/// How deep the arrays and objects of a document may be nested, the document among them: as deep as `serde_json` reads them.
pub const LEVELS: usize = 127;

/// The most bytes that one call may bring, its snapshot, its receipt and all its inputs together.
pub const CALL: usize = 128 * MIB;

/// The most bytes of the ids that make up a record's key.
pub const KEY: usize = 64 * KIB;

/// The most bytes that one call may read and answer. Natively the process's memory is the limit.
pub const ANSWER: usize = if cfg!(target_arch = "wasm32") { 128 * MIB } else { usize::MAX };

const KIB: usize = 1 << 10;
const MIB: usize = 1 << 20;

/// Refuses a snapshot that is too large.
pub(crate) fn snapshot(argument: &str, size: usize) -> Result<()> {
    at_most(SNAPSHOT, size, argument, "a snapshot")
}

/// Refuses a call that brings too much; `argument` is what there may be any number of.
pub(crate) fn call(argument: &str, size: usize) -> Result<()> {
    at_most(CALL, size, argument, "all that one call brings")
}

/// Refuses the ids of a key that are too long.
pub(crate) fn key(argument: &str, size: usize) -> Result<()> {
    at_most(KEY, size, argument, "the ids of a record")
}

/// Refuses a document that is too large, or that is nested too deep.
pub(crate) fn document(json: &str) -> std::result::Result<(), String> {
    if let Some(reason) = excess(DOCUMENT, json.len(), "the JSON text of a document") {
        return Err(reason);
    }
    // Few brackets cannot nest deep, and are counted faster.
    if json.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count() <= LEVELS {
        return Ok(());
    }
    match depth(json) {
        ..=LEVELS => Ok(()),
        levels => Err(format!("it is nested {levels} levels deep, and may be {LEVELS}")),
    }
}

/// Refuses to answer with more than an answer can hold.
pub(crate) fn answer(size: usize) -> Result<()> {
    excess(ANSWER, size, "an answer").map_or(Ok(()), |reason| Err(RuntimeStoreError::TooLarge(reason)))
}

/// The reason of the `Decode` error for a stored record that is larger than an answer.
#[cfg(target_arch = "wasm32")]
pub(crate) fn stored(size: usize) -> Option<String> {
    excess(ANSWER, size, "what is read")
}

fn at_most(limit: usize, size: usize, argument: &str, what: &str) -> Result<()> {
    excess(limit, size, what).map_or(Ok(()), |reason| Err(RuntimeStoreError::invalid(argument, reason)))
}

#[cold]
fn excess(limit: usize, size: usize, what: &str) -> Option<String> {
    (size > limit).then(|| format!("it has {size} bytes, and {what} may have {limit}"))
}

/// How deep JSON text is nested.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_what_nests_and_nothing_in_strings() {
        for (json, levels) in
            [("7", 0), ("[]", 1), (r#"{"a":[{}],"b":[]}"#, 3), (r#"["[[\"[[",{"]]}":[1]}]"#, 3), (r#"["\\",[]]"#, 2)]
        {
            assert_eq!(depth(json), levels, "{json}");
        }
    }

    #[test]
    fn a_limit_is_the_most_that_passes() {
        assert!(snapshot("session", SNAPSHOT).is_ok() && call("inputs", CALL).is_ok() && key("id", KEY).is_ok());
        let text = snapshot("session", SNAPSHOT + 1).map_err(|error| error.to_string());
        let told = "invalid input: session: it has 67108865 bytes, and a snapshot may have 67108864";
        assert_eq!(text, Err(told.to_owned()));
        let nested = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat();
        assert_eq!(document(&nested(LEVELS)), Ok(()));
        assert_eq!(document(&nested(LEVELS + 1)), Err("it is nested 128 levels deep, and may be 127".to_owned()));
    }
}

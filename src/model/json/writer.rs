//! Writes JSON text.

use super::{
    leaf,
    lexer::{Members, items, unescaped},
};

/// Quoted text, for errors. `{:?}` would add its tables of printable characters to the wasm.
pub fn quoted(text: &str) -> String {
    let mut writer = JsonWriter::default();
    writer.string(text);
    writer.into_text()
}

/// The canonical form of JSON text, the same for all texts of the same value: without white space, members sorted by name and
/// each once, strings escaped one way, numbers as they are written. The text must be JSON.
pub fn canonical(json: &str) -> String {
    let mut writer = JsonWriter::default();
    writer.canonical(json);
    writer.into_text()
}

/// Builds JSON text.
#[derive(Default)]
pub struct JsonWriter {
    text: String,
    /// Whether the text is for JavaScript, whose numbers cannot hold every u64.
    pub for_js: bool,
}

impl JsonWriter {
    /// One with room for a text of so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), for_js: false }
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Text that is JSON already.
    pub fn json(&mut self, json: &str) {
        self.text.push_str(json);
    }

    /// A string.
    pub fn string(&mut self, text: &str) {
        self.text.push('"');
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\')
            && let Some((plain, after)) = rest.split_at_checked(at)
        {
            self.json(plain);
            let mut after = after.chars();
            match after.next() {
                Some(quote @ ('"' | '\\')) => self.text.extend(['\\', quote]),
                Some('\n') => self.json("\\n"),
                Some(control) => self.json(&format!("\\u{:04x}", u32::from(control))),
                None => {}
            }
            rest = after.as_str();
        }
        self.json(rest);
        self.text.push('"');
    }

    /// An array of items.
    pub fn array<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        let mut before = '[';
        for item in items {
            self.text.push(before);
            before = ',';
            write(self, item);
        }
        self.json(if before == '[' { "[]" } else { "]" });
    }

    /// Begins an object.
    pub fn object(&mut self) -> ObjectWriter<'_> {
        ObjectWriter { to: self, before: '{' }
    }

    /// JSON text in its [`canonical`] form. It nests no deeper than the lexer lets it, so the stack holds.
    pub fn canonical(&mut self, json: &str) {
        match json.as_bytes().first() {
            Some(b'{') => {
                let mut object = self.object();
                for (name, value) in Members::read(json).unwrap_or_default().sorted() {
                    object.named(&name).canonical(value);
                }
                object.end();
            }
            Some(b'[') => self.array(items(json).unwrap_or_default(), Self::canonical),
            Some(b'"') if leaf::is_plain(json) => self.json(json),
            // A caller's JSON may hold a string that is not well-formed Unicode; it is kept as it is written.
            Some(b'"') => match unescaped(json) {
                Some(text) => self.string(&text),
                None => self.json(json),
            },
            _ => self.json(json),
        }
    }
}

/// Builds a JSON object.
pub struct ObjectWriter<'a> {
    to: &'a mut JsonWriter,
    before: char,
}

impl ObjectWriter<'_> {
    /// Begins a member; write its value to the returned writer.
    pub fn named(&mut self, name: &str) -> &mut JsonWriter {
        self.to.text.push(self.before);
        self.before = ',';
        self.to.string(name);
        self.to.text.push(':');
        self.to
    }

    /// Ends the object.
    pub fn end(self) {
        self.to.json(if self.before == '{' { "{}" } else { "}" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_json_has_one_canonical_form() {
        for (json, form) in [
            (r#"{ "b" : [ true , null ], "a" : 1 }"#, r#"{"a":1,"b":[true,null]}"#),
            (r#"{"a":1,"a":{"z":"\u00e9\/\n","y":{}}}"#, r#"{"a":{"y":{},"z":"é/\n"}}"#),
            (r#"[1.0,-0,1E5,18446744073709551616]"#, r#"[1.0,-0,1E5,18446744073709551616]"#),
            (r#"{"a":"\ud83e"}"#, r#"{"a":"\ud83e"}"#),
        ] {
            assert_eq!(canonical(json), form);
        }
    }
}

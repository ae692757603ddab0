//! The lines of an export: `docs/format.md` says what they hold, to the byte.
//!
//! Each line ends with a sum over all lines up to it, so that what was damaged, left out or moved is known before it is written
//! anywhere. It tells damage, not forgery: whoever edits a file can make its sums.

use std::{collections::BTreeMap, hash::Hasher as _};

use siphasher::sip128::{Hasher128 as _, SipHasher13};
use uuid::Uuid;

use super::base64;
use crate::{
    engine::{ColumnType, Encoded, Key, KeyPart, TableInfo, ValueType},
    model::json::{
        leaf,
        lexer::Members,
        wire::{Wire, read_member, to_json},
        writer::{JsonWriter, quoted},
    },
    store::schema::TABLES,
};

type Result<T> = std::result::Result<T, String>;

const FORMAT: &str = "burrow-export";
const VERSION: u64 = 1;

/// The bytes in a line, of values of bytes: a mebibyte of base64.
pub(super) const PIECE: usize = 786_432;

const SUM: &str = r#","sum":""#;
const SUM_DIGITS: usize = 32;

/// The sum over the lines so far.
#[derive(Default)]
struct Sum(SipHasher13);

impl Sum {
    /// The sum that stands at the end of a line, of which `body` is all before it.
    fn of_line(&mut self, body: &str) -> String {
        self.0.write(body.as_bytes());
        self.0.write(b"\n");
        Uuid::from_bytes(self.0.finish128().as_bytes()).simple().to_string()
    }
}

/// Makes lines.
#[derive(Default)]
pub(super) struct Writer {
    sum: Sum,
    /// The lines made since they were taken.
    pub(super) text: String,
}

impl Writer {
    pub(super) fn header(&mut self) {
        let names: Vec<String> = TABLES.iter().map(|table| table.name.to_owned()).collect();
        let line = [("format", quoted(FORMAT)), ("version", VERSION.to_string()), ("tables", to_json(&names))];
        self.line(&line);
    }

    /// A record of JSON or text, or some bytes of one; `more` where others follow in the next line.
    pub(super) fn record(&mut self, table: &TableInfo, key: &Key, value: Value<'_>, more: bool) {
        let mut parts = JsonWriter::default();
        parts.array(key.parts(), |to, part| to.string(&part.to_string()));
        let (name, value) = match value {
            Value::Json(text) => ("json", quoted(text)),
            Value::Text(text) => ("text", quoted(text)),
            Value::Bytes(bytes) => ("bytes", quoted(&base64::encode(bytes))),
        };
        let line = [("table", quoted(table.name)), ("key", parts.into_text()), (name, value)];
        let more = more.then(|| ("more", "true".to_owned()));
        self.line(&line.into_iter().chain(more).collect::<Vec<_>>());
    }

    /// The last line, with how many records each table has.
    pub(super) fn end(&mut self, counts: &[u64]) {
        let mut records = JsonWriter::default();
        let mut object = records.object();
        for (table, count) in TABLES.iter().zip(counts) {
            count.write(object.named(table.name));
        }
        object.end();
        self.line(&[("end", records.into_text())]);
    }

    fn line(&mut self, members: &[(&str, String)]) {
        let mut writer = JsonWriter::default();
        let mut object = writer.object();
        for (name, json) in members {
            object.named(name).json(json);
        }
        object.end();
        let line = writer.into_text();
        let body = line.strip_suffix('}').unwrap_or(&line);
        let sum = self.sum.of_line(body);
        self.text.extend([body, SUM, &sum, "\"}\n"]);
    }
}

/// A value that is written, or a part of one.
pub(super) enum Value<'a> {
    Json(&'a str),
    Text(&'a str),
    Bytes(&'a [u8]),
}

/// Reads lines.
#[derive(Default)]
pub(super) struct Reader(Sum);

/// What a line holds.
pub(super) enum Line {
    Header,
    /// The tables that a newer burrow has, or the version of its form.
    Newer(String),
    Record {
        table: &'static TableInfo,
        key: Key,
        value: Encoded,
        more: bool,
    },
    End(BTreeMap<String, u64>),
}

impl Reader {
    /// Reads the next line; `Err` says what is wrong with it.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<Line> {
        let line = str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
        let at = line.len().checked_sub(SUM.len() + SUM_DIGITS + 2);
        let (body, sum) = at.and_then(|at| line.split_at_checked(at)).ok_or(NO_LINE)?;
        let sum = sum.strip_prefix(SUM).and_then(|sum| sum.strip_suffix("\"}")).ok_or(NO_LINE)?;
        if self.0.of_line(body) != sum {
            return Err(
                "its sum is another: this line is damaged, or is not the one that followed those before it".to_owned()
            );
        }
        let object = [body, "}"].concat();
        let members = Members::read(&object)?;
        if members.get("format").is_some() {
            return header(&members);
        }
        if members.get("end").is_some() {
            return read_member(&members, "end").map(Line::End);
        }
        record(&members)
    }
}

const NO_LINE: &str = "expected a line of an export of burrow's, which ends with its sum";

fn header(members: &Members<'_>) -> Result<Line> {
    let format: String = read_member(members, "format")?;
    if format != FORMAT {
        return Err(format!("expected the format {FORMAT}, got {}", quoted(&format)));
    }
    let version: u64 = read_member(members, "version")?;
    if version != VERSION {
        return Ok(Line::Newer(format!("it has the form {version}, and this burrow reads the form {VERSION}")));
    }
    let tables: Vec<String> = read_member(members, "tables")?;
    Ok(match tables.iter().find(|name| table(name).is_none()) {
        Some(name) => Line::Newer(format!("it has the table {}, which this burrow does not know", quoted(name))),
        None => Line::Header,
    })
}

fn table(name: &str) -> Option<&'static TableInfo> {
    TABLES.iter().copied().find(|table| table.name == name)
}

fn record(members: &Members<'_>) -> Result<Line> {
    let name: String = read_member(members, "table")?;
    let table = table(&name).ok_or_else(|| format!("table: there is no table {}", quoted(&name)))?;
    let parts: Vec<String> = read_member(members, "key")?;
    if parts.len() != table.key.len() {
        return Err(format!("key: expected {} strings, got {}", table.key.len(), parts.len()));
    }
    let part = |(column, part): (&crate::engine::Column, &String)| match column.column_type {
        ColumnType::Text => Ok(KeyPart::from(part.as_str())),
        ColumnType::U64 => leaf::u64(part).map(KeyPart::U64).map_err(|reason| format!("key: {reason}")),
    };
    let key = table.key.iter().zip(&parts).map(part).collect::<Result<Vec<_>>>()?;
    let value = match table.value_type {
        ValueType::Json => Encoded::Text(read_member(members, "json")?),
        ValueType::Text => Encoded::Text(read_member(members, "text")?),
        ValueType::Bytes => {
            let mut bytes = Vec::new();
            base64::decode(&read_member::<String>(members, "bytes")?, &mut bytes)?;
            Encoded::Bytes(bytes.into())
        }
    };
    let more = members.get("more").is_some() && table.value_type == ValueType::Bytes;
    Ok(Line::Record { table, key: Key::new(key), value, more })
}

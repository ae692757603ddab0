//! The lines of an export: `docs/format.md` says what they hold, to the byte.
//!
//! Each line ends with a sum over all lines up to it, so that what was damaged, left out or moved is known before it is written
//! anywhere. It tells damage, not forgery: whoever edits a file can make its sums.

use std::hash::Hasher as _;

use siphasher::sip128::{Hasher128 as _, SipHasher13};
use uuid::Uuid;

use super::base64;
use crate::{
    engine::{ColumnType, Encoded, Key, KeyPart, TableInfo, ValueType},
    model::json::{
        leaf,
        lexer::{Members, items},
        wire::read_member,
        writer::{JsonWriter, quoted},
    },
    store::schema::TABLES,
};

type Result<T> = std::result::Result<T, String>;

const FORMAT: &str = "burrow-export";
const VERSION: &str = "1";

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
        let mut tables = JsonWriter::default();
        tables.array(TABLES, |to, table| to.string(table.name));
        let tables = tables.into_text();
        self.line(&[("format", &quoted(FORMAT)), ("version", VERSION), ("tables", &tables)]);
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
        let (table, key) = (quoted(table.name), parts.into_text());
        let line: [(&str, &str); 4] = [("table", &table), ("key", &key), (name, &value), ("more", "true")];
        self.line(if more { &line } else { &line[..3] });
    }

    /// The last line, with how many records each table has.
    pub(super) fn end(&mut self, counts: &[u64]) {
        let mut records = JsonWriter::default();
        let mut object = records.object();
        for (table, count) in TABLES.iter().zip(counts) {
            object.named(table.name).json(&count.to_string());
        }
        object.end();
        self.line(&[("end", &records.into_text())]);
    }

    fn line(&mut self, members: &[(&str, &str)]) {
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

/// A line of an export, read.
pub(super) enum Line {
    Header,
    /// What this burrow does not know.
    Newer(String),
    Record(Record),
    End([u64; TABLES.len()]),
}

/// A record, or some bytes of one.
pub(super) struct Record {
    pub(super) table: &'static TableInfo,
    pub(super) key: Key,
    pub(super) value: Encoded,
    pub(super) more: bool,
}

impl Reader {
    /// Reads the next line; `Err` says what is wrong with it.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<Line> {
        let line = str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
        let at = line.len().checked_sub(SUM.len() + SUM_DIGITS + 2);
        let (body, sum) = at.and_then(|at| line.split_at_checked(at)).ok_or(NO_LINE)?;
        let sum = sum.strip_prefix(SUM).and_then(|sum| sum.strip_suffix("\"}")).ok_or(NO_LINE)?;
        if self.0.of_line(body) != sum {
            return Err(DAMAGED.to_owned());
        }
        let object = [body, "}"].concat();
        let members = Members::read(&object)?;
        if members.get("format").is_some() {
            return header(&members);
        }
        match members.get("end") {
            Some(counts) => counted(&Members::read(counts)?).map(Line::End),
            None => record(&members).map(Line::Record),
        }
    }
}

const NO_LINE: &str = "expected a line of an export of burrow's, which ends with its sum";

const DAMAGED: &str = "its sum is another: this line is damaged, or is not the one that followed those before it";

fn header(members: &Members<'_>) -> Result<Line> {
    let format: String = read_member(members, "format")?;
    let version = members.get("version").unwrap_or_default();
    if format != FORMAT || version != VERSION {
        return Ok(Line::Newer(["it has the form ", &format, " ", version].concat()));
    }
    for name in items(members.get("tables").unwrap_or_default())? {
        let name = leaf::text(name)?;
        if table(&name).is_none() {
            return Ok(Line::Newer(["it has the table ", &name, ", which this burrow does not know"].concat()));
        }
    }
    Ok(Line::Header)
}

fn table(name: &str) -> Option<&'static TableInfo> {
    TABLES.iter().copied().find(|table| table.name == name)
}

fn counted(members: &Members<'_>) -> Result<[u64; TABLES.len()]> {
    let mut counts = [0; TABLES.len()];
    for (name, count) in members.iter() {
        if let Some((_, place)) = TABLES.iter().zip(&mut counts).find(|(table, _)| table.name == name) {
            *place = leaf::u64(count)?;
        }
    }
    Ok(counts)
}

fn record(members: &Members<'_>) -> Result<Record> {
    let name: String = read_member(members, "table")?;
    let table = table(&name).ok_or_else(|| ["there is no table ", &name].concat())?;
    let items = items(members.get("key").unwrap_or_default())?;
    if items.len() != table.key.len() {
        return Err(format!("key: expected {} strings, got {}", table.key.len(), items.len()));
    }
    let mut key = Vec::with_capacity(items.len());
    for (column, item) in table.key.iter().zip(items) {
        let part = leaf::text(item)?;
        key.push(match column.column_type {
            ColumnType::Text => KeyPart::from(&*part),
            ColumnType::U64 => KeyPart::U64(leaf::u64(&part)?),
        });
    }
    let member = match table.value_type {
        ValueType::Json => "json",
        ValueType::Text => "text",
        ValueType::Bytes => "bytes",
    };
    let text: String = read_member(members, member)?;
    let value = if table.value_type == ValueType::Bytes {
        let mut bytes = Vec::new();
        base64::decode(&text, &mut bytes)?;
        Encoded::Bytes(bytes.into())
    } else {
        Encoded::Text(text)
    };
    Ok(Record { table, key: Key::new(key), value, more: members.get("more").is_some() })
}

//! Schemas: the JSON form of a type, as data.

use super::{
    leaf,
    lexer::{Members, items},
    writer::JsonWriter,
};

/// The error for a required member that is absent.
pub const MISSING: &str = "missing";

/// The largest integer up to which a JavaScript number holds every integer: 2^53-1.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// A form of JSON.
pub enum Schema {
    /// Any value.
    Any,
    /// A string of well-formed Unicode.
    Text,
    /// A UUID.
    Uuid,
    /// An instant in RFC 3339 form.
    Time,
    /// A whole number up to 2^64-1.
    U64,
    /// A whole number up to 2^32-1.
    U32,
    /// One of these strings.
    Name(&'static [&'static str]),
    /// This, `null`, or absent.
    Optional(&'static Schema),
    /// An array of these.
    List(&'static Schema),
    /// An object with these as its members, whatever their names.
    Map(&'static Schema),
    /// An object with these members, and any others.
    Object(&'static [Member]),
}

/// A member of an object.
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// Its form.
    pub schema: &'static Schema,
    /// Whether it has a default, so that it may be absent although it is not [`Schema::Optional`].
    pub may_be_absent: bool,
}

impl Member {
    /// Whether this is what the member is where it is not there.
    fn is_default(&self, json: &str) -> bool {
        match self.schema {
            Schema::Optional(_) => json == "null",
            Schema::List(_) => self.may_be_absent && items(json).is_ok_and(|items| items.is_empty()),
            _ => self.may_be_absent && json == "0",
        }
    }
}

impl Schema {
    /// Checks that JSON text has this form; `Err` says what is wrong with it. `has_large` becomes true where a u64 in it is larger than a
    /// JavaScript number holds exactly.
    pub fn check(&self, json: &str, has_large: &mut bool) -> Result<(), String> {
        match self {
            Self::Any => Ok(()),
            Self::Text => leaf::text(json).map(drop),
            Self::Uuid => leaf::uuid(json).map(drop),
            Self::Time => leaf::time(json).map(drop),
            Self::U64 => leaf::u64(json).map(|number| *has_large |= number > MAX_SAFE_INTEGER),
            Self::U32 => leaf::u32(json).map(drop),
            Self::Name(names) => leaf::name(json, names).map(drop),
            Self::Optional(_) if json == "null" => Ok(()),
            Self::Optional(schema) => schema.check(json, has_large),
            Self::List(schema) => items(json)?.into_iter().try_for_each(|item| schema.check(item, has_large)),
            Self::Map(_) | Self::Object(_) => self.check_document(json, has_large).map(drop),
        }
    }

    /// As [`check`](Self::check), and returns the members of an object.
    pub fn check_document<'a>(&self, json: &'a str, has_large: &mut bool) -> Result<Members<'a>, String> {
        match self {
            Self::Map(_) | Self::Object(_) => {
                let members = Members::read(json)?;
                self.check_members(&members, has_large)?;
                Ok(members)
            }
            _ => self.check(json, has_large).map(|()| Members::default()),
        }
    }

    fn check_members(&self, members: &Members<'_>, has_large: &mut bool) -> Result<(), String> {
        let named = |name: &str, checked: Result<(), String>| checked.map_err(|reason| format!("{name}: {reason}"));
        match self {
            Self::Map(schema) => {
                members.iter().try_for_each(|(name, value)| named(name, schema.check(value, has_large)))
            }
            Self::Object(known) => known.iter().try_for_each(|Member { name, schema, may_be_absent }| {
                let checked = match members.get(name) {
                    Some(value) => schema.check(value, has_large),
                    None if *may_be_absent || matches!(schema, Self::Optional(_)) => Ok(()),
                    None => Err(MISSING.to_owned()),
                };
                named(name, checked)
            }),
            _ => Ok(()),
        }
    }

    /// One text for all texts of this form that say the same. The text must have been checked to have it.
    pub fn canonical(&self, json: &str) -> String {
        let mut writer = JsonWriter::with_capacity(json.len());
        self.write_canonical(json, &mut writer);
        writer.into_text()
    }

    fn write_canonical(&self, json: &str, to: &mut JsonWriter) {
        match self {
            Self::Uuid if leaf::is_canonical_uuid(json) => to.json(json),
            Self::Uuid => to.string(&leaf::uuid(json).unwrap_or_default().to_string()),
            Self::Text | Self::Time | Self::Name(_) if leaf::is_plain(json) => to.json(json),
            Self::Text | Self::Time | Self::Name(_) => to.string(&leaf::text(json).unwrap_or_default()),
            Self::Optional(schema) if json != "null" => schema.write_canonical(json, to),
            Self::List(schema) => {
                to.array(items(json).unwrap_or_default(), |to, item| schema.write_canonical(item, to));
            }
            Self::Map(_) | Self::Object(_) => {
                let mut object = to.object();
                for (name, value) in Members::read(json).unwrap_or_default().sorted() {
                    match self.member(&name) {
                        Some(member) if member.is_default(value) => {}
                        Some(member) => member.schema.write_canonical(value, object.named(&name)),
                        None => object.named(&name).canonical(value),
                    }
                }
                object.end();
            }
            _ => to.canonical(json),
        }
    }

    /// The member of that name, of those that are known.
    fn member(&self, name: &str) -> Option<&'static Member> {
        match self {
            Self::Object(known) => known.iter().find(|member| member.name == name),
            _ => None,
        }
    }

    /// Writes JSON text of this form, which it was checked to have, with each u64 as a string of its digits.
    pub fn write_for_js(&self, json: &str, to: &mut JsonWriter) {
        match self {
            Self::U64 => to.string(json),
            Self::Optional(schema) if json != "null" => schema.write_for_js(json, to),
            Self::Object(_) => {
                let mut object = to.object();
                for (name, value) in Members::read(json).unwrap_or_default() {
                    let schema = self.member(&name).map_or(&Self::Any, |known| known.schema);
                    schema.write_for_js(value, object.named(&name));
                }
                object.end();
            }
            _ => to.json(json),
        }
    }
}

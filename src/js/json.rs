//! JSON text across the boundary.

use std::{io, str::FromStr};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Serializer, ser::Formatter};
use wasm_bindgen::JsValue;

use super::{Failure, Result};
use crate::model::{RuntimeState, RuntimeStoreError};

/// Reads an argument from its JSON text; `argument` is what an error names.
pub(super) fn parse<T: DeserializeOwned>(argument: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| invalid(argument, &error.to_string()))
}

/// Reads an id argument.
pub(super) fn id<T: FromStr<Err = RuntimeStoreError>>(argument: &str, text: &str) -> Result<T> {
    text.parse().map_err(|_| invalid(argument, &format!("expected a UUID, got {text:?}")))
}

/// Reads a lifecycle state argument.
pub(super) fn state(argument: &str, text: &str) -> Result<RuntimeState> {
    let name = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text);
    RuntimeState::deserialize(name).map_err(|error| invalid(argument, &error.to_string()))
}

/// Writes a value as JSON text for JavaScript.
pub(super) fn text(value: &impl Serialize) -> Result<JsValue> {
    let mut text = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(&mut text, Outgoing));
    written
        .map_err(|error| error.to_string())
        .and_then(|()| String::from_utf8(text).map_err(|error| error.to_string()))
        .map(JsValue::from)
        .map_err(|error| RuntimeStoreError::Internal(error).into())
}

/// As [`text`], `undefined` where there is no value.
pub(super) fn optional_text(value: Option<impl Serialize>) -> Result<JsValue> {
    value.map_or(Ok(JsValue::UNDEFINED), |value| text(&value))
}

/// Compact JSON in which a u64 is a string, since a JavaScript number would lose its digits. Only the u64 fields of
/// burrow's own types are written here: the runtime's own JSON is copied as it is.
pub(super) struct Outgoing;

impl Formatter for Outgoing {
    fn write_u64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        write!(writer, "\"{value}\"")
    }
}

fn invalid(argument: &str, reason: &str) -> Failure {
    // Positions in a text that the caller never saw would only confuse.
    let reason = reason.split(" at line ").next().unwrap_or(reason);
    RuntimeStoreError::invalid(argument, reason).into()
}

//! Requests, their parameters, and responses.

use std::borrow::Cow;

use crate::model::{
    Document, LabelSelector, Labels, RuntimeStoreError,
    json::{
        lexer::Members,
        wire::{Wire, put},
        writer::{JsonWriter, quoted},
    },
};

/// A valid request. Without an id it is a notification.
pub(super) struct Request<'a> {
    pub(super) method: String,
    pub(super) params: Params<'a>,
    pub(super) id: Option<&'a str>,
}

impl<'a> Request<'a> {
    pub(super) fn read(request: &'a str) -> Option<Self> {
        let members = Members::read(request).ok()?;
        if parsed::<String>(members.get("jsonrpc"))? != "2.0" {
            return None;
        }
        let id = members.get("id");
        if id.is_some_and(|id| !is_id(id)) {
            return None;
        }
        let params = match members.get("params") {
            None => Params::Named(Members::default()),
            Some(params) if params.starts_with('{') => Params::Named(Members::read(params).ok()?),
            Some(params) if params.starts_with('[') => Params::Positional,
            Some(_) => return None,
        };
        Some(Self { method: parsed(members.get("method"))?, params, id })
    }

    /// The id of an invalid request, where it has a valid one.
    pub(super) fn id_of(request: &'a str) -> Option<&'a str> {
        Members::read(request).ok()?.get("id").filter(|id| is_id(id))
    }
}

fn parsed<T: Wire>(member: Option<&str>) -> Option<T> {
    T::read(member?).ok()
}

/// An id is a string, a number or null.
fn is_id(json: &str) -> bool {
    !json.starts_with(['{', '[', 't', 'f'])
}

pub(super) enum Params<'a> {
    Named(Members<'a>),
    Positional,
}

impl<'a> Params<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        match self {
            Self::Named(members) => members.get(name),
            Self::Positional => None,
        }
    }

    /// Refuses a parameter that is none of these: a typing error must not widen what a method is about.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), RpcError> {
        let Self::Named(members) = self else { return Ok(()) };
        match members.iter().find(|(name, _)| !known.contains(&&**name)) {
            None => Ok(()),
            Some((name, _)) => {
                let reason = format!("{} is no parameter of this method, which has {}", quoted(name), known.join(", "));
                Err(invalid_params("params", reason))
            }
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A non-empty string.
    pub(super) fn id(&self, name: &str) -> Result<String, RpcError> {
        parsed(self.get(name))
            .filter(|id: &String| !id.is_empty())
            .ok_or_else(|| invalid_params(name, format!("{name} required")))
    }

    /// Missing, `null` and `{}` are all no labels.
    pub(super) fn labels(&self, name: &'static str) -> Result<Document<Labels>, RpcError> {
        let labels = self.optional(name, "a map of string to string")?;
        Ok(labels.unwrap_or_default())
    }

    /// Missing and `null` are no strings.
    pub(super) fn texts(&self, name: &'static str) -> Result<Vec<String>, RpcError> {
        Ok(self.optional(name, "an array of strings")?.unwrap_or_default())
    }

    pub(super) fn selector(&self) -> Result<LabelSelector, RpcError> {
        let selector: String =
            parsed(self.get("selector")).ok_or_else(|| invalid_params("selector", "selector required"))?;
        selector.parse().map_err(RpcError::from)
    }

    /// A number, or a string of its digits.
    pub(super) fn cursor(&self, name: &'static str) -> Result<u64, RpcError> {
        let cursor = self.get(name);
        let digits = parsed(cursor).and_then(|digits: String| digits.parse().ok());
        digits.or_else(|| parsed(cursor)).ok_or_else(|| {
            let what = "must be a whole number from 0 to 2^64-1, as a number or a string of its digits";
            invalid_params(name, format!("{name} {what}"))
        })
    }

    /// The same, where missing and `null` are a cursor that was never set.
    pub(super) fn optional_cursor(&self, name: &'static str) -> Result<Option<u64>, RpcError> {
        if matches!(self.get(name), None | Some("null")) { Ok(None) } else { self.cursor(name).map(Some) }
    }

    /// Missing and `null` are `false`.
    pub(super) fn flag(&self, name: &'static str) -> Result<bool, RpcError> {
        match self.get(name) {
            None | Some("null" | "false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(invalid_params(name, format!("{name} must be true or false"))),
        }
    }

    fn optional<T: Wire>(&self, name: &'static str, what: &str) -> Result<Option<T>, RpcError> {
        let Some(json) = self.get(name) else { return Ok(None) };
        Option::read(json).map_err(|error| invalid_params(name, format!("{name} must be {what}: {error}")))
    }
}

/// An error response's `code` and `message`; and where the store refused or failed, `data` with its own error.
pub(super) struct RpcError {
    code: i32,
    message: Cow<'static, str>,
    data: Option<RuntimeStoreError>,
}

pub(super) const PARSE_ERROR: RpcError = protocol_error(-32700, "Parse error");
pub(super) const INVALID_REQUEST: RpcError = protocol_error(-32600, "Invalid Request");
pub(super) const METHOD_NOT_FOUND: RpcError = protocol_error(-32601, "Method not found");

const fn protocol_error(code: i32, message: &'static str) -> RpcError {
    RpcError { code, message: Cow::Borrowed(message), data: None }
}

pub(super) fn invalid_params(argument: &str, reason: impl Into<String>) -> RpcError {
    let reason = reason.into();
    let message = format!("Invalid params: {reason}").into();
    RpcError { code: -32602, message, data: Some(RuntimeStoreError::invalid(argument, reason)) }
}

impl From<RuntimeStoreError> for RpcError {
    fn from(error: RuntimeStoreError) -> Self {
        let (code, kind) = match error {
            RuntimeStoreError::InvalidInput { .. } => (-32602, "Invalid params"),
            _ => (-32603, "Internal error"),
        };
        Self { code, message: format!("{kind}: {error}").into(), data: Some(error) }
    }
}

pub(super) fn response(id: Option<&str>, outcome: Result<String, RpcError>) -> String {
    let (member, value) = match outcome {
        Ok(result) => ("result", result),
        Err(error) => ("error", error_json(error)),
    };
    format!(r#"{{"jsonrpc":"2.0","{member}":{value},"id":{}}}"#, id.unwrap_or("null"))
}

/// `{"code","message","data":{"code","retryable","argument"?}}`
fn error_json(error: RpcError) -> String {
    let mut json = JsonWriter::default();
    let mut object = json.object();
    object.named("code").json(&error.code.to_string());
    put(&mut object, "message", &error.message.into_owned());
    if let Some(data) = error.data {
        let argument = match &data {
            RuntimeStoreError::InvalidInput { argument, .. } => Some(argument.clone()),
            _ => None,
        };
        let mut object = object.named("data").object();
        object.named("code").string(data.code());
        object.named("retryable").json(if data.is_retryable() { "true" } else { "false" });
        put(&mut object, "argument", &argument);
        object.end();
    }
    object.end();
    json.into_text()
}

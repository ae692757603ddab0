//! [JSON-RPC 2.0](https://www.jsonrpc.org/specification) over labels and cursors.
//!
//! | method | params | result |
//! | --- | --- | --- |
//! | `mobkit/mob_labels/set` | `labels?` | `{"accepted": true}` |
//! | `mobkit/mob_labels/get` | | `{"labels": {…}}` |
//! | `mobkit/mob_labels/delete` | | `{"accepted": true}` |
//! | `mobkit/run_labels/set`, `/get`, `/delete` | `run_id`, and as above | as above |
//! | `mobkit/labels/list` | | `{"entries": [{"run_id"?, "labels"}]}` |
//! | `mobkit/labels/select` | `selector` | `{"entries": [{"mob_id", "run_id"?, "labels"}]}` |
//! | `mobkit/subscription_cursor/get` | | `{"cursor": number, string or null}` |
//! | `mobkit/subscription_cursor/set` | `cursor` | `{"accepted": true}` |
//!
//! Params are named. `mob_id` names the mob; without it, it is the handler's own. A cursor is answered as a JSON number up to
//! 2^53-1, which a double holds exactly, and above as a string of decimal digits; both are accepted.

use std::borrow::Cow;

use crate::{
    engine::Engine,
    model::{
        Document, Json, LabelSelector, Labels, MetadataScope, RuntimeStoreError,
        json::{
            lexer::{Members, items},
            wire::{Wire, put, to_json},
            writer::JsonWriter,
        },
    },
    store::{Operation, Store, listing, metadata},
};

/// Answers JSON-RPC requests from a store.
#[derive(Clone, Debug)]
pub struct RpcHandler<'a, E> {
    store: &'a Store<E>,
    mob_id: Option<String>,
}

/// Labels as JSON text.
type LabelSet = Document<Labels>;

/// The largest integer up to which a double holds every integer: 2^53-1.
const EXACT_IN_A_DOUBLE: u64 = (1 << 53) - 1;

impl<'a, E: Engine> RpcHandler<'a, E> {
    /// A handler for any mob: each request names its own.
    pub fn new(store: &'a Store<E>) -> Self {
        Self { store, mob_id: None }
    }

    /// A handler for one mob, which requests need not name.
    pub fn for_mob(store: &'a Store<E>, mob_id: impl Into<String>) -> Self {
        Self { store, mob_id: Some(mob_id.into()) }
    }

    /// Answers a request or a batch, both as JSON text. `None` for a notification, and for a batch of notifications only: they
    /// have no answer. The requests of a batch are run in their order.
    pub async fn handle(&self, request: &str) -> Option<String> {
        let request = request.trim_matches([' ', '\t', '\r', '\n']);
        if !request.starts_with('[') {
            return match request.parse::<Json>().is_ok() {
                true => self.answer(request).await,
                false => Some(response(None, Err(PARSE_ERROR))),
            };
        }
        let Ok(batch) = items(request) else { return Some(response(None, Err(PARSE_ERROR))) };
        if batch.is_empty() {
            return Some(response(None, Err(INVALID_REQUEST)));
        }
        let mut answers = Vec::new();
        for request in batch {
            answers.extend(self.answer(request).await);
        }
        (!answers.is_empty()).then(|| format!("[{}]", answers.join(",")))
    }

    async fn answer(&self, json: &str) -> Option<String> {
        let Some(request) = Request::read(json) else {
            return Some(response(Request::id_of(json), Err(INVALID_REQUEST)));
        };
        let outcome = match self.operation(&request.method, &request.params) {
            Ok(operation) => self.store.run(Ok(operation)).await.map_err(RpcError::from),
            Err(error) => Err(error),
        };
        request.id.map(|id| response(Some(id), outcome))
    }

    /// The operation that a request asks for; its answer is the JSON text of the result.
    fn operation(&self, method: &str, params: &Params<'_>) -> Result<Operation<String>, RpcError> {
        Ok(match method {
            "mobkit/mob_labels/set" => set_labels(self.mob_scope(params)?, params)?,
            "mobkit/mob_labels/get" => get_labels(self.mob_scope(params)?)?,
            "mobkit/mob_labels/delete" => delete_labels(self.mob_scope(params)?)?,
            "mobkit/run_labels/set" => set_labels(self.run_scope(params)?, params)?,
            "mobkit/run_labels/get" => get_labels(self.run_scope(params)?)?,
            "mobkit/run_labels/delete" => delete_labels(self.run_scope(params)?)?,
            "mobkit/labels/list" => {
                metadata::labels_of_mob(&self.mob(params)?)?.map(|found| Ok(entries(&found, false)))
            }
            "mobkit/labels/select" => listing::selected(params.selector()?)?.map(|found| Ok(entries(&found, true))),
            "mobkit/subscription_cursor/get" => {
                metadata::cursor(&self.mob(params)?)?.map(|cursor| Ok(cursor_json(cursor)))
            }
            "mobkit/subscription_cursor/set" => {
                metadata::set_cursor(&self.mob(params)?, params.cursor()?)?.map(|()| Ok(accepted()))
            }
            _ => return Err(METHOD_NOT_FOUND),
        })
    }

    fn mob(&self, params: &Params<'_>) -> Result<String, RpcError> {
        match params.get("mob_id") {
            Some(_) => params.id("mob_id"),
            None => self.mob_id.clone().ok_or_else(|| invalid_params("mob_id required")),
        }
    }

    fn mob_scope(&self, params: &Params<'_>) -> Result<MetadataScope, RpcError> {
        self.mob(params).map(MetadataScope::Mob)
    }

    fn run_scope(&self, params: &Params<'_>) -> Result<MetadataScope, RpcError> {
        Ok(MetadataScope::Run(self.mob(params)?, params.id("run_id")?))
    }
}

fn set_labels(scope: MetadataScope, params: &Params<'_>) -> Result<Operation<String>, RpcError> {
    Ok(metadata::set_labels(&scope, params.labels()?)?.map(|()| Ok(accepted())))
}

fn get_labels(scope: MetadataScope) -> Result<Operation<String>, RpcError> {
    Ok(metadata::labels(&scope)?.map(|labels| Ok(format!(r#"{{"labels":{}}}"#, to_json(&labels)))))
}

fn delete_labels(scope: MetadataScope) -> Result<Operation<String>, RpcError> {
    Ok(metadata::delete_labels(&scope)?.map(|_| Ok(accepted())))
}

fn accepted() -> String {
    r#"{"accepted":true}"#.to_owned()
}

/// The result of `list` and `select`.
fn entries(found: &[(MetadataScope, LabelSet)], with_mob: bool) -> String {
    let mut json = JsonWriter::default();
    json.array(found, |to, (scope, labels)| {
        let mut entry = to.object();
        if with_mob {
            put(&mut entry, "mob_id", &scope.mob_id().to_owned());
        }
        put(&mut entry, "run_id", &scope.run_id().map(str::to_owned));
        put(&mut entry, "labels", labels);
        entry.end();
    });
    format!(r#"{{"entries":{}}}"#, json.into_text())
}

fn cursor_json(cursor: Option<u64>) -> String {
    match cursor {
        None => r#"{"cursor":null}"#.to_owned(),
        Some(exact @ ..=EXACT_IN_A_DOUBLE) => format!(r#"{{"cursor":{exact}}}"#),
        Some(large) => format!(r#"{{"cursor":"{large}"}}"#),
    }
}

/// A valid request. Without an id it is a notification.
struct Request<'a> {
    method: String,
    params: Params<'a>,
    id: Option<&'a str>,
}

impl<'a> Request<'a> {
    fn read(request: &'a str) -> Option<Self> {
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
    fn id_of(request: &'a str) -> Option<&'a str> {
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

enum Params<'a> {
    Named(Members<'a>),
    Positional,
}

impl<'a> Params<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        match self {
            Self::Named(members) => members.get(name),
            Self::Positional => None,
        }
    }

    /// A non-empty string.
    fn id(&self, name: &str) -> Result<String, RpcError> {
        parsed(self.get(name))
            .filter(|id: &String| !id.is_empty())
            .ok_or_else(|| invalid_params(format!("{name} required")))
    }

    /// Missing, `null` and `{}` are all no labels.
    fn labels(&self) -> Result<LabelSet, RpcError> {
        let Some(labels) = self.get("labels") else { return Ok(LabelSet::default()) };
        let labels = Option::<LabelSet>::read(labels);
        let described = |error| invalid_params(format!("labels must be a map of string to string: {error}"));
        labels.map(|labels| labels.unwrap_or_else(LabelSet::default)).map_err(described)
    }

    fn selector(&self) -> Result<LabelSelector, RpcError> {
        let selector: String = parsed(self.get("selector")).ok_or_else(|| invalid_params("selector required"))?;
        selector.parse().map_err(|error: RuntimeStoreError| invalid_params(error.to_string()))
    }

    fn cursor(&self) -> Result<u64, RpcError> {
        let cursor = self.get("cursor");
        let digits = parsed(cursor).and_then(|digits: String| digits.parse().ok());
        digits.or_else(|| parsed(cursor)).ok_or_else(|| {
            invalid_params("cursor must be a whole number from 0 to 2^64-1, as a number or a string of its digits")
        })
    }
}

struct RpcError {
    code: i32,
    message: Cow<'static, str>,
}

const PARSE_ERROR: RpcError = RpcError { code: -32700, message: Cow::Borrowed("Parse error") };
const INVALID_REQUEST: RpcError = RpcError { code: -32600, message: Cow::Borrowed("Invalid Request") };
const METHOD_NOT_FOUND: RpcError = RpcError { code: -32601, message: Cow::Borrowed("Method not found") };

fn invalid_params(what: impl std::fmt::Display) -> RpcError {
    RpcError { code: -32602, message: format!("Invalid params: {what}").into() }
}

impl From<RuntimeStoreError> for RpcError {
    fn from(error: RuntimeStoreError) -> Self {
        match error {
            RuntimeStoreError::InvalidInput { .. } => invalid_params(error),
            other => Self { code: -32603, message: format!("Internal error: {other}").into() },
        }
    }
}

fn response(id: Option<&str>, outcome: Result<String, RpcError>) -> String {
    let id = id.unwrap_or("null");
    match outcome {
        Ok(result) => format!(r#"{{"jsonrpc":"2.0","result":{result},"id":{id}}}"#),
        Err(RpcError { code, message }) => {
            let message = to_json(&message.into_owned());
            format!(r#"{{"jsonrpc":"2.0","error":{{"code":{code},"message":{message}}},"id":{id}}}"#)
        }
    }
}

//! A door: [JSON-RPC 2.0](https://www.jsonrpc.org/specification) over the labels and cursors.
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
//! Params are named. `mob_id` in them names the mob; without it, it is the handler's own. A cursor travels as a JSON number
//! where a double holds it exactly, up to 2^53-1, and as a string of its decimal digits beyond; either is taken.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};

use crate::{
    engine::Engine,
    model::{LabelSelector, Labels, MetadataScope, MetadataStoreError, RuntimeStoreError},
    store::{PersistentMetadataStore, RuntimeMetadataTable, Store},
};

/// Answers JSON-RPC requests from a store.
#[derive(Clone, Debug)]
pub struct RpcHandler<'a, E> {
    store: &'a Store<E>,
    mob_id: Option<String>,
}

/// The largest integer below which every integer is a double: 2^53-1.
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

    /// Answers a request or a batch, given and returned as JSON text. `None` where nothing is to be answered: to a
    /// notification, and to a batch of nothing but notifications. The requests of a batch are served in their order.
    pub async fn handle(&self, request: &str) -> Option<String> {
        let Ok(request) = serde_json::from_str::<&RawValue>(request) else {
            return Some(Response::error(None, PARSE_ERROR).to_json());
        };
        if !request.get().starts_with('[') {
            return self.answer(request).await.map(|response| response.to_json());
        }
        let batch: Vec<&RawValue> = serde_json::from_str(request.get()).unwrap_or_default();
        if batch.is_empty() {
            return Some(Response::error(None, INVALID_REQUEST).to_json());
        }
        let mut answers = Vec::new();
        for request in batch {
            answers.extend(self.answer(request).await.map(|response| response.to_json()));
        }
        (!answers.is_empty()).then(|| format!("[{}]", answers.join(",")))
    }

    async fn answer(&self, request: &RawValue) -> Option<Response> {
        let Some(request) = Request::read(request) else {
            return Some(Response::error(Request::id_of(request), INVALID_REQUEST));
        };
        let outcome = self.serve(&request.method, &request.params).await;
        request.id.map(|id| match outcome {
            Ok(result) => Response { id: Some(id), outcome: Ok(result) },
            Err(error) => Response::error(Some(id), error),
        })
    }

    async fn serve(&self, method: &str, params: &Params<'_>) -> Result<serde_json::Value, RpcError> {
        match method {
            "mobkit/mob_labels/set" => self.set_labels(self.mob_scope(params)?, params).await,
            "mobkit/mob_labels/get" => self.get_labels(self.mob_scope(params)?).await,
            "mobkit/mob_labels/delete" => self.delete_labels(self.mob_scope(params)?).await,
            "mobkit/run_labels/set" => self.set_labels(self.run_scope(params)?, params).await,
            "mobkit/run_labels/get" => self.get_labels(self.run_scope(params)?).await,
            "mobkit/run_labels/delete" => self.delete_labels(self.run_scope(params)?).await,
            "mobkit/labels/list" => {
                let entries = self.store.list_labels_for_mob(&self.mob(params)?).await?;
                Ok(
                    json!({"entries": entries.into_iter().map(|(scope, labels)| entry(None, scope, labels)).collect::<Vec<_>>()}),
                )
            }
            "mobkit/labels/select" => {
                let entries = self.store.select_labels(&params.selector()?).await?;
                let named = |(scope, labels): (MetadataScope, _)| entry(Some(scope.mob_id().to_owned()), scope, labels);
                Ok(json!({"entries": entries.into_iter().map(named).collect::<Vec<_>>()}))
            }
            "mobkit/subscription_cursor/get" => {
                let cursor = self.store.get_subscription_cursor(&self.mob(params)?).await?;
                Ok(json!({"cursor": cursor.map(cursor_to_json)}))
            }
            "mobkit/subscription_cursor/set" => {
                self.store.set_subscription_cursor(&self.mob(params)?, params.cursor()?).await?;
                Ok(accepted())
            }
            _ => Err(METHOD_NOT_FOUND),
        }
    }

    async fn set_labels(&self, scope: MetadataScope, params: &Params<'_>) -> Result<serde_json::Value, RpcError> {
        self.store.set_labels(&scope, params.labels()?).await?;
        Ok(accepted())
    }

    async fn get_labels(&self, scope: MetadataScope) -> Result<serde_json::Value, RpcError> {
        Ok(json!({"labels": self.store.get_labels(&scope).await?}))
    }

    async fn delete_labels(&self, scope: MetadataScope) -> Result<serde_json::Value, RpcError> {
        self.store.delete_labels(&scope).await?;
        Ok(accepted())
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

/// One scope's labels, as listings give them.
#[derive(Serialize)]
struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    mob_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
    labels: Labels,
}

fn entry(mob_id: Option<String>, scope: MetadataScope, labels: Labels) -> Entry {
    Entry { mob_id, run_id: scope.run_id().map(str::to_owned), labels }
}

fn accepted() -> serde_json::Value {
    json!({"accepted": true})
}

fn cursor_to_json(cursor: u64) -> serde_json::Value {
    if cursor <= EXACT_IN_A_DOUBLE { cursor.into() } else { cursor.to_string().into() }
}

/// The members of an object, each as its text.
type Members<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// A valid request; without an id, a notification.
struct Request<'a> {
    method: String,
    params: Params<'a>,
    id: Option<Box<RawValue>>,
}

impl<'a> Request<'a> {
    fn read(request: &'a RawValue) -> Option<Self> {
        let members: Members = serde_json::from_str(request.get()).ok()?;
        if parsed::<String>(members.get("jsonrpc"))? != "2.0" {
            return None;
        }
        let id = match members.get("id") {
            Some(id) if !is_id(id) => return None,
            id => id.map(|id| (*id).to_owned()),
        };
        let params = match members.get("params") {
            None => Params::Named(Members::new()),
            Some(params) if params.get().starts_with('{') => Params::Named(parsed(Some(params))?),
            Some(params) if params.get().starts_with('[') => Params::Positional,
            Some(_) => return None,
        };
        Some(Self { method: parsed(members.get("method"))?, params, id })
    }

    /// The id of what is no valid request, where it has one all the same.
    fn id_of(request: &RawValue) -> Option<Box<RawValue>> {
        let members: Members = serde_json::from_str(request.get()).ok()?;
        members.get("id").filter(|id| is_id(id)).map(|id| (*id).to_owned())
    }
}

fn parsed<'a, T: Deserialize<'a>>(member: Option<&&'a RawValue>) -> Option<T> {
    serde_json::from_str(member?.get()).ok()
}

/// An id is a string, a number or null.
fn is_id(value: &RawValue) -> bool {
    !value.get().starts_with(['{', '[', 't', 'f'])
}

enum Params<'a> {
    Named(Members<'a>),
    Positional,
}

impl<'a> Params<'a> {
    fn get(&self, name: &str) -> Option<&&'a RawValue> {
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
    fn labels(&self) -> Result<Labels, RpcError> {
        let Some(labels) = self.get("labels") else { return Ok(Labels::new()) };
        let labels: Result<Option<Labels>, _> = serde_json::from_str(labels.get());
        let described = |error| invalid_params(format!("labels must be a map of string to string: {error}"));
        labels.map(Option::unwrap_or_default).map_err(described)
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

impl From<MetadataStoreError> for RpcError {
    fn from(error: MetadataStoreError) -> Self {
        Self { code: -32603, message: format!("Internal error: {error}").into() }
    }
}

impl From<RuntimeStoreError> for RpcError {
    fn from(error: RuntimeStoreError) -> Self {
        MetadataStoreError::from(error).into()
    }
}

struct Response {
    id: Option<Box<RawValue>>,
    outcome: Result<serde_json::Value, RpcError>,
}

impl Response {
    fn error(id: Option<Box<RawValue>>, error: RpcError) -> Self {
        Self { id, outcome: Err(error) }
    }

    fn to_json(&self) -> String {
        let id = self.id.as_deref().map_or("null", RawValue::get);
        match &self.outcome {
            Ok(result) => format!(r#"{{"jsonrpc":"2.0","result":{result},"id":{id}}}"#),
            Err(RpcError { code, message }) => {
                let error = json!({"code": code, "message": message});
                format!(r#"{{"jsonrpc":"2.0","error":{error},"id":{id}}}"#)
            }
        }
    }
}

//! [JSON-RPC 2.0](https://www.jsonrpc.org/specification) over labels, cursors and runtimes.
//!
//! | method | params | result |
//! | --- | --- | --- |
//! | `mobkit/mob_labels/set` | `labels?` | `{"accepted": true}` |
//! | `mobkit/mob_labels/get` | | `{"labels": {…}}` |
//! | `mobkit/mob_labels/delete` | | `{"accepted": true}` |
//! | `mobkit/run_labels/set`, `/get`, `/delete` | `run_id`, and as above | as above |
//! | `burrow/labels/list` | | `{"entries": [{"run_id"?, "labels"}]}` |
//! | `burrow/labels/select` | `selector` | `{"entries": [{"mob_id", "run_id"?, "labels"}]}` |
//! | `burrow/labels/patch` | `run_id?`, `set?`, `remove?` | `{"labels": {…}}`, as they are now |
//! | `burrow/labels/compare_and_set` | `run_id?`, `expected?`, `labels?` | `{"accepted": true}` |
//! | `burrow/cursor/get` | | `{"cursor": number, string or null}` |
//! | `burrow/cursor/set` | `cursor` | `{"accepted": true}` |
//! | `burrow/cursor/advance` | `cursor` | `{"cursor": …}`, as it is now |
//! | `burrow/cursor/compare_and_set` | `expected?`, `cursor` | `{"accepted": true}` |
//! | `burrow/runtime/recover` | `runtime_id` | `{"state", "session"?, "inputs", "last_receipt"?, "ops"?, "epoch"}` |
//! | `burrow/runtime/counts` | `runtime_id` | `{"live_inputs", "terminal_inputs", "receipts", "runs", "session_bytes"}` |
//! | `burrow/runtime/prune` | `runtime_id`, `keep_receipts?`, `keep_terminal_inputs?`, `before?`, `dry_run?` | `{"receipts", "inputs"}` |
//! | `burrow/runtime/delete` | `runtime_id` | `{"accepted": true}` |
//!
//! The methods of `mobkit/` are those of mobkit 0.6. Params are named. `mob_id` names the mob; without it, it is the handler's
//! own. A cursor is answered as a JSON number up to 2^53-1, which a double holds exactly, and above as a string of decimal
//! digits; both are accepted. A session is base64, an epoch a string of its digits; `before` is a time in milliseconds since 1970. What
//! takes several transactions is carried out as the method of [`Store`] that has its name. Where the store refuses or fails, the error has
//! `data: {"code", "retryable", "argument"?}`, as [`RuntimeStoreError`](crate::RuntimeStoreError) says them.

mod message;
mod runtime;

use self::message::{
    INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR, Params, Request, RpcError, invalid_params, response,
};
use crate::{
    engine::Engine,
    model::{
        Document, Json, Labels, MetadataScope,
        json::{
            lexer::items,
            wire::{put, to_json},
            writer::JsonWriter,
        },
    },
    store::{Operation, Store, listing, merging, metadata},
};

/// Answers JSON-RPC requests from a store.
#[derive(Clone, Debug)]
pub struct RpcHandler<'a, E> {
    store: &'a Store<E>,
    mob_id: Option<String>,
}

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
        let outcome = self.outcome(&request.method, &request.params).await;
        request.id.map(|id| response(Some(id), outcome))
    }

    async fn outcome(&self, method: &str, params: &Params<'_>) -> Result<String, RpcError> {
        if let Some((_, known)) = OWN.iter().find(|(own, _)| *own == method) {
            params.only(known)?;
        }
        match Box::pin(self.in_steps(method, params)).await {
            Some(outcome) => outcome,
            None => Ok(self.store.run(Ok(self.operation(method, params)?)).await?),
        }
    }

    /// The operation that a request asks for; its answer is the JSON text of the result.
    fn operation(&self, method: &str, params: &Params<'_>) -> Result<Operation<String>, RpcError> {
        let fence = self.store.fence();
        Ok(match method {
            "mobkit/mob_labels/set" => self.set_labels(self.mob_scope(params)?, params)?,
            "mobkit/mob_labels/get" => get_labels(self.mob_scope(params)?)?,
            "mobkit/mob_labels/delete" => self.delete_labels(self.mob_scope(params)?)?,
            "mobkit/run_labels/set" => self.set_labels(self.run_scope(params)?, params)?,
            "mobkit/run_labels/get" => get_labels(self.run_scope(params)?)?,
            "mobkit/run_labels/delete" => self.delete_labels(self.run_scope(params)?)?,
            "burrow/labels/list" => {
                metadata::labels_of_mob(&self.mob(params)?)?.map(|found| Ok(entries(&found, false)))
            }
            "burrow/labels/select" => listing::selected(params.selector()?)?.map(|found| Ok(entries(&found, true))),
            "burrow/labels/patch" => {
                let (set, remove) = (params.labels("set")?, params.texts("remove")?);
                merging::patch_labels(fence, &self.scope(params)?, set, remove)?.map(labels_json)
            }
            "burrow/labels/compare_and_set" => {
                let (expected, labels) = (params.labels("expected")?, params.labels("labels")?);
                merging::compare_and_set_labels(fence, &self.scope(params)?, expected, labels)?.map(accepted)
            }
            "burrow/cursor/get" => metadata::cursor(&self.mob(params)?)?.map(cursor_json),
            "burrow/cursor/set" => {
                metadata::set_cursor(fence, &self.mob(params)?, params.cursor("cursor")?)?.map(accepted)
            }
            "burrow/cursor/advance" => merging::advance_cursor(fence, &self.mob(params)?, params.cursor("cursor")?)?
                .map(|now| cursor_json(Some(now))),
            "burrow/cursor/compare_and_set" => {
                let (expected, cursor) = (params.optional_cursor("expected")?, params.cursor("cursor")?);
                merging::compare_and_set_cursor(fence, &self.mob(params)?, expected, cursor)?.map(accepted)
            }
            "burrow/runtime/recover" => runtime::recover(params)?,
            "burrow/runtime/counts" => runtime::counts(params)?,
            _ => return Err(METHOD_NOT_FOUND),
        })
    }

    fn set_labels(&self, scope: MetadataScope, params: &Params<'_>) -> Result<Operation<String>, RpcError> {
        Ok(metadata::set_labels(self.store.fence(), &scope, params.labels("labels")?)?.map(accepted))
    }

    fn delete_labels(&self, scope: MetadataScope) -> Result<Operation<String>, RpcError> {
        Ok(metadata::delete_labels(self.store.fence(), &scope)?.map(|_| accepted(())))
    }

    fn mob(&self, params: &Params<'_>) -> Result<String, RpcError> {
        match params.get("mob_id") {
            Some(_) => params.id("mob_id"),
            None => self.mob_id.clone().ok_or_else(|| invalid_params("mob_id", "mob_id required")),
        }
    }

    fn mob_scope(&self, params: &Params<'_>) -> Result<MetadataScope, RpcError> {
        self.mob(params).map(MetadataScope::Mob)
    }

    /// The run's scope where there is a `run_id`, else the mob's.
    fn scope(&self, params: &Params<'_>) -> Result<MetadataScope, RpcError> {
        if params.has("run_id") { self.run_scope(params) } else { self.mob_scope(params) }
    }

    fn run_scope(&self, params: &Params<'_>) -> Result<MetadataScope, RpcError> {
        Ok(MetadataScope::Run(self.mob(params)?, params.id("run_id")?))
    }
}

/// The methods of our own, each with its parameters. Those of mobkit take what upstream's take, and pass over others.
const OWN: [(&str, &[&str]); 12] = [
    ("burrow/labels/list", &["mob_id"]),
    ("burrow/labels/select", &["selector"]),
    ("burrow/labels/patch", &["mob_id", "run_id", "set", "remove"]),
    ("burrow/labels/compare_and_set", &["mob_id", "run_id", "expected", "labels"]),
    ("burrow/cursor/get", &["mob_id"]),
    ("burrow/cursor/set", &["mob_id", "cursor"]),
    ("burrow/cursor/advance", &["mob_id", "cursor"]),
    ("burrow/cursor/compare_and_set", &["mob_id", "expected", "cursor"]),
    ("burrow/runtime/recover", &["runtime_id"]),
    ("burrow/runtime/counts", &["runtime_id"]),
    ("burrow/runtime/prune", &["runtime_id", "keep_receipts", "keep_terminal_inputs", "before", "dry_run"]),
    ("burrow/runtime/delete", &["runtime_id"]),
];

fn get_labels(scope: MetadataScope) -> Result<Operation<String>, RpcError> {
    Ok(metadata::labels(&scope)?.map(labels_json))
}

type Answer = crate::engine::Result<String>;

fn accepted((): ()) -> Answer {
    Ok(r#"{"accepted":true}"#.to_owned())
}

fn labels_json(labels: Document<Labels>) -> Answer {
    Ok(format!(r#"{{"labels":{}}}"#, to_json(&labels)))
}

/// The result of `list` and `select`.
fn entries(found: &[(MetadataScope, Document<Labels>)], with_mob: bool) -> String {
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

fn cursor_json(cursor: Option<u64>) -> Answer {
    Ok(match cursor {
        None => r#"{"cursor":null}"#.to_owned(),
        Some(exact @ ..=EXACT_IN_A_DOUBLE) => format!(r#"{{"cursor":{exact}}}"#),
        Some(large) => format!(r#"{{"cursor":"{large}"}}"#),
    })
}

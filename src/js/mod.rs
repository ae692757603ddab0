//! The door to JavaScript: what the npm package's TypeScript calls.
//!
//! Arguments arrive checked by that TypeScript: strings are well-formed, ids not empty, numbers in range. Objects cross
//! as JSON text, in which an outgoing u64 is a string of its digits; the TypeScript makes it a `bigint`.
//!
//! Every call is a plain function that returns a promise from [`promise`]. `wasm-bindgen` takes `async fn`s too, but
//! compiles all that a promise needs anew for each of them, which was a third of the module.

mod answer;
mod failure;
mod json;
mod live;
mod panic;

use std::future::Future;

use js_sys::{Array, Function, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use self::{
    answer::{bytes, done, promise, texts},
    failure::Failure,
};
use crate::{
    InputId, Labels, LogicalRuntimeId, MetadataScope, PersistentMetadataStore, RunBoundaryReceipt, RunId,
    RuntimeMetadataTable, RuntimeStore, RuntimeStoreError, SessionDelta, Store, StoredInputState,
    engine::{
        Engine,
        indexed_db::{Durability, IndexedDb},
        memory::Memory,
    },
    rpc::RpcHandler,
};

type Result<T> = std::result::Result<T, Failure>;

/// The store behind a handle. A call under way shares it, and so outlives a handle that is freed.
type AnyStore = Store<Box<dyn Engine>>;

/// A store of either kind.
#[wasm_bindgen]
pub struct RawStore(AnyStore);

impl RawStore {
    fn over(engine: impl Engine) -> Self {
        Self(Store::over(Box::new(engine)))
    }

    /// What `work` makes of the store, as a promise.
    fn call<F>(&self, work: impl FnOnce(AnyStore) -> F) -> Promise
    where
        F: Future<Output = Result<JsValue>> + 'static,
    {
        promise(Box::pin(work(self.0.clone())))
    }
}

/// Opens a database of this origin.
#[wasm_bindgen(js_name = openIndexedDb, unchecked_return_type = "Promise<RawStore>")]
pub fn open_indexed_db(name: String, relaxed: bool) -> Promise {
    let durability = if relaxed { Durability::Relaxed } else { Durability::Strict };
    promise(Box::pin(async move { Ok(RawStore::over(IndexedDb::open(&name, durability).await?).into()) }))
}

/// A new store in memory.
#[wasm_bindgen(js_name = openMemory)]
pub fn open_memory() -> RawStore {
    RawStore::over(Memory::default())
}

/// A new id, UUID version 7.
#[wasm_bindgen(js_name = newId)]
pub fn new_id() -> String {
    RunId::new().to_string()
}

#[wasm_bindgen]
impl RawStore {
    /// Closes the store.
    pub fn close(&self) {
        self.0.close();
    }

    /// Replaces the labels of a scope.
    #[wasm_bindgen(js_name = setLabels, unchecked_return_type = "Promise<void>")]
    pub fn set_labels(&self, mob: String, run: Option<String>, labels: String) -> Promise {
        self.call(async move |store| {
            store.set_labels(&scope(mob, run), json::parse("labels", &labels)?).await?;
            done()
        })
    }

    /// The labels of a scope, as JSON.
    #[wasm_bindgen(js_name = getLabels, unchecked_return_type = "Promise<string>")]
    pub fn get_labels(&self, mob: String, run: Option<String>) -> Promise {
        self.call(async move |store| json::text(&store.get_labels(&scope(mob, run)).await?))
    }

    /// Removes the labels of a scope and returns them, as JSON.
    #[wasm_bindgen(js_name = deleteLabels, unchecked_return_type = "Promise<string>")]
    pub fn delete_labels(&self, mob: String, run: Option<String>) -> Promise {
        self.call(async move |store| json::text(&store.delete_labels(&scope(mob, run)).await?))
    }

    /// All labels of a mob, as a JSON array of `[mob, run or null, labels]`.
    #[wasm_bindgen(js_name = listLabels, unchecked_return_type = "Promise<string>")]
    pub fn list_labels(&self, mob: String) -> Promise {
        self.call(async move |store| entries(&store.list_labels_for_mob(&mob).await?))
    }

    /// A mob's cursor.
    #[wasm_bindgen(js_name = getCursor, unchecked_return_type = "Promise<bigint | undefined>")]
    pub fn get_cursor(&self, mob: String) -> Promise {
        self.call(async move |store| Ok(store.get_subscription_cursor(&mob).await?.into()))
    }

    /// Sets a mob's cursor.
    #[wasm_bindgen(js_name = setCursor, unchecked_return_type = "Promise<void>")]
    pub fn set_cursor(&self, mob: String, cursor: u64) -> Promise {
        self.call(async move |store| {
            store.set_subscription_cursor(&mob, cursor).await?;
            done()
        })
    }

    /// Labelled mobs and runs that meet a selector, as a JSON array of `[mob, run or null, labels]`.
    #[wasm_bindgen(js_name = selectLabels, unchecked_return_type = "Promise<string>")]
    pub fn select_labels(&self, selector: String) -> Promise {
        self.call(async move |store| entries(&store.select_labels(&selector.parse()?).await?))
    }

    /// Answers JSON-RPC.
    #[wasm_bindgen(unchecked_return_type = "Promise<string | undefined>")]
    pub fn rpc(&self, request: String, mob: Option<String>) -> Promise {
        self.call(async move |store| {
            let handler = match mob {
                None => RpcHandler::new(&store),
                Some(mob) => RpcHandler::for_mob(&store, mob),
            };
            Ok(handler.handle(&request).await.into())
        })
    }

    /// A page of mob ids.
    #[wasm_bindgen(unchecked_return_type = "Promise<string[]>")]
    pub fn mobs(&self, after: Option<String>, limit: u32) -> Promise {
        self.call(async move |store| texts(store.list_mobs(after.as_deref(), limit).await?))
    }

    /// A page of runtime ids.
    #[wasm_bindgen(unchecked_return_type = "Promise<string[]>")]
    pub fn runtimes(&self, after: Option<String>, limit: u32) -> Promise {
        self.call(async move |store| {
            let after = after.map(LogicalRuntimeId::new).transpose()?;
            texts(store.list_runtimes(after.as_ref(), limit).await?)
        })
    }

    /// A page of the ids of a runtime's runs.
    #[wasm_bindgen(unchecked_return_type = "Promise<string[]>")]
    pub fn runs(&self, runtime: String, after: Option<String>, limit: u32) -> Promise {
        self.call(async move |store| {
            let after = after.map(|run| json::id("after", &run)).transpose()?;
            texts(store.list_runs(&LogicalRuntimeId::new(runtime)?, after.as_ref(), limit).await?)
        })
    }

    /// A page of the ids of a runtime's inputs.
    #[wasm_bindgen(js_name = inputIds, unchecked_return_type = "Promise<string[]>")]
    pub fn input_ids(&self, runtime: String, after: Option<String>, limit: u32) -> Promise {
        self.call(async move |store| {
            let after = after.map(|input| json::id("after", &input)).transpose()?;
            texts(store.list_inputs(&LogicalRuntimeId::new(runtime)?, after.as_ref(), limit).await?)
        })
    }

    /// A page of a runtime's receipts, as a JSON array.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn receipts(&self, runtime: String, after_run: Option<String>, after_sequence: u64, limit: u32) -> Promise {
        self.call(async move |store| {
            let after_run: Option<RunId> = after_run.map(|run| json::id("after.run_id", &run)).transpose()?;
            let after = after_run.as_ref().map(|run| (run, after_sequence));
            json::text(&store.list_receipts(&LogicalRuntimeId::new(runtime)?, after, limit).await?)
        })
    }

    /// A session's snapshot by its id: `[runtime, snapshot]`.
    #[wasm_bindgen(js_name = sessionById, unchecked_return_type = "Promise<[string, Uint8Array] | undefined>")]
    pub fn session_by_id(&self, session_id: String) -> Promise {
        self.call(async move |store| {
            let found = store.load_session_by_id(json::id("sessionId", &session_id)?).await?;
            Ok(found.map(|(runtime, session)| Array::of2(&runtime.as_str().into(), &bytes(Some(session)))).into())
        })
    }

    /// The stable name of the durable store.
    #[wasm_bindgen(js_name = authorityKey)]
    pub fn authority_key(&self) -> Option<String> {
        self.0.auth_authority_key()
    }

    /// How often the connection was opened again.
    pub fn reopens(&self) -> u32 {
        self.0.reopens()
    }

    /// The OAuth flows.
    #[wasm_bindgen(js_name = oauthFlows, unchecked_return_type = "Promise<Uint8Array | undefined>")]
    pub fn oauth_flows(&self) -> Promise {
        self.call(async move |store| Ok(bytes(store.load_auth_oauth_flow_snapshot().await?)))
    }

    /// Replaces the OAuth flows.
    #[wasm_bindgen(js_name = persistOauthFlows, unchecked_return_type = "Promise<void>")]
    pub fn persist_oauth_flows(&self, flows: Box<[u8]>) -> Promise {
        self.call(async move |store| {
            store.persist_auth_oauth_flow_snapshot(&flows).await?;
            done()
        })
    }

    /// Replaces the OAuth flows by what `update` makes of them: bytes, or anything else to change nothing.
    #[wasm_bindgen(js_name = updateOauthFlows, unchecked_return_type = "Promise<void>")]
    pub fn update_oauth_flows(&self, update: Function) -> Promise {
        let update = move |stored: Option<&[u8]>| {
            let stored = stored.map_or(JsValue::UNDEFINED, |stored| Uint8Array::from(stored).into());
            let next = update.call1(&JsValue::UNDEFINED, &stored).ok();
            let next = next.as_ref().and_then(|next| next.dyn_ref::<Uint8Array>());
            next.map(Uint8Array::to_vec).ok_or_else(|| RuntimeStoreError::invalid("update", "it gave no bytes"))
        };
        self.call(async move |store| {
            store.update_auth_oauth_flow_snapshot(Box::new(update)).await?;
            done()
        })
    }

    /// Replaces a runtime's operation registry.
    #[wasm_bindgen(js_name = persistOps, unchecked_return_type = "Promise<void>")]
    pub fn persist_ops(&self, runtime: String, snapshot: String) -> Promise {
        self.call(async move |store| {
            let snapshot = json::parse("snapshot", &snapshot)?;
            store.persist_ops_lifecycle(&LogicalRuntimeId::new(runtime)?, &snapshot).await?;
            done()
        })
    }

    /// A runtime's operation registry, as JSON.
    #[wasm_bindgen(unchecked_return_type = "Promise<string | undefined>")]
    pub fn ops(&self, runtime: String) -> Promise {
        self.call(async move |store| {
            json::optional_text(store.load_ops_lifecycle(&LogicalRuntimeId::new(runtime)?).await?)
        })
    }

    /// Commits a run boundary; `inputs` is a JSON array.
    #[wasm_bindgen(js_name = commitBoundary, unchecked_return_type = "Promise<void>")]
    pub fn commit_boundary(
        &self,
        runtime: String,
        receipt: String,
        session: Option<Box<[u8]>>,
        inputs: String,
        session_key: Option<String>,
    ) -> Promise {
        self.call(async move |store| {
            let receipt: RunBoundaryReceipt = json::parse("receipt", &receipt)?;
            let inputs: Vec<StoredInputState> = json::parse("inputs", &inputs)?;
            let session_key = session_key.map(|key| json::id("sessionKey", &key)).transpose()?;
            let session = session.map(SessionDelta::new);
            store.atomic_apply(&LogicalRuntimeId::new(runtime)?, session, receipt, inputs, session_key).await?;
            done()
        })
    }

    /// Replaces a runtime's snapshot.
    #[wasm_bindgen(js_name = commitSession, unchecked_return_type = "Promise<void>")]
    pub fn commit_session(&self, runtime: String, session: Box<[u8]>) -> Promise {
        self.call(async move |store| {
            store.commit_session_snapshot(&LogicalRuntimeId::new(runtime)?, SessionDelta::new(session)).await?;
            done()
        })
    }

    /// Stores one input.
    #[wasm_bindgen(js_name = persistInput, unchecked_return_type = "Promise<void>")]
    pub fn persist_input(&self, runtime: String, input: String) -> Promise {
        self.call(async move |store| {
            let input = json::parse("input", &input)?;
            store.persist_input_state(&LogicalRuntimeId::new(runtime)?, &input).await?;
            done()
        })
    }

    /// All inputs of a runtime, as a JSON array.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn inputs(&self, runtime: String) -> Promise {
        self.call(async move |store| json::text(&store.load_input_states(&LogicalRuntimeId::new(runtime)?).await?))
    }

    /// One input, as JSON.
    #[wasm_bindgen(unchecked_return_type = "Promise<string | undefined>")]
    pub fn input(&self, runtime: String, input_id: String) -> Promise {
        self.call(async move |store| {
            let input_id: InputId = json::id("inputId", &input_id)?;
            json::optional_text(store.load_input_state(&LogicalRuntimeId::new(runtime)?, &input_id).await?)
        })
    }

    /// One receipt, as JSON.
    #[wasm_bindgen(unchecked_return_type = "Promise<string | undefined>")]
    pub fn receipt(&self, runtime: String, run_id: String, sequence: u64) -> Promise {
        self.call(async move |store| {
            let run_id: RunId = json::id("runId", &run_id)?;
            let runtime = LogicalRuntimeId::new(runtime)?;
            json::optional_text(store.load_boundary_receipt(&runtime, &run_id, sequence).await?)
        })
    }

    /// A runtime's snapshot.
    #[wasm_bindgen(unchecked_return_type = "Promise<Uint8Array | undefined>")]
    pub fn session(&self, runtime: String) -> Promise {
        self.call(async move |store| Ok(bytes(store.load_session_snapshot(&LogicalRuntimeId::new(runtime)?).await?)))
    }

    /// A runtime's state.
    #[wasm_bindgen(unchecked_return_type = "Promise<string | undefined>")]
    pub fn state(&self, runtime: String) -> Promise {
        self.call(async move |store| {
            let state = store.load_runtime_state(&LogicalRuntimeId::new(runtime)?).await?;
            Ok(state.map(|state| state.as_str()).into())
        })
    }

    /// Commits a lifecycle step; `inputs` is a JSON array.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn transition(&self, runtime: String, from: String, to: String, inputs: String) -> Promise {
        self.call(async move |store| {
            let step = json::state("from", &from)?.step(json::state("to", &to)?)?;
            let inputs: Vec<StoredInputState> = json::parse("inputs", &inputs)?;
            store.commit_machine_lifecycle(&LogicalRuntimeId::new(runtime)?, step, &inputs).await?;
            done()
        })
    }
}

/// Labelled scopes as JSON.
fn entries(rows: &[(MetadataScope, Labels)]) -> Result<JsValue> {
    json::text(&rows.iter().map(|(scope, labels)| (scope.mob_id(), scope.run_id(), labels)).collect::<Vec<_>>())
}

fn scope(mob: String, run: Option<String>) -> MetadataScope {
    match run {
        None => MetadataScope::Mob(mob),
        Some(run) => MetadataScope::Run(mob, run),
    }
}

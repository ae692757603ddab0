//! The door to JavaScript: what the npm package's TypeScript calls.
//!
//! Arguments arrive checked by that TypeScript: strings are well-formed, ids not empty, numbers in range. Objects cross
//! as JSON text, in which an outgoing u64 may be a string of its digits; the TypeScript makes it a `bigint`.
//!
//! An export makes an operation and hands it to [`RawStore::call`]: futures are large once compiled, so there is one.

mod answer;
mod failure;
mod json;
mod live;

use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use self::{
    answer::{bytes, done, optional_text, promise, text, texts},
    failure::Failure,
};
use crate::{
    Labels, LogicalRuntimeId, MetadataScope, PersistedOpsSnapshot, RunBoundaryReceipt, RunId, RuntimeStore,
    RuntimeStoreError, SessionDelta, Store, StoredInputState,
    engine::{
        Engine, Result,
        indexed_db::{Durability, IndexedDb},
        memory::Memory,
    },
    model::kind::Checked,
    rpc::RpcHandler,
    store::{Operation, listing, metadata, runtime},
};

type Receipt = Checked<RunBoundaryReceipt>;
type Input = Checked<StoredInputState>;
type Ops = Checked<PersistedOpsSnapshot>;

/// A store of either kind. A call under way shares it, and so outlives a handle that is freed.
#[wasm_bindgen]
pub struct RawStore(Store<Box<dyn Engine>>);

impl RawStore {
    fn over(engine: impl Engine) -> Self {
        Self(Store::over(Box::new(engine)))
    }

    fn call(&self, operation: Result<Operation<JsValue>>) -> Promise {
        let store = self.0.clone();
        promise(Box::pin(async move { store.run(operation).await }))
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
    pub fn set_labels(&self, mob: String, run: Option<String>, labels: &str) -> Promise {
        let labels = json::parse::<Labels>("labels", labels);
        self.call(done(labels.and_then(|labels| metadata::set_labels(&MetadataScope::new(mob, run), labels))))
    }

    /// The labels of a scope, as JSON.
    #[wasm_bindgen(js_name = getLabels, unchecked_return_type = "Promise<string>")]
    pub fn get_labels(&self, mob: String, run: Option<String>) -> Promise {
        self.call(text(metadata::labels(&MetadataScope::new(mob, run))))
    }

    /// Removes the labels of a scope and returns them, as JSON.
    #[wasm_bindgen(js_name = deleteLabels, unchecked_return_type = "Promise<string>")]
    pub fn delete_labels(&self, mob: String, run: Option<String>) -> Promise {
        self.call(text(metadata::delete_labels(&MetadataScope::new(mob, run))))
    }

    /// All labels of a mob, as a JSON array of `{mob, run?, labels}`.
    #[wasm_bindgen(js_name = listLabels, unchecked_return_type = "Promise<string>")]
    pub fn list_labels(&self, mob: &str) -> Promise {
        self.call(text(metadata::labels_of_mob(mob)))
    }

    /// A mob's cursor.
    #[wasm_bindgen(js_name = getCursor, unchecked_return_type = "Promise<bigint | undefined>")]
    pub fn get_cursor(&self, mob: &str) -> Promise {
        self.call(metadata::cursor(mob).map(|operation| operation.map(|cursor| Ok(cursor.into()))))
    }

    /// Sets a mob's cursor.
    #[wasm_bindgen(js_name = setCursor, unchecked_return_type = "Promise<void>")]
    pub fn set_cursor(&self, mob: &str, cursor: u64) -> Promise {
        self.call(done(metadata::set_cursor(mob, cursor)))
    }

    /// Labelled mobs and runs that meet a selector, as a JSON array of `{mob, run?, labels}`.
    #[wasm_bindgen(js_name = selectLabels, unchecked_return_type = "Promise<string>")]
    pub fn select_labels(&self, selector: &str) -> Promise {
        self.call(text(selector.parse().and_then(listing::selected)))
    }

    /// Answers JSON-RPC.
    #[wasm_bindgen(unchecked_return_type = "Promise<string | undefined>")]
    pub fn rpc(&self, request: String, mob: Option<String>) -> Promise {
        let store = self.0.clone();
        promise(Box::pin(async move {
            let handler = match mob {
                None => RpcHandler::new(&store),
                Some(mob) => RpcHandler::for_mob(&store, mob),
            };
            Ok(handler.handle(&request).await.into())
        }))
    }

    /// A page of mob ids.
    #[wasm_bindgen(unchecked_return_type = "Promise<string[]>")]
    pub fn mobs(&self, after: Option<String>, limit: u32) -> Promise {
        self.call(texts(listing::mobs(after.as_deref(), limit)))
    }

    /// A page of runtime ids.
    #[wasm_bindgen(unchecked_return_type = "Promise<string[]>")]
    pub fn runtimes(&self, after: Option<String>, limit: u32) -> Promise {
        let after = after.map(LogicalRuntimeId::new).transpose();
        self.call(texts(after.and_then(|after| listing::runtimes(after.as_ref(), limit))))
    }

    /// A page of the ids of a runtime's runs.
    #[wasm_bindgen(unchecked_return_type = "Promise<string[]>")]
    pub fn runs(&self, runtime: &str, after: Option<String>, limit: u32) -> Promise {
        let runs =
            || listing::runs(&runtime_id(runtime)?, json::optional_id("after", after.as_deref())?.as_ref(), limit);
        self.call(texts(runs()))
    }

    /// A page of the ids of a runtime's inputs.
    #[wasm_bindgen(js_name = inputIds, unchecked_return_type = "Promise<string[]>")]
    pub fn input_ids(&self, runtime: &str, after: Option<String>, limit: u32) -> Promise {
        let after = || json::optional_id("after", after.as_deref());
        let ids = || listing::input_ids(&runtime_id(runtime)?, after()?.as_ref(), limit);
        self.call(texts(ids()))
    }

    /// A page of a runtime's receipts, as a JSON array.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn receipts(&self, runtime: &str, after_run: Option<String>, after_sequence: u64, limit: u32) -> Promise {
        let receipts = || {
            let after_run = json::optional_id("after.run_id", after_run.as_deref())?;
            listing::receipts::<Receipt>(
                &runtime_id(runtime)?,
                after_run.as_ref().map(|run| (run, after_sequence)),
                limit,
            )
        };
        self.call(text(receipts()))
    }

    /// The runtime that a session was last committed under.
    #[wasm_bindgen(js_name = sessionHolder, unchecked_return_type = "Promise<string | undefined>")]
    pub fn session_holder(&self, session_id: &str) -> Promise {
        let holder = json::id("sessionId", session_id).and_then(listing::holder);
        self.call(holder.map(|operation| operation.map(|holder| Ok(holder.map(|id| id.to_string()).into()))))
    }

    /// A runtime's snapshot, where it is the session's.
    #[wasm_bindgen(js_name = sessionOf, unchecked_return_type = "Promise<Uint8Array | undefined>")]
    pub fn session_of(&self, runtime: &str, session_id: &str) -> Promise {
        let session = || listing::session_of(&runtime_id(runtime)?, json::id("sessionId", session_id)?);
        self.call(bytes(session()))
    }

    /// The stable name of the durable store.
    #[wasm_bindgen(js_name = authorityKey)]
    pub fn authority_key(&self) -> Option<String> {
        self.0.auth_authority_key()
    }

    /// The OAuth flows.
    #[wasm_bindgen(js_name = oauthFlows, unchecked_return_type = "Promise<Uint8Array | undefined>")]
    pub fn oauth_flows(&self) -> Promise {
        self.call(bytes(runtime::oauth_flows()))
    }

    /// Replaces the OAuth flows.
    #[wasm_bindgen(js_name = persistOauthFlows, unchecked_return_type = "Promise<void>")]
    pub fn persist_oauth_flows(&self, flows: &[u8]) -> Promise {
        self.call(done(runtime::persist_oauth_flows(flows)))
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
        self.call(done(runtime::update_oauth_flows(Box::new(update))))
    }

    /// Replaces a runtime's operation registry.
    #[wasm_bindgen(js_name = persistOps, unchecked_return_type = "Promise<void>")]
    pub fn persist_ops(&self, runtime: &str, snapshot: &str) -> Promise {
        let persist =
            || runtime::persist_ops(self.0.fence(), &runtime_id(runtime)?, json::parse::<Ops>("snapshot", snapshot)?);
        self.call(done(persist()))
    }

    /// A runtime's operation registry, as JSON.
    #[wasm_bindgen(unchecked_return_type = "Promise<string | undefined>")]
    pub fn ops(&self, runtime: &str) -> Promise {
        self.call(optional_text(runtime_id(runtime).and_then(|id| runtime::ops::<Ops>(&id))))
    }

    /// Commits a run boundary; `inputs` is a JSON array.
    #[wasm_bindgen(js_name = commitBoundary, unchecked_return_type = "Promise<void>")]
    pub fn commit_boundary(
        &self,
        runtime: &str,
        receipt: &str,
        session: Option<Box<[u8]>>,
        inputs: &str,
        session_key: Option<String>,
    ) -> Promise {
        let commit = || {
            let runtime = runtime_id(runtime)?;
            let receipt: Receipt = json::parse("receipt", receipt)?;
            let inputs: Vec<Input> = json::parse("inputs", inputs)?;
            let session_key = json::optional_id("sessionKey", session_key.as_deref())?;
            let session = session.map(SessionDelta::new);
            runtime::commit_boundary(self.0.fence(), &runtime, session.as_ref(), receipt, inputs, session_key)
        };
        self.call(done(commit()))
    }

    /// Replaces a runtime's snapshot.
    #[wasm_bindgen(js_name = commitSession, unchecked_return_type = "Promise<void>")]
    pub fn commit_session(&self, runtime: &str, session: Box<[u8]>) -> Promise {
        let session = SessionDelta::new(session);
        let commit = || runtime::commit_session(self.0.fence(), &runtime_id(runtime)?, &session);
        self.call(done(commit()))
    }

    /// Stores one input.
    #[wasm_bindgen(js_name = persistInput, unchecked_return_type = "Promise<void>")]
    pub fn persist_input(&self, runtime: &str, input: &str) -> Promise {
        let persist =
            || runtime::persist_input(self.0.fence(), &runtime_id(runtime)?, json::parse::<Input>("input", input)?);
        self.call(done(persist()))
    }

    /// All inputs of a runtime, as a JSON array.
    #[wasm_bindgen(unchecked_return_type = "Promise<string>")]
    pub fn inputs(&self, runtime: &str) -> Promise {
        self.call(text(runtime_id(runtime).and_then(|id| runtime::inputs::<Input>(&id))))
    }

    /// One input, as JSON.
    #[wasm_bindgen(unchecked_return_type = "Promise<string | undefined>")]
    pub fn input(&self, runtime: &str, input_id: &str) -> Promise {
        let input = || runtime::input::<Input>(&runtime_id(runtime)?, &json::id("inputId", input_id)?);
        self.call(optional_text(input()))
    }

    /// One receipt, as JSON.
    #[wasm_bindgen(unchecked_return_type = "Promise<string | undefined>")]
    pub fn receipt(&self, runtime: &str, run_id: &str, sequence: u64) -> Promise {
        let receipt = || runtime::receipt::<Receipt>(&runtime_id(runtime)?, &json::id("runId", run_id)?, sequence);
        self.call(optional_text(receipt()))
    }

    /// A runtime's snapshot.
    #[wasm_bindgen(unchecked_return_type = "Promise<Uint8Array | undefined>")]
    pub fn session(&self, runtime: &str) -> Promise {
        self.call(bytes(runtime_id(runtime).and_then(|id| runtime::session(&id))))
    }

    /// A runtime's state.
    #[wasm_bindgen(unchecked_return_type = "Promise<string | undefined>")]
    pub fn state(&self, runtime: &str) -> Promise {
        let state = runtime_id(runtime).and_then(|id| runtime::state(&id));
        self.call(state.map(|operation| operation.map(|state| Ok(state.map(|state| state.as_str()).into()))))
    }

    /// Commits a lifecycle step; `inputs` is a JSON array.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn transition(&self, runtime: &str, from: &str, to: &str, inputs: &str) -> Promise {
        let transition = || {
            let step = json::state("from", from)?.step(json::state("to", to)?)?;
            runtime::transition(
                self.0.fence(),
                &runtime_id(runtime)?,
                step,
                json::parse::<Vec<Input>>("inputs", inputs)?,
            )
        };
        self.call(done(transition()))
    }
}

fn runtime_id(id: &str) -> Result<LogicalRuntimeId> {
    LogicalRuntimeId::new(id)
}

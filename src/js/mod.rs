//! The door to JavaScript: what the npm package's TypeScript calls.
//!
//! Arguments arrive checked by that TypeScript: strings are well-formed, ids not empty, numbers in range. Objects cross
//! as JSON text, in which an outgoing u64 is a string of its digits; the TypeScript makes it a `bigint`.

mod failure;
mod json;

use js_sys::{Function, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use self::failure::Failure;
use crate::{
    InputId, LogicalRuntimeId, MetadataScope, PersistentMetadataStore, RunBoundaryReceipt, RunId, RuntimeMetadataTable,
    RuntimeStore, RuntimeStoreError, SessionDelta, Store, StoredInputState,
    engine::{
        Engine,
        indexed_db::{Durability, IndexedDb},
        memory::Memory,
    },
    rpc::RpcHandler,
};

type Result<T> = std::result::Result<T, Failure>;

/// A store of either kind.
#[wasm_bindgen]
pub struct RawStore(Store<Box<dyn Engine>>);

/// Opens a database of this origin.
#[wasm_bindgen(js_name = openIndexedDb)]
pub async fn open_indexed_db(name: String, relaxed: bool) -> Result<RawStore> {
    let durability = if relaxed { Durability::Relaxed } else { Durability::Strict };
    Ok(RawStore(Store::over(Box::new(IndexedDb::open(&name, durability).await?))))
}

/// A new store in memory.
#[wasm_bindgen(js_name = openMemory)]
pub fn open_memory() -> RawStore {
    RawStore(Store::over(Box::new(Memory::default())))
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
    #[wasm_bindgen(js_name = setLabels)]
    pub async fn set_labels(&self, mob: String, run: Option<String>, labels: String) -> Result<()> {
        Ok(self.0.set_labels(&scope(mob, run), json::parse("labels", &labels)?).await?)
    }

    /// The labels of a scope, as JSON.
    #[wasm_bindgen(js_name = getLabels)]
    pub async fn get_labels(&self, mob: String, run: Option<String>) -> Result<String> {
        json::text(&self.0.get_labels(&scope(mob, run)).await?)
    }

    /// Removes the labels of a scope and returns them, as JSON.
    #[wasm_bindgen(js_name = deleteLabels)]
    pub async fn delete_labels(&self, mob: String, run: Option<String>) -> Result<String> {
        json::text(&self.0.delete_labels(&scope(mob, run)).await?)
    }

    /// All labels of a mob, as a JSON array of `[run or null, labels]`.
    #[wasm_bindgen(js_name = listLabels)]
    pub async fn list_labels(&self, mob: String) -> Result<String> {
        let rows = self.0.list_labels_for_mob(&mob).await?;
        json::text(&rows.iter().map(|(scope, labels)| (scope.run_id(), labels)).collect::<Vec<_>>())
    }

    /// A mob's cursor.
    #[wasm_bindgen(js_name = getCursor)]
    pub async fn get_cursor(&self, mob: String) -> Result<Option<u64>> {
        Ok(self.0.get_subscription_cursor(&mob).await?)
    }

    /// Sets a mob's cursor.
    #[wasm_bindgen(js_name = setCursor)]
    pub async fn set_cursor(&self, mob: String, cursor: u64) -> Result<()> {
        Ok(self.0.set_subscription_cursor(&mob, cursor).await?)
    }

    /// Labelled mobs and runs that meet a selector, as a JSON array of `[mob, run or null, labels]`.
    #[wasm_bindgen(js_name = selectLabels)]
    pub async fn select_labels(&self, selector: String) -> Result<String> {
        let rows = self.0.select_labels(&selector.parse()?).await?;
        let named = rows.iter().map(|(scope, labels)| (scope.mob_id(), scope.run_id(), labels));
        json::text(&named.collect::<Vec<_>>())
    }

    /// Answers JSON-RPC.
    pub async fn rpc(&self, request: String, mob: Option<String>) -> Option<String> {
        let handler = match mob {
            None => RpcHandler::new(&self.0),
            Some(mob) => RpcHandler::for_mob(&self.0, mob),
        };
        handler.handle(&request).await
    }

    /// A page of mob ids.
    pub async fn mobs(&self, after: Option<String>, limit: u32) -> Result<Vec<String>> {
        Ok(self.0.list_mobs(after.as_deref(), limit).await?)
    }

    /// A page of runtime ids.
    pub async fn runtimes(&self, after: Option<String>, limit: u32) -> Result<Vec<String>> {
        let after = after.map(LogicalRuntimeId::new).transpose()?;
        Ok(texts(self.0.list_runtimes(after.as_ref(), limit).await?))
    }

    /// A page of the ids of a runtime's runs.
    pub async fn runs(&self, runtime: String, after: Option<String>, limit: u32) -> Result<Vec<String>> {
        let after = after.map(|run| json::id("after", &run)).transpose()?;
        Ok(texts(self.0.list_runs(&LogicalRuntimeId::new(runtime)?, after.as_ref(), limit).await?))
    }

    /// A page of the ids of a runtime's inputs.
    #[wasm_bindgen(js_name = inputIds)]
    pub async fn input_ids(&self, runtime: String, after: Option<String>, limit: u32) -> Result<Vec<String>> {
        let after = after.map(|input| json::id("after", &input)).transpose()?;
        Ok(texts(self.0.list_inputs(&LogicalRuntimeId::new(runtime)?, after.as_ref(), limit).await?))
    }

    /// A page of a runtime's receipts, as a JSON array.
    pub async fn receipts(
        &self,
        runtime: String,
        after_run: Option<String>,
        after_sequence: u64,
        limit: u32,
    ) -> Result<String> {
        let after_run: Option<RunId> = after_run.map(|run| json::id("after.run_id", &run)).transpose()?;
        let after = after_run.as_ref().map(|run| (run, after_sequence));
        json::text(&self.0.list_receipts(&LogicalRuntimeId::new(runtime)?, after, limit).await?)
    }

    /// A session's snapshot by its id, and the runtime that holds it.
    #[wasm_bindgen(js_name = sessionById)]
    pub async fn session_by_id(&self, session_id: String) -> Result<Option<FoundSession>> {
        let found = self.0.load_session_by_id(json::id("sessionId", &session_id)?).await?;
        Ok(found.map(|(runtime, session)| FoundSession { runtime: runtime.to_string(), session: session.into() }))
    }

    /// The stable name of the durable store.
    #[wasm_bindgen(js_name = authorityKey)]
    pub fn authority_key(&self) -> Option<String> {
        self.0.auth_authority_key()
    }

    /// The OAuth flows.
    #[wasm_bindgen(js_name = oauthFlows)]
    pub async fn oauth_flows(&self) -> Result<Option<Box<[u8]>>> {
        Ok(self.0.load_auth_oauth_flow_snapshot().await?.map(Vec::into_boxed_slice))
    }

    /// Replaces the OAuth flows.
    #[wasm_bindgen(js_name = persistOauthFlows)]
    pub async fn persist_oauth_flows(&self, flows: Box<[u8]>) -> Result<()> {
        Ok(self.0.persist_auth_oauth_flow_snapshot(&flows).await?)
    }

    /// Replaces the OAuth flows by what `update` makes of them: bytes, or anything else to change nothing.
    #[wasm_bindgen(js_name = updateOauthFlows)]
    pub async fn update_oauth_flows(&self, update: Function) -> Result<()> {
        let update = move |stored: Option<&[u8]>| {
            let stored = stored.map_or(JsValue::UNDEFINED, |stored| Uint8Array::from(stored).into());
            let next = update.call1(&JsValue::UNDEFINED, &stored).ok();
            let next = next.as_ref().and_then(|next| next.dyn_ref::<Uint8Array>());
            next.map(Uint8Array::to_vec).ok_or_else(|| RuntimeStoreError::invalid("update", "it gave no bytes"))
        };
        Ok(self.0.update_auth_oauth_flow_snapshot(Box::new(update)).await?)
    }

    /// Replaces a runtime's operation registry.
    #[wasm_bindgen(js_name = persistOps)]
    pub async fn persist_ops(&self, runtime: String, snapshot: String) -> Result<()> {
        let snapshot = json::parse("snapshot", &snapshot)?;
        Ok(self.0.persist_ops_lifecycle(&LogicalRuntimeId::new(runtime)?, &snapshot).await?)
    }

    /// A runtime's operation registry, as JSON.
    pub async fn ops(&self, runtime: String) -> Result<Option<String>> {
        let snapshot = self.0.load_ops_lifecycle(&LogicalRuntimeId::new(runtime)?).await?;
        snapshot.map(|snapshot| json::text(&snapshot)).transpose()
    }

    /// Commits a run boundary; `inputs` is a JSON array.
    #[wasm_bindgen(js_name = commitBoundary)]
    pub async fn commit_boundary(
        &self,
        runtime: String,
        receipt: String,
        session: Option<Box<[u8]>>,
        inputs: String,
        session_key: Option<String>,
    ) -> Result<()> {
        let receipt: RunBoundaryReceipt = json::parse("receipt", &receipt)?;
        let inputs: Vec<StoredInputState> = json::parse("inputs", &inputs)?;
        let session_key = session_key.map(|key| json::id("sessionKey", &key)).transpose()?;
        let session = session.map(SessionDelta::new);
        Ok(self.0.atomic_apply(&LogicalRuntimeId::new(runtime)?, session, receipt, inputs, session_key).await?)
    }

    /// Replaces a runtime's snapshot.
    #[wasm_bindgen(js_name = commitSession)]
    pub async fn commit_session(&self, runtime: String, session: Box<[u8]>) -> Result<()> {
        Ok(self.0.commit_session_snapshot(&LogicalRuntimeId::new(runtime)?, SessionDelta::new(session)).await?)
    }

    /// Stores one input.
    #[wasm_bindgen(js_name = persistInput)]
    pub async fn persist_input(&self, runtime: String, input: String) -> Result<()> {
        let input = json::parse("input", &input)?;
        Ok(self.0.persist_input_state(&LogicalRuntimeId::new(runtime)?, &input).await?)
    }

    /// All inputs of a runtime, as a JSON array.
    pub async fn inputs(&self, runtime: String) -> Result<String> {
        json::text(&self.0.load_input_states(&LogicalRuntimeId::new(runtime)?).await?)
    }

    /// One input, as JSON.
    pub async fn input(&self, runtime: String, input_id: String) -> Result<Option<String>> {
        let input_id: InputId = json::id("inputId", &input_id)?;
        let input = self.0.load_input_state(&LogicalRuntimeId::new(runtime)?, &input_id).await?;
        input.map(|input| json::text(&input)).transpose()
    }

    /// One receipt, as JSON.
    pub async fn receipt(&self, runtime: String, run_id: String, sequence: u64) -> Result<Option<String>> {
        let run_id: RunId = json::id("runId", &run_id)?;
        let receipt = self.0.load_boundary_receipt(&LogicalRuntimeId::new(runtime)?, &run_id, sequence).await?;
        receipt.map(|receipt| json::text(&receipt)).transpose()
    }

    /// A runtime's snapshot.
    pub async fn session(&self, runtime: String) -> Result<Option<Box<[u8]>>> {
        let session = self.0.load_session_snapshot(&LogicalRuntimeId::new(runtime)?).await?;
        Ok(session.map(Vec::into_boxed_slice))
    }

    /// A runtime's state.
    pub async fn state(&self, runtime: String) -> Result<Option<String>> {
        let state = self.0.load_runtime_state(&LogicalRuntimeId::new(runtime)?).await?;
        Ok(state.map(|state| state.as_str().to_owned()))
    }

    /// Commits a lifecycle step; `inputs` is a JSON array.
    pub async fn transition(&self, runtime: String, from: String, to: String, inputs: String) -> Result<()> {
        let step = json::state("from", &from)?.step(json::state("to", &to)?)?;
        let inputs: Vec<StoredInputState> = json::parse("inputs", &inputs)?;
        Ok(self.0.commit_machine_lifecycle(&LogicalRuntimeId::new(runtime)?, step, &inputs).await?)
    }
}

/// What [`RawStore::session_by_id`] finds.
#[wasm_bindgen(getter_with_clone)]
pub struct FoundSession {
    /// The runtime that holds it.
    pub runtime: String,
    /// The snapshot.
    pub session: Box<[u8]>,
}

fn texts(items: Vec<impl ToString>) -> Vec<String> {
    items.iter().map(ToString::to_string).collect()
}

fn scope(mob: String, run: Option<String>) -> MetadataScope {
    match run {
        None => MetadataScope::Mob(mob),
        Some(run) => MetadataScope::Run(mob, run),
    }
}

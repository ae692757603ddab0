//! What a store does that belongs to no one runtime.

use js_sys::{Array, Function, Promise, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{
    RawRuntime, RawStore,
    answer::{Answered, bytes, done, promise, run, text, texts},
    argument::Argument,
    failure::Result,
};
use crate::{
    LogicalRuntimeId, MetadataScope, OAuthFlowUpdate, RunId, RuntimeStore, RuntimeStoreError, Store, Watch, WatchScope,
    engine::{
        Engine,
        indexed_db::{Durability, IndexedDb, OpenOptions},
        memory::Memory,
    },
    model::json::wire::to_json,
    rpc::RpcHandler,
    store::{deleting, listing, metadata, runtime, schema::TABLES},
};

/// Opens a store.
#[wasm_bindgen(js_name = openStore, unchecked_return_type = "Promise<RawStore>")]
pub fn open_store(
    #[wasm_bindgen(unchecked_param_type = "string")] name: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "Durability | undefined")] durability: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "\"indexeddb\" | \"memory\"")] backend: &JsValue,
    #[wasm_bindgen(js_name = memoryLimit, unchecked_param_type = "number | undefined")] memory_limit: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "number | undefined")] timeout: &JsValue,
) -> Result<Promise> {
    let name = Argument("options.name", name).database()?;
    let durability = Argument("options.durability", durability);
    let is_relaxed = durability.is_given() && durability.one_of(&["strict", "relaxed"])? == 1;
    let in_memory = Argument("options.backend", backend).one_of(&["indexeddb", "memory"])? == 1;
    let room = Argument("options.memoryLimit", memory_limit).optional_room()?;
    let timeout = Argument("options.timeout", timeout).optional_timeout()?;
    if in_memory && timeout.is_some() {
        return Err(RuntimeStoreError::Unsupported(NOTHING_TO_WAIT_FOR.to_owned()).into());
    }
    if in_memory && durability.is_given() {
        return Err(RuntimeStoreError::Unsupported(NOTHING_DURABLE.to_owned()).into());
    }
    if room.is_some() && !in_memory {
        return Err(RuntimeStoreError::Unsupported(NOT_IN_MEMORY.to_owned()).into());
    }
    let durability = if is_relaxed { Durability::Relaxed } else { Durability::Strict };
    let options = OpenOptions { durability, timeout: timeout.unwrap_or(OpenOptions::default().timeout) };
    Ok(promise(Box::pin(async move {
        let store = match room {
            _ if !in_memory => over(IndexedDb::open(&name, options, &TABLES).await?),
            Some(room) => over(Memory::with_limit(room)),
            None => over(Memory::default()),
        };
        Ok(store.into())
    })))
}

const NOTHING_DURABLE: &str =
    "nothing is durable in memory, and durability was asked for by name; leave it out if that will do";

const NOTHING_TO_WAIT_FOR: &str = "in memory no call waits, and a timeout was asked for; leave it out";

const NOT_IN_MEMORY: &str = "memoryLimit is for the backend \"memory\", and this store is in IndexedDB, whose room the browser gives; leave it out";

fn over(engine: impl Engine) -> RawStore {
    RawStore(Store::over(Box::new(engine)))
}

/// Deletes a database of this origin.
#[wasm_bindgen(js_name = deleteStore, unchecked_return_type = "Promise<void>")]
pub fn delete_store(#[wasm_bindgen(unchecked_param_type = "string")] name: &JsValue) -> Result<Promise> {
    let name = Argument("name", name).database()?;
    Ok(promise(Box::pin(async move { IndexedDb::delete(&name, &TABLES).await.map(|()| JsValue::UNDEFINED) })))
}

/// A new id, UUID version 7.
#[wasm_bindgen(js_name = newId)]
pub fn new_id() -> Result<String> {
    Ok(RunId::try_new()?.to_string())
}

impl RawStore {
    pub(super) fn run(&self, operation: impl FnOnce() -> Answered) -> Promise {
        run(&self.0, operation())
    }
}

pub(super) fn scope(mob: &JsValue, run: &JsValue) -> Result<MetadataScope> {
    Ok(MetadataScope::new(Argument("scope.mob", mob).id()?, Argument("scope.run", run).optional_id()?))
}

#[wasm_bindgen]
impl RawStore {
    /// The place of one runtime.
    pub fn runtime(&self, #[wasm_bindgen(unchecked_param_type = "string")] id: &JsValue) -> Result<RawRuntime> {
        Ok(RawRuntime { store: self.0.clone(), id: Argument("id", id).runtime()? })
    }

    /// Replaces all labels of a mob or run.
    #[wasm_bindgen(js_name = setLabels, unchecked_return_type = "Promise<void>")]
    pub fn set_labels(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] mob: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] run: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "JsonText")] labels: &JsValue,
    ) -> Promise {
        self.run(|| done(metadata::set_labels(self.0.fence(), &scope(mob, run)?, Argument("labels", labels).json()?)))
    }

    /// The labels of a mob or run.
    #[wasm_bindgen(js_name = getLabels, unchecked_return_type = "Promise<JsonText>")]
    pub fn get_labels(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] mob: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] run: &JsValue,
    ) -> Promise {
        self.run(|| text(metadata::labels(&scope(mob, run)?)))
    }

    /// Removes the labels of a mob or run and answers what they were.
    #[wasm_bindgen(js_name = deleteLabels, unchecked_return_type = "Promise<JsonText>")]
    pub fn delete_labels(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] mob: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] run: &JsValue,
    ) -> Promise {
        self.run(|| text(metadata::delete_labels(self.0.fence(), &scope(mob, run)?)))
    }

    /// The labels of a mob and its runs.
    #[wasm_bindgen(js_name = listLabels, unchecked_return_type = "Promise<JsonText>")]
    pub fn list_labels(&self, #[wasm_bindgen(unchecked_param_type = "string")] mob: &JsValue) -> Promise {
        self.run(|| text(metadata::labels_of_mob(&Argument("mob", mob).id()?)))
    }

    /// Labelled mobs and runs that meet a selector.
    #[wasm_bindgen(js_name = selectLabels, unchecked_return_type = "Promise<JsonText>")]
    pub fn select_labels(&self, #[wasm_bindgen(unchecked_param_type = "string")] selector: &JsValue) -> Promise {
        self.run(|| text(listing::selected(Argument("selector", selector).text()?.parse()?)))
    }

    /// How far the mob's events have been read.
    #[wasm_bindgen(js_name = getCursor, unchecked_return_type = "Promise<bigint | undefined>")]
    pub fn get_cursor(&self, #[wasm_bindgen(unchecked_param_type = "string")] mob: &JsValue) -> Promise {
        self.run(|| Ok(metadata::cursor(&Argument("mob", mob).id()?)?.map(|cursor| Ok(cursor.into()))))
    }

    /// Sets how far the mob's events have been read.
    #[wasm_bindgen(js_name = setCursor, unchecked_return_type = "Promise<void>")]
    pub fn set_cursor(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] mob: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "bigint")] cursor: &JsValue,
    ) -> Promise {
        self.run(|| {
            done(metadata::set_cursor(self.0.fence(), &Argument("mob", mob).id()?, Argument("cursor", cursor).u64()?))
        })
    }

    /// A page of the ids of mobs.
    #[wasm_bindgen(unchecked_return_type = "Promise<string[]>")]
    pub fn mobs(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] after: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] limit: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Order | undefined")] order: &JsValue,
    ) -> Promise {
        self.run(|| {
            let after = Argument("after", after).optional_id()?;
            texts(listing::mobs(after.as_deref(), Argument("limit", limit).limit()?, Argument("order", order).order()?))
        })
    }

    /// A page of the ids of runtimes.
    #[wasm_bindgen(unchecked_return_type = "Promise<string[]>")]
    pub fn runtimes(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] after: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] limit: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Order | undefined")] order: &JsValue,
    ) -> Promise {
        self.run(|| {
            let after = Argument("after", after).optional_id()?.map(LogicalRuntimeId::new).transpose()?;
            texts(listing::runtimes(
                after.as_ref(),
                Argument("limit", limit).limit()?,
                Argument("order", order).order()?,
            ))
        })
    }

    /// A page of the ids of runtimes in a state.
    #[wasm_bindgen(js_name = runtimesIn, unchecked_return_type = "Promise<string[]>")]
    pub fn runtimes_in(
        &self,
        #[wasm_bindgen(unchecked_param_type = "RuntimeState")] state: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] after: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] limit: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Order | undefined")] order: &JsValue,
    ) -> Promise {
        self.run(|| {
            let state = Argument("state", state).state()?;
            let after = Argument("after", after).optional_id()?.map(LogicalRuntimeId::new).transpose()?;
            let (limit, order) = (Argument("limit", limit).limit()?, Argument("order", order).order()?);
            texts(listing::runtimes_in(state, after.as_ref(), limit, order))
        })
    }

    /// The latest snapshot that was committed with a session key, after the id of the runtime that holds it.
    #[wasm_bindgen(js_name = sessionById, unchecked_return_type = "Promise<[string, Uint8Array] | undefined>")]
    pub fn session_by_id(
        &self,
        #[wasm_bindgen(js_name = sessionId, unchecked_param_type = "string")] session_id: &JsValue,
    ) -> Result<Promise> {
        let (store, session) = (self.0.clone(), Argument("sessionId", session_id).uuid()?);
        Ok(promise(Box::pin(async move {
            let found = store.load_session_by_id(session).await?;
            let pair = |(runtime, bytes): (LogicalRuntimeId, Vec<u8>)| {
                Array::of2(&runtime.as_str().into(), &Uint8Array::from(&*bytes).into()).into()
            };
            Ok(found.map_or(JsValue::UNDEFINED, pair))
        })))
    }

    /// Deletes a mob's labels, those of its runs, and its cursor.
    #[wasm_bindgen(js_name = deleteMob, unchecked_return_type = "Promise<void>")]
    pub fn delete_mob(&self, #[wasm_bindgen(unchecked_param_type = "string")] mob: &JsValue) -> Promise {
        self.run(|| done(deleting::delete_mob(self.0.fence(), &Argument("mob", mob).id()?)))
    }

    /// The snapshot of the OAuth flows under way.
    #[wasm_bindgen(js_name = oauthFlows, unchecked_return_type = "Promise<Uint8Array | undefined>")]
    pub fn oauth_flows(&self) -> Promise {
        self.run(|| bytes(runtime::oauth_flows()))
    }

    /// Replaces the snapshot of the OAuth flows under way.
    #[wasm_bindgen(js_name = persistOauthFlows, unchecked_return_type = "Promise<void>")]
    pub fn persist_oauth_flows(&self, #[wasm_bindgen(unchecked_param_type = "Bytes")] flows: &JsValue) -> Promise {
        self.run(|| done(runtime::persist_oauth_flows(&Argument("flows", flows).bytes()?)))
    }

    /// Replaces the snapshot of the OAuth flows by what `update` makes of it.
    #[wasm_bindgen(js_name = updateOauthFlows, unchecked_return_type = "Promise<void>")]
    pub fn update_oauth_flows(
        &self,
        #[wasm_bindgen(unchecked_param_type = "(stored: Uint8Array | undefined) => Bytes")] update: &JsValue,
    ) -> Promise {
        self.run(|| done(runtime::update_oauth_flows(oauth_flow_update(Argument("update", update).function()?))))
    }

    /// Answers JSON-RPC.
    #[wasm_bindgen(unchecked_return_type = "Promise<string | undefined>")]
    pub fn rpc(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] request: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] mob: &JsValue,
    ) -> Result<Promise> {
        let (request, mob) = (Argument("request", request).text()?, Argument("mob", mob).optional_id()?);
        let store = self.0.clone();
        Ok(promise(Box::pin(async move {
            let handler = match mob {
                None => RpcHandler::new(&store),
                Some(mob) => RpcHandler::for_mob(&store, mob),
            };
            Ok(handler.handle(&request).await.into())
        })))
    }

    /// Calls `listener` with the JSON text of every change: of a mob's, of a runtime's, or of all where neither is named.
    pub fn watch(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] mob: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] runtime: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "(change: JsonText) => void")] listener: &JsValue,
    ) -> Result<RawWatch> {
        let (mob, runtime) = (Argument("scope.mob", mob), Argument("scope.runtime", runtime));
        let scope = if mob.is_given() {
            WatchScope::Mob(mob.id()?)
        } else if runtime.is_given() {
            WatchScope::Runtime(runtime.runtime()?)
        } else {
            WatchScope::Everything
        };
        let listener = SendWrapper::new(Argument("listener", listener).function()?);
        let watch = self.0.watch(scope, move |change| {
            // The TypeScript's listener catches what the caller's throws.
            let _ = listener.call1(&JsValue::UNDEFINED, &to_json(change).into());
        });
        Ok(RawWatch { _watch: SendWrapper::new(watch) })
    }

    /// The stable name of the durable store.
    #[wasm_bindgen(js_name = authorityKey)]
    pub fn authority_key(&self) -> Option<String> {
        self.0.auth_authority_key()
    }

    /// When the browser said that it had lost the data.
    #[wasm_bindgen(js_name = dataLost)]
    pub fn data_lost(&self) -> Option<String> {
        self.0.data_lost()
    }

    /// How often the connection was opened again.
    pub fn reopens(&self) -> u32 {
        self.0.reopens()
    }

    /// Closes the store.
    pub fn close(&self) {
        self.0.close();
    }
}

/// A listener's place; freeing it ends the watch.
#[wasm_bindgen]
pub struct RawWatch {
    _watch: SendWrapper<Watch>,
}

/// A function of JavaScript's that gives bytes. What it throws, the TypeScript has caught, and rejects with that.
fn oauth_flow_update(update: Function) -> OAuthFlowUpdate {
    Box::new(move |stored| {
        let stored = stored.map_or(JsValue::UNDEFINED, |stored| Uint8Array::from(stored).into());
        let next = update.call1(&JsValue::UNDEFINED, &stored).unwrap_or_default();
        Argument(runtime::UPDATE, &next).returned_bytes()
    })
}

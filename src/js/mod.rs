//! The door to JavaScript: what the npm package's TypeScript calls.
//!
//! Arguments arrive checked by that TypeScript: strings are well-formed, ids not empty, numbers in range. Objects cross
//! as JSON text, in which an outgoing u64 may be a string of its digits; the TypeScript makes it a `bigint`.

mod answer;
mod arguments;
mod failure;
mod live;
mod operations;
mod panic;

use js_sys::{Array, Promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use self::{answer::promise, arguments::Arguments, failure::Failure, operations::operation};
use crate::{
    RunId, RuntimeStore, Store,
    engine::{
        Engine,
        indexed_db::{Durability, IndexedDb},
        memory::Memory,
    },
    rpc::RpcHandler,
    store::schema::TABLES,
};

/// A store of either kind. A call under way shares it, and so outlives a handle that is freed.
#[wasm_bindgen]
pub struct RawStore(Store<Box<dyn Engine>>);

impl RawStore {
    fn over(engine: impl Engine) -> Self {
        Self(Store::over(Box::new(engine)))
    }

    fn run(&self, operation: answer::Answered) -> Promise {
        let store = self.0.clone();
        promise(Box::pin(async move { store.run(operation).await }))
    }
}

/// Opens a database of this origin.
#[wasm_bindgen(js_name = openIndexedDb, unchecked_return_type = "Promise<RawStore>")]
pub fn open_indexed_db(name: String, relaxed: bool) -> Promise {
    let durability = if relaxed { Durability::Relaxed } else { Durability::Strict };
    promise(Box::pin(async move { Ok(RawStore::over(IndexedDb::open(&name, durability, &TABLES).await?).into()) }))
}

/// Deletes a database of this origin.
#[wasm_bindgen(js_name = deleteIndexedDb, unchecked_return_type = "Promise<void>")]
pub fn delete_indexed_db(name: String) -> Promise {
    promise(Box::pin(async move { IndexedDb::delete(&name, &TABLES).await.map(|()| JsValue::UNDEFINED) }))
}

/// A new store in memory.
#[wasm_bindgen(js_name = openMemory)]
pub fn open_memory() -> RawStore {
    RawStore::over(Memory::default())
}

/// A new id, UUID version 7.
#[wasm_bindgen(js_name = newId)]
pub fn new_id() -> Result<String, Failure> {
    Ok(RunId::try_new()?.to_string())
}

#[wasm_bindgen]
impl RawStore {
    /// Carries out the operation `name`.
    #[wasm_bindgen(unchecked_return_type = "Promise<unknown>")]
    pub fn call(&self, name: &str, arguments: Array) -> Promise {
        self.run(operation(self.0.fence(), name, &Arguments(arguments)))
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

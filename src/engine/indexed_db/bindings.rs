//! Bindings that `web-sys` lacks. A transaction's durability and explicit commit it has only behind `web_sys_unstable_apis`;
//! timers only on windows and on workers separately; Chromium's `dataLoss` is in no specification.

use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::{IdbDatabase, IdbTransaction, IdbTransactionMode, IdbVersionChangeEvent};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = IdbDatabase, js_name = IDBDatabase)]
    #[derive(Clone, Debug)]
    pub(super) type RawDatabase;

    #[wasm_bindgen(method, catch, js_name = transaction)]
    pub(super) fn begin(
        this: &RawDatabase,
        tables: &Array,
        mode: IdbTransactionMode,
        options: &TransactionOptions,
    ) -> Result<RawTransaction, JsValue>;

    #[wasm_bindgen(extends = IdbTransaction, js_name = IDBTransaction)]
    #[derive(Debug)]
    pub(super) type RawTransaction;

    #[wasm_bindgen(method, catch)]
    pub(super) fn commit(this: &RawTransaction) -> Result<(), JsValue>;

    /// Any event of an open request. Those that have no `dataLoss` give `None`.
    #[wasm_bindgen(extends = IdbVersionChangeEvent, js_name = IDBVersionChangeEvent)]
    pub(super) type VersionChange;

    #[wasm_bindgen(method, getter, js_name = dataLoss)]
    pub(super) fn data_loss(this: &VersionChange) -> Option<String>;

    /// A port or a channel of Node's, whose listener would keep the process from ending by itself. Others lack these
    /// methods, and have no process.
    pub(super) type OfNode;

    #[wasm_bindgen(method, js_name = ref)]
    pub(super) fn keep_process(this: &OfNode);

    #[wasm_bindgen(method, js_name = unref)]
    pub(super) fn let_process_end(this: &OfNode);

    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(callback: &Function, milliseconds: i32) -> JsValue;

    #[wasm_bindgen(extends = Object)]
    #[derive(Clone, Debug)]
    pub(super) type TransactionOptions;

    #[wasm_bindgen(method, setter)]
    pub(super) fn set_durability(this: &TransactionOptions, durability: &str);
}

impl OfNode {
    /// The port or channel, where it is Node's. To call what is not there would throw each time, which takes a while.
    pub(super) fn of(object: &JsValue) -> Option<Self> {
        let is_node = Reflect::has(object, &"unref".into()).unwrap_or_default();
        is_node.then(|| object.clone().unchecked_into())
    }
}

/// Whether a request that fails undoes its transaction also once `commit()` was called, as the specification has it
/// (<https://w3c.github.io/IndexedDB/#async-execute-request>). Firefox commits the rest (seen in 153): it is known by
/// its engine's `InternalError`, which no other engine has. It can go once `tests/browser/commit-at-once.mjs` passes in Firefox
/// without it.
pub(super) fn undoes_after_commit() -> bool {
    !Reflect::has(&js_sys::global(), &"InternalError".into()).unwrap_or_default()
}

impl Default for TransactionOptions {
    fn default() -> Self {
        Object::new().unchecked_into()
    }
}

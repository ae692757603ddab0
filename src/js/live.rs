//! Claims and watches: what lives on after the call that made it.

use js_sys::{Function, Promise};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{AnyStore, RawStore, Result, answer::done};
use crate::{Change, ChangeKind, ChangeScope, LogicalRuntimeId, RuntimeClaim, Watch, WatchScope, engine::Engine};

/// Ownership of a runtime.
#[wasm_bindgen]
pub struct RawClaim(RuntimeClaim<Box<dyn Engine>>);

/// A listener's place; freeing it ends the watch.
#[wasm_bindgen]
pub struct RawWatch {
    _watch: SendWrapper<Watch>,
}

#[wasm_bindgen]
impl RawStore {
    /// Claims a runtime.
    #[wasm_bindgen(unchecked_return_type = "Promise<RawClaim>")]
    pub fn claim(&self, runtime: String) -> Promise {
        self.call(
            async move |store: AnyStore| Ok(RawClaim(store.claim(&LogicalRuntimeId::new(runtime)?).await?).into()),
        )
    }

    /// Calls `listener` with mob, run, runtime and kinds of every commit: of a mob's, of a runtime's, or of all where
    /// neither is named.
    pub fn watch(&self, mob: Option<String>, runtime: Option<String>, listener: Function) -> Result<RawWatch> {
        let scope = match (mob, runtime) {
            (Some(mob), _) => WatchScope::Mob(mob),
            (None, Some(runtime)) => WatchScope::Runtime(LogicalRuntimeId::new(runtime)?),
            (None, None) => WatchScope::Everything,
        };
        let listener = SendWrapper::new(listener);
        let watch = self.0.watch(scope, move |change| tell(&listener, change));
        Ok(RawWatch { _watch: SendWrapper::new(watch) })
    }
}

#[wasm_bindgen]
impl RawClaim {
    /// The claim's epoch.
    pub fn epoch(&self) -> u64 {
        self.0.epoch()
    }

    /// The store under the claim.
    pub fn store(&self) -> RawStore {
        RawStore(self.0.store().clone())
    }

    /// Gives the runtime up.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn release(&self) -> Promise {
        let claim = self.0.clone();
        self.store().call(async move |_| {
            claim.release().await?;
            done()
        })
    }
}

fn tell(listener: &Function, change: &Change) {
    let (mob, run, runtime) = match &change.scope {
        ChangeScope::Mob(scope) => (Some(scope.mob_id()), scope.run_id(), None),
        ChangeScope::Runtime(runtime) => (None, None, Some(runtime.as_str())),
    };
    let js = |text: Option<&str>| text.map_or(JsValue::UNDEFINED, JsValue::from_str);
    let kinds = change.kinds.iter().map(|kind| JsValue::from(ChangeKind::as_str(*kind))).collect::<js_sys::Array>();
    // The TypeScript's listener catches what the caller's throws.
    let _ = listener.call4(&JsValue::UNDEFINED, &js(mob), &js(run), &js(runtime), &kinds);
}

//! Claims and watches: what lives on after the call that made it.

use js_sys::{Function, Promise};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{Failure, RawStore, answer::done};
use crate::{
    LogicalRuntimeId, RuntimeClaim, Watch, WatchScope, engine::Engine, model::json::wire::to_json, store::claim,
};

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
    pub fn claim(&self, runtime: &str) -> Promise {
        let store = self.0.clone();
        let claimed = LogicalRuntimeId::new(runtime)
            .and_then(|id| claim::claim(&id))
            .map(|operation| operation.map(move |fence| Ok(RawClaim(store.under(fence)).into())));
        self.run(claimed)
    }

    /// Calls `listener` with the JSON text of every change: of a mob's, of a runtime's, or of all where neither is named.
    pub fn watch(
        &self,
        mob: Option<String>,
        runtime: Option<String>,
        listener: Function,
    ) -> std::result::Result<RawWatch, Failure> {
        let scope = match (mob, runtime) {
            (Some(mob), _) => WatchScope::Mob(mob),
            (None, Some(runtime)) => WatchScope::Runtime(LogicalRuntimeId::new(runtime).map_err(Failure::from)?),
            (None, None) => WatchScope::Everything,
        };
        let listener = SendWrapper::new(listener);
        let watch = self.0.watch(scope, move |change| {
            // The TypeScript's listener catches what the caller's throws.
            let _ = listener.call1(&JsValue::UNDEFINED, &to_json(change).into());
        });
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
        self.store().run(done(claim::release(self.0.fence())))
    }
}

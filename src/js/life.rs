//! Recovering, pruning and deleting a runtime.

use js_sys::{Array, Function, Promise, Uint8Array};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{
    RawRuntime,
    answer::{Answered, done, promise, run},
    argument::Argument,
    failure::Result,
};
use crate::{
    Prune,
    model::json::wire::to_json_for_js,
    store::{deleting, recovery},
};

impl RawRuntime {
    fn operation(&self, operation: impl FnOnce() -> Answered) -> Promise {
        run(&self.store, operation())
    }
}

#[wasm_bindgen]
impl RawRuntime {
    /// State, session, live inputs, last receipt, registry and the epoch of the latest claim, in one snapshot.
    #[wasm_bindgen(
        unchecked_return_type = "Promise<[RuntimeState, Uint8Array | undefined, JsonText, JsonText | undefined, JsonText | undefined, bigint]>"
    )]
    pub fn recover(&self) -> Promise {
        self.operation(|| {
            Ok(recovery::recover(&self.id)?.map(|found| {
                let session = found.session.map_or(JsValue::UNDEFINED, |bytes| Uint8Array::from(&*bytes).into());
                let parts = [
                    found.state.as_str().into(),
                    session,
                    to_json_for_js(&found.inputs).into(),
                    found.last_receipt.as_ref().map(to_json_for_js).into(),
                    found.ops.as_ref().map(to_json_for_js).into(),
                    found.epoch.into(),
                ];
                Ok(parts.into_iter().collect::<Array>().into())
            }))
        })
    }

    /// The live inputs by state, a name and a number in turn, after how many there are of everything else.
    #[wasm_bindgen(
        unchecked_return_type = "Promise<[terminalInputs: number, receipts: number, runs: number, sessionBytes: number, ...(string | number)[]]>"
    )]
    pub fn counts(&self) -> Promise {
        self.operation(|| {
            Ok(recovery::counts(&self.id)?.map(|counts| {
                let counted = Array::new();
                for count in [counts.terminal_inputs, counts.receipts, counts.runs, counts.session_bytes] {
                    counted.push(&(count as f64).into());
                }
                for (state, count) in counts.live_inputs {
                    counted.push(&state.as_str().into());
                    counted.push(&(count as f64).into());
                }
                Ok(counted.into())
            }))
        })
    }

    /// Deletes the runtime.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn delete(&self) -> Promise {
        let (store, id) = (self.store.clone(), self.id.clone());
        promise(Box::pin(async move { store.delete_runtime(&id).await.map(|()| JsValue::UNDEFINED) }))
    }

    /// Deletes the receipts of a run.
    #[wasm_bindgen(js_name = deleteRun, unchecked_return_type = "Promise<void>")]
    pub fn delete_run(
        &self,
        #[wasm_bindgen(js_name = runId, unchecked_param_type = "string")] run_id: &JsValue,
    ) -> Promise {
        self.operation(|| done(deleting::delete_run(self.store.fence(), &self.id, &Argument("runId", run_id).uuid()?)))
    }

    /// Prunes receipts and terminal inputs, as long as `goOn` says so; resolves with how many of each.
    #[wasm_bindgen(unchecked_return_type = "Promise<[receipts: number, inputs: number]>")]
    pub fn prune(
        &self,
        #[wasm_bindgen(js_name = keepReceipts, unchecked_param_type = "number | undefined")] keep_receipts: &JsValue,
        #[wasm_bindgen(js_name = keepTerminalInputs, unchecked_param_type = "number | undefined")]
        keep_terminal_inputs: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number | undefined")] before: &JsValue,
        #[wasm_bindgen(js_name = dryRun, unchecked_param_type = "boolean | undefined")] dry_run: &JsValue,
        #[wasm_bindgen(js_name = goOn, unchecked_param_type = "(() => boolean) | undefined")] go_on: &JsValue,
    ) -> Result<Promise> {
        let prune = Prune {
            keep_receipts: Argument("options.keepReceipts", keep_receipts).optional_whole()?,
            keep_terminal_inputs: Argument("options.keepTerminalInputs", keep_terminal_inputs).optional_whole()?,
            before: Argument("options.before", before).optional_whole()?,
            dry_run: Argument("options.dryRun", dry_run).flag()?,
        };
        let go_on = Argument("goOn", go_on);
        let go_on = if go_on.is_given() { Some(SendWrapper::new(go_on.function()?)) } else { None };
        let (store, id) = (self.store.clone(), self.id.clone());
        Ok(promise(Box::pin(async move {
            // A callback that throws ends the pruning, as one that returns false does.
            let goes_on = |ask: &SendWrapper<Function>| ask.call0(&JsValue::UNDEFINED).is_ok_and(|on| on.is_truthy());
            let pruned = store.prune_while(&id, prune, &|| go_on.as_ref().is_none_or(goes_on)).await?;
            Ok(Array::of2(&(pruned.receipts as f64).into(), &(pruned.inputs as f64).into()).into())
        })))
    }
}

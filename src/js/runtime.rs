//! What a store does for one runtime, and under a claim on it.

use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{
    RawRuntime,
    answer::{Answered, bytes, done, flag, optional_text, run, text, texts},
    argument::Argument,
    failure::Result,
};
use crate::{
    Document, RuntimeClaim, RuntimeStoreError, SessionDelta, StoredInputState,
    engine::{Engine, Order},
    store::{
        claim::{self, Owner},
        listing, recovery, rewriting, runtime,
    },
};

impl RawRuntime {
    fn run(&self, operation: impl FnOnce() -> Answered) -> Promise {
        run(&self.store, operation())
    }
}

#[wasm_bindgen]
impl RawRuntime {
    /// Commits a run boundary.
    #[wasm_bindgen(js_name = commitBoundary, unchecked_return_type = "Promise<void>")]
    pub fn commit_boundary(
        &self,
        #[wasm_bindgen(unchecked_param_type = "JsonText")] receipt: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Bytes | undefined")] session: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "JsonText | undefined")] inputs: &JsValue,
        #[wasm_bindgen(js_name = sessionKey, unchecked_param_type = "string | undefined")] session_key: &JsValue,
    ) -> Promise {
        self.run(|| {
            let receipt = Argument("receipt", receipt).json()?;
            let session = Argument("session", session).optional_bytes()?.map(SessionDelta::new);
            let inputs = documents(inputs)?;
            let key = Argument("sessionKey", session_key).optional_uuid()?;
            done(runtime::commit_boundary(self.store.fence(), &self.id, session.as_ref(), receipt, inputs, key))
        })
    }

    /// Replaces the session snapshot outside any run boundary.
    #[wasm_bindgen(js_name = commitSession, unchecked_return_type = "Promise<void>")]
    pub fn commit_session(&self, #[wasm_bindgen(unchecked_param_type = "Bytes")] session: &JsValue) -> Promise {
        self.run(|| {
            let session = SessionDelta::new(Argument("session", session).bytes()?);
            done(runtime::commit_session(self.store.fence(), &self.id, &session))
        })
    }

    /// The latest session snapshot.
    #[wasm_bindgen(unchecked_return_type = "Promise<Uint8Array | undefined>")]
    pub fn session(&self) -> Promise {
        self.run(|| bytes(runtime::session(&self.id)))
    }

    /// One receipt.
    #[wasm_bindgen(unchecked_return_type = "Promise<JsonText | undefined>")]
    pub fn receipt(
        &self,
        #[wasm_bindgen(js_name = runId, unchecked_param_type = "string")] run_id: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "bigint")] sequence: &JsValue,
    ) -> Promise {
        self.run(|| {
            let run_id = Argument("runId", run_id).uuid()?;
            optional_text(runtime::receipt(&self.id, &run_id, Argument("sequence", sequence).u64()?))
        })
    }

    /// A page of receipts, after that of a run and a sequence, both or neither.
    #[wasm_bindgen(unchecked_return_type = "Promise<JsonText>")]
    pub fn receipts(
        &self,
        #[wasm_bindgen(js_name = afterRun, unchecked_param_type = "string | undefined")] after_run: &JsValue,
        #[wasm_bindgen(js_name = afterSequence, unchecked_param_type = "bigint | undefined")] after_sequence: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] limit: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Order | undefined")] order: &JsValue,
    ) -> Promise {
        self.run(|| {
            let (run, sequence) = (Argument("after.run_id", after_run), Argument("after.sequence", after_sequence));
            let is_given = run.is_given() || sequence.is_given();
            let after = if is_given { Some((run.uuid()?, sequence.u64()?)) } else { None };
            let after = after.as_ref().map(|(run, sequence)| (run, *sequence));
            text(listing::receipts(
                &self.id,
                after,
                Argument("limit", limit).limit()?,
                Argument("order", order).order()?,
            ))
        })
    }

    /// The latest receipt, of a run or of all.
    #[wasm_bindgen(js_name = lastReceipt, unchecked_return_type = "Promise<JsonText | undefined>")]
    pub fn last_receipt(
        &self,
        #[wasm_bindgen(js_name = runId, unchecked_param_type = "string | undefined")] run_id: &JsValue,
    ) -> Promise {
        self.run(|| {
            let run_id = Argument("runId", run_id).optional_uuid()?;
            optional_text(listing::last_receipt(&self.id, run_id.as_ref()))
        })
    }

    /// A page of the ids of the runs that have receipts.
    #[wasm_bindgen(unchecked_return_type = "Promise<string[]>")]
    pub fn runs(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] after: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] limit: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Order | undefined")] order: &JsValue,
    ) -> Promise {
        self.run(|| {
            let after = Argument("after", after).optional_uuid()?;
            texts(listing::runs(
                &self.id,
                after.as_ref(),
                Argument("limit", limit).limit()?,
                Argument("order", order).order()?,
            ))
        })
    }

    /// Stores one input.
    #[wasm_bindgen(js_name = persistInput, unchecked_return_type = "Promise<void>")]
    pub fn persist_input(&self, #[wasm_bindgen(unchecked_param_type = "JsonText")] input: &JsValue) -> Promise {
        self.run(|| done(runtime::persist_input(self.store.fence(), &self.id, Argument("input", input).json()?)))
    }

    /// The inputs, or a page of them, or the live ones only.
    #[wasm_bindgen(unchecked_return_type = "Promise<JsonText>")]
    pub fn inputs(
        &self,
        #[wasm_bindgen(unchecked_param_type = "boolean | undefined")] live: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] after: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number | undefined")] limit: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Order | undefined")] order: &JsValue,
    ) -> Promise {
        self.run(|| {
            let after = Argument("after", after).optional_uuid()?;
            let limit = Argument("limit", limit);
            let limit = if limit.is_given() { Some(limit.limit()?) } else { None };
            let (live, order) = (Argument("live", live).flag()?, Argument("order", order).order()?);
            text(match (live, order) {
                (false, order) => recovery::inputs(&self.id, after.as_ref(), limit, order),
                (true, Order::Ascending) => recovery::live_inputs(&self.id, after.as_ref(), limit.unwrap_or(u32::MAX)),
                (true, Order::Descending) => {
                    Err(RuntimeStoreError::invalid("order", "live inputs come in ascending order only"))
                }
            })
        })
    }

    /// A page of input ids.
    #[wasm_bindgen(js_name = inputIds, unchecked_return_type = "Promise<string[]>")]
    pub fn input_ids(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] after: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] limit: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Order | undefined")] order: &JsValue,
    ) -> Promise {
        self.run(|| {
            let after = Argument("after", after).optional_uuid()?;
            texts(listing::input_ids(
                &self.id,
                after.as_ref(),
                Argument("limit", limit).limit()?,
                Argument("order", order).order()?,
            ))
        })
    }

    /// One input.
    #[wasm_bindgen(unchecked_return_type = "Promise<JsonText | undefined>")]
    pub fn input(
        &self,
        #[wasm_bindgen(js_name = inputId, unchecked_param_type = "string")] input_id: &JsValue,
    ) -> Promise {
        self.run(|| optional_text(runtime::input(&self.id, &Argument("inputId", input_id).uuid()?)))
    }

    /// Replaces the snapshot if it is the one that was seen, and answers whether it was.
    #[wasm_bindgen(js_name = rewriteSession, unchecked_return_type = "Promise<boolean>")]
    pub fn rewrite_session(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Bytes")] seen: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "Bytes")] session: &JsValue,
    ) -> Promise {
        self.run(|| {
            let seen = SessionDelta::new(Argument("seen", seen).bytes()?);
            let session = SessionDelta::new(Argument("session", session).bytes()?);
            flag(rewriting::rewrite_session(self.store.fence(), &self.id, seen, session))
        })
    }

    /// Replaces an input if it is the one that was seen, and answers whether it was.
    #[wasm_bindgen(js_name = rewriteInput, unchecked_return_type = "Promise<boolean>")]
    pub fn rewrite_input(
        &self,
        #[wasm_bindgen(unchecked_param_type = "JsonText")] seen: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "JsonText")] input: &JsValue,
    ) -> Promise {
        self.run(|| {
            let (seen, input) = (Argument("seen", seen).json()?, Argument("input", input).json()?);
            flag(rewriting::rewrite_input(self.store.fence(), &self.id, seen, input))
        })
    }

    /// The lifecycle state.
    #[wasm_bindgen(unchecked_return_type = "Promise<RuntimeState | undefined>")]
    pub fn state(&self) -> Promise {
        self.run(|| Ok(runtime::state(&self.id)?.map(|state| Ok(state.map(|state| state.as_str()).into()))))
    }

    /// Commits a lifecycle step.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn transition(
        &self,
        #[wasm_bindgen(unchecked_param_type = "RuntimeState")] from: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "RuntimeState")] to: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "JsonText | undefined")] inputs: &JsValue,
    ) -> Promise {
        self.run(|| {
            let (from, to) = (Argument("from", from).state()?, Argument("to", to).state()?);
            let inputs = documents(inputs)?;
            done(runtime::transition(self.store.fence(), &self.id, from.step(to)?, inputs))
        })
    }

    /// Replaces the snapshot of the operation registry.
    #[wasm_bindgen(js_name = persistOps, unchecked_return_type = "Promise<void>")]
    pub fn persist_ops(&self, #[wasm_bindgen(unchecked_param_type = "JsonText")] snapshot: &JsValue) -> Promise {
        self.run(|| done(runtime::persist_ops(self.store.fence(), &self.id, Argument("snapshot", snapshot).json()?)))
    }

    /// The snapshot of the operation registry.
    #[wasm_bindgen(unchecked_return_type = "Promise<JsonText | undefined>")]
    pub fn ops(&self) -> Promise {
        self.run(|| optional_text(runtime::ops(&self.id)))
    }

    /// Claims the runtime.
    #[wasm_bindgen(unchecked_return_type = "Promise<RawClaim>")]
    pub fn claim(&self) -> Promise {
        let (store, id) = (self.store.clone(), self.id.clone());
        let claimed = move |fence| Ok(RawClaim(store.under(id.clone(), fence)).into());
        self.run(|| Ok(claim::claim(Owner::Runtime(self.id.clone()))?.map(claimed)))
    }
}

/// Inputs that change with something else; none where they are not given.
#[inline(never)]
fn documents(inputs: &JsValue) -> Result<Vec<Document<StoredInputState>>> {
    let inputs = Argument("inputs", inputs);
    if inputs.is_given() { inputs.json() } else { Ok(Vec::new()) }
}

/// Ownership of a runtime.
#[wasm_bindgen]
pub struct RawClaim(pub(super) RuntimeClaim<Box<dyn Engine>>);

#[wasm_bindgen]
impl RawClaim {
    /// The claim's epoch.
    pub fn epoch(&self) -> u64 {
        self.0.epoch()
    }

    /// The runtime under the claim.
    pub fn runtime(&self) -> RawRuntime {
        RawRuntime { store: self.0.store().clone(), id: self.0.runtime_id().clone() }
    }

    /// Gives the runtime up.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn release(&self) -> Promise {
        run(self.0.store(), done(claim::release(self.0.fence())))
    }
}

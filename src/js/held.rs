//! Claims that are held over a network: a server keeps none between two calls, so who holds one brings it each time.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{RawRuntime, argument::Argument, failure::Result, runtime::RawClaim};
use crate::{RuntimeStoreError, store::claim::Fence};

/// A claim as text: its epoch, a space and its token.
#[wasm_bindgen(js_name = claimText)]
pub fn claim_text(claim: &RawClaim) -> String {
    claim.0.fence().text()
}

/// The claim on a runtime that was made before and written as text.
#[wasm_bindgen(js_name = heldClaim)]
pub fn held_claim(
    runtime: &RawRuntime,
    #[wasm_bindgen(unchecked_param_type = "string")] text: &JsValue,
) -> Result<RawClaim> {
    let text = Argument("claim", text).text()?;
    let fence = Fence::of_text(runtime.id.clone(), &text);
    let fence = fence.ok_or_else(|| RuntimeStoreError::invalid("claim", "expected an epoch and a token"))?;
    Ok(RawClaim(runtime.store.under(fence)))
}

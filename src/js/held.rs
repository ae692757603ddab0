//! Claims that are held over a network: a server keeps none between two calls, so who holds one brings it each time.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{RawRuntime, RawStore, argument::Argument, caring::RawMobClaim, failure::Result, runtime::RawClaim};
use crate::{
    RuntimeStoreError,
    store::claim::{Fence, Owner},
};

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
    let fence = held(Owner::Runtime(runtime.id.clone()), &text)?;
    Ok(RawClaim(runtime.store.under(runtime.id.clone(), fence)))
}

fn held(owner: Owner, text: &str) -> Result<Fence> {
    let fence = Fence::of_text(owner, text);
    Ok(fence.ok_or_else(|| RuntimeStoreError::invalid("claim", "expected an epoch and a token"))?)
}

/// A claim on a mob as text.
#[wasm_bindgen(js_name = mobClaimText)]
pub fn mob_claim_text(claim: &RawMobClaim) -> String {
    claim.0.fence().text()
}

/// The claim on a mob that was made before and written as text.
#[wasm_bindgen(js_name = heldMobClaim)]
pub fn held_mob_claim(
    store: &RawStore,
    #[wasm_bindgen(unchecked_param_type = "string")] mob: &JsValue,
    #[wasm_bindgen(unchecked_param_type = "string")] text: &JsValue,
) -> Result<RawMobClaim> {
    let (mob, text) = (Argument("mob", mob).id()?, Argument("claim", text).text()?);
    Ok(RawMobClaim(store.0.under_mob(held(Owner::Mob(mob), &text)?)))
}

//! Claims on mobs, and what was set aside.

use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{
    RawStore,
    answer::{done, run},
    argument::Argument,
};
use crate::{
    MobClaim,
    engine::Engine,
    model::json::writer::JsonWriter,
    store::{claim, contents, quarantine},
};

#[wasm_bindgen]
impl RawStore {
    /// Claims a mob.
    #[wasm_bindgen(js_name = claimMob, unchecked_return_type = "Promise<RawMobClaim>")]
    pub fn claim_mob(&self, #[wasm_bindgen(unchecked_param_type = "string")] mob: &JsValue) -> Promise {
        let store = self.0.clone();
        let claimed = move |fence| Ok(RawMobClaim(store.under_mob(fence)).into());
        self.run(|| Ok(claim::claim_mob(&Argument("mob", mob).id()?)?.map(claimed)))
    }

    /// How much there is of everything, and the oldest open claim, as JSON text.
    #[wasm_bindgen(unchecked_return_type = "Promise<JsonText>")]
    pub fn contents(&self) -> Promise {
        self.run(|| Ok(contents::contents()?.map(|contents| Ok(contents.json().into()))))
    }

    /// A page of the records in quarantine, with their ids, as JSON text.
    #[wasm_bindgen(unchecked_return_type = "Promise<JsonText>")]
    pub fn quarantined(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] after: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "number")] limit: &JsValue,
    ) -> Promise {
        self.run(|| {
            let after = Argument("after", after).optional_id()?;
            let found = quarantine::quarantined(after.as_deref(), Argument("limit", limit).limit()?)?;
            Ok(found.map(|found| {
                let mut json = JsonWriter::default();
                json.array(&found, |to, (id, aside)| aside.write(to, Some(id)));
                Ok(json.into_text().into())
            }))
        })
    }

    /// Deletes a record in quarantine.
    #[wasm_bindgen(js_name = deleteQuarantined, unchecked_return_type = "Promise<void>")]
    pub fn delete_quarantined(&self, #[wasm_bindgen(unchecked_param_type = "string")] id: &JsValue) -> Promise {
        self.run(|| done(quarantine::delete_quarantined(&Argument("id", id).id()?)))
    }
}

/// Ownership of a mob.
#[wasm_bindgen]
pub struct RawMobClaim(pub(super) MobClaim<Box<dyn Engine>>);

#[wasm_bindgen]
impl RawMobClaim {
    /// The claim's epoch.
    pub fn epoch(&self) -> u64 {
        self.0.epoch()
    }

    /// The store under the claim.
    pub fn store(&self) -> RawStore {
        RawStore(self.0.store().clone())
    }

    /// Gives the mob up.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn release(&self) -> Promise {
        run(self.0.store(), done(claim::release(self.0.fence())))
    }
}

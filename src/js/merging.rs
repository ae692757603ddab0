//! Changes to labels and cursors that lose nothing of what others write at the same time.

use js_sys::Promise;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{
    RawStore,
    answer::{done, text},
    argument::Argument,
    store::scope,
};
use crate::store::merging;

#[wasm_bindgen]
impl RawStore {
    /// Sets some labels of a mob or run, removes others, and answers what they are now.
    #[wasm_bindgen(js_name = patchLabels, unchecked_return_type = "Promise<JsonText>")]
    pub fn patch_labels(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] mob: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] run: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "JsonText")] set: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "JsonText")] remove: &JsValue,
    ) -> Promise {
        self.run(|| {
            let (set, remove) = (Argument("patch.set", set).json()?, Argument("patch.remove", remove).json()?);
            text(merging::patch_labels(self.0.fence(), &scope(mob, run)?, set, remove))
        })
    }

    /// Replaces all labels of a mob or run, if they are the expected ones.
    #[wasm_bindgen(js_name = compareAndSetLabels, unchecked_return_type = "Promise<void>")]
    pub fn compare_and_set_labels(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] mob: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "string | undefined")] run: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "JsonText")] expected: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "JsonText")] labels: &JsValue,
    ) -> Promise {
        self.run(|| {
            let (expected, labels) = (Argument("expected", expected).json()?, Argument("labels", labels).json()?);
            done(merging::compare_and_set_labels(self.0.fence(), &scope(mob, run)?, expected, labels))
        })
    }

    /// Moves a mob's cursor forward, and answers where it is now.
    #[wasm_bindgen(js_name = advanceCursor, unchecked_return_type = "Promise<bigint>")]
    pub fn advance_cursor(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] mob: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "bigint")] cursor: &JsValue,
    ) -> Promise {
        self.run(|| {
            let (mob, cursor) = (Argument("mob", mob).id()?, Argument("cursor", cursor).u64()?);
            Ok(merging::advance_cursor(self.0.fence(), &mob, cursor)?.map(|cursor| Ok(cursor.into())))
        })
    }

    /// Sets a mob's cursor, if it is the expected one.
    #[wasm_bindgen(js_name = compareAndSetCursor, unchecked_return_type = "Promise<void>")]
    pub fn compare_and_set_cursor(
        &self,
        #[wasm_bindgen(unchecked_param_type = "string")] mob: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "bigint | undefined")] expected: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "bigint")] cursor: &JsValue,
    ) -> Promise {
        self.run(|| {
            let expected = Argument("expected", expected);
            let expected = if expected.is_given() { Some(expected.u64()?) } else { None };
            let (mob, cursor) = (Argument("mob", mob).id()?, Argument("cursor", cursor).u64()?);
            done(merging::compare_and_set_cursor(self.0.fence(), &mob, expected, cursor))
        })
    }
}

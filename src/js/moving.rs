//! Export, import and verification, a step at a time.

use std::{cell::RefCell, rc::Rc};

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{AnyStore, RawStore, answer::promise, argument::Argument, failure::Result};
use crate::{
    engine,
    model::{RuntimeStoreError, json::writer::JsonWriter},
    store::{
        OnConflict,
        moving::{Exporting, Importing},
        steps::Steps,
        verifying::Verifying,
    },
};

/// What goes on step by step.
trait Work: Steps {
    /// Takes bytes, or hears that there are no more.
    fn give(&mut self, _bytes: Option<&[u8]>) -> engine::Result<()> {
        Ok(())
    }

    /// What the step came to.
    fn take(&mut self) -> JsValue;
}

impl Work for Exporting {
    fn take(&mut self) -> JsValue {
        Exporting::take(self).map_or(JsValue::UNDEFINED, |lines| Uint8Array::from(lines.as_bytes()).into())
    }
}

impl Work for Importing {
    fn give(&mut self, bytes: Option<&[u8]>) -> engine::Result<()> {
        Importing::give(self, bytes)
    }

    fn take(&mut self) -> JsValue {
        let counts = [self.imported.records, self.imported.written];
        counts.iter().map(|count| JsValue::from(*count as f64)).collect::<Array>().into()
    }
}

impl Work for Verifying {
    fn take(&mut self) -> JsValue {
        let Some(findings) = Verifying::take(self) else { return JsValue::UNDEFINED };
        let mut text = JsonWriter::default();
        let mut object = text.object();
        object.named("records").json(&self.records.to_string());
        object.named("findings").array(&findings, |to, finding| {
            let mut object = to.object();
            object.named("table").string(finding.table);
            object.named("key").string(&finding.key);
            object.named("problem").string(&finding.problem);
            object.named("quarantined").json(if finding.quarantined { "true" } else { "false" });
            object.end();
        });
        object.end();
        text.into_text().into()
    }
}

#[wasm_bindgen]
impl RawStore {
    /// All that the store holds: each step is a `Uint8Array` of lines, `undefined` after the last.
    #[wasm_bindgen(js_name = export)]
    pub fn export_lines(&self) -> RawSteps {
        self.steps(Exporting::new())
    }

    /// Takes what a store has exported: each step takes bytes and answers how many records are there, and how many of them were written.
    #[wasm_bindgen(js_name = import)]
    pub fn import_lines(
        &self,
        #[wasm_bindgen(unchecked_param_type = "boolean")] overwrite: &JsValue,
    ) -> Result<RawSteps> {
        let overwrite = Argument("options.overwrite", overwrite).flag()?;
        let on_conflict = if overwrite { OnConflict::Overwrite } else { OnConflict::Refuse };
        Ok(self.steps(Importing::new(&self.0, on_conflict)))
    }

    /// Reads everything: each step is the JSON text of what is damaged, `undefined` after the last.
    pub fn verify(
        &self,
        #[wasm_bindgen(unchecked_param_type = "boolean | undefined")] quarantine: &JsValue,
    ) -> Result<RawSteps> {
        let mut verifying = Verifying::new();
        verifying.quarantines = Argument("options.quarantine", quarantine).flag()?;
        Ok(self.steps(verifying))
    }

    fn steps(&self, work: impl Work + 'static) -> RawSteps {
        RawSteps { store: self.0.clone(), work: Rc::new(RefCell::new(Some(Box::new(work)))) }
    }
}

/// Work that goes on step by step.
#[wasm_bindgen]
pub struct RawSteps {
    store: AnyStore,
    /// `None` while a step is under way, and for good once a step has failed.
    work: Rc<RefCell<Option<Box<dyn Work>>>>,
}

#[wasm_bindgen]
impl RawSteps {
    /// Does the next step.
    #[wasm_bindgen(unchecked_return_type = "Promise<unknown>")]
    pub fn next(&self, #[wasm_bindgen(unchecked_param_type = "Bytes | undefined")] bytes: &JsValue) -> Result<Promise> {
        let (store, work) = (self.store.clone(), Rc::clone(&self.work));
        let bytes = Argument("source", bytes).optional_bytes()?;
        Ok(promise(Box::pin(async move {
            let taken = work.borrow_mut().take();
            let mut steps =
                taken.ok_or_else(|| RuntimeStoreError::Closed("its last step has not ended well".to_owned()))?;
            steps.give(bytes.as_deref())?;
            store.walk(&mut *steps).await?;
            let answer = steps.take();
            work.replace(Some(steps));
            Ok(answer)
        })))
    }
}

//! Arguments as the TypeScript passes them, checked: what is missing or of another type here is a defect in it.

use std::str::FromStr;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};

use crate::{
    engine::Result,
    model::{
        LogicalRuntimeId, MetadataScope, RuntimeState, RuntimeStoreError,
        json::{leaf::expected, wire::Wire, writer::quoted},
    },
};

/// The arguments of one call, by their places.
pub(super) struct Arguments(pub(super) Array);

impl Arguments {
    pub(super) fn value(&self, at: u32) -> JsValue {
        self.0.get(at)
    }

    pub(super) fn optional_text(&self, at: u32) -> Option<String> {
        self.value(at).as_string()
    }

    pub(super) fn text(&self, at: u32) -> String {
        self.optional_text(at).unwrap_or_default()
    }

    /// Bytes, copied once.
    pub(super) fn optional_bytes(&self, at: u32) -> Option<Vec<u8>> {
        self.value(at).dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
    }

    pub(super) fn bytes(&self, at: u32) -> Vec<u8> {
        self.optional_bytes(at).unwrap_or_default()
    }

    pub(super) fn u64(&self, at: u32) -> u64 {
        self.value(at).try_into().unwrap_or_default()
    }

    pub(super) fn limit(&self, at: u32) -> u32 {
        self.value(at).as_f64().unwrap_or_default() as u32
    }

    /// The mob at the first place and the run at the second.
    pub(super) fn scope(&self) -> MetadataScope {
        MetadataScope::new(self.text(0), self.optional_text(1))
    }

    /// The runtime at the first place.
    pub(super) fn runtime(&self) -> Result<LogicalRuntimeId> {
        LogicalRuntimeId::new(self.text(0))
    }

    /// A value from its JSON text; `argument` is what an error names.
    pub(super) fn json<T: Wire>(&self, argument: &str, at: u32) -> Result<T> {
        T::read(&self.text(at)).map_err(|reason| RuntimeStoreError::invalid(argument, reason))
    }

    pub(super) fn id<T: FromStr>(&self, argument: &str, at: u32) -> Result<T> {
        let text = self.text(at);
        text.parse().map_err(|_| RuntimeStoreError::invalid(argument, expected("a UUID", &quoted(&text))))
    }

    pub(super) fn optional_id<T: FromStr>(&self, argument: &str, at: u32) -> Result<Option<T>> {
        if self.value(at).is_undefined() { Ok(None) } else { self.id(argument, at).map(Some) }
    }

    pub(super) fn state(&self, argument: &str, at: u32) -> Result<RuntimeState> {
        let text = self.text(at);
        let known = RuntimeState::ALL.into_iter().find(|state| state.as_str() == text);
        known.ok_or_else(|| RuntimeStoreError::invalid(argument, expected("a state", &quoted(&text))))
    }
}

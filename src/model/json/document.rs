//! Records that are stored as one JSON document.
//!
//! A Rust program holds documents as structs, JavaScript as text. Converting them would cost more than all else that a
//! commit does in wasm, or that memory does for a Rust program. So a document keeps the form in which it came, and the rules
//! of the store see one type.

use std::{borrow::Cow, fmt, sync::Arc};

use super::{
    lexer::Members,
    schema::Schema,
    wire::{Wire, read_member, to_json},
    writer::JsonWriter,
};
use crate::model::{RuntimeStoreError, limits};

/// A type that is stored as a JSON document.
pub trait Stored: Wire + Clone + PartialEq + Send + Sync + 'static {
    /// The name that errors give to such a document.
    const NAME: &'static str;

    /// The part of it that is also in its row's key.
    type Key: Clone + Send + Sync + 'static;

    /// The key.
    fn key(&self) -> Self::Key;

    /// The key as text, one string for each column of the row's key after the first. Empty where the document does not name its key.
    fn names(key: &Self::Key) -> Vec<String> {
        let _ = key;
        Vec::new()
    }

    /// The key in the members of a text that was checked.
    fn key_in(members: &Members<'_>) -> Result<Self::Key, String>;

    /// Refuses a value that could not be read again once it is written.
    fn check(&self) -> Result<(), RuntimeStoreError> {
        Ok(())
    }
}

/// A `T` as it is stored: the struct, or JSON text that was checked to be one. A clone costs nothing.
pub struct Document<T: Stored> {
    key: T::Key,
    /// The bytes of its JSON text.
    size: usize,
    form: Form<T>,
}

enum Form<T> {
    /// Not in the npm package's module, which then needs no reader and writer of each type.
    #[cfg(not(all(feature = "js", target_arch = "wasm32")))]
    Struct(Arc<T>),
    Text {
        json: Arc<str>,
        /// Whether a u64 in it is larger than a JavaScript number holds exactly.
        has_large: bool,
        of: std::marker::PhantomData<fn() -> T>,
    },
}

impl<T: Stored> Document<T> {
    /// A struct.
    ///
    /// # Errors
    /// `InvalidInput` for one that could not be read again, and for one that is larger than a document may be.
    pub fn new(value: T) -> Result<Self, RuntimeStoreError> {
        value.check()?;
        let json = to_json(&value);
        limits::document(&json).map_err(|reason| RuntimeStoreError::invalid(T::NAME, reason))?;
        Ok(Self::of_struct(value, &json))
    }

    #[cfg(not(all(feature = "js", target_arch = "wasm32")))]
    pub(crate) fn of_struct(value: T, json: &str) -> Self {
        Self { key: value.key(), size: json.len(), form: Form::Struct(Arc::new(value)) }
    }

    #[cfg(all(feature = "js", target_arch = "wasm32"))]
    pub(crate) fn of_struct(value: T, json: &str) -> Self {
        // What it holds of large numbers is of no matter to a Rust program, which alone comes here.
        Self {
            key: value.key(),
            size: json.len(),
            form: Form::Text { json: json.into(), has_large: false, of: std::marker::PhantomData },
        }
    }

    /// JSON text, which is checked and kept as it is; `Err` says what is wrong with it.
    pub fn from_json(json: &str) -> Result<Self, String> {
        limits::document(json)?;
        Self::of_text(json)
    }

    fn of_text(json: &str) -> Result<Self, String> {
        let mut has_large = false;
        let key = T::key_in(&T::SCHEMA.check_document(json, &mut has_large)?)?;
        let form = Form::Text { json: json.into(), has_large, of: std::marker::PhantomData };
        Ok(Self { key, size: json.len(), form })
    }

    /// The document in the form that this program's door gives out, from the text that an engine keeps: of any size, since
    /// other programs and older versions write there too.
    #[cfg(not(all(feature = "js", target_arch = "wasm32")))]
    pub(crate) fn from_stored(json: &str) -> Result<Self, String> {
        T::read(json).map(|value| Self::of_struct(value, json))
    }

    /// The document in the form that this program's door gives out, from the text that an engine keeps: of any size, since
    /// other programs and older versions write there too.
    #[cfg(all(feature = "js", target_arch = "wasm32"))]
    pub(crate) fn from_stored(json: &str) -> Result<Self, String> {
        Self::of_text(json)
    }

    /// The bytes of its JSON text.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The part of it that is also in its row's key.
    pub(crate) fn key(&self) -> &T::Key {
        &self.key
    }

    /// The struct, where the document came in that form.
    pub(crate) fn as_struct(&self) -> Option<&T> {
        match &self.form {
            #[cfg(not(all(feature = "js", target_arch = "wasm32")))]
            Form::Struct(value) => Some(value),
            Form::Text { .. } => None,
        }
    }

    /// A member of the text; `None` where it is absent or null.
    pub(crate) fn member<U: Wire>(&self, name: &str) -> Result<Option<U>, RuntimeStoreError> {
        let member = |members: Members<'_>| match members.get(name) {
            None | Some("null") => Ok(None),
            Some(_) => read_member(&members, name).map(Some),
        };
        Members::read(&self.json()).and_then(member).map_err(RuntimeStoreError::Internal)
    }

    /// The struct.
    ///
    /// # Errors
    /// `Internal` for a text that passed the check and is none after all: a defect of burrow's.
    pub fn read(&self) -> Result<T, RuntimeStoreError> {
        match &self.form {
            #[cfg(not(all(feature = "js", target_arch = "wasm32")))]
            Form::Struct(value) => Ok(T::clone(value)),
            Form::Text { json, .. } => T::read(json).map_err(RuntimeStoreError::Internal),
        }
    }

    /// One text for all documents that say the same, whatever form they came in and however a text spells it.
    pub(crate) fn canonical(&self) -> String {
        T::SCHEMA.canonical(&self.json())
    }

    /// The JSON text.
    pub fn json(&self) -> Cow<'_, str> {
        match &self.form {
            #[cfg(not(all(feature = "js", target_arch = "wasm32")))]
            Form::Struct(value) => to_json(&**value).into(),
            Form::Text { json, .. } => (&**json).into(),
        }
    }
}

impl<T: Stored> Wire for Document<T> {
    const SCHEMA: Schema = T::SCHEMA;

    fn read(json: &str) -> Result<Self, String> {
        Self::from_json(json)
    }

    fn write(&self, to: &mut JsonWriter) {
        match &self.form {
            #[cfg(not(all(feature = "js", target_arch = "wasm32")))]
            Form::Struct(value) => value.write(to),
            Form::Text { json, has_large, .. } if *has_large && to.for_js => T::SCHEMA.write_for_js(json, to),
            Form::Text { json, .. } => to.json(json),
        }
    }
}

impl<T: Stored> Clone for Document<T> {
    fn clone(&self) -> Self {
        let form = match &self.form {
            #[cfg(not(all(feature = "js", target_arch = "wasm32")))]
            Form::Struct(value) => Form::Struct(Arc::clone(value)),
            Form::Text { json, has_large, of } => Form::Text { json: Arc::clone(json), has_large: *has_large, of: *of },
        };
        Self { key: self.key.clone(), size: self.size, form }
    }
}

/// Two documents are equal when they say the same, whatever form they came in and however a text spells it: `null` may stand
/// for a member that is not there, and a UUID has several spellings.
impl<T: Stored> PartialEq for Document<T> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.form, &other.form) {
            #[cfg(not(all(feature = "js", target_arch = "wasm32")))]
            (Form::Struct(a), Form::Struct(b)) => a == b,
            (Form::Text { json: a, .. }, Form::Text { json: b, .. }) if a == b => true,
            _ => self.canonical() == other.canonical(),
        }
    }
}

impl<T: Stored> fmt::Debug for Document<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.json())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PersistedOpsSnapshot, RunBoundaryReceipt, StoredInputState, json::wire::to_json_for_js};

    const ID: &str = "01a20127-b8f1-725e-bae9-39a85b9ab50a";
    const NOW: &str = "2026-11-22T02:48:30.193749452Z";

    fn receipt() -> serde_json::Value {
        serde_json::json!({
            "run_id": ID, "boundary": "run_start", "contributing_input_ids": [ID], "conversation_digest": "07",
            "message_count": 1, "sequence": u64::MAX, "future": {"a": [null]},
        })
    }

    fn input() -> serde_json::Value {
        serde_json::json!({
            "input_id": ID, "current_state": "abandoned", "policy": {"any": 1},
            "terminal_outcome": {"outcome_type": "abandoned", "reason": "x", "aggregate_id": ID}, "durability": "durable",
            "idempotency_key": "k", "attempt_count": 1, "recovery_count": 4_294_967_295u32,
            "history": [{"timestamp": NOW, "from": "accepted", "to": "queued", "reason": "because"}],
            "last_run_id": ID, "last_boundary_sequence": 7, "created_at": NOW, "updated_at": NOW,
        })
    }

    fn registry() -> serde_json::Value {
        serde_json::json!({
            "epoch_id": "e", "authority_state": {}, "operation_specs": {}, "completion_entries": [],
            "cursors": {"agent_applied_cursor": 1, "runtime_observed_seq": 2, "runtime_last_injected_seq": u64::MAX},
        })
    }

    /// Every value in the document replaced by each of these, and taken out, one at a time.
    fn mutations(document: &serde_json::Value) -> Vec<serde_json::Value> {
        let bad = serde_json::json!([null, true, -1, 1.5, 4_294_967_296u64, "", "x", ID, NOW, "queued", [], ["x"], {}, {"a": 1}]);
        let mut all = vec![document.clone()];
        let places: Vec<String> = places(document, String::new());
        for place in places {
            for value in bad.as_array().into_iter().flatten() {
                let mut changed = document.clone();
                if let Some(there) = changed.pointer_mut(&place) {
                    *there = value.clone();
                }
                all.push(changed);
            }
            let mut without = document.clone();
            let (parent, name) = place.rsplit_once('/').unwrap_or_default();
            if let Some(object) = without.pointer_mut(parent).and_then(|parent| parent.as_object_mut()) {
                object.remove(name);
            }
            all.push(without);
        }
        all
    }

    fn places(value: &serde_json::Value, at: String) -> Vec<String> {
        let children: Vec<(String, &serde_json::Value)> = match value {
            serde_json::Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
            serde_json::Value::Array(items) => items.iter().enumerate().map(|(i, v)| (i.to_string(), v)).collect(),
            _ => Vec::new(),
        };
        let below = children.into_iter().flat_map(|(name, child)| places(child, format!("{at}/{name}")));
        below.chain((!at.is_empty()).then(|| at.clone())).collect()
    }

    fn agree<T: Stored>(document: &serde_json::Value) {
        let mut refused = 0;
        for changed in mutations(document) {
            let json = changed.to_string();
            let (read, checked) = (T::read(&json).map(drop), Document::<T>::from_json(&json).map(drop));
            assert_eq!(read, checked, "{json}");
            refused += usize::from(read.is_err());
        }
        assert!(refused > 20 && T::read(&document.to_string()).is_ok(), "{refused} refused");
    }

    #[test]
    fn checking_a_text_and_reading_it_refuse_the_same_for_the_same_reason() {
        agree::<RunBoundaryReceipt>(&receipt());
        agree::<StoredInputState>(&input());
        agree::<PersistedOpsSnapshot>(&registry());
    }

    #[test]
    fn a_u64_that_a_double_would_round_is_a_string_for_javascript_and_all_else_is_as_it_was() {
        let for_js =
            |json: &str| Document::<RunBoundaryReceipt>::from_json(json).map(|document| to_json_for_js(&document));
        let large = receipt().to_string();
        let quoted = large.replace(&u64::MAX.to_string(), &format!("\"{}\"", u64::MAX));
        let quoted = quoted.replace(r#""message_count":1"#, r#""message_count":"1""#);
        assert_eq!(for_js(&large), Ok(quoted));
        let small = large.replace(&u64::MAX.to_string(), "9007199254740991");
        assert_eq!(for_js(&small), Ok(small.clone()));
        assert_eq!(Document::<RunBoundaryReceipt>::from_json(&large).map(|document| to_json(&document)), Ok(large));
    }
}

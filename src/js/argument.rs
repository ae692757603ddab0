//! Arguments, checked: whatever JavaScript passes becomes what the operation needs, or `InvalidInput` by the argument's name.
//! No other place of the package checks a value that crosses.

use std::time::Duration;

use js_sys::{Function, JsString, Uint8Array};
use uuid::Uuid;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use super::failure::{Failure, Result};
use crate::{
    engine::{Order, indexed_db::torn_log::RESERVED},
    model::{LogicalRuntimeId, RuntimeState, RuntimeStoreError, json::wire::Wire, limits},
};

#[wasm_bindgen]
extern "C" {
    /// A value in a few words: `described` in `pkg/src/json.ts`, which `pkg/src/instance.ts` gives to the bindings.
    fn described(value: &JsValue) -> String;

    /// A plain view of the bytes, or the error that says why there is none: `bytes` in `pkg/src/bytes.ts`.
    #[wasm_bindgen(catch)]
    fn bytes(argument: &str, value: &JsValue) -> std::result::Result<View, JsValue>;

    /// A `Uint8Array` of whatever size.
    #[wasm_bindgen(extends = Uint8Array)]
    type View;

    #[wasm_bindgen(method, getter, js_name = byteLength)]
    fn size(this: &View) -> f64;
}

/// The longest that a browser's timer waits, in milliseconds.
const MOST_WAIT: f64 = i32::MAX as f64;

/// A value that JavaScript passed, with the name that errors call it by. `undefined` is as none; `null` is a value.
#[derive(Clone, Copy)]
pub(super) struct Argument<'a>(pub(super) &'static str, pub(super) &'a JsValue);

impl Argument<'_> {
    /// Whether there is one.
    pub(super) fn is_given(self) -> bool {
        !self.1.is_undefined()
    }

    #[cold]
    #[inline(never)]
    fn invalid(self, reason: &str) -> Failure {
        RuntimeStoreError::invalid(self.0, reason).into()
    }

    #[cold]
    #[inline(never)]
    fn expected(self, what: &str) -> Failure {
        self.invalid(&expected(what, self.1))
    }

    #[inline(never)]
    fn string(self, what: &str) -> Result<String> {
        // Before it is copied. Its text has no fewer bytes than the string has units.
        if let Some(string) = self.1.dyn_ref::<JsString>() {
            limits::call(self.0, string.length() as usize)?;
        }
        let Some(text) = self.1.as_string() else { return Err(self.expected(what)) };
        // On its way a lone surrogate became U+FFFD; a string that had that character itself is the same on the way back. One byte of it
        // is looked for, since that is the fastest search, and the smallest.
        const FIRST_OF_REPLACEMENT: u8 = 0xEF;
        if text.as_bytes().contains(&FIRST_OF_REPLACEMENT) && *self.1 != text.as_str() {
            return Err(self.invalid("the string holds a lone surrogate"));
        }
        Ok(text)
    }

    /// A string.
    pub(super) fn text(self) -> Result<String> {
        self.string("a string")
    }

    /// A string that is not empty.
    #[inline(never)]
    pub(super) fn id(self) -> Result<String> {
        let id = self.text()?;
        if id.is_empty() { Err(self.invalid("expected a non-empty string")) } else { Ok(id) }
    }

    /// An id, where there is one.
    #[inline(never)]
    pub(super) fn optional_id(self) -> Result<Option<String>> {
        if self.is_given() { self.id().map(Some) } else { Ok(None) }
    }

    /// The name of a database.
    #[inline(never)]
    pub(super) fn database(self) -> Result<String> {
        let name = self.id()?;
        if name == RESERVED { Err(self.invalid("burrow keeps this name for itself; give another")) } else { Ok(name) }
    }

    /// The id of a runtime.
    #[inline(never)]
    pub(super) fn runtime(self) -> Result<LogicalRuntimeId> {
        Ok(LogicalRuntimeId::new(self.id()?)?)
    }

    #[inline(never)]
    fn any_uuid(self) -> Result<Uuid> {
        const WHAT: &str = "a UUID";
        Uuid::try_parse(&self.string(WHAT)?).map_err(|_| self.expected(WHAT))
    }

    /// A UUID.
    pub(super) fn uuid<T: From<Uuid>>(self) -> Result<T> {
        self.any_uuid().map(T::from)
    }

    /// A UUID, where there is one.
    pub(super) fn optional_uuid<T: From<Uuid>>(self) -> Result<Option<T>> {
        if self.is_given() { self.uuid().map(Some) } else { Ok(None) }
    }

    /// Which of these names it is.
    #[inline(never)]
    pub(super) fn one_of(self, names: &[&str]) -> Result<usize> {
        let name = self.1.as_string();
        let known = names.iter().position(|known| name.as_deref() == Some(known));
        known.ok_or_else(|| self.expected(&["one of ", &names.join(", ")].concat()))
    }

    /// The state of a runtime, by its name.
    pub(super) fn state(self) -> Result<RuntimeState> {
        self.one_of(&RuntimeState::ALL.map(RuntimeState::as_str)).map(|at| RuntimeState::ALL[at])
    }

    /// A 64-bit number: a bigint, since a number would have lost digits.
    #[inline(never)]
    pub(super) fn u64(self) -> Result<u64> {
        // Nothing else is turned into one: BigInt.asUintN throws for numbers, and takes strings.
        let number = if self.1.is_bigint() { u64::try_from(self.1.clone()).ok() } else { None };
        number.ok_or_else(|| self.expected("a bigint from 0n to 2n ** 64n - 1n"))
    }

    /// How many items a page may have.
    #[inline(never)]
    pub(super) fn limit(self) -> Result<u32> {
        match self.1.as_f64() {
            Some(limit) if limit >= 1.0 && f64::from(limit as u32) == limit => Ok(limit as u32),
            _ => Err(self.expected("a whole number from 1 to 2 ** 32 - 1")),
        }
    }

    /// How many bytes a store may hold, where that was said.
    pub(super) fn optional_room(self) -> Result<Option<usize>> {
        const MOST: f64 = (1u32 << 31) as f64;
        match self.1.as_f64() {
            _ if !self.is_given() => Ok(None),
            Some(bytes) if (1.0..=MOST).contains(&bytes) && f64::from(bytes as u32) == bytes => {
                Ok(Some(bytes as usize))
            }
            _ => Err(self.expected("a whole number of bytes from 1 to 2 ** 31")),
        }
    }

    /// How long a call may wait: milliseconds.
    pub(super) fn optional_timeout(self) -> Result<Option<Duration>> {
        match self.1.as_f64() {
            _ if !self.is_given() => Ok(None),
            Some(wait) if (1.0..=MOST_WAIT).contains(&wait) && f64::from(wait as u32) == wait => {
                Ok(Some(Duration::from_millis(wait as u64)))
            }
            _ => Err(self.expected("a whole number of milliseconds from 1 to 2 ** 31 - 1")),
        }
    }

    /// A whole number, 0 too, that a double holds exactly.
    pub(super) fn optional_whole(self) -> Result<Option<u64>> {
        const MOST: f64 = ((1u64 << 53) - 1) as f64;
        match self.1.as_f64() {
            _ if !self.is_given() => Ok(None),
            Some(number) if (0.0..=MOST).contains(&number) && (number as u64) as f64 == number => {
                Ok(Some(number as u64))
            }
            _ => Err(self.expected("a whole number from 0 to 2 ** 53 - 1")),
        }
    }

    /// A boolean, false where none is given.
    pub(super) fn flag(self) -> Result<bool> {
        if self.is_given() { self.1.as_bool().ok_or_else(|| self.expected("a boolean")) } else { Ok(false) }
    }

    /// The order of a page, ascending where none is given.
    #[inline(never)]
    pub(super) fn order(self) -> Result<Order> {
        let is_descending = self.is_given() && self.one_of(&["ascending", "descending"])? == 1;
        Ok(if is_descending { Order::Descending } else { Order::Ascending })
    }

    /// A snapshot: bytes in any view or buffer, as they are now.
    #[inline(never)]
    pub(super) fn bytes(self) -> Result<Vec<u8>> {
        copied(self.0, &bytes(self.0, self.1).map_err(Failure)?).map_err(Failure::from)
    }

    /// The same of what a caller's function has returned, whose error it is in the TypeScript.
    pub(super) fn returned_bytes(self) -> std::result::Result<Vec<u8>, RuntimeStoreError> {
        let bytes = bytes(self.0, self.1);
        copied(self.0, &bytes.map_err(|_| RuntimeStoreError::invalid(self.0, "expected bytes that can be read"))?)
    }

    /// Bytes, where there are some.
    pub(super) fn optional_bytes(self) -> Result<Option<Vec<u8>>> {
        if self.is_given() { self.bytes().map(Some) } else { Ok(None) }
    }

    /// A function.
    #[inline(never)]
    pub(super) fn function(self) -> Result<Function> {
        if self.1.is_function() { Ok(self.1.clone().unchecked_into()) } else { Err(self.expected("a function")) }
    }

    /// A document, from its JSON text.
    #[inline(never)]
    pub(super) fn json<T: Wire>(self) -> Result<T> {
        T::read(&self.string("JSON text")?).map_err(|reason| self.invalid(&reason))
    }
}

/// Refuses what is too large before it is copied.
fn copied(argument: &str, bytes: &View) -> std::result::Result<Vec<u8>, RuntimeStoreError> {
    limits::snapshot(argument, bytes.size() as usize)?;
    Ok(bytes.to_vec())
}

fn expected(what: &str, value: &JsValue) -> String {
    ["expected ", what, ", got ", &described(value)].concat()
}

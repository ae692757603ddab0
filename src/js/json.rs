//! Arguments that cross the boundary as text.

use std::str::FromStr;

use crate::{
    engine::Result,
    model::{
        RuntimeState, RuntimeStoreError,
        wire::{Wire, expected, quoted},
    },
};

/// Reads an argument from its JSON text; `argument` is what an error names.
pub(super) fn parse<T: Wire>(argument: &str, text: &str) -> Result<T> {
    T::read(text).map_err(|reason| RuntimeStoreError::invalid(argument, reason))
}

/// Reads an id argument.
pub(super) fn id<T: FromStr<Err = RuntimeStoreError>>(argument: &str, text: &str) -> Result<T> {
    text.parse().map_err(|_| RuntimeStoreError::invalid(argument, expected("a UUID", &quoted(text))))
}

/// Reads an id argument that may be left out.
pub(super) fn optional_id<T: FromStr<Err = RuntimeStoreError>>(
    argument: &str,
    text: Option<&str>,
) -> Result<Option<T>> {
    text.map(|text| id(argument, text)).transpose()
}

/// Reads a lifecycle state argument.
pub(super) fn state(argument: &str, text: &str) -> Result<RuntimeState> {
    let known = RuntimeState::ALL.into_iter().find(|state| state.as_str() == text);
    known.ok_or_else(|| RuntimeStoreError::invalid(argument, expected("a state", &quoted(text))))
}

//! Ids: UUIDs for runs, inputs and sessions, any string for a runtime.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use uuid::Uuid;

use super::{
    RuntimeStoreError,
    json::{
        leaf,
        schema::Schema,
        wire::Wire,
        writer::{JsonWriter, quoted},
    },
    random,
};

/// How long an id counts as recent.
const RECENT_MS: u64 = 10_000;

/// Whether a UUID in its hyphenated form is of version 7 and was made in the last seconds.
pub(crate) fn is_recent(uuid: &str) -> bool {
    made_at(uuid).is_some_and(|made| now_ms().abs_diff(made) < RECENT_MS)
}

/// When a UUID of version 7, in its hyphenated form, was made: milliseconds since 1970. `None` for others.
pub(crate) fn made_at(uuid: &str) -> Option<u64> {
    let digits = |from: usize, to: usize| u64::from_str_radix(uuid.get(from..to)?, 16).ok();
    match (digits(0, 8)?, digits(9, 13)?, digits(14, 15)?) {
        (high, low, 7) => Some(high << 16 | low),
        _ => None,
    }
}

/// The time: milliseconds since 1970.
#[cfg(target_arch = "wasm32")]
pub(crate) fn now_ms() -> u64 {
    js_sys::Date::now() as u64
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn now_ms() -> u64 {
    let since_1970 = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or_default()
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $argument:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id: UUID version 7, so that ids sort by the time they were made.
            ///
            /// # Panics
            /// On wasm32, where JavaScript gives no random values: at the module level of a Worker, say. There,
            /// [`try_new`](Self::try_new) gives an error.
            #[expect(clippy::new_without_default, reason = "a default that differs each time would surprise")]
            pub fn new() -> Self {
                Self::try_new().unwrap_or_else(|error| panic!("{error}"))
            }

            /// A new id, as [`new`](Self::new) makes it.
            ///
            /// # Errors
            /// [`RuntimeStoreError::NoRandomValues`] where JavaScript gives none.
            pub fn try_new() -> Result<Self, RuntimeStoreError> {
                random::new_uuid().map(Self)
            }

            /// The id as a UUID.
            pub fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl FromStr for $name {
            type Err = RuntimeStoreError;

            /// Reads a UUID; anything else is [`RuntimeStoreError::InvalidInput`].
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text)
                    .map(Self)
                    .map_err(|_| RuntimeStoreError::invalid($argument, leaf::expected("a UUID", &quoted(text))))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Wire for $name {
            const SCHEMA: Schema = Schema::Uuid;

            fn read(json: &str) -> Result<Self, String> {
                leaf::uuid(json).map(Self)
            }

            fn write(&self, to: &mut JsonWriter) {
                to.string(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

uuid_id! {
    /// One run of a runtime.
    RunId, "run_id"
}
uuid_id! {
    /// One input queued for a runtime.
    InputId, "input_id"
}
uuid_id! {
    /// One session.
    SessionId, "session_id"
}

/// The name of a runtime: any non-empty string, `rt:session:<uuid>` for a session's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogicalRuntimeId(Arc<str>);

impl LogicalRuntimeId {
    /// Names a runtime. An empty name is [`RuntimeStoreError::InvalidInput`].
    pub fn new(id: impl Into<Arc<str>>) -> Result<Self, RuntimeStoreError> {
        let id = id.into();
        if id.is_empty() {
            return Err(RuntimeStoreError::invalid("runtime_id", "expected a non-empty string"));
        }
        Ok(Self(id))
    }

    /// The runtime that serves a session.
    pub fn for_session(session: SessionId) -> Self {
        Self(format!("rt:session:{session}").into())
    }

    /// The name, shared.
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The name as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LogicalRuntimeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for LogicalRuntimeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for LogicalRuntimeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

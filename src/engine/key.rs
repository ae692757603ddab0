//! Keys: tuples of strings and u64, in the same order on every engine.

use std::{fmt, sync::Arc};

use uuid::Uuid;

use crate::model::{InputId, LogicalRuntimeId, RunId, SessionId};

/// One component of a key. Components compare as their column says: text by its UTF-8 bytes, numbers by value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyPart {
    /// A text column.
    Text(Arc<str>),
    /// A number column, exact to 2^64-1.
    U64(u64),
}

impl From<&str> for KeyPart {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for KeyPart {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<u64> for KeyPart {
    fn from(number: u64) -> Self {
        Self::U64(number)
    }
}

impl fmt::Display for KeyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::U64(number) => number.fmt(f),
        }
    }
}

impl From<&LogicalRuntimeId> for KeyPart {
    fn from(id: &LogicalRuntimeId) -> Self {
        Self::Text(id.shared())
    }
}

macro_rules! key_part_from_uuid {
    ($($id:ty),+) => {$(
        impl From<&$id> for KeyPart {
            fn from(id: &$id) -> Self {
                (&*id.as_uuid().hyphenated().encode_lower(&mut Uuid::encode_buffer())).into()
            }
        }
    )+};
}
key_part_from_uuid!(RunId, InputId, SessionId);

/// A record's key, one component per key column of its table; or the first few of them, as a prefix. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<[KeyPart]>);

impl Key {
    /// The prefix of every key.
    pub fn all() -> Self {
        Self::new([])
    }

    /// A key of these components.
    pub fn new(parts: impl Into<Arc<[KeyPart]>>) -> Self {
        Self(parts.into())
    }

    /// The components.
    pub fn parts(&self) -> &[KeyPart] {
        &self.0
    }

    /// The first `columns` components.
    pub fn first(&self, columns: usize) -> Self {
        Self(self.0.iter().take(columns).cloned().collect())
    }

    /// A key that sorts after every key that starts with this one, and before all others that sort after this one: numbers
    /// sort after every text, and no table has more key columns than components are added here.
    pub(super) fn end_of_range(&self) -> Self {
        Self(self.0.iter().cloned().chain([KeyPart::U64(u64::MAX), KeyPart::U64(u64::MAX)]).collect())
    }

    /// How many bytes its components have.
    pub(crate) fn size(&self) -> usize {
        let size = |part: &KeyPart| match part {
            KeyPart::Text(text) => text.len(),
            KeyPart::U64(number) => size_of_val(number),
        };
        self.0.iter().map(size).sum()
    }

    /// Whether the key's first components are those of `prefix`.
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.0.starts_with(&prefix.0)
    }

    /// A text component; `""` where the column is a number or does not exist.
    pub fn text(&self, column: usize) -> &str {
        match self.0.get(column) {
            Some(KeyPart::Text(text)) => text,
            _ => "",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, part) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            part.fmt(f)?;
        }
        f.write_str("]")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! key_from_tuple {
    ($($name:ident),+) => {
        impl<$($name: Into<KeyPart>),+> From<($($name,)+)> for Key {
            #[allow(non_snake_case, reason = "the type parameters name the values too")]
            fn from(($($name,)+): ($($name,)+)) -> Self {
                Self([$($name.into()),+].into())
            }
        }
    };
}
key_from_tuple!(A);
key_from_tuple!(A, B);
key_from_tuple!(A, B, C);

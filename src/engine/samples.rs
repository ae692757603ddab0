//! Tables for the tests of engines, which must not use the store's.

use super::{Bytes, Column, Table, TableInfo, Tables, Text, ValueType};

pub(super) static TEXTS: Table<Text> =
    Table::new(&TableInfo::new("texts", &[Column::text("owner"), Column::text("name")], ("value", ValueType::Text)));

pub(super) static BLOBS: Table<Bytes> =
    Table::new(&TableInfo::new("blobs", &[Column::text("id")], ("value", ValueType::Bytes)).with_sums());

pub(super) static NUMBERED: Table<Text> = Table::new(&TableInfo::new(
    "numbered",
    &[Column::text("owner"), Column::text("name"), Column::number("number")],
    ("value", ValueType::Text),
));

pub(super) static TABLES: Tables = &[TEXTS.info, BLOBS.info, NUMBERED.info];

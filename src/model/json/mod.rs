//! JSON as burrow reads, checks and writes it. Each layer knows only those above it:
//!
//! | layer | what it does |
//! | --- | --- |
//! | [`lexer`] | splits JSON text into the texts of its parts |
//! | [`leaf`] | the rules of single values: strings, UUIDs, numbers, names. Each exists once |
//! | [`schema`] | the form of a type, as data; checks a text against it by the rules of the leaves |
//! | [`writer`] | makes JSON text |
//! | [`wire`] | reads and writes Rust types, by the same leaves; one declaration of a type yields its schema too |
//! | [`value`] | JSON that belongs to somebody else, kept as text |
//! | [`document`] | what is stored as one JSON document: a struct, or text that was checked to be one |
//!
//! serde's derived code is compiled anew for each type and each format, which made up half of the wasm, and its `flatten`
//! loses large numbers: see `docs/decisions/`.

pub mod document;
pub mod leaf;
pub mod lexer;
pub mod schema;
pub mod value;
pub mod wire;
pub mod writer;

//! A native process that does on an SQLite file what it is told, a line of JSON each, several at once, and says when it is done:
//! `tests/kill/` kills it in the middle. `perform.mjs` is the same in JavaScript.

#[cfg(not(target_arch = "wasm32"))]
mod native;

fn main() {
    #[cfg(not(target_arch = "wasm32"))]
    native::main();
}

//! `cargo bench --features sqlite`: burrow natively, beside what a good engineer would write by hand. See `README.md`.

#[cfg(not(target_arch = "wasm32"))]
mod native;

fn main() {
    #[cfg(not(target_arch = "wasm32"))]
    native::run();
}

//! `burrow-store`: a store in an SQLite file, exported, imported, looked at and verified from a shell. It says what the npm package's
//! command says (`pkg/src/cli.ts`), and the same tests hold for both (`tests/servers/cli.test.mjs`).

#[cfg(not(target_arch = "wasm32"))]
mod shell;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    shell::main()
}

/// There is no shell.
#[cfg(target_arch = "wasm32")]
fn main() {}

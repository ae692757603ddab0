// Rust's wasm32 target. rustup adds it on most machines. On a closed network that has Debian's packages but not
// rustup's server, Debian's own compiler is linked into rustup and its wasm32 standard library is built once,
// from Debian's source, so that compiler and library are the same version.

import { cpSync, readdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { DEBIAN_TOOLCHAIN, output, root, Stop, TARGET, wasmToolchain } from "../toolchain.mjs";
import { aptInstall, hasApt } from "./apt.mjs";
import { alreadyThere, quietly, timed } from "./step.mjs";

const debianEnv = { ...process.env, RUSTUP_TOOLCHAIN: DEBIAN_TOOLCHAIN };

export async function wasmTarget() {
  if (wasmToolchain()) return alreadyThere("wasm32 target");

  let refusal;
  await timed("wasm32 target: rustup target add", () =>
    quietly("rustup", ["target", "add", TARGET]).catch((error) => {
      refusal = error;
      return "not to be had";
    }),
  );
  if (!refusal) return;
  if (!hasApt()) throw refusal;

  await timed("wasm32 target: Debian's Rust compiler (about 40 s)", installCompiler);
  if (wasmToolchain()) return;
  await timed("wasm32 target: building its standard library (about 1.5 min)", buildStandardLibrary);
  if (!wasmToolchain()) {
    throw new Stop(
      `The wasm32 standard library was built, but \`RUSTUP_TOOLCHAIN=${DEBIAN_TOOLCHAIN} rustc --target ${TARGET}\` ` +
        `still fails: run it to see why. rustup's own answer was:\n\n${refusal.message}`,
    );
  }
}

async function installCompiler() {
  await aptInstall(["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm", "rust-web-clippy"]);
  await quietly("rustup", ["toolchain", "link", DEBIAN_TOOLCHAIN, "/usr"]);
  // The linker has to understand the object files of the LLVM this compiler was built with.
  const llvm = output("rustc", ["-vV"], { env: debianEnv })?.match(/LLVM version: (\d+)/);
  if (!llvm) throw new Stop("Debian's `rustc -vV` names no LLVM version, so its linker cannot be chosen.");
  await aptInstall([`lld-${llvm[1]}`]);
}

async function buildStandardLibrary() {
  const rustlib = path.join(output("rustc", ["--print", "sysroot"], { env: debianEnv }), "lib/rustlib");
  const built = path.join(root, "target/wasm-std");
  const manifest = path.join(rustlib, "src/rust/library/sysroot/Cargo.toml");
  rmSync(built, { recursive: true, force: true });
  const features = ["--features", "compiler-builtins-mem"];
  await quietly(
    "cargo",
    ["build", "--release", "--target", TARGET, ...features, "--manifest-path", manifest],
    {
      ...debianEnv,
      CARGO_TARGET_DIR: built,
      RUSTC_BOOTSTRAP: "1", // The standard library uses unstable features; this lets a stable compiler build it.
      RUSTFLAGS: "-Zforce-unstable-if-unmarked -Cembed-bitcode=yes",
    },
  );
  install(path.join(built, TARGET, "release/deps"), path.join(rustlib, TARGET, "lib"));
  rmSync(built, { recursive: true });
  // Compiled against another standard library, if it was there at all.
  rmSync(path.join(root, "target/wasm"), { recursive: true, force: true });
}

// Copied beside its place and then renamed, so that the library is there whole or not at all.
function install(from, to) {
  const beside = `${to}.new`;
  try {
    rmSync(beside, { recursive: true, force: true });
    for (const file of readdirSync(from).filter((name) => name.endsWith(".rlib"))) {
      cpSync(path.join(from, file), path.join(beside, file));
    }
    rmSync(to, { recursive: true, force: true });
    renameSync(beside, to);
  } catch (error) {
    if (error.code !== "EACCES") throw error;
    throw new Stop(
      `The wasm32 standard library is built, but only root may put it in place. Run this, then set up again:\n\n` +
        `  sudo rm -rf ${to} && sudo mkdir -p ${to} && sudo cp ${from}/*.rlib ${to}/`,
    );
  }
}

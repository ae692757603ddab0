// Rust itself is the one thing we do not install: whoever works on Rust has a way of their own to get it. rustup's
// minimal profile lacks the formatter and the linter, which the tests run, so those are added.

import { onPath, output, Stop } from "../toolchain.mjs";
import { alreadyThere, quietly, timed } from "./step.mjs";

export async function rust() {
  if (!onPath("cargo")) throw new Stop("No cargo on PATH. Install Rust from https://rustup.rs.");
  if (output("cargo", ["fmt", "--version"]) && output("cargo", ["clippy", "--version"])) {
    return alreadyThere("Rust with rustfmt and clippy");
  }
  await timed("rustfmt and clippy: rustup component add", () =>
    quietly("rustup", ["component", "add", "rustfmt", "clippy"]),
  );
}

// Rust projects outside the repository that have burrow from its folder.

import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { temporaryFolder } from "../../scripts/temporary.mjs";
import { root } from "../../scripts/toolchain.mjs";

/** A project that depends on burrow and on what else `dependencies` has, in TOML. */
export async function project(name, dependencies) {
  const made = temporaryFolder(name);
  const manifest = `[package]
name = "neighbours"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
burrow-store = { path = ${JSON.stringify(root)}, features = ["sqlite"] }
${dependencies.join("\n")}
`;
  await mkdir(path.join(made, "src"));
  await writeFile(path.join(made, "src/lib.rs"), "");
  await writeFile(path.join(made, "Cargo.toml"), manifest);
  return made;
}

/** Runs cargo in a folder; rejects with what it printed where it fails. */
export function cargo(cwd, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn("cargo", args, { cwd, env: { ...process.env, CARGO_TERM_COLOR: "never", ...env } });
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (data) => (text += data));
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve(text) : reject(new Error(`cargo ${args.join(" ")}:\n${text}`)),
    );
  });
}

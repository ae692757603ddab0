// Compiles the contract's rules to wasm, with bindings: `target/wasm/rules/`.

import { output, root, run, Stop, TARGET, wasmEnv } from "../../scripts/toolchain.mjs";

export function buildRules() {
  const env = wasmEnv();
  const test = ["test", "--target", TARGET, "--features", "sqlite", "--test", "sqlite_of_javascript"];
  run("cargo", [...test, "--no-run"], { env });
  const messages = output("cargo", [...test, "--no-run", "--message-format=json"], { env }) ?? "";
  const built = messages
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line).executable)
    .find(Boolean);
  if (!built) throw new Stop("cargo did not say where it put the rules.");
  const bindings = ["--target", "bundler", "--out-dir", "target/wasm/rules", "--out-name", "rules"];
  run("wasm-bindgen", [...bindings, built], { env, cwd: root });
}

// Compiles the contract's rules to wasm, with bindings: `target/wasm/rules/`.

import { output, run, Stop, TARGET, wasmEnv } from "../../scripts/toolchain.mjs";

export function buildRules() {
  const env = wasmEnv();
  const test = [
    "test",
    "--target",
    TARGET,
    "--features",
    "sqlite",
    "--test",
    "sqlite_of_javascript",
    "--no-run",
  ];
  const bindings = ["--target", "bundler", "--out-dir", "target/wasm/rules", "--out-name", "rules"];
  run("wasm-bindgen", [...bindings, executableOf(test, env)], { env });
}

/** Builds an executable by these arguments of cargo's, and says where it is: the last one, after those that it needs. */
export function executableOf(build, env) {
  run("cargo", build, { env });
  const messages = output("cargo", [...build, "--message-format=json"], { env }) ?? "";
  const built = messages
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line).executable)
    .findLast(Boolean);
  if (!built) throw new Stop(`cargo did not say what it built for \`cargo ${build.join(" ")}\`.`);
  return built;
}

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
  run("wasm-bindgen", [...bindings, executableOf("sqlite_of_javascript", test, env)], { env });
}

/** Builds a target by these arguments of cargo's, and says where its executable is. Cargo also reports the program that a test needs, before it or after. */
export function executableOf(name, build, env) {
  run("cargo", build, { env });
  const messages = output("cargo", [...build, "--message-format=json"], { env }) ?? "";
  const built = messages
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line))
    .find(({ target, executable }) => executable && target.name === name);
  if (!built) throw new Stop(`cargo did not say where ${name} is that \`cargo ${build.join(" ")}\` builds.`);
  return built.executable;
}

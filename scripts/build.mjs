// Builds the npm package: the crate to wasm, its JavaScript bindings, the wasm made small, then the TypeScript.
// The bindings and wasm-opt are slow and run only when what they read has changed.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { main, root, run, TARGET, wasmEnv } from "./toolchain.mjs";

// What today's rustc emits by default.
const WASM_FEATURES = [
  "bulk-memory",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
].map((feature) => `--enable-${feature}`);

await main(() => {
  const env = wasmEnv();
  const packed = path.join(root, "pkg/wasm/burrow_bg.wasm");
  const compiled = path.join(env.CARGO_TARGET_DIR, TARGET, "release/burrow.wasm");
  const stamp = path.join(env.CARGO_TARGET_DIR, "packed.sha256");

  // The `js` door, as a module to load: neither is part of what Rust users of the crate compile.
  const crate = ["--lib", "--features", "js", "--crate-type", "cdylib"];
  run("cargo", ["rustc", "--release", "--target", TARGET, ...crate], { env });

  const hash = hashOf(compiled, fileURLToPath(import.meta.url));
  if (!existsSync(packed) || !existsSync(stamp) || readFileSync(stamp, "utf8") !== hash) {
    rmSync(stamp, { force: true });
    const bindings = ["--target", "web", "--out-dir", "pkg/wasm", "--out-name", "burrow"];
    run("wasm-bindgen", [...bindings, compiled], { env });
    run("wasm-opt", ["-Oz", ...WASM_FEATURES, packed, "-o", packed], { env });
    writeFileSync(stamp, hash);
  }

  run("tsc", ["-p", "pkg/tsconfig.json"], { env });

  const wasm = readFileSync(packed);
  const gzipped = gzipSync(wasm, { level: 9 });
  console.log(`pkg/wasm/burrow_bg.wasm: ${kilobytes(wasm)}, ${kilobytes(gzipped)} gzipped`);
});

function hashOf(...files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex");
}

function kilobytes(bytes) {
  return `${(bytes.length / 1000).toFixed(1)} kB`;
}

// Builds the npm package: the crate to wasm, its JavaScript bindings, the wasm made small, then the TypeScript.
// The bindings and wasm-opt are slow and run only when what they read has changed.

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { dropInnerDeclarations, writeBase64, writeBindings, writeCommonJs } from "./bindings.mjs";
import { main, output, root, run, TARGET, wasmEnv } from "./toolchain.mjs";

// What today's rustc emits by default.
const WASM_FEATURES = [
  "bulk-memory",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
].map((feature) => `--enable-${feature}`);

// Nothing of Rust's lies in the first kilobyte of memory. To flatten the code lets the second pass see more of it: together
// 1.8% smaller after gzip than one `-Oz`.
const SMALLER = ["--low-memory-unused", "--flatten", "--rereloop", "-Oz", "-Oz"];

await main(() => {
  const env = wasmEnv();
  const packed = path.join(root, "pkg/wasm/burrow_bg.wasm");
  const compiled = path.join(env.CARGO_TARGET_DIR, TARGET, "release/burrow.wasm");
  const stamp = path.join(env.CARGO_TARGET_DIR, "packed.sha256");

  // The `js` door, as a module to load: neither is part of what Rust users of the crate compile.
  const crate = ["--lib", "--features", "js", "--crate-type", "cdylib"];
  run("cargo", ["rustc", "--release", "--target", TARGET, ...crate], {
    env: { ...env, ...withoutOurPaths(env) },
  });

  const scripts = ["build.mjs", "bindings.mjs"].map((name) => path.join(root, "scripts", name));
  const hash = hashOf(compiled, ...scripts);
  if (!existsSync(packed) || !existsSync(stamp) || readFileSync(stamp, "utf8") !== hash) {
    rmSync(stamp, { force: true });
    rmSync(path.dirname(packed), { recursive: true, force: true });
    mkdirSync(path.dirname(packed));
    const generated = path.join(env.CARGO_TARGET_DIR, "bindings");
    const bindings = ["--target", "bundler", "--out-dir", generated, "--out-name", "burrow"];
    run("wasm-bindgen", [...bindings, compiled], { env });
    run("wasm-opt", [...SMALLER, ...WASM_FEATURES, path.join(generated, "burrow_bg.wasm"), "-o", packed], {
      env,
    });
    writeBindings(generated);
    writeBase64();
    writeFileSync(stamp, hash);
  }

  rmSync(path.join(root, "pkg/dist"), { recursive: true, force: true });
  run("tsc", ["-p", "pkg/tsconfig.json"], { env });
  dropInnerDeclarations();
  writeCommonJs();
  for (const license of ["LICENSE-MIT", "LICENSE-APACHE"]) {
    copyFileSync(path.join(root, license), path.join(root, "pkg", license));
  }

  const wasm = readFileSync(packed);
  const gzipped = gzipSync(wasm, { level: 9 });
  console.log(`pkg/wasm/burrow_bg.wasm: ${kilobytes(wasm)}, ${kilobytes(gzipped)} gzipped`);
});

/** Panics name the files they come from: as they are called everywhere, not on this machine. */
function withoutOurPaths(env) {
  const cargoHome = env.CARGO_HOME ?? path.join(homedir(), ".cargo");
  const names = [
    [root, "burrow/"],
    [path.join(cargoHome, "registry/src/"), ""],
    [path.join(output("rustc", ["--print", "sysroot"], { env }), "lib/rustlib/src/"), ""],
  ];
  const remap = names.map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  return {
    CARGO_ENCODED_RUSTFLAGS: [...remap, ...(env.RUSTFLAGS ?? "").split(/\s+/)].filter(Boolean).join("\x1f"),
  };
}

function hashOf(...files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest("hex");
}

function kilobytes(bytes) {
  return `${(bytes.length / 1000).toFixed(1)} kB`;
}

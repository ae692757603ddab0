// Builds the npm package: the crate to wasm, its JavaScript bindings, the wasm made small, then the TypeScript.
// The bindings and wasm-opt are slow and run only when what they read has changed.

import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { dropInnerDeclarations, writeBase64, writeBindings, writeCommonJs } from "./bindings.mjs";
import { renameImportedModule } from "./wasm-names.mjs";
import { main, output, root, run, Stop, TARGET, wasmEnv } from "./toolchain.mjs";

// What today's rustc emits by default.
const WASM_FEATURES = [
  "bulk-memory",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
].map((feature) => `--enable-${feature}`);

// Nothing of Rust's lies in the first kilobyte of memory. To flatten the code lets the second pass see more of it. The names of
// imports and exports are 40 characters each (docs/decisions/016-size.md).
const SMALLER = [
  ...["--low-memory-unused", "--merge-similar-functions", "--flatten", "--rereloop", "-Oz"],
  ...["--one-caller-inline-max-function-size=20", "-Oz"],
];
const FASTER = ["--low-memory-unused", "-O3"];
const STRIPPED = [
  ...["--strip-producers", "--strip-target-features"],
  "--minify-imports-and-exports-and-modules",
];

// The module twice: browsers' has IndexedDB, servers' has SQLite too, which no page is to load (docs/decisions/014-two-modules.md).
// Each asks for its imports under a name of its own, so that neither is taken for the other. Browsers' is compiled to be small, servers'
// to be fast (docs/decisions/026-servers-module.md).
const MODULES = [
  { name: "burrow", prefix: "", features: "js", module: "b", profile: "release", optimise: SMALLER },
  {
    name: "server",
    prefix: "server-",
    features: "js,sqlite",
    module: "s",
    profile: "server",
    optimise: FASTER,
  },
];
/** The name that wasm-opt gives to the one module that a wasm imports from. */
const IMPORTED = "a";

await main(() => {
  // `npm test` has built it, and other suites are using it.
  if (process.env.BURROW_BUILT) return;
  const env = wasmEnv();
  mkdirSync(path.join(root, "pkg/wasm"), { recursive: true });
  for (const module of MODULES) build(module, env);

  rmSync(path.join(root, "pkg/dist"), { recursive: true, force: true });
  run("tsc", ["-p", "pkg/tsconfig.json"], { env });
  chmodSync(path.join(root, "pkg/dist/cli.js"), 0o755);
  dropInnerDeclarations();
  writeCommonJs();
  for (const license of ["LICENSE-MIT", "LICENSE-APACHE"]) {
    copyFileSync(path.join(root, license), path.join(root, "pkg", license));
  }

  for (const { name } of MODULES) {
    const wasm = readFileSync(packed(name));
    const size = `${kilobytes(wasm)}, ${kilobytes(gzipSync(wasm, { level: 9 }))} gzipped`;
    console.log(`${path.relative(root, packed(name))}: ${size}, SHA-256 ${hashOf(packed(name))}`);
  }
  console.log(`built by ${output("rustc", ["--version"], { env })}`);
});

function packed(name) {
  return path.join(root, `pkg/wasm/${name}_bg.wasm`);
}

/** Builds one of the modules, with its bindings and its text in base64. */
function build({ name, prefix, features, module, profile, optimise }, env) {
  const compiled = path.join(env.CARGO_TARGET_DIR, TARGET, profile, "burrow.wasm");
  const stamp = path.join(env.CARGO_TARGET_DIR, `${name}.sha256`);

  // The `js` door, as a module to load: neither is part of what Rust users of the crate compile.
  const crate = ["--lib", "--features", features, "--crate-type", "cdylib"];
  run("cargo", ["rustc", "--profile", profile, "--target", TARGET, ...crate], {
    env: { ...env, ...withoutOurPaths(env) },
  });

  const scripts = ["build.mjs", "bindings.mjs", "wasm-names.mjs"].map((script) =>
    path.join(root, "scripts", script),
  );
  const hash = hashOf(compiled, ...scripts);
  if (existsSync(packed(name)) && existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;
  rmSync(stamp, { force: true });
  const generated = path.join(env.CARGO_TARGET_DIR, `${name}-bindings`);
  const bindings = ["--target", "bundler", "--out-dir", generated, "--out-name", name];
  run("wasm-bindgen", [...bindings, compiled], { env });
  const made = path.join(generated, `${name}_bg.wasm`);
  const names = output("wasm-opt", [...optimise, ...STRIPPED, ...WASM_FEATURES, made, "-o", packed(name)], {
    env,
  });
  if (names === undefined) throw new Stop(`wasm-opt failed on ${path.relative(root, made)}.`);
  renameImportedModule(packed(name), IMPORTED, module);
  writeBindings(generated, { name, prefix, module }, JSON.parse(names));
  writeBase64(packed(name), prefix);
  writeFileSync(stamp, hash);
}

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

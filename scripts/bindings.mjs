// What the package needs beside the optimised wasm and the compiled TypeScript, all of it generated.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { buildSync } from "esbuild";
import { output, root, Stop, wasmEnv } from "./toolchain.mjs";

const pkg = path.join(root, "pkg");

// `pkg/src/instance.ts` calls `__wbg_set_wasm` and `__wbindgen_start`, which are wasm-bindgen's own: read again what they do
// before another version is put here (docs/decisions/012-private-names-of-wasm-bindgen.md).
const WASM_BINDGEN = "0.2.130";

/**
 * wasm-bindgen's bindings as a function that makes a set of them: they keep their instance in module-level variables, and
 * a second instance must not meet the handles, caches and finalizers of the first.
 */
export function writeBindings(generated) {
  const version = output("wasm-bindgen", ["--version"], { env: wasmEnv() })?.split(" ")[1];
  if (version !== WASM_BINDGEN) {
    throw new Stop(`This is wasm-bindgen ${version}, and not ${WASM_BINDGEN}: see scripts/bindings.mjs.`);
  }
  const file = (name) => path.join(pkg, "wasm", name);
  const { outputFiles } = buildSync({
    entryPoints: [path.join(generated, "burrow_bg.js")],
    outdir: "bindings",
    write: false,
    bundle: true,
    format: "esm",
    minify: true,
  });
  // As parameters they are what `pkg/src/platform.ts` says, and not what the global object has.
  const given =
    "setTimeout,clearTimeout,queueMicrotask,TextDecoder,TextEncoder,described,bytes,burrowOpenResources";
  const body = withoutExports(outputFiles[0].text, (members) => `return{${members.join(",")}}`);
  writeFileSync(file("bindings.js"), `export default function makeBindings({${given}}) {\n${body}}\n`);
  copyFileSync(path.join(generated, "burrow.d.ts"), file("burrow.d.ts"));
  writeFileSync(
    file("bindings.d.ts"),
    `import type * as burrow from "./burrow.js";
export type * from "./burrow.js";
export type Bindings = typeof burrow & { __wbg_set_wasm(exports: WebAssembly.Exports): void };
export default function makeBindings(platform: object): Bindings;
`,
  );
}

/** The wasm as text, for the entry that can load no second file. */
export function writeBase64() {
  const wasm = readFileSync(path.join(pkg, "wasm/burrow_bg.wasm"));
  writeFileSync(path.join(pkg, "wasm/base64.js"), `export default "${wasm.toString("base64")}";\n`);
  writeFileSync(
    path.join(pkg, "wasm/base64.d.ts"),
    "declare const base64: string;\nexport default base64;\n",
  );
}

// The declarations that a user of the package sees, beginning with `index`; the others speak of its insides.
const PUBLIC = ["error", "index", "runtime", "store", "types"].flatMap((name) => [
  `${name}.d.ts`,
  `${name}.d.ts.map`,
]);

/** Takes the declarations of the package's insides out of what is packed. */
export function dropInnerDeclarations() {
  const folder = path.join(pkg, "dist");
  for (const name of readdirSync(folder)) {
    if (/\.d\.ts(\.map)?$/.test(name) && !PUBLIC.includes(name)) rmSync(path.join(folder, name));
  }
}

/**
 * The entries for `require`, in a folder that says it holds CommonJS, with the same declarations. Not in esbuild's form of it,
 * which asks the global `Object.prototype` what a module exports.
 */
export function writeCommonJs() {
  const folder = path.join(pkg, "cjs");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const entry of ["node.js", "inline.js"]) {
    const { outputFiles } = buildSync({
      entryPoints: [path.join(pkg, "dist", entry)],
      outdir: "cjs",
      write: false,
      bundle: true,
      external: ["node:*", "*/base64.js"],
      format: "esm",
    });
    writeFileSync(path.join(folder, entry), toCommonJs(outputFiles[0].text));
  }
  const base64 = readFileSync(path.join(pkg, "wasm/base64.js"), "utf8");
  writeFileSync(path.join(folder, "base64.js"), base64.replace("export default", "module.exports ="));
  writeFileSync(path.join(folder, "package.json"), '{ "type": "commonjs" }\n');
  for (const name of PUBLIC) copyFileSync(path.join(pkg, "dist", name), path.join(folder, name));
}

function toCommonJs(module) {
  const required = module.replace(/^import (.+) from "(.+)";$/gm, (_, names, from) => {
    return `const ${names.replace(" as ", ": ")} = require("${from.replace("../wasm/", "./")}");`;
  });
  return withoutExports(
    `"use strict";\n${required}`,
    (members) => members.map((member) => `exports.${member};`).join("\n"),
    " = ",
  );
}

/** The module's text with something else in the place of what it exports, each as `name: value`. */
function withoutExports(module, instead, is = ":") {
  return module.replace(/\bexport\s*\{([^}]*)\};?\s*$/, (_, list) => {
    const members = list.split(",").map((member) => {
      const [value, name = value] = member.trim().split(/\s+as\s+/);
      return `${name}${is}${value}`;
    });
    return `${instead(members)}\n`;
  });
}

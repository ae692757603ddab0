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
 * a second instance must not meet the handles, caches and finalizers of the first. `names` are the new names that wasm-opt gave
 * to the imports and exports of the wasm.
 */
export function writeBindings(generated, { name, prefix, module }, names) {
  const version = output("wasm-bindgen", ["--version"], { env: wasmEnv() })?.split(" ")[1];
  if (version !== WASM_BINDGEN) {
    throw new Stop(`This is wasm-bindgen ${version}, and not ${WASM_BINDGEN}: see scripts/bindings.mjs.`);
  }
  const file = (of) => path.join(pkg, "wasm", prefix + of);
  const exported = new Map(names.exports);
  const imported = new Map(names.imports.map(([, before, after]) => [before, after]));
  const made = readFileSync(path.join(generated, `${name}_bg.js`), "utf8");
  const { outputFiles } = buildSync({
    stdin: { contents: made.replace(/\bwasm\.(\w+)/g, (_, of) => `wasm.${exported.get(of) ?? of}`) },
    outdir: "bindings",
    write: false,
    bundle: true,
    format: "esm",
    minify: true,
  });
  // As parameters they are what `pkg/src/platform.ts` says, and not what the global object has.
  const given = "setTimeout,queueMicrotask,TextDecoder,TextEncoder,described,bytes,burrowOpenResources";
  const body = withoutExports(outputFiles[0].text, (members) => {
    const name = (member) => member.split(":")[0];
    const imports = members
      .filter((member) => imported.has(name(member)))
      .map((member) => member.replace(name(member), imported.get(name(member))));
    const own = [
      `__wbg_imports:{${module}:{${imports}}}`,
      `__wbg_start:"${exported.get("__wbindgen_start")}"`,
    ];
    return `return{${[...own, ...members.filter((member) => !imported.has(name(member)))]}}`;
  });
  writeFileSync(file("bindings.js"), `export default function makeBindings({${given}}) {\n${body}}\n`);
  copyFileSync(path.join(generated, `${name}.d.ts`), file("exports.d.ts"));
  writeFileSync(
    file("bindings.d.ts"),
    `import type * as exports from "./${prefix}exports.js";
export type * from "./${prefix}exports.js";
export type Bindings = typeof exports & {
  __wbg_set_wasm(exports: WebAssembly.Exports): void;
  __wbg_imports: WebAssembly.Imports;
  __wbg_start: string;
};
export default function makeBindings(platform: object): Bindings;
`,
  );
}

/** The wasm as text, for the entry that can load no second file. */
export function writeBase64(packed, prefix) {
  const file = (name) => path.join(pkg, "wasm", prefix + name);
  writeFileSync(file("base64.js"), `export default "${readFileSync(packed).toString("base64")}";\n`);
  writeFileSync(file("base64.d.ts"), "declare const base64: string;\nexport default base64;\n");
}

// The declarations that a user of the package sees, beginning with `browser`; the others speak of its insides.
const PUBLIC = [
  ...["browser", "connect", "error", "metadata", "mob", "runtime", "serve", "store"],
  ...["types", "types-lifetime", "types-moving", "types-seal"],
].flatMap((name) => [`${name}.d.ts`, `${name}.d.ts.map`]);

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
  for (const entry of ["connect.js", "inline.js", "node.js", "serve.js"]) {
    const { outputFiles } = buildSync({
      entryPoints: [path.join(pkg, "dist", entry)],
      outdir: "cjs",
      write: false,
      bundle: true,
      external: ["node:*", "*base64.js"],
      format: "esm",
    });
    writeFileSync(path.join(folder, entry), toCommonJs(outputFiles[0].text));
  }
  for (const name of ["base64.js", "server-base64.js"]) {
    const base64 = readFileSync(path.join(pkg, "wasm", name), "utf8");
    writeFileSync(path.join(folder, name), base64.replace("export default", "module.exports ="));
  }
  writeFileSync(path.join(folder, "package.json"), '{ "type": "commonjs" }\n');
  for (const name of PUBLIC) copyFileSync(path.join(pkg, "dist", name), path.join(folder, name));
}

function toCommonJs(module) {
  const required = module.replace(/^import (.+) from "(.+)";$/gm, (_, names, from) => {
    return `const ${names.replaceAll(" as ", ": ")} = require("${from.replace("../wasm/", "./")}");`;
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

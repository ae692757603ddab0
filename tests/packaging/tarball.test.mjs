// What is in the package, and what each of its entries loads of it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { build, transform } from "esbuild";
import { root } from "../../scripts/toolchain.mjs";
import { consumer } from "./consumer.mjs";

const PUBLIC = ["error", "index", "runtime", "store", "types"];
const INNER = [
  "bytes",
  "entry",
  "handle",
  "inlined",
  "instance",
  "json",
  "load",
  "open",
  "platform",
  "source",
  "storage",
  "watch",
  "wire",
];
const ENTRIES = ["browser", "inline", "node", "workerd"];
const WASM = "wasm/burrow_bg.wasm";
const WASM_IN_A_STRING = "wasm/base64.js";
const WASM_FOR_COMMONJS = "cjs/base64.js";

const { folder, packed } = await consumer("programs");
const inPackage = (file) => path.join(folder, "node_modules/burrow-store", file);
const json = async (file) => JSON.parse(await readFile(inPackage(file), "utf8"));
const files = packed.files.map(({ path }) => path).sort();

test("these files are in it, and no others", () => {
  const each = (names, ...forms) => names.flatMap((name) => forms.map((form) => form.replace("*", name)));
  const modules = each([...PUBLIC, ...INNER, ...ENTRIES], "src/*.ts", "dist/*.js", "dist/*.js.map");
  const declarations = each(PUBLIC, "dist/*.d.ts", "dist/*.d.ts.map", "cjs/*.d.ts", "cjs/*.d.ts.map");
  const commonJs = each(["node", "inline", "base64"], "cjs/*.js");
  const wasm = [WASM, WASM_IN_A_STRING, "wasm/bindings.js", "wasm.d.ts", "src/wasm-file.d.ts"];
  const others = [
    "cjs/package.json",
    "inline/package.json",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "package.json",
  ];
  assert.deepEqual(files, [...modules, ...declarations, ...commonJs, ...wasm, ...others].sort());
});

test("every source map leads to a file in it", async () => {
  const maps = files.filter((file) => file.endsWith(".map"));
  assert.notEqual(maps.length, 0);
  for (const map of maps) {
    for (const source of (await json(map)).sources) {
      const file = path.join(path.dirname(map), source);
      assert.ok(files.includes(file), `${map} leads to ${file}`);
    }
  }
});

test("the wasm is in it as a file and as a string, and each entry loads one of them", async () => {
  const wasm = await readFile(inPackage(WASM));
  for (const file of [WASM_IN_A_STRING, WASM_FOR_COMMONJS]) {
    assert.ok((await readFile(inPackage(file), "utf8")).includes(wasm.toString("base64")), file);
  }

  // Whatever else might be a copy, in whatever form.
  const large = packed.files.filter(({ size }) => size >= wasm.length / 2).map(({ path }) => path);
  assert.deepEqual(large.sort(), [WASM_FOR_COMMONJS, WASM_IN_A_STRING, WASM].sort());

  const entries = targets((await json("package.json")).exports).filter(({ file }) => /\.c?js$/.test(file));
  for (const file of new Set(entries.map(({ file }) => file))) {
    const loaded = (await loadedBy(file)).filter((input) => large.includes(input));
    const expected = file.startsWith("cjs/")
      ? [WASM_FOR_COMMONJS]
      : ({ "dist/browser.js": [], "dist/workerd.js": [WASM] }[file] ?? [WASM_IN_A_STRING]);
    assert.deepEqual(loaded, expected, file);
  }
});

/** Every file that `exports` may lead to, and from what. */
function targets(exports) {
  const within = (subpath, target) =>
    typeof target === "string"
      ? [{ subpath, file: path.normalize(target) }]
      : Object.values(target).flatMap((inner) => within(subpath, inner));
  return Object.entries(exports).flatMap(([subpath, target]) => within(subpath, target));
}

/** The files of the package that an entry imports, itself included. */
async function loadedBy(entry) {
  const { metafile } = await build({
    absWorkingDir: inPackage("."),
    entryPoints: [entry],
    bundle: true,
    metafile: true,
    write: false,
    outdir: "out",
    format: "esm",
    external: ["node:*"],
    loader: { ".wasm": "copy" },
    logLevel: "error",
  });
  return Object.keys(metafile.inputs).map(path.normalize);
}

test("the wasm names no path of the machine that built it", async () => {
  const wasm = await readFile(inPackage(WASM), "latin1");
  for (const place of [homedir(), root]) if (place !== "/") assert.ok(!wasm.includes(place), place);
});

// What esbuild would have to rewrite for a browser is what that browser does not read: a look-behind in a regular
// expression, a class's static block.
test("Safari 15, and what is as old, reads the JavaScript as it is", async () => {
  const scripts = files.filter((file) => file.endsWith(".js"));
  assert.notEqual(scripts.length, 0);
  for (const file of scripts) {
    const script = await readFile(inPackage(file), "utf8");
    const written = async (target) => (await transform(script, { target, logLevel: "silent" })).code;
    const old = await written(["safari15", "chrome95", "firefox93"]);
    assert.ok(old === (await written("esnext")), file);
  }
});

// What is in the package, and what each of its entries loads of it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { build, transform } from "esbuild";
import { root } from "../../scripts/toolchain.mjs";
import { consumer } from "./consumer.mjs";

const PUBLIC = [
  "browser",
  "connect",
  "error",
  "metadata",
  "mob",
  "runtime",
  "serve",
  "store",
  "types",
  "types-lifetime",
  "types-moving",
  "types-seal",
];
const INNER = [
  "answer",
  "bytes",
  "cli",
  "durable-object",
  "encoding",
  "entry",
  "files",
  "handle",
  "inlined",
  "instance",
  "json",
  "line",
  "link",
  "load",
  "message",
  "moving",
  "open",
  "platform",
  "quarantine",
  "remote",
  "resealing",
  "reserve",
  "retention",
  "seal",
  "seal-option",
  "sealed",
  "sealed-records",
  "server",
  "shapes",
  "socket",
  "source",
  "sqlite",
  "storage",
  "turns",
  "watch",
  "wire",
];
const ENTRIES = ["inline", "node", "workerd"];

/** Each of the two modules: as a file, in a string, and in one for CommonJS. */
const BROWSERS = { file: "wasm/burrow_bg.wasm", text: "wasm/base64.js", common: "cjs/base64.js" };
const SERVERS = {
  file: "wasm/server_bg.wasm",
  text: "wasm/server-base64.js",
  common: "cjs/server-base64.js",
};

const { folder, packed } = await consumer("programs");
const inPackage = (file) => path.join(folder, "node_modules/burrow-store", file);
const json = async (file) => JSON.parse(await readFile(inPackage(file), "utf8"));
const files = packed.files.map(({ path }) => path).sort();

test("these files are in it, and no others", () => {
  const each = (names, ...forms) => names.flatMap((name) => forms.map((form) => form.replace("*", name)));
  const modules = each([...PUBLIC, ...INNER, ...ENTRIES], "src/*.ts", "dist/*.js", "dist/*.js.map");
  const declarations = each(PUBLIC, "dist/*.d.ts", "dist/*.d.ts.map", "cjs/*.d.ts", "cjs/*.d.ts.map");
  const commonJs = each(["connect", "inline", "node", "serve", "base64", "server-base64"], "cjs/*.js");
  const wasm = [BROWSERS, SERVERS].flatMap(({ file, text }) => [file, text]);
  const bindings = ["wasm/bindings.js", "wasm/server-bindings.js", "wasm.d.ts", "src/wasm-file.d.ts"];
  const others = [
    "cjs/package.json",
    "connect/package.json",
    "inline/package.json",
    "serve/package.json",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "package.json",
  ];
  assert.deepEqual(files, [...modules, ...declarations, ...commonJs, ...wasm, ...bindings, ...others].sort());
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

test("each module is in it as a file and as a string, and each entry loads one of them", async () => {
  for (const { file, text, common } of [BROWSERS, SERVERS]) {
    const wasm = (await readFile(inPackage(file))).toString("base64");
    for (const copy of [text, common])
      assert.ok((await readFile(inPackage(copy), "utf8")).includes(wasm), copy);
  }

  // Whatever else might be a copy, in whatever form.
  const { length } = await readFile(inPackage(BROWSERS.file));
  const large = packed.files.filter(({ size }) => size >= length / 2).map(({ path }) => path);
  assert.deepEqual(large.sort(), [BROWSERS, SERVERS].flatMap(Object.values).sort());

  const entries = targets((await json("package.json")).exports).filter(({ file }) => /\.c?js$/.test(file));
  for (const file of new Set(entries.map(({ file }) => file))) {
    const loaded = (await loadedBy(file)).filter((input) => large.includes(input));
    assert.deepEqual(loaded, LOADS[file], file);
  }
});

/** The files of a module that each entry loads; that of browsers fetches the wasm when it is needed. */
const LOADS = {
  "dist/browser.js": [],
  "dist/inline.js": [BROWSERS.text],
  "cjs/inline.js": [BROWSERS.common],
  "dist/node.js": [SERVERS.text],
  "cjs/node.js": [SERVERS.common],
  "dist/workerd.js": [SERVERS.file],
  "dist/connect.js": [],
  "cjs/connect.js": [],
  "dist/serve.js": [],
  "cjs/serve.js": [],
};

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
    // For a browser the manifest puts another in the place of Node's.
    platform: path.basename(entry) === "node.js" ? "node" : "browser",
    loader: { ".wasm": "copy" },
    logLevel: "error",
  });
  return Object.keys(metafile.inputs).map(path.normalize);
}

test("the wasm names no path of the machine that built it", async () => {
  for (const { file } of [BROWSERS, SERVERS]) {
    const wasm = await readFile(inPackage(file), "latin1");
    for (const place of [homedir(), root]) if (place !== "/") assert.ok(!wasm.includes(place), place);
  }
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

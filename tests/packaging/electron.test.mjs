// Bundles for a window of Electron that may use Node (`nodeIntegration`). No package registry has Electron's program, so they run in
// Chromium, with the globals that Electron's windows have besides: https://www.electronjs.org/docs/latest/api/process.

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { build as esbuild } from "esbuild";
import webpack from "webpack";
import { chromiumPages } from "./chromium-pages.mjs";
import { compiled } from "./compiled.mjs";
import { consumer } from "./consumer.mjs";
import { fromEnvironments } from "./environments.mjs";
import { done } from "./job.mjs";

const { folder } = await consumer("bundled");
const pages = chromiumPages();

/** Node's modules are there, and none of them is needed to keep a store in the window's own database. */
const PAGE = `<!doctype html>
<meta charset="utf-8" />
<script>
  const unused = (name) => new Proxy({}, {
    get: (_, member) => (member === "__esModule" ? undefined : () => { throw new Error(name + "." + String(member)); }),
  });
  globalThis.global = globalThis;
  globalThis.require = unused;
  globalThis.process = {
    type: "renderer",
    version: "v24.14.0",
    versions: { node: "24.14.0", electron: "41.0.0", chrome: "146.0.0.0" },
    env: {},
    emit: () => false,
    getBuiltinModule: unused,
  };
</script>
<script src="main.js"></script>
`;

const { rspack } = await fromEnvironments("@rspack/core");
for (const [name, bundle] of [
  ["webpack, target electron-renderer", (out) => packed(webpack, "electron-renderer", out)],
  ["webpack, target web", (out) => packed(webpack, "web", out)],
  ["Rspack, target electron-renderer", (out) => packed(rspack, "electron-renderer", out)],
  ["esbuild --platform=node", bundled],
]) {
  test(`a window of Electron keeps its store in IndexedDB: ${name}`, async () => {
    const out = path.join(folder, name.replaceAll(/\W+/g, "-"));
    await mkdir(out);
    await bundle(out);
    await writeFile(path.join(out, "index.html"), PAGE);
    assert.deepEqual(await pages.resultIn(out), done("indexeddb"));
    // A page that was opened from the disk fetches nothing, and these do not need to.
    if (name.endsWith("web")) return;
    const fromDisk = await pages.resultOf(pathToFileURL(path.join(out, "index.html")).href);
    assert.deepEqual(fromDisk, done("indexeddb"));
  });
}

function packed(bundler, target, out) {
  const output = { path: out, filename: "main.js" };
  return compiled(bundler, { mode: "production", context: folder, entry: "./main.js", target, output });
}

function bundled(out) {
  return esbuild({
    absWorkingDir: folder,
    entryPoints: ["main.js"],
    bundle: true,
    platform: "node",
    format: "iife",
    outfile: path.join(out, "main.js"),
    logLevel: "error",
  });
}

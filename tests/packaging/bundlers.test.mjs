// Pages that are bundled, in Chromium. The tools are the repository's; what they bundle is the consumer's folder.

import assert from "node:assert/strict";
import { copyFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build as esbuild } from "esbuild";
import { rollup } from "rollup";
import webpack from "webpack";
import { chromiumPages } from "./chromium-pages.mjs";
import { compiled } from "./compiled.mjs";
import { consumer, run, tool } from "./consumer.mjs";
import { environments, fromEnvironments } from "./environments.mjs";
import { done } from "./job.mjs";

const WASM = "node_modules/burrow-store/wasm/burrow_bg.wasm";

const { folder } = await consumer("bundled");
const pages = chromiumPages();

for (const [name, bundler] of [
  ["webpack", webpack],
  ["Rspack", (await fromEnvironments("@rspack/core")).rspack],
]) {
  for (const mode of ["development", "production"]) {
    test(`${name}, mode ${mode}`, async () => {
      const outDir = path.join(folder, `${name}-${mode}`);
      await packed(bundler, mode, { path: outDir, filename: "main.js" });
      await addPage(outDir);
      assert.deepEqual(await pages.resultIn(outDir), done("indexeddb"));
      // While a page is being developed the wasm is in the JavaScript.
      assert.equal((await wasmIn(outDir)).length, mode === "production" ? 1 : 0);
    });
  }

  test(`${name}, its files elsewhere: publicPath`, async () => {
    const outDir = path.join(folder, `${name}-elsewhere`);
    const output = {
      path: path.join(outDir, "deep/assets"),
      publicPath: "/deep/assets/",
      filename: "main.js",
    };
    await packed(bundler, "production", output);
    const page =
      '<!doctype html><meta charset="utf-8" /><script type="module" src="/deep/assets/main.js"></script>';
    await writeFile(path.join(outDir, "index.html"), page);
    assert.deepEqual(await pages.resultIn(outDir), done("indexeddb"));
  });
}

function packed(bundler, mode, output, entry = "./main.js") {
  return compiled(bundler, { mode, context: folder, entry, output });
}

// It reads no `exports` unless it is told to.
test("Parcel", async () => {
  const { folder } = await consumer("bundled", { within: environments });
  const parcel = path.join(environments, "node_modules/.bin/parcel");
  await run(
    folder,
    parcel,
    "build",
    "index.html",
    "--dist-dir",
    "parcel",
    "--public-url",
    "./",
    "--no-cache",
  );
  const outDir = path.join(folder, "parcel");
  assert.deepEqual(await pages.resultIn(outDir), done("indexeddb"));
  assert.equal((await wasmIn(outDir)).length, 1);
});

test("bun build, the wasm as a file of its own", async () => {
  const outDir = path.join(folder, "bun");
  await run(folder, tool("bun"), "build", "own-wasm.js", `--outdir=${outDir}`, "--entry-naming=main.js");
  await addPage(outDir);
  assert.deepEqual(await pages.resultIn(outDir), done("indexeddb"));
});

test("esbuild, the wasm as a file of its own", async () => {
  const outDir = path.join(folder, "esbuild");
  const { warnings } = await esbuild({
    absWorkingDir: folder,
    entryPoints: { main: "own-wasm.js" },
    bundle: true,
    minify: true,
    format: "esm",
    loader: { ".wasm": "file" },
    outdir: outDir,
    logLevel: "error",
  });
  assert.deepEqual(warnings, []);
  await addPage(outDir);
  assert.deepEqual(await pages.resultIn(outDir), done("indexeddb"));
});

test("Rollup, the wasm copied beside the bundle", async () => {
  const outDir = path.join(folder, "rollup");
  const bundle = await rollup({
    input: path.join(folder, "copied-wasm.js"),
    plugins: [nodeResolve({ browser: true })],
    onwarn: ({ message }) => assert.fail(message),
  });
  await bundle.write({ file: path.join(outDir, "main.js"), format: "es" });
  await bundle.close();
  await copyFile(path.join(folder, WASM), path.join(outDir, "burrow_bg.wasm"));
  await addPage(outDir);
  assert.deepEqual(await pages.resultIn(outDir), done("indexeddb"));
});

test("where the wasm cannot be reached from a bundle, the error does not heal and says what to do", async () => {
  // A script that is no module knows no address of its own.
  const classic = path.join(folder, "classic");
  const iife = { bundle: true, format: "iife", outfile: path.join(classic, "main.js"), logLevel: "silent" };
  await esbuild({ absWorkingDir: folder, entryPoints: ["refused.js"], ...iife });
  await addPage(classic);
  assert.match(await pages.resultIn(classic), /^LoadFailed false .*address is not known.*inline/);

  // A page that was opened from the disk fetches nothing.
  const disk = path.join(folder, "disk");
  await packed(webpack, "production", { path: disk, filename: "main.js" }, "./refused.js");
  const page = path.join(disk, "page.html");
  await writeFile(page, '<!doctype html><meta charset="utf-8" /><script src="main.js"></script>');
  assert.match(await pages.resultOf(pathToFileURL(page).href), /^LoadFailed false .*from the disk.*inline/);
});

/** The page of a bundler that makes none itself. */
function addPage(outDir) {
  return copyFile(path.join(folder, "index.html"), path.join(outDir, "index.html"));
}

async function wasmIn(folder) {
  return (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".wasm"));
}

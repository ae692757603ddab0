// A page that is one file, opened from the disk: nothing can be fetched, so the wasm has to be in it.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { chromiumPages } from "./chromium-pages.mjs";
import { consumer } from "./consumer.mjs";
import { done } from "./job.mjs";

const { folder } = await consumer("single-file");
const pages = chromiumPages();

test("a page that is one file", async () => {
  const { outputFiles, warnings } = await build({
    absWorkingDir: folder,
    entryPoints: ["main.js"],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    logLevel: "error",
  });
  const [script, ...others] = outputFiles;
  assert.deepEqual([others, warnings], [[], []]);
  const page = path.join(folder, "page.html");
  await writeFile(
    page,
    `<!doctype html>\n<meta charset="utf-8" />\n<script type="module">${script.text}</script>\n`,
  );
  assert.deepEqual(await pages.resultOf(pathToFileURL(page).href), done("indexeddb"));
});

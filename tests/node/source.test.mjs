// What holds of the source as text.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/toolchain.mjs";

const FOLDERS = ["src", "pkg/src", "tests", "fuzz", "scripts", "bench", "demo", "examples", "www"];
const SOURCE = /\.(rs|mjs|cjs|js|ts|tsx|css|html)$/;
const GENERATED = /(^|\/)(node_modules|dist|target)\//;
const MOST_LINES = 400;

test(`no source file is longer than ${MOST_LINES} lines`, async () => {
  const files = await Promise.all(FOLDERS.map(sourcesIn));
  assert.ok(files.flat().length > 200, `only ${files.flat().length} files were found`);
  const long = [];
  for (const file of files.flat()) {
    const lines = (await readFile(path.join(root, file), "utf8")).split("\n").length - 1;
    if (lines > MOST_LINES) long.push(`${file}: ${lines}`);
  }
  assert.deepEqual(long, []);
});

test("what is put aside for a while goes with the run: only one file makes temporary folders", async () => {
  const files = (await Promise.all(FOLDERS.map(sourcesIn))).flat().filter((file) => file.endsWith("js"));
  const texts = await Promise.all(files.map((file) => readFile(path.join(root, file), "utf8")));
  const making = files.filter((file, i) => /\btmpdir\(\)/.test(texts[i]));
  assert.deepEqual(making, ["scripts/temporary.mjs"]);
});

async function sourcesIn(folder) {
  const names = await readdir(path.join(root, folder), { recursive: true });
  return names
    .map((name) => `${folder}/${name}`.replaceAll(path.sep, "/"))
    .filter((file) => SOURCE.test(file) && !GENERATED.test(file));
}

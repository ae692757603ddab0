// Programs that run without a browser: in Node, whichever way they import the package, in Deno and in Bun.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { consumer, run, tool } from "./consumer.mjs";
import { done } from "./job.mjs";

const { folder, packed } = await consumer("programs");

for (const [name, program, ...args] of [
  ["Node, import", process.execPath, "main.mjs"],
  ["Node, require", process.execPath, "main.cjs"],
  ["Node, the wasm in a string", process.execPath, "inline.mjs"],
  ["Deno", tool("deno"), "run", "--no-remote", "--node-modules-dir=manual", "--allow-read=.", "main.mjs"],
  ["Bun, import", tool("bun"), "--no-install", "main.mjs"],
  ["Bun, require", tool("bun"), "--no-install", "main.cjs"],
]) {
  test(name, async () => {
    assert.deepEqual(JSON.parse(await run(folder, program, ...args)), done("memory"));
  });
}

test("the manual's examples for Node do what they say", async () => {
  const manual = await readFile(path.join(folder, "node_modules/burrow-store/README.md"), "utf8");
  const examples = [...manual.matchAll(/```js\n([^]*?)```/g)].map(([, example]) => example);
  const required = examples.filter((example) => example.includes("require("));
  assert.equal(required.length, 1);
  for (const [file, example] of [
    ["manual.mjs", examples[0]],
    ["manual.cjs", required[0]],
  ]) {
    await writeFile(path.join(folder, file), example);
    assert.match(await run(folder, process.execPath, file), /backend: 'memory',\n\s*durability: 'none'/);
  }
});

test("burrow-store is a command, as it is packed", async () => {
  const { bin } = JSON.parse(
    await readFile(path.join(folder, "node_modules/burrow-store/package.json"), "utf8"),
  );
  const command = path.join("node_modules/burrow-store", bin["burrow-store"]);
  assert.match(await run(folder, process.execPath, command, "--help"), /burrow-store export PATH/);
  const { mode } = packed.files.find((file) => file.path === bin["burrow-store"]);
  assert.equal(mode & 0o111, 0o111, "it may be executed");
});

test("an error is a BurrowError to all parts of a program, whichever entries they use", async () => {
  const printed = await run(folder, process.execPath, "entries.cjs");
  assert.equal(printed, "InvalidInput true true true\n".repeat(3));
});

// The browsers' entries too: a server may resolve the package as a browser does.
test("importing does nothing until a store is opened: no fetch, no file, no timer, no global", async () => {
  const entries = ["burrow-store", "burrow-store/inline", "./node_modules/burrow-store/dist/browser.js"];
  const printed = await run(folder, process.execPath, "imported.mjs", ...entries);
  const opens = entries.map(() => "function");
  assert.deepEqual(JSON.parse(printed), { opens, noted: [], added: [] });
});

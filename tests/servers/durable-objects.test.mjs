// A store in a Durable Object, in workerd: the whole contract, compiled to wasm, and what is said of objects.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { start } from "../../examples/edge/start.mjs";
import { newId, openStore } from "../../pkg/dist/node.js";
import { root } from "../../scripts/toolchain.mjs";
import { run } from "../packaging/consumer.mjs";
import { environments } from "../packaging/environments.mjs";
import { buildRules } from "./build-rules.mjs";
import { filled } from "./filled.mjs";
import { get } from "./get.mjs";
import { temporaryFolder } from "../../scripts/temporary.mjs";

/** How long an object is idle until workerd evicts it, and a second more. */
const EVICTION_MS = 11_000;

buildRules();
const { url, close } = await start(fileURLToPath(new URL("worker/", import.meta.url)));
after(close);

const ask = async (route) => {
  const text = await get(new URL(route, url));
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(text);
  }
};
const inObject =
  (name) =>
  (call, ...args) =>
    ask(["store", name, call, ...args].map((part) => encodeURIComponent(part)).join("/"));
const post = async (route, body) => JSON.parse(await get(new URL(route, url), body));
const refused = async (answer, code, argument) => {
  const { error } = await answer;
  assert.deepEqual(
    [error?.name, error?.code, error?.argument],
    ["BurrowError", code, argument],
    error?.message,
  );
};

/** Ends an object, and the request that asks for it. */
const end = (call) => assert.rejects(call("abort"), /by the test/);

const rules = await ask("rules");
const outcomes = {};
for (const rule of rules) outcomes[rule] = await get(new URL(`rules/${encodeURIComponent(rule)}`, url));

test("the rules are all there", () => assert.ok(rules.length > 150));
for (const [rule, said] of Object.entries(outcomes)) test(rule, () => assert.equal(said, ""));

test("status() says where the store is, and its name stays the same", async () => {
  const call = inObject("status");
  const status = await call("status");
  assert.match(status.authorityKey, /^durable-object:[0-9a-f-]{36}$/);
  assert.deepEqual([status.backend, status.durability], ["durable-object", "strict"]);
  await end(call);
  assert.equal((await call("status")).authorityKey, status.authorityKey);
  assert.notEqual((await inObject("another")("status")).authorityKey, status.authorityKey);
});

test("numbers and ids come back to the last digit and character", async () => {
  const { sequences, listed, runtimes } = await inObject("numbers")("numbers");
  assert.deepEqual([listed, runtimes], [sequences, ["a\0b🧠"]]);
  assert.equal(sequences.length, 5);
});

test("snapshots of 5 and 50 MB are kept whole, and leave nothing behind", async () => {
  const call = inObject("large");
  for (const [length, pieces] of [
    [0, 0],
    [2 ** 20, 1],
    [5_000_000, 4],
    [50_000_000, 47],
  ]) {
    assert.equal(await call("snapshot", length), true, `${length}`);
    assert.equal(await call("pieces"), pieces, `${length}`);
  }
  await end(call);
  assert.equal(await call("snapshotIs", 50_000_000), true);
  const memory = await call("memory");
  assert.ok(memory < 200_000_000, `${memory} bytes of memory`);
  assert.equal(await call("snapshot", 3), true);
  assert.equal(await call("pieces"), 0);
});

test("what no answer can hold is TooLarge", async () => {
  await refused(inObject("too large")("tooLarge"), "TooLarge");
});

test("requests at once to one object lose nothing of each other", async () => {
  const call = inObject("gate");
  const counts = await Promise.all(Array.from({ length: 50 }, () => call("increment")));
  assert.equal(Math.max(...counts), 50);
  assert.equal(await call("increment"), 51);
});

test("a hundred objects at once each have their own store", async () => {
  const objects = Array.from({ length: 100 }, (_, i) => inObject(`many-${i}`));
  await Promise.all(objects.map((call, i) => call("setCursor", "m", i)));
  await Promise.all(objects.map(async (call, i) => assert.equal(await call("getCursor", "m"), `${i}n`)));
});

test("an object that was ended between two calls goes on where it was", async () => {
  const call = inObject("ended");
  await call("setCursor", "m", 7);
  await end(call);
  assert.equal(await call("getCursor", "m"), "7n");
});

test("an object that was evicted between two calls goes on where it was", async () => {
  const call = inObject("evicted");
  const life = await call("life");
  await call("setCursor", "m", 8);
  await new Promise((resolve) => setTimeout(resolve, EVICTION_MS));
  assert.equal(await call("getCursor", "m"), "8n");
  assert.notEqual(await call("life"), life);
});

test("a watch is told of the commits of other requests to the object", async () => {
  const call = inObject("watched");
  await call("watch");
  await call("setCursor", "m", 1);
  await inObject("not watched")("setCursor", "m", 2);
  assert.deepEqual(await call("told"), [{ mob: "m", kinds: ["cursor"] }]);
});

test("a store moves from memory into a file, into an object, and back, and nothing of it changes", async () => {
  const folder = temporaryFolder("moving");
  const from = await filled(await openStore(), newId);
  const lines = path.join(folder, "memory.ndjson");
  const text = await new Response(from.export()).text();
  await writeFile(lines, text);
  const node24 = path.join(environments, "node_modules/node24/bin/node");
  const shell = (...args) => run(root, node24, "pkg/dist/cli.js", ...args);
  const file = path.join(folder, "moved.sqlite");
  await shell("import", file, lines);
  await shell("export", file, path.join(folder, "file.ndjson"));
  const ofFile = await readFile(path.join(folder, "file.ndjson"), "utf8");
  assert.ok(ofFile === text);
  const { records, written } = await post("store/moved/import", ofFile);
  assert.ok(records > 300 && records === written);
  const call = inObject("moved");
  assert.deepEqual(await call("problems"), []);
  await end(call);
  const ofObject = await call("export");
  assert.ok(ofObject === text);
  const back = await openStore();
  await back.import(new Blob([ofObject]));
  assert.ok((await new Response(back.export()).text()) === text);
  // Cut off, and in an object that has something else.
  await refused(post("store/cut/import", text.slice(0, -100)), "InvalidInput", "source");
  await inObject("other")("setCursor", "mob-1", 7);
  await refused(post("store/other/import", text), "Conflict");
});

test("an object that is ended while its store is sealed anew goes on where it was", async () => {
  const call = inObject("resealed");
  await call("fillSealed", 60);
  for (const endAt of [20, 15]) await assert.rejects(call("reseal", endAt), /by the test/);
  const { records, resealed, problems } = await call("reseal", 1000);
  assert.deepEqual([records, resealed > 0 && resealed < 60, problems], [60, true, 0]);
  const left = { records: 60, resealed: 0, problems: 0, findings: [] };
  assert.deepEqual(await call("resealed"), { whole: 60, left });
});

test("a sealed store keeps nothing in the clear, and another key is WrongKey", async () => {
  const secret = "the eagle lands at noon";
  const { read, code, held, bytes } = await inObject("sealed")("sealed", secret);
  assert.deepEqual([read, code, bytes], [secret, "WrongKey", secret.length + 42]);
  assert.ok(!held.includes(secret));
});

test(
  "a store with a retention prunes between the requests, also what was there before",
  { timeout: 60_000 },
  async () => {
    const call = inObject("retention");
    const comesTo = async (count) => {
      while ((await call("receipts")) !== count) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    await call("run", 5);
    assert.equal(await call("receipts"), 5);
    await call("retain", 3);
    await comesTo(3);
    await call("run", 2);
    await comesTo(3);
    assert.deepEqual(await call("problems"), []);
  },
);

test("flush() resolves", async () => assert.equal(await inObject("flushed")("flush"), null));

test("what is no storage is refused, and a store in two places", async () => {
  const call = inObject("refused");
  await refused(call("refused", "number"), "InvalidInput", "options.storage");
  await refused(call("refused", "empty"), "InvalidInput", "options.storage");
  await refused(call("refused", "twice"), "InvalidInput", "options.name");
  await refused(call("refused", "relaxed"), "Unsupported");
  await refused(call("refused", "path"), "Unsupported");
});

test("an object that another program keeps its tables in is refused", async () => {
  await refused(inObject("foreign")("foreign"), "ForeignDatabase");
});

test("after deleteAll() the store is Deleted until it is opened again", async () => {
  const call = inObject("emptied");
  await refused(call("deleteAll"), "Deleted");
  assert.equal(await call("reopen"), null);
});

test("a store that is closed finishes what was called before", async () => {
  const call = inObject("closed");
  await refused(call("close"), "Closed");
  assert.equal(await call("reopen"), "9n");
});

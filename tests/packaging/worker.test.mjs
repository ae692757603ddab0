// Workers in workerd, which loads wasm from a static import only, bundled as Wrangler bundles them.

import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { start } from "../../examples/edge/start.mjs";
import { root } from "../../scripts/toolchain.mjs";
import { consumer } from "./consumer.mjs";
import { done } from "./job.mjs";

const { folder } = await consumer("worker");
const { url, close } = await start(folder);
after(close);

const ask = async (route, body) => {
  const response = await fetch(new URL(route, url), { method: body === undefined ? "GET" : "POST", body });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
};

const rpc = (method, params) => ask("/rpc", JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));

test("the first requests, all at once, share one store, and each gets its answer", async () => {
  const epochs = await Promise.all(Array.from({ length: 50 }, () => ask("/claim", "agent-1")));
  assert.deepEqual(
    epochs.sort((a, b) => a - b),
    Array.from({ length: 50 }, (_, i) => i + 1),
  );
});

test("labels, a cursor and a commit", async () => {
  assert.deepEqual(await ask("/job"), done("memory"));
});

test("status() says that the store is in memory, and nothing durable", async () => {
  const { backend, durability } = await ask("/status");
  assert.deepEqual([backend, durability], ["memory", "none"]);
});

test("JSON-RPC behind fetch, over several requests", async () => {
  const labels = { env: "dev", ключ: "ポチ" };
  assert.deepEqual((await rpc("mobkit/mob_labels/set", { mob_id: "m", labels })).result, { accepted: true });
  assert.deepEqual((await rpc("mobkit/mob_labels/get", { mob_id: "m" })).result, { labels });
  assert.equal((await rpc("mobkit/mob_labels/get", {})).error.code, -32602);
  assert.equal((await rpc("mobkit/no_such_method", {})).error.code, -32601);
});

test("the example Worker", async () => {
  const example = path.join(folder, "example");
  for (const file of ["worker.js", "wrangler.json"]) {
    await cp(path.join(root, "examples/edge", file), path.join(example, file));
  }
  const { url, close } = await start(example);
  try {
    const labels = new URL("labels/mob-a", url);
    await fetch(labels, { method: "PUT", body: '{ "env": "dev" }' });
    assert.deepEqual(await (await fetch(labels)).json(), { env: "dev" });
  } finally {
    await close();
  }
});

// Workers in workerd, which loads wasm from a static import only, bundled as Wrangler bundles them.

import assert from "node:assert/strict";
import { cp, readdir } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";
import { tokenFor } from "../../examples/edge/access.js";
import { start } from "../../examples/edge/start.mjs";
import { root } from "../../scripts/toolchain.mjs";
import { consumer, run } from "./consumer.mjs";
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

test("the example's edge service, and `connect`, each with the packed package", async () => {
  const example = path.join(folder, "example");
  const names = await readdir(path.join(root, "examples/edge"));
  for (const name of names.filter((name) => /^\w+\.js$|^wrangler/.test(name)))
    await cp(path.join(root, "examples/edge", name), path.join(example, name));
  const secret = "of this test, and as long as it has to be";
  const { url, close } = await start(example, { bindings: { BURROW_SECRET: secret } });
  try {
    const program = `
      import { connect } from "burrow-store/connect";
      const store = await connect(${JSON.stringify({ url: `${url}mobs/a`, token: await tokenFor(secret, "a") })});
      await store.setLabels({ mob: "a" }, { env: "dev" });
      console.log((await store.getLabels({ mob: "a" })).env, (await store.status()).backend);
    `;
    const printed = await run(folder, process.execPath, "--input-type=module", "--eval", program);
    assert.equal(printed, "dev durable-object\n");
  } finally {
    await close();
  }
});

// A Worker in workerd, which loads wasm from a static import only, bundled as Wrangler bundles Workers.

import assert from "node:assert/strict";
import path from "node:path";
import { after, test } from "node:test";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { consumer } from "./consumer.mjs";
import { done } from "./job.mjs";

const { folder } = await consumer("worker");
const outdir = path.join(folder, "out");
const { warnings } = await build({
  absWorkingDir: folder,
  entryPoints: ["worker.js"],
  bundle: true,
  format: "esm",
  target: "es2024",
  conditions: ["workerd", "worker", "browser"],
  mainFields: ["browser", "module", "main"],
  // Wrangler leaves the import and puts the file beside the bundle.
  loader: { ".wasm": "copy" },
  outdir,
  logLevel: "error",
});
const worker = new Miniflare({
  host: "127.0.0.1",
  port: 0,
  modules: true,
  rootPath: outdir,
  modulesRoot: ".",
  scriptPath: "worker.js",
  modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
  compatibilityDate: "2026-04-01",
  cf: false,
  telemetry: { enabled: false },
});
after(() => worker.dispose());
const url = await worker.ready;

const ask = async (route, body) => {
  const response = await fetch(new URL(route, url), { method: body === undefined ? "GET" : "POST", body });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
};

const rpc = (method, params) => ask("/rpc", JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));

test("it is bundled without a warning", () => assert.deepEqual(warnings, []));

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

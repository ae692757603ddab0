// The example Worker, in workerd.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { run } from "../../scripts/toolchain.mjs";
import { start } from "../../examples/edge/start.mjs";

run("npm", ["install", "--prefix", "examples/edge", "--no-package-lock", "--no-audit", "--no-fund"], {
  stdio: "ignore",
});
const { url, close } = await start();
after(close);

async function ask(method, route, body) {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(new URL(route, url), { method, body: text });
  const answer = await response.text();
  return [response.status, answer === "" ? undefined : JSON.parse(answer)];
}

const RECEIPT = {
  run_id: "01a20127-b8f1-725e-bae9-39a85b9ab50a",
  boundary: "run_start",
  contributing_input_ids: [],
  message_count: "18446744073709551615",
  sequence: "0",
};

test("it says that the store is in memory", async () => {
  const [status, told] = await ask("GET", "status");
  assert.deepEqual([status, told], [200, { backend: "memory", durability: "none", reopens: 0 }]);
});

test("labels and cursors", async () => {
  assert.deepEqual(await ask("PUT", "labels/mob-a", { env: "dev" }), [200, null]);
  assert.deepEqual(await ask("PUT", "labels/mob-a/run%2F1", { phase: "ポチ" }), [200, null]);
  assert.deepEqual(await ask("GET", "labels/mob-a"), [200, { env: "dev" }]);
  assert.deepEqual(await ask("GET", "labels?selector=phase"), [
    200,
    [{ mob: "mob-a", run: "run/1", labels: { phase: "ポチ" } }],
  ]);
  assert.deepEqual(await ask("DELETE", "labels/mob-a/run%2F1"), [200, { phase: "ポチ" }]);
  assert.deepEqual(await ask("GET", "cursor/mob-a"), [200, null]);
  assert.deepEqual(await ask("PUT", "cursor/mob-a", "18446744073709551615"), [200, null]);
  assert.deepEqual(await ask("GET", "cursor/mob-a"), [200, "18446744073709551615"]);
  assert.deepEqual(await ask("GET", "mobs"), [200, ["mob-a"]]);
});

test("a run boundary, committed once and read back", async () => {
  const commit = { receipt: RECEIPT, session: { messages: ["hello"] } };
  assert.deepEqual(await ask("POST", "commit/agent-1", commit), [200, null]);
  assert.deepEqual(await ask("POST", "commit/agent-1", commit), [200, null]);
  const different = { ...commit, receipt: { ...RECEIPT, message_count: "1" } };
  const [status, { error }] = await ask("POST", "commit/agent-1", different);
  assert.deepEqual([status, error], [409, "Conflict"]);
  assert.deepEqual(await ask("GET", "receipts/agent-1"), [200, [RECEIPT]]);
  assert.deepEqual(await ask("GET", "session/agent-1"), [200, { messages: ["hello"] }]);
  assert.deepEqual(await ask("GET", "runtimes"), [200, ["agent-1"]]);
});

test("JSON-RPC", async () => {
  const call = (params) => ({ jsonrpc: "2.0", id: 1, method: "mobkit/mob_labels/get", params });
  const result = { jsonrpc: "2.0", id: 1, result: { labels: { env: "dev" } } };
  assert.deepEqual(await ask("POST", "rpc", call({ mob_id: "mob-a" })), [200, result]);
  assert.deepEqual(await ask("POST", "rpc/mob-a", call({})), [200, result]);
  assert.deepEqual(await ask("POST", "rpc", { ...call({ mob_id: "mob-a" }), id: undefined }), [
    204,
    undefined,
  ]);
});

test("a request that it does not understand is refused, and changes nothing", async () => {
  for (const [method, route, body] of [
    ["PUT", "labels/mob-a", "{"],
    ["PUT", "labels/mob-a", { env: 1 }],
    ["PUT", "labels/mob-a"],
    ["PUT", "labels"],
    ["GET", "labels/%ff"],
    ["GET", "labels?selector=env%20in"],
    ["PUT", "cursor/mob-a", "many"],
    ["PUT", "cursor/mob-a", "-1"],
    ["POST", "commit/agent-1", {}],
    ["POST", "commit/agent-1", { receipt: { ...RECEIPT, sequence: 1 } }],
  ]) {
    const [status, answer] = await ask(method, route, body);
    assert.deepEqual([status, answer?.error], [400, "InvalidInput"], `${method} ${route}`);
  }
  for (const route of ["", "nothing", "constructor"]) assert.equal((await ask("GET", route))[0], 404);
  assert.deepEqual(await ask("GET", "labels/mob-a"), [200, { env: "dev" }]);
  assert.deepEqual(await ask("GET", "cursor/mob-a"), [200, "18446744073709551615"]);
  assert.deepEqual(await ask("GET", "receipts/agent-1"), [200, [RECEIPT]]);
});

// A store at an edge service, reached from Node, Deno and Bun.

import assert from "node:assert/strict";
import path from "node:path";
import { after, test } from "node:test";
import { root } from "../../scripts/toolchain.mjs";
import { runWith, tool } from "../packaging/consumer.mjs";
import { environments } from "../packaging/environments.mjs";
import { startEdge } from "./edge.mjs";
import { killEdge } from "./kill.mjs";

const RUNTIMES = [
  ["Node 24", [path.join(environments, "node_modules/node24/bin/node")]],
  ["Deno", [tool("deno"), "run", "--no-remote", "--node-modules-dir=manual", "--allow-all"]],
  ["Bun", [tool("bun"), "--no-install"]],
];

const [ours, others] = await Promise.all([
  startEdge(),
  startEdge({ bindings: { BURROW_SECRET: "of somebody else, and long enough as well" } }),
]);
after(async () => void (await Promise.all([ours.close(), others.close()])));
const env = { BURROW_EDGE: String(ours.url), BURROW_EDGE_OF_OTHERS: String(others.url) };

const ran = [];
for (const [runtime, [program, ...flags]] of RUNTIMES) {
  const printed = await runWith(env, root, program, ...flags, "tests/servers/run.mjs", "./remote.mjs");
  ran.push([runtime, JSON.parse(printed)]);
}

for (const [runtime, outcomes] of ran) {
  for (const [name, said] of Object.entries(outcomes))
    test(`${runtime}: ${name}`, () => assert.equal(said, ""));
}

test("a watch over a network that fell silent is connected again", async () => {
  const [, [node]] = RUNTIMES[0];
  const said = JSON.parse(await runWith(env, root, node, "tests/servers/silent.mjs"));
  assert.deepEqual(said, ["watching", "ReadFailed: the connection is silent", "watching"]);
});

test("the service is killed in the middle of steps: each is made once, and no caller sees that it was away", async () => {
  assert.ok((await killEdge(10)) > 0);
});

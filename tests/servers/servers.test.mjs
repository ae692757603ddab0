// SQLite in Node, Deno and Bun: the whole contract, compiled to wasm, and what is said of files and handles. Each runtime runs the
// same program, which prints what became of each test.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { root, withTools } from "../../scripts/toolchain.mjs";
import { run, tool } from "../packaging/consumer.mjs";
import { environments } from "../packaging/environments.mjs";
import { buildRules, executableOf } from "./build-rules.mjs";
import { temporaryFolder } from "../../scripts/temporary.mjs";

const installed = (name) => path.join(environments, "node_modules", name);
const node24 = installed("node24/bin/node");
const RUNTIMES = [
  ["Node 24, node:sqlite", [node24], []],
  ["Node 24, better-sqlite3", [node24], [installed("better-sqlite3")]],
  ["Deno", [tool("deno"), "run", "--no-remote", "--node-modules-dir=manual", "--allow-all"], []],
  ["Bun", [tool("bun"), "--no-install"], []],
];

buildRules();

/** The outcome of each test in a runtime. */
async function outcomes([runtime, [program, ...flags], library]) {
  const ran = async (...args) => JSON.parse(await run(root, program, ...flags, ...args, ...library));
  const rules = await ran("tests/servers/run-rules.mjs");
  const others = await ran("tests/servers/run.mjs", "./sqlite.mjs");
  return { runtime, rules, others };
}

const ran = [];
for (const runtime of RUNTIMES) ran.push(await outcomes(runtime));

for (const { runtime, rules, others } of ran) {
  test(`${runtime}: the rules are all there`, () => assert.ok(Object.keys(rules).length > 150));
  for (const [name, said] of Object.entries({ ...rules, ...others }))
    test(`${runtime}: ${name}`, () => assert.equal(said, ""));
}

test("of a native process and one of Node's on one file exactly one wins each step", async () => {
  const native = executableOf(
    "sqlite_sharing",
    ["test", "--all-features", "--test", "sqlite_sharing", "--no-run"],
    withTools(),
  );
  const folder = temporaryFolder("race");
  const won = Number(
    await run(root, node24, "tests/servers/race.mjs", native, path.join(folder, "burrow.sqlite")),
  );
  assert.ok(won >= 20 && won <= 180, `${won} of 200`);
});

test("Node 20, which has no SQLite, says what would do", async () => {
  const program = `
    import { openStore } from "./pkg/dist/node.js";
    const error = await openStore({ path: "burrow.sqlite" }).catch((error) => error);
    console.log(error.code, error.message);
  `;
  const node20 = installed("node20/bin/node");
  const printed = await run(root, node20, "--input-type=module", "--eval", program);
  assert.match(
    printed,
    /^Unsupported .*v20\.0\.0, has no node:sqlite: use Node 22\.13 or newer.*better-sqlite3/,
  );
});

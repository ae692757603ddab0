// What somebody has put on the prototypes of all objects and arrays changes nothing of what is stored or read, and is told nothing.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const program = fileURLToPath(new URL("../border/polluted.mjs", import.meta.url));

async function outcome(...args) {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
}

/** What setters see: of a failure on its way out of the module, and of Node's timers. */
const OF_NO_SECRET = ["retryable = boolean", "argument = string", "id = number"];

const clean = outcome("none", "data-object");

test("members named as those of prototypes are data", async () => {
  const { found } = await clean;
  assert.equal(found.failed, undefined);
  assert.match(
    found.plain.stored.join("\n"),
    /\\"__proto__\\":\{\\"x\\":1\},\\"constructor\\":\{\\"prototype\\":\{\\"y\\":2\}\}/,
  );
});

for (const when of ["before", "after"]) {
  for (const kind of [
    "data-object",
    "accessor-object",
    "toJSON-object",
    "data-array",
    "accessor-array",
    "toJSON-array",
  ]) {
    test(`${kind}, put there ${when} the package is loaded`, async () => {
      const polluted = await outcome(when, kind);
      assert.deepEqual(polluted.found, (await clean).found);
      const leaked = polluted.leaked.filter((set) => !OF_NO_SECRET.includes(set));
      assert.deepEqual(leaked, []);
    });
  }
}

// The error messages of `run` and `runWith` when a user's program fails.

import assert from "node:assert/strict";
import { test } from "node:test";
import { root } from "../../scripts/toolchain.mjs";
import { runFor } from "./consumer.mjs";

const run = (seconds, script) => runFor(seconds, {}, root, process.execPath, "--eval", script);

test("a program that does not end is killed, and the error says so, after what time, and what it printed", async () => {
  const hanging = 'console.log("begun"); console.error("stuck"); setInterval(() => {}, 1000)';
  await assert.rejects(run(1, hanging), /It was killed: it had not ended after 1 s\.\nbegun\n\nstuck/);
});

test("one that fails by itself, or prints too much, was not killed for its time", async () => {
  const failures = [
    "process.exit(3)",
    "process.kill(process.pid, 'SIGTERM')",
    'console.log("x".repeat(2 ** 21))',
  ];
  for (const script of failures)
    await assert.rejects(run(60, script), ({ message }) => !/had not ended/.test(message));
});

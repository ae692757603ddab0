// A store in an SQLite file is sealed under another key, by processes that are killed in the middle of it, while another process writes
// under the former key.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { temporaryFolder } from "../../scripts/temporary.mjs";
import { root } from "../../scripts/toolchain.mjs";
import { run } from "../packaging/consumer.mjs";
import { environments } from "../packaging/environments.mjs";

const node24 = path.join(environments, "node_modules/node24/bin/node");
const program = "tests/servers/reseal.mjs";
const KILLS = 5;
const RUNTIMES = 40;

/** A process that is not waited for; `lines` are what it has told, `ended` says what ended it. */
function started(task, file) {
  const child = spawn(node24, [program, task, file], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const lines = [];
  let errors = "";
  let told;
  const first = new Promise((resolve) => (told = resolve));
  child.stderr.on("data", (data) => (errors += data));
  createInterface(child.stdout).on("line", (line) => {
    lines.push(JSON.parse(line));
    told();
  });
  const ended = once(child, "close").then(([code, signal]) => (told(), { code, signal, errors }));
  return { lines, first, ended, kill: () => child.kill("SIGKILL") };
}

test("sealing anew that is killed again and again loses nothing, beside a writer with the former key", async () => {
  const folder = temporaryFolder("reseal");
  const file = path.join(folder, "burrow.sqlite");
  await run(root, node24, program, "fill", file);
  const writer = started("write", file);
  await writer.first;
  let killed = 0;
  for (let i = 0; i < KILLS; i++) {
    const sealing = started("reseal", file);
    await sealing.first;
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
    sealing.kill();
    const { code, signal, errors } = await sealing.ended;
    assert.ok(signal === "SIGKILL" || code === 0, errors);
    if (sealing.lines.length === 1) killed += 1;
  }
  assert.ok(killed > 0, "it was never killed in the middle");
  writer.kill();
  const { signal, errors } = await writer.ended;
  assert.equal(signal, "SIGKILL", errors);

  const [, done] = (await run(root, node24, program, "reseal", file)).trim().split("\n").map(JSON.parse);
  const records = 6 * RUNTIMES + 1;
  assert.deepEqual([done.records, done.problems, done.findings], [records, 0, []]);
  const found = JSON.parse(await run(root, node24, program, "check", file));
  assert.deepEqual(found.findings, []);
  assert.deepEqual(found.left, { records, resealed: 0, problems: 0, findings: [] });
  assert.deepEqual([found.inputs, found.flows], [5 * RUNTIMES, "flows"]);
  const last = Object.fromEntries(writer.lines);
  for (let i = 0; i < RUNTIMES; i++) {
    const id = `agent-${i}`;
    const session = found.sessions[id];
    if (last[id] === undefined) assert.equal(session, "as filled");
    else
      assert.ok(
        Number(session.slice(`${id} at `.length)) >= last[id],
        `${session}, and ${last[id]} was told`,
      );
  }
});

// Kills who commits, again and again, and looks what is there: all that was acknowledged, and nothing half.
// By hand, for as often as wanted: `node tests/servers/kill.mjs node 200`, `node tests/servers/kill.mjs workerd 100`, or `edge 100`.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { connect } from "../../pkg/dist/connect.js";
import { addressOf } from "./edge-address.mjs";
import { get } from "./get.mjs";
import { proxy } from "./proxy.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const RUNS = ["01a20127-b8f1-725e-bae9-39a85b9ab50a", "01a20127-b8f1-725e-bae9-39a85b9ab50b"];

const inFolder = async (work) => {
  const folder = mkdtempSync(path.join(tmpdir(), "burrow-kill-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
};

const someTime = () => new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 300));

/** Two processes of `node` commit to one file, each for a runtime of its own, and are killed at once, `kills` times. */
export function killWriters(node, kills) {
  return inFolder(async (folder) => {
    const file = path.join(folder, "burrow.sqlite");
    const acknowledged = [0, 0];
    for (let kill = 0; kill < kills; kill++) {
      const writers = RUNS.map((run, i) => {
        const child = spawn(node, [path.join(here, "writer.mjs"), file, `agent-${i}`, run]);
        const said = { text: "", errors: "" };
        child.stdout.on("data", (data) => (said.text += data));
        child.stderr.on("data", (data) => (said.errors += data));
        return { child, said, exit: once(child, "exit") };
      });
      await Promise.race(writers.map(({ child }) => once(child.stdout, "data")));
      await someTime();
      for (const { child } of writers) child.kill("SIGKILL");
      for (const [i, { said, exit }] of writers.entries()) {
        const [code] = await exit;
        if (code !== null) throw new Error(`a writer ended by itself: ${said.errors}`);
        const lines = said.text.split("\n").slice(0, -1);
        if (lines.length > 0) acknowledged[i] = Number(lines.at(-1)) + 1;
      }
      await verified(node, file, acknowledged);
    }
    return acknowledged;
  });
}

/** A process that looks: it opens the file as anybody would after a crash. */
async function verified(node, file, acknowledged) {
  const program = `
    import { openStore } from ${JSON.stringify(new URL("../../pkg/dist/node.js", import.meta.url).href)};
    import { verify } from ${JSON.stringify(new URL("stream.mjs", import.meta.url).href)};
    const store = await openStore({ path: ${JSON.stringify(file)} });
    const counts = [];
    for (const [i, run] of ${JSON.stringify(RUNS)}.entries()) counts.push(await verify(store.runtime("agent-" + i), run));
    await store.close();
    console.log(JSON.stringify(counts));
  `;
  const child = spawn(node, ["--input-type=module", "--eval", program]);
  let text = "";
  let errors = "";
  child.stdout.on("data", (data) => (text += data));
  child.stderr.on("data", (data) => (errors += data));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(errors);
  for (const [i, count] of JSON.parse(text).entries())
    if (count < acknowledged[i]) throw new Error(`${count} of ${acknowledged[i]} acknowledged are there`);
}

/** A Durable Object commits for whoever asks; workerd is killed, `kills` times, and started again on the same folder. */
export function killWorkerd(kills) {
  return inFolder(async (folder) => {
    let acknowledged = 0;
    for (let round = 0; round <= kills; round++) {
      const { url, kill, ended } = await served(folder);
      const ask = async (call) => JSON.parse(await get(new URL(`store/killed/${call}`, url)));
      const count = await ask(`verify/${RUNS[0]}`);
      if (typeof count !== "number" || count < acknowledged)
        throw new Error(`${JSON.stringify(count)} of ${acknowledged} acknowledged are there`);
      acknowledged = count;
      if (round < kills) {
        const streaming = (async () => {
          for (;;) {
            if ((await ask(`commit/${RUNS[0]}/${acknowledged}`)) === "committed") acknowledged += 1;
          }
        })().catch(() => {});
        await someTime();
        kill();
        await streaming;
      }
      kill();
      await ended;
    }
    return acknowledged;
  });
}

/**
 * Steps are made through `connect` at the edge service, which is killed, `kills` times, and started again on the same folder: each step
 * is made once, and no caller sees that it was away.
 */
export function killEdge(kills) {
  return inFolder(async (folder) => {
    let service = await served(folder, "serve-edge.mjs");
    const between = await proxy(service.url);
    try {
      const store = await connect(await addressOf(between.url, "killed"));
      await store.setCursor("m", 0n);
      let steps = 0n;
      let isOver = false;
      const stepping = (async () => {
        for (; !isOver; steps++) await store.compareAndSetCursor("m", steps, steps + 1n);
      })();
      stepping.catch(() => {});
      for (let kill = 0; kill < kills; kill++) {
        const before = steps;
        while (steps === before)
          await Promise.race([new Promise((resolve) => setTimeout(resolve, 10)), stepping]);
        await someTime();
        service.kill();
        await service.ended;
        service = await served(folder, "serve-edge.mjs");
        between.leadTo(service.url);
      }
      isOver = true;
      await stepping;
      const cursor = await store.getCursor("m");
      if (cursor !== steps) throw new Error(`${steps} steps, and the cursor is ${cursor}`);
      return Number(steps);
    } finally {
      service.kill();
      between.close();
    }
  });
}

/** workerd with the Worker that a program serves, in a process group that can be killed as one. */
async function served(persist, program = "serve-worker.mjs") {
  const child = spawn(process.execPath, [path.join(here, program), persist], { detached: true });
  const ended = once(child, "close");
  const kill = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  };
  let errors = "";
  child.stderr.on("data", (data) => (errors += data));
  const [line] = await Promise.race([once(child.stdout, "data"), ended]);
  if (typeof line === "number") throw new Error(`workerd did not start: ${errors}`);
  return { url: String(line).trim(), kill, ended };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [what, times, node = process.execPath] = process.argv.slice(2);
  const kills = Number(times);
  const kill = { workerd: killWorkerd, edge: killEdge, node: (kills) => killWriters(node, kills) }[what];
  console.log(await kill(kills), "acknowledged, all there");
}

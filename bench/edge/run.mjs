// The edge service on loopback, in workerd, with what its objects hold on this disk: what one object sustains, and whether an object is as
// quick beside 99 others as it is alone, beside objects that do nothing, or the same by hand. `npm run bench -- --edge` runs it.

import path from "node:path";
import { fileURLToPath } from "node:url";
import { start } from "../../examples/edge/start.mjs";
import { connect } from "../../pkg/dist/connect.js";
import { temporaryFolder } from "../../scripts/temporary.mjs";
import { startEdge } from "../../tests/servers/edge.mjs";
import { addressOf } from "../../tests/servers/edge-address.mjs";
import { median, quantile, table } from "../stats.mjs";

const quick = process.argv.includes("--quick");
const SECONDS = quick ? 0.2 : 10;
const OBJECTS = quick ? [1, 3] : [1, 10, 100];

/** How often each object is asked in the test of many. */
const PACE_MS = 2000;

/** How many calls are made at once, which go in one request. */
const AT_ONCE = 100;

const folder = temporaryFolder("bench-edge", fileURLToPath(new URL("../../target", import.meta.url)));
const { url, close } = await startEdge({ persist: folder });
const plain = await start(fileURLToPath(new URL("plain/", import.meta.url)), { persist: folder });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let mobs = 0;

/** A mob of its own, and a function that commits its next boundary: a snapshot of 1 KB and a receipt. */
async function agent() {
  const store = await connect(await addressOf(url, `mob ${mobs++}`));
  const runtime = store.runtime("agent");
  const session = crypto.getRandomValues(new Uint8Array(1024));
  const run_id = "01a20127-b8f1-725e-bae9-39a85b9ab50a";
  let sequence = 0n;
  const commit = () => {
    const receipt = { run_id, boundary: "run_checkpoint", contributing_input_ids: [], message_count: 1n };
    return runtime.commitBoundary({ receipt: { ...receipt, sequence: sequence++ }, session });
  };
  /** Checks that the store has all boundaries whose commits were acknowledged. */
  const verify = async () => {
    const last = await runtime.lastReceipt();
    if (last?.sequence !== sequence - 1n)
      throw new Error(`${sequence} were told, the last is ${last?.sequence}`);
  };
  await commit();
  return { commit, verify };
}

/** An object that does nothing, or what a boundary does, by hand. */
const plainAgent = (what) => async () => {
  const url = new URL(`${what}/${mobs++}`, plain.url);
  const body = crypto.getRandomValues(new Uint8Array(1024));
  const commit = async () => {
    const { ok, status } = await fetch(url, { method: "POST", body });
    if (!ok) throw new Error(`${url} answered ${status}`);
  };
  await commit();
  return { commit, verify: () => {} };
};

const KINDS = [
  ["nothing at all", plainAgent("nothing")],
  ["two rows by hand", plainAgent("by-hand")],
  ["burrow", agent],
];

/** How many commits a second one object takes that is asked again whenever it has answered. */
async function sustained(atOnce) {
  const { commit, verify } = await agent();
  const times = [];
  const end = performance.now() + SECONDS * 1000;
  while (performance.now() < end) {
    const start = performance.now();
    await Promise.all(Array.from({ length: atOnce }, commit));
    times.push(performance.now() - start);
  }
  await verify();
  const perSecond = (atOnce * times.length * 1000) / times.reduce((sum, time) => sum + time);
  return [`${atOnce} at once`, ...shown(perSecond, times)];
}

/** Objects each of which is asked once in a while, one as often as the other, from one time on. */
async function paced(count, [what, make]) {
  const agents = await Promise.all(Array.from({ length: count }, make));
  const times = [];
  const begun = performance.now();
  // The first time round does not count: the objects were made just now.
  const counted = begun + PACE_MS;
  await Promise.all(
    agents.map(async ({ commit }, i) => {
      const first = begun + (i * PACE_MS) / count;
      for (let due = first; due < counted + SECONDS * 1000; due += PACE_MS) {
        await pause(Math.max(0, due - performance.now()));
        await commit();
        // From when it was due: an object that is late makes those after it wait.
        if (due >= counted) times.push(performance.now() - due);
      }
    }),
  );
  const seconds = (performance.now() - counted) / 1000;
  for (const { verify } of agents) await verify();
  return [`${count}`, what, ...shown(times.length / seconds / count, times)];
}

function shown(perSecond, times) {
  return [perSecond.toFixed(2), ...[median(times), quantile(times, 0.99)].map((time) => time.toFixed(1))];
}

try {
  const head = ["commits/s", "median ms", "p99 ms"];
  console.log("\nOne object, asked again whenever it has answered:\n");
  console.log(table(["calls", ...head], [await sustained(1), await sustained(AT_ONCE)], 1));
  const rows = [];
  for (const count of OBJECTS) {
    for (const kind of KINDS) rows.push(await paced(count, kind));
  }
  console.log(`\nObjects at once, each asked once in ${PACE_MS} ms, for each object:\n`);
  console.log(table(["objects", "with", ...head], rows, 2));
} finally {
  await Promise.all([close(), plain.close()]);
}

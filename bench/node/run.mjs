// The workloads on an SQLite file in Node, burrow beside the same by hand, in one run.
// `npm run bench -- --node` runs it, in the newest Node that the tests have.

import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../../scripts/temporary.mjs";
import { interleaved } from "../browser/rounds.mjs";
import { workloads } from "../browser/workloads.mjs";
import { lines, table } from "../stats.mjs";
import { contenders } from "./contenders.mjs";

const quick = process.argv.includes("--quick");
const ROUNDS = quick ? 2 : 18;
const WARM_UPS = quick ? 0 : 3;
const WORKLOADS = [
  ["W1", "W1 boundary commit", 20],
  ["W2", "W2 one input", 40],
  ["W3", "W3 cursor", 40],
  ["W5", "W5 64 boundaries at once", 2],
];

// A disk: a folder for temporary files may be in memory. And memory, where there is a file system of it, which shows what is computed.
const DISK = fileURLToPath(new URL("../../target", import.meta.url));
const MEMORY = "/dev/shm";

for (const place of [DISK, MEMORY].filter(existsSync)) {
  const rows = await measured(temporaryFolder("bench", place));
  const what = place === MEMORY ? "in memory, where a flush waits for nothing" : "on a disk";
  console.log(`\nNode ${process.version}, on an SQLite file ${what}, strict:\n`);
  console.log(table(["workload", "with", "median ms", "p95 ms", "ratio"], rows, 2));
}

/** The lines of all workloads, on files in a folder. */
async function measured(folder) {
  const rows = [];
  for (const [workload, title, operations] of WORKLOADS) {
    const lanes = [];
    for (const { name, u64, open } of contenders) {
      const file = path.join(folder, `${workload} ${name}.sqlite`);
      const store = await open(file);
      lanes.push({ name, file, open, store, work: workloads[workload]({ store, u64, quick }) });
    }
    const times = await interleaved(lanes, { rounds: ROUNDS, warmUps: WARM_UPS }, async ({ work }) => {
      const taken = [];
      for (const made of Array.from({ length: quick ? 1 : operations }, () => work.make())) {
        const start = performance.now();
        await work.act(made);
        taken.push(performance.now() - start);
      }
      return taken;
    });
    for (const { store, file, open, work } of lanes) {
      await store.close();
      const stored = await open(file);
      await work.verify(stored);
      await stored.close();
    }
    rows.push(...lines(title, times, contenders[0].name));
  }
  return rows;
}

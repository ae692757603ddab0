// A store of burrow's with a long life behind it, in IndexedDB.

import { table } from "../stats.mjs";
import { contender } from "./contenders.mjs";
import { withLanes } from "./lanes.mjs";
import { megabytes } from "./memory.mjs";

const STEPS = ["recover", "count", "prune", "remove", "verify"];

/** Runs and prints. */
export async function lifetime({ quick }) {
  const [runtimes, each] = quick ? [20, 20] : [1000, 1000];
  const burrow = contender("burrow");
  await withLanes([burrow], async (openLane) => {
    const lane = await openLane(burrow);
    const many = (runtimes * each).toLocaleString("en");
    console.error(`filling: ${many} receipts, ${many} consumed inputs`);
    await lane.longLife("fill", "long life", runtimes, each);
    const rows = [];
    const memories = [await lane.memory()];
    for (const step of STEPS) {
      const { what, took } = await lane.longLife("step", step);
      rows.push([what, took.toFixed(1)]);
    }
    memories.push(await lane.memory());
    console.log(
      `\n${runtimes} runtimes with ${many} receipts, ${many} consumed inputs, and three live ones each:\n`,
    );
    console.log(table(["what", "ms"], rows, 1));
    const [before, after] = memories.map(megabytes);
    console.log(`\nMemory of the page + that of its wasm, in MB: ${before} before, ${after} after.`);
  });
}

// The memory of a page after few boundary commits and after many.

import { table } from "../stats.mjs";
import { withLanes } from "./lanes.mjs";

export const MEASURED = ["raw", "burrow", "idb", "dexie"];
const COMMITS = [1000, 100_000];
const QUICK_COMMITS = [10, 50];

/** Runs and prints. */
export async function memory({ quick, against }) {
  const [few, many] = quick ? QUICK_COMMITS : COMMITS;
  const names = MEASURED.filter((name) => against.includes(name));
  await withLanes(names, async (openLane) => {
    const rows = [];
    for (const name of names) {
      console.error(`memory: ${name}`);
      const lane = await openLane(name);
      await lane.commitMany("memory", few);
      const before = await lane.memory();
      await lane.commitMany("memory", many - few);
      const after = await lane.memory();
      rows.push([name, megabytes(before), megabytes(after), (total(after) / total(before)).toFixed(2)]);
    }
    const commits = [few, many].map((count) => `after ${count.toLocaleString("en")} commits`);
    console.log("\nMemory of the page, scripts' objects + wasm, in MB:\n");
    console.log(table(["with", ...commits, "ratio"], rows, 1));
  });
}

function total({ heap, wasm }) {
  return heap + wasm;
}

function megabytes({ heap, wasm }) {
  return [heap, wasm].map((bytes) => (bytes / 1e6).toFixed(2)).join(" + ");
}

// The memory of a page after few boundary commits and after many.

import { Stop } from "../../scripts/toolchain.mjs";
import { table } from "../stats.mjs";
import { fileOf } from "./contenders.mjs";
import { withLanes } from "./lanes.mjs";

const MEASURED = ["raw", "burrow", "idb", "dexie"];
const COMMITS = [1000, 100_000];
const QUICK_COMMITS = [10, 50];

/** Runs and prints. */
export async function memory({ quick, against }) {
  const [few, many] = quick ? QUICK_COMMITS : COMMITS;
  const measured = against.filter((contender) => MEASURED.includes(fileOf(contender)));
  if (measured.length === 0)
    throw new Stop(`--memory is for ${MEASURED.join(", ")}; --against names none of them.`);
  await withLanes(measured, async (openLane) => {
    const rows = [];
    for (const contender of measured) {
      const { name } = contender;
      console.error(`memory: ${name}`);
      const lane = await openLane(contender);
      await lane.commitMany("memory", few);
      const before = await lane.memory();
      await lane.commitMany("memory", many - few);
      const after = await lane.memory();
      rows.push([name, megabytes(before), megabytes(after), (total(after) / total(before)).toFixed(2)]);
    }
    const commits = [few, many].map((count) => `after ${count.toLocaleString("en")} commits`);
    console.log("\nMemory of the page + that of its wasm, in MB:\n");
    console.log(table(["with", ...commits, "ratio"], rows, 1));
  });
}

function total({ page, wasm }) {
  return page + wasm;
}

/** The page's memory and its wasm's in MB, as a table shows them. */
export function megabytes({ page, wasm }) {
  return [page, wasm].map((bytes) => (bytes / 1e6).toFixed(2)).join(" + ");
}

// W1 and W4 in databases that hold few receipts and many: what a contender takes, to what it takes with the fewest.

import { Stop } from "../../scripts/toolchain.mjs";
import { lines, table } from "../stats.mjs";
import { fileOf } from "./contenders.mjs";
import { withLanes } from "./lanes.mjs";
import { run } from "./rounds.mjs";

// Those whose form on the disk is known, so that it can be filled.
const GROWING = ["raw", "burrow"];
const SIZES = [10_000, 100_000, 1_000_000];
const QUICK_SIZES = [100, 1000];
const WORKLOADS = { W1: "W1 boundary commit", W4: "W4 load inputs" };
const ROUNDS = 18;
const DATABASE = "growth";

/** Runs and prints. */
export async function growth({ quick, only, against }) {
  const workloads = Object.entries(WORKLOADS).filter(([workload]) => only.includes(workload));
  const growing = against.filter((contender) => GROWING.includes(fileOf(contender)));
  if (workloads.length === 0) throw new Stop("--growth is for W1 and W4; --only names neither.");
  if (growing.length === 0)
    throw new Stop(`--growth is for ${GROWING.join(" and ")}; --against names neither.`);

  await withLanes(growing, async (openLane) => {
    const lanes = [];
    for (const size of quick ? QUICK_SIZES : SIZES) {
      for (const contender of growing) {
        console.error(`filling: ${contender.name} with ${size} receipts`);
        const lane = await openLane(contender, `${contender.name}, ${size.toLocaleString("en")} receipts`);
        await lane.fillReceipts(DATABASE, size);
        lanes.push(lane);
      }
    }

    const rows = [];
    for (const [workload, title] of workloads) {
      console.error(`growth: ${workload}`);
      const options = { rounds: quick ? 2 : ROUNDS, quick, durability: "strict", database: DATABASE };
      const times = await run(lanes, workload, options);
      for (const contender of growing) {
        const own = lanes.filter((lane) => lane.contender === contender).map(({ name }) => name);
        rows.push(...lines(title, new Map(own.map((name) => [name, times.get(name)])), own[0]));
      }
    }
    console.log("\nGrowth, durability strict; the ratio is to the fewest receipts:\n");
    console.log(table(["workload", "with", "median ms", "p95 ms", "ratio"], rows, 2));
  });
}

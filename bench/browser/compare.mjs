// The workloads, each contender beside the others: one table per durability.

import { lines, median, milliseconds, shuffled, table } from "../stats.mjs";
import { takesPart } from "./contenders.mjs";
import { withLanes } from "./lanes.mjs";
import { PHASES } from "./phases.mjs";
import { OPERATIONS, run, runCold } from "./rounds.mjs";

const ROUNDS = 18;
const QUICK_ROUNDS = 2;
// Loads take long, so that fewer rounds tell as much.
const LOAD_ROUNDS = 9;
const PHASE_ROUNDS = 9;

/** What is told of each workload, in the order of the table. */
const TITLES = {
  W1: "W1 boundary commit",
  W2: "W2 one input",
  W3: "W3 cursor",
  W4: "W4 load inputs",
  W5: "W5 64 boundaries at once",
  "W6 again": "W6 cold page to first write",
  "W6 new": "W6 the same, database new",
  "W7 list": "W7 list labels",
  "W7 select": "W7 select labels",
  "W8 128 KB": "W8 boundary of 128 KB",
  "W8 512 KB": "W8 boundary of 512 KB",
  "W8 2 MB": "W8 boundary of 2 MB",
};

/**
 * Runs and prints. `only` are the names of workloads, `against` the contenders. Of a single workload it also prints which phase the
 * time goes to.
 */
export async function compare({ quick, only, against, browser }) {
  // W6 needs DevTools' own protocol.
  const isDone = (workload) => browser !== "firefox" || workload !== "W6";
  const chosen = only.filter(isDone);
  const workloads = Object.keys(TITLES).filter((workload) => chosen.includes(workload.split(" ")[0]));

  const body = async (openLane) => {
    const lanes = new Map();
    for (const contender of against) lanes.set(contender.name, await openLane(contender));

    for (const durability of ["strict", "relaxed"]) {
      const rows = [];
      for (const workload of workloads) {
        const runners = against.filter((contender) => takesPart(contender, workload, durability));
        if (runners.length === 0) continue;
        const times = await measure(
          workload,
          runners.map(({ name }) => lanes.get(name)),
          { quick, durability },
        );
        rows.push(...lines(TITLES[workload], times, baseline(workload, runners)));
      }
      console.log(`\nDurability ${durability}:\n`);
      console.log(table(["workload", "with", "median ms", "p95 ms", "ratio"], rows, 2));
    }
    if (chosen.length > 1 || chosen[0] === "W6") return;
    for (const durability of ["strict", "relaxed"]) {
      const phases = await phasesOf(workloads, against, lanes, { quick, durability });
      console.log(`\nWhere the time of one operation goes, ${durability}, median ms:\n`);
      console.log(table(["workload", "with", ...PHASES], phases, 2));
    }
  };
  await withLanes(against, body, browser);
}

/** The phases of each workload, after all else: a page is slower once its calls are looked at. */
async function phasesOf(workloads, against, lanes, { quick, durability }) {
  const rows = [];
  for (const workload of workloads) {
    // SQLite in a worker makes no calls to IndexedDB.
    const runners = against.filter((one) => one.name !== "sqlite" && takesPart(one, workload, durability));
    const times = new Map(runners.map(({ name }) => [name, []]));
    for (const { name } of runners) {
      await lanes
        .get(name)
        .begin(workload, { database: `${workload} ${durability} phases`, durability, quick, phases: true });
    }
    for (let round = 0; round < (quick ? 1 : PHASE_ROUNDS); round++) {
      for (const { name } of shuffled(runners)) {
        times.get(name).push(...(await lanes.get(name).phases(quick ? 1 : (OPERATIONS[workload] ?? 1))));
      }
    }
    for (const { name } of runners) await lanes.get(name).end();
    for (const [name, each] of times) {
      rows.push([
        TITLES[workload],
        name,
        ...PHASES.map((_, at) => milliseconds(median(each.map((one) => one[at])))),
      ]);
    }
  }
  return rows;
}

/** Whom the ratios are to: IndexedDB by hand, or whoever was named first where that takes no part. */
function baseline(workload, runners) {
  const byHand = workload === "W5" ? "raw-coalesced" : "raw";
  return runners.some(({ name }) => name === byHand) ? byHand : runners[0].name;
}

function roundsOf(workload, quick) {
  if (quick) return workload.startsWith("W6") ? 1 : QUICK_ROUNDS;
  return workload === "W4" ? LOAD_ROUNDS : ROUNDS;
}

function measure(workload, lanes, { quick, durability }) {
  console.error(`${durability} ${workload}: ${lanes.map(({ name }) => name).join(", ")}`);
  const rounds = roundsOf(workload, quick);
  if (workload.startsWith("W6")) {
    return runCold(lanes, { rounds, fresh: workload === "W6 new", durability });
  }
  return run(lanes, workload, { rounds, quick, durability, database: `${workload} ${durability}` });
}

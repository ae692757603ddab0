// The rounds of a workload: all lanes in random order, again and again.

import { shuffled } from "../stats.mjs";

// How often the operation is done in one round; what is not listed, once.
export const OPERATIONS = {
  W1: 20,
  W2: 40,
  W3: 40,
  W5: 2,
  "W7 list": 5,
  "W7 select": 5,
  "W8 128 KB": 5,
  "W8 512 KB": 3,
  "W8 2 MB": 2,
};
// Scripts get fast as they run, so the first rounds do not count.
const WARM_UPS = 2;

/** The times of each lane's rounds. All that was written is verified after them. */
export async function run(lanes, workload, { rounds, quick, durability, database }) {
  for (const lane of lanes) await lane.begin(workload, { database, durability, quick });
  const times = await interleaved(lanes, { rounds, warmUps: quick ? 0 : WARM_UPS }, (lane) =>
    lane.round(quick ? 1 : (OPERATIONS[workload] ?? 1)),
  );
  for (const lane of lanes) {
    await lane.verify();
    await lane.end();
  }
  return times;
}

/** W6: the first write of a cold page, to a database that is there or to a new one. */
export async function runCold(lanes, { rounds, fresh, durability }) {
  let round = 0;
  const one = async (lane) => {
    const database = fresh ? `cold-${durability}-${++round}` : `cold-${durability}`;
    return [await lane.cold(database, durability)];
  };
  // In the warm-up the database is made that the others find.
  return interleaved(lanes, { rounds, warmUps: 1 }, one);
}

/** Calls `one` for each lane, in a new random order each round, and gives each lane's results. */
export async function interleaved(lanes, { rounds, warmUps }, one) {
  const results = new Map(lanes.map((lane) => [lane.name, []]));
  for (let round = -warmUps; round < rounds; round++) {
    for (const lane of shuffled(lanes)) {
      const result = await one(lane);
      if (round >= 0) results.get(lane.name).push(result);
    }
  }
  return results;
}

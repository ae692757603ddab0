// `npm run simulate -- --seeds 100000`: that many simulations of clients, faults and lost acknowledgements on one database.
// `npm run simulate -- --seed N`: the one of this seed, which prints its shortest history where it fails.

import { parseArgs } from "node:util";
import { main, run } from "./toolchain.mjs";

await main(async () => {
  const { values } = parseArgs({ options: { seed: { type: "string" }, seeds: { type: "string" } } });
  const { seed, seeds = "100000" } = values;
  const env = seed === undefined ? { BURROW_SEEDS: seeds } : { BURROW_SEED: seed };
  const test = ["--test", "simulation", "every_history", "--", "--nocapture"];
  // Optimized, but not for size.
  run("cargo", ["test", "--profile", "bench", "--all-features", ...test], {
    env: { ...process.env, ...env },
  });
});

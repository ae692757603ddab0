// `npm run soak`: a million mixed operations in one native process, or as many as `-- --operations N` says.

import { parseArgs } from "node:util";
import { main, run } from "./toolchain.mjs";

await main(async () => {
  const { values } = parseArgs({ options: { operations: { type: "string", default: "1000000" } } });
  const env = { ...process.env, BURROW_OPERATIONS: values.operations };
  const test = ["--test", "soak", "--", "--nocapture"];
  // Optimized, but not for size.
  run("cargo", ["test", "--profile", "bench", "--all-features", ...test], { env });
});

// `npm run test:damage`: a hundred times damaged files beneath Chromium, or as many as `-- --rounds N` says.

import { parseArgs } from "node:util";
import { main, run } from "./toolchain.mjs";

await main(async () => {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "100" } } });
  run("node", ["--test", "tests/browser/chromium-files.test.mjs"], {
    env: { ...process.env, BURROW_ROUNDS: values.rounds },
  });
});

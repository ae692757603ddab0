// Calls the built package with odd values for a time: `npm run fuzz:border -- --seconds 600 [--seed 7]`. A seed that fails repeats.

import { parseArgs } from "node:util";
import { main, Stop } from "./toolchain.mjs";

const options = { seconds: { type: "string", default: "60" }, seed: { type: "string" } };

await main(async () => {
  const { values } = parseArgs({ options });
  const [connected, burrow, served, { fuzz }] = await Promise.all(
    ["../pkg/dist/connect.js", "../pkg/dist/node.js", "../pkg/dist/serve.js", "../tests/border/fuzz.mjs"].map(
      (name) => import(name),
    ),
  ).catch((cause) => {
    throw new Stop(`The package is not built: ${cause.message}. Run \`npm run build\`.`);
  });
  const end = Date.now() + 1000 * Number(values.seconds);
  const first = Number(values.seed ?? Date.now() % 2 ** 32);
  const done = { seeds: 0, calls: 0, succeeded: 0 };
  for (let seed = first; Date.now() < end; seed++) {
    const isOver = (calls) => calls >= 3000 || Date.now() >= end;
    const { calls, succeeded } = await fuzz({ ...burrow, ...connected, ...served }, { seed, isOver });
    done.seeds += 1;
    done.calls += calls;
    done.succeeded += succeeded;
  }
  console.log(`seeds from ${first} on: ${JSON.stringify(done)}`);
});

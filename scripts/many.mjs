// `npm run many -- --in chromium|node --minutes 10`: 32 tabs and workers of one browser, or 8 processes, at work on one store.

import { parseArgs } from "node:util";
import { main, run, Stop } from "./toolchain.mjs";

await main(async () => {
  const options = { in: { type: "string", default: "chromium" }, minutes: { type: "string", default: "10" } };
  const { in: place, minutes } = parseArgs({ options }).values;
  const { crowd, CROWDS } = await import("../tests/soak/crowd.mjs");
  if (!CROWDS[place]) throw new Stop(`--in is one of ${Object.keys(CROWDS).join(", ")}.`);
  if (!(Number(minutes) > 0)) throw new Stop("--minutes is how long.");
  run("node", ["scripts/setup.mjs", ...CROWDS[place].needs]);
  run("node", ["scripts/build.mjs"]);
  const { commits, refused, told } = await crowd(place, CROWDS[place].most, Number(minutes) * 60_000);
  console.log(
    `${place}, ${CROWDS[place].most} of them, ${minutes} minutes: ${commits} commits, ${refused} refused to who came second, ` +
      `${told} changes told; each once`,
  );
});

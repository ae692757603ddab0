// `npm run soak -- --in native|node|workerd|chromium --operations N`: so many mixed operations, a million unless said otherwise, in one
// process, Durable Object or page.

import { parseArgs } from "node:util";
import { main, run, Stop } from "./toolchain.mjs";

await main(async () => {
  const options = {
    in: { type: "string", default: "native" },
    operations: { type: "string", default: "1000000" },
  };
  const { in: place, operations } = parseArgs({ options }).values;
  if (!(Number(operations) > 0)) throw new Stop("--operations is how many.");
  if (place === "native") return soakNatively(operations);
  const { PLACES } = await import("../tests/soak/places.mjs");
  if (!PLACES[place]) throw new Stop(`--in is one of native, ${Object.keys(PLACES).join(", ")}.`);
  run("node", ["scripts/setup.mjs", ...PLACES[place].needs]);
  run("node", ["scripts/build.mjs"]);
  const { soak } = await import("../tests/soak/soak.mjs");
  await soak(place, Number(operations), ({ done, seconds, bytes, handles }) =>
    console.log(
      `${done} operations, ${seconds.toFixed(0)} s: ${(bytes / 1e6).toFixed(1)} MB, ${handles} ${place === "chromium" ? "listeners" : "files"}`,
    ),
  );
});

function soakNatively(operations) {
  const env = { ...process.env, BURROW_OPERATIONS: operations };
  const test = ["--test", "soak", "--", "--nocapture"];
  // Optimized, but not for size.
  run("cargo", ["test", "--profile", "bench", "--all-features", ...test], { env });
}

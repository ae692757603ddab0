// `npm run test:kill -- --engine chromium|firefox|node|workerd|native --kills N`: kills several writers that many times, and looks what is
// there each time. `npm test` does it some ten times on each engine.

import { mkdtempSync, rmSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import "./temporary.mjs";
import { main, root, run, Stop } from "./toolchain.mjs";

await main(async () => {
  const options = { engine: { type: "string" }, kills: { type: "string", default: "1000" } };
  const { engine: name, kills } = parseArgs({ options }).values;
  const { ENGINES } = await import("../tests/kill/engines.mjs");
  const engine = ENGINES[name];
  if (!engine) throw new Stop(`--engine is one of ${Object.keys(ENGINES).join(", ")}.`);
  if (!(Number(kills) > 0)) throw new Stop("--kills is how often.");
  run("node", ["scripts/setup.mjs", ...engine.needs]);
  run("node", ["scripts/build.mjs"]);
  const { killAgainAndAgain } = await import("../tests/kill/rounds.mjs");

  const folder = mkdtempSync(path.join(root, "target/kill-"));
  const opened = await engine.open(folder);
  try {
    const sum = await killAgainAndAgain(opened, Number(kills), (sum) => {
      if (sum.kills % 50 === 0) console.log(told(sum));
    });
    console.log(`${name}: ${told(sum)}; nothing lost, nothing half`);
    console.log(sum.operations);
  } catch (error) {
    console.error(`What is there is left in ${folder}`);
    throw error;
  } finally {
    await opened.close?.();
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

function told({ kills, acknowledged, wholeAll, wholeNone, partly }) {
  return (
    `${kills} kills, ${acknowledged} operations acknowledged; of those under way ${wholeAll} had taken effect, ` +
    `${wholeNone} had not, ${partly} of several transactions in part`
  );
}

// `npm run test:kill -- --engine chromium|pages|firefox|node|workerd|native --kills N`: kills several writers that many times, and looks what
// is there each time. `pages` are those of a Chromium that goes on. `npm test` does it some ten times on each engine.

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
  const { killedInFolder } = await import("../tests/kill/killed-in-folder.mjs");

  const sum = await killedInFolder(name, Number(kills), (sum) => {
    if (sum.kills % 50 === 0) console.log(told(sum));
  });
  console.log(`${name}: ${told(sum)}; nothing lost, nothing half`);
  console.log(sum.operations);
});

function told({ kills, acknowledged, wholeAll, wholeNone, partly, lost }) {
  return (
    `${kills} kills, ${acknowledged} operations acknowledged; of those under way ${wholeAll} had taken effect, ` +
    `${wholeNone} had not, ${partly} of several transactions in part; ${lost} times the browser threw all away, and said so`
  );
}

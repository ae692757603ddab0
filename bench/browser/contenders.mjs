// Who runs against whom: a file in `contenders/` each, with one and the same small interface.

import { existsSync } from "node:fs";
import path from "node:path";
import { Stop } from "../../scripts/toolchain.mjs";

export const contenders = [
  { name: "raw" },
  { name: "raw-coalesced", only: ["W5"] },
  { name: "burrow" },
  { name: "idb" },
  { name: "dexie" },
  { name: "sqlite" },
  // These two cannot ask for strict durability.
  { name: "localforage", durabilities: ["relaxed"] },
  { name: "pouchdb", durabilities: ["relaxed"] },
];

/** A contender by its name, or another build of burrow by the folder of its package, which has a slash in it. */
export function contender(name) {
  const known = contenders.find((contender) => contender.name === name);
  if (known) return known;
  if (!name.includes("/")) {
    const names = contenders.map((contender) => contender.name).join(", ");
    throw new Stop(
      `--against: there is no "${name}". There are ${names}, and the folder of another build of burrow, with a slash in it.`,
    );
  }
  const folder = path.resolve(name);
  if (!existsSync(path.join(folder, "dist/browser.js"))) {
    throw new Stop(`--against: ${folder} is no built package: it has no dist/browser.js.`);
  }
  return { name, file: "burrow", folder };
}

/** Which of `contenders/` one is of: its name, but for another build. */
export const fileOf = ({ name, file = name }) => file;

/** Whether the contender takes part. */
export function takesPart({ only, durabilities }, workload, durability) {
  return (only?.includes(workload) ?? true) && (durabilities?.includes(durability) ?? true);
}

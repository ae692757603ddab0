// A program for Node, Deno and Bun: runs the tests of a module, on the runtime's SQLite or, for handles, on better-sqlite3, whose place
// is the second argument. It prints what became of each: `{ name: "" }`, or what went wrong.

import { mkdirSync, realpathSync } from "node:fs";
import path from "node:path";
import { connector } from "./connect.mjs";
import { temporaryFolder } from "../../scripts/temporary.mjs";

/** How long a test may take: what hangs is named. */
const DEADLINE_MS = 60_000;

const [module, betterSqlite3] = process.argv.slice(2);
const { tests } = await import(module);
const connect = connector(betterSqlite3);
const place = realpathSync(temporaryFolder("sqlite"));
const outcomes = {};
for (const [i, [name, test]] of Object.entries(tests).entries()) {
  const folder = path.join(place, String(i));
  mkdirSync(folder);
  try {
    const ending = test({ folder, file: path.join(folder, "burrow.sqlite"), connect });
    await Promise.race([ending, late()]);
    outcomes[name] = "";
  } catch (error) {
    outcomes[name] = `${error?.stack ?? error}`;
  }
}
// A test that hangs must not keep the process alive.
process.stdout.write(JSON.stringify(outcomes), () => process.exit());

function late() {
  return new Promise((_, reject) => {
    const timer = setTimeout(
      reject,
      DEADLINE_MS,
      new Error(`it had not ended after ${DEADLINE_MS / 1000} s`),
    );
    timer.unref?.();
  });
}

// A program for Node, Deno and Bun: runs the tests of a module, on the runtime's SQLite or, for handles, on better-sqlite3, whose place
// is the second argument. It prints what became of each: `{ name: "" }`, or what went wrong.

import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { connector } from "./connect.mjs";

const [module, betterSqlite3] = process.argv.slice(2);
const { tests } = await import(module);
const connect = connector(betterSqlite3);
const place = realpathSync(mkdtempSync(path.join(tmpdir(), "burrow-sqlite-")));
const outcomes = {};
for (const [i, [name, test]] of Object.entries(tests).entries()) {
  const folder = path.join(place, String(i));
  mkdirSync(folder);
  try {
    await test({ folder, file: path.join(folder, "burrow.sqlite"), connect });
    outcomes[name] = "";
  } catch (error) {
    outcomes[name] = `${error?.stack ?? error}`;
  }
}
rmSync(place, { recursive: true });
process.stdout.write(JSON.stringify(outcomes));

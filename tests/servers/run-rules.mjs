// A program for Node, Deno and Bun: runs the rules on the runtime's SQLite, or on better-sqlite3, whose place is an argument.
// It prints what became of each rule: `{ name: "" }`, or what was said.

import { readFileSync } from "node:fs";
import path from "node:path";
import { SqliteDatabase } from "../../pkg/dist/sqlite.js";
import * as bindings from "../../target/wasm/rules/rules_bg.js";
import { connector } from "./connect.mjs";
import { rules, rulesIn } from "./rules.mjs";
import { temporaryFolder } from "../../scripts/temporary.mjs";

const [betterSqlite3] = process.argv.slice(2);
const folder = temporaryFolder("rules");
const connect = connector(betterSqlite3);
let files = 0;

const module = await WebAssembly.compile(
  readFileSync(new URL("../../target/wasm/rules/rules_bg.wasm", import.meta.url)),
);
const run = await rules(module, bindings, {
  emptyDatabase: () =>
    new SqliteDatabase("a file", connect(path.join(folder, `${(files += 1)}.sqlite`)), true),
  isFile: () => true,
});
const outcomes = {};
for (const rule of rulesIn(module)) outcomes[rule] = await run(rule);
process.stdout.write(JSON.stringify(outcomes));

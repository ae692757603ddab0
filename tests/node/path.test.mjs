// Which file a `path` names. SQLite is that of a newer Node, where this one has none.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { openStore } from "../../pkg/dist/node.js";
import { temporaryFolder } from "../../scripts/temporary.mjs";
import { newerNode } from "../packaging/environments.mjs";

const entry = new URL("../../pkg/dist/node.js", import.meta.url).href;
const node = [process.execPath, newerNode].find(
  (node, i) => existsSync(node) && (i > 0 || process.getBuiltinModule?.("node:sqlite")),
);
const skip = node === undefined && "no Node here has node:sqlite: `node scripts/setup.mjs environments`";

test("a relative path is meant from where the process is at the call", { skip }, async () => {
  const [here, there] = [temporaryFolder("here"), temporaryFolder("there")].map((folder) =>
    realpathSync(folder),
  );
  const program = `
    import { openStore } from ${JSON.stringify(entry)};
    const opening = openStore({ path: "store.sqlite" });
    process.chdir(${JSON.stringify(there)});
    const store = await opening;
    await store.setCursor("m", 1n);
    console.log(store.authorityKey);
    await store.close();`;
  const { stdout } = await promisify(execFile)(node, ["--input-type=module", "-e", program], { cwd: here });
  assert.equal(stdout, `sqlite:${path.join(here, "store.sqlite")}\n`);
  assert.deepEqual([readdirSync(here), readdirSync(there)], [["store.sqlite"], []]);
});

test("what is an address or a place to SQLite is refused, with what to do, and no file is made", async () => {
  const before = readdirSync(".");
  for (const [given, advice] of [
    [":memory:", /\{ backend: "memory" \}/],
    ["file:agents.sqlite", /fileURLToPath/],
    ["file:///tmp/agents.sqlite?mode=ro", /fileURLToPath/],
    ["file::memory:", /fileURLToPath/],
  ]) {
    await assert.rejects(openStore({ path: given }), {
      code: "InvalidInput",
      argument: "options.path",
      message: advice,
    });
  }
  assert.deepEqual(readdirSync("."), before);
});

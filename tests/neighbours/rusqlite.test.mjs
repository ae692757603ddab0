// The lowest and the highest rusqlite that Cargo.toml allows, with no feature of it that burrow does not ask for.

import assert from "node:assert/strict";
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/toolchain.mjs";
import { cargo } from "./crate.mjs";

const SUITES = [
  "sqlite",
  "sqlite_ending",
  "sqlite_files",
  "sqlite_foreign",
  "sqlite_lost",
  "sqlite_sharing",
  "upstream",
];

const manifest = await readFile(path.join(root, "Cargo.toml"), "utf8");
const [range, lowest, above] = /^rusqlite = \{ version = ">=(\d+\.\d+), <(\d+\.\d+)", .*"bundled".*$/m.exec(
  manifest,
);
const highest = above.replace(/\d+$/, (minor) => minor - 1);

/** Kept between the runs, so that only what has changed is compiled anew, and what the versions share once. */
const kept = path.join(root, "target/rusqlite");

for (const version of [lowest, highest]) {
  test(`the suites of SQLite pass with rusqlite ${version}`, async (t) => {
    const crate = path.join(kept, version);
    await rm(crate, { recursive: true, force: true });
    await mkdir(crate, { recursive: true });
    const pinned = manifest
      .replace(/^rusqlite = .*"cache".*\n/m, "")
      .replace(range, range.replace(/version = ".*?"/, `version = "~${version}"`));
    await writeFile(path.join(crate, "Cargo.toml"), pinned);
    await copyFile(path.join(root, "Cargo.lock"), path.join(crate, "Cargo.lock"));
    for (const name of ["src", "tests", "bench", "README.md"]) {
      await symlink(path.join(root, name), path.join(crate, name));
    }
    const tests = SUITES.flatMap((suite) => ["--test", suite]);
    const env = { CARGO_TARGET_DIR: path.join(kept, "target") };
    const text = await cargo(crate, ["test", "--features", "sqlite", "--lib", ...tests], env);
    const passed = [...text.matchAll(/^test result: ok\. (\d+) passed/gm)].map(([, count]) => Number(count));
    assert.equal(passed.length, SUITES.length + 1, text);
    t.diagnostic(`${passed.reduce((sum, count) => sum + count)} tests of burrow passed`);
  });
}

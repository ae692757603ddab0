// burrow beside others that have SQLite: a program can link one only, and cargo refuses two by their `links = "sqlite3"`.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { cargo, project } from "./crate.mjs";

const meerkat = (version) => `meerkat-runtime = { version = "${version}", features = ["sqlite-store"] }`;
const sqlx = (version) => `sqlx = { version = "${version}", features = ["sqlite"] }`;

for (const neighbours of [
  [],
  [meerkat("0.6")],
  [meerkat("0.9")],
  [sqlx("0.9")],
  [meerkat("0.6"), sqlx("0.9")],
  [meerkat("0.9"), sqlx("0.9")],
]) {
  const names = neighbours.map((line) => line.replace(/ = \{ version = "(.*?)".*/, " $1")).join(" and ");
  test(`burrow resolves beside ${names || "nobody"}`, async (t) => {
    const folder = await project("neighbours", neighbours);
    await cargo(folder, ["generate-lockfile"]);
    const lock = await readFile(path.join(folder, "Cargo.lock"), "utf8");
    const versions = (name) =>
      [...lock.matchAll(new RegExp(`^name = "${name}"\nversion = "(.*)"$`, "gm"))].map(
        ([, version]) => version,
      );
    const [sqlite, rusqlite] = [versions("libsqlite3-sys"), versions("rusqlite")];
    assert.deepEqual([sqlite.length, rusqlite.length], [1, 1], `${sqlite}, ${rusqlite}`);
    t.diagnostic(`rusqlite ${rusqlite}, libsqlite3-sys ${sqlite}`);
  });
}

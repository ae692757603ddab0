// A test that kills an engine's writers so many times.

import assert from "node:assert/strict";
import { test } from "node:test";
import { killedInFolder } from "./killed-in-folder.mjs";

export function testKills(name, kills, what = "is killed in the middle of commits") {
  test(`${name}: ${what}: all that was acknowledged is there, nothing is half there`, async () => {
    const { acknowledged } = await killedInFolder(name, kills);
    assert.ok(acknowledged > 0);
  });
}

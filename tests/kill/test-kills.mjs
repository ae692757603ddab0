// A test that kills an engine's writers so many times.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ENGINES } from "./engines.mjs";
import { killAgainAndAgain } from "./rounds.mjs";
import { temporaryFolder } from "../../scripts/temporary.mjs";

export function testKills(name, kills) {
  test(`${name} is killed in the middle of commits: all that was acknowledged is there, nothing is half there`, async () => {
    const folder = temporaryFolder("kill");
    const engine = await ENGINES[name].open(folder);
    try {
      const { acknowledged } = await killAgainAndAgain(engine, kills);
      assert.ok(acknowledged > 0);
    } finally {
      await engine.close?.();
    }
  });
}

// `npm run soak` and `npm run many` do this for long.

import assert from "node:assert/strict";
import { test } from "node:test";
import { crowd } from "./crowd.mjs";
import { soak } from "./soak.mjs";

for (const [place, name] of [
  ["node", "a process"],
  ["workerd", "a Durable Object"],
]) {
  test(`many mixed operations in ${name}: all reads are right, and it does not grow`, () =>
    soak(place, 2000));
}

test("eight processes share a file: what all of them do is there once", async () => {
  const { commits, refused } = await crowd("node", 8, 2000);
  assert.ok(commits > 0 && refused > 0, `${commits} commits, ${refused} refused`);
});

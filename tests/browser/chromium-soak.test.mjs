// `npm run soak` and `npm run many` do this for long.

import assert from "node:assert/strict";
import { test } from "node:test";
import { crowd } from "../soak/crowd.mjs";
import { soak } from "../soak/soak.mjs";

test("many mixed operations in a page: all reads are right, and it does not grow", () =>
  soak("chromium", 4000));

test("tabs and their workers share a store: what all of them do is there once, and each is told of all of it", async () => {
  const { commits, told } = await crowd("chromium", 8, 2000);
  assert.ok(commits > 0 && told > 0, `${commits} commits, ${told} told`);
});

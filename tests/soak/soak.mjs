// So many operations in a place, which must not grow.

import assert from "node:assert/strict";
import { temporaryFolder } from "../../scripts/temporary.mjs";
import { PLACES } from "./places.mjs";

/** How often the store is closed and opened again. */
const ROUNDS = 10;

export async function soak(place, operations, onRound = () => {}) {
  const folder = temporaryFolder("soak");
  const opened = await PLACES[place].open(folder);
  const levels = [];
  try {
    const start = Date.now();
    while (levels.length < ROUNDS) {
      await opened.round(operations / ROUNDS);
      levels.push(await opened.level());
      const done = Math.round((levels.length * operations) / ROUNDS);
      onRound({ done, seconds: (Date.now() - start) / 1000, ...levels.at(-1) });
    }
  } finally {
    await opened.close();
  }
  // The first rounds fill caches, and V8's heap takes longer to find its size: then the last rounds are level with those before.
  const [, early] = levels;
  const last = levels.at(-1);
  const hasLevelledOff = bytesOf(levels.slice(-3)) < bytesOf(levels.slice(-6, -3)) * 1.05;
  assert.ok(
    last.bytes < early.bytes * 1.25 + 8e6 || hasLevelledOff,
    `memory grows: ${JSON.stringify(levels)}`,
  );
  // One of each round would be eight.
  assert.ok(last.handles < early.handles + 5, `handles leak: ${JSON.stringify(levels)}`);
}

function bytesOf(levels) {
  return levels.reduce((sum, { bytes }) => sum + bytes, 0);
}

// What the browser tells of the origin's storage, where it tells it badly.

import assert from "node:assert/strict";
import { test } from "node:test";
import { originStorage } from "../../pkg/dist/storage.js";

const never = () => new Promise(() => {});
const refuses = () => Promise.reject(new TypeError("not here"));
const throws = () => {
  throw new TypeError("not here");
};

test("an answer that does not come, or is refused, is none, and takes no other with it", async () => {
  const estimate = async () => ({ usage: 1, quota: 2 });
  for (const silent of [never, refuses, throws]) {
    assert.deepEqual(await told({ persisted: silent, estimate }), {
      persisted: undefined,
      usage: 1,
      quota: 2,
    });
    const persisted = async () => true;
    const nothing = { persisted: true, usage: undefined, quota: undefined };
    assert.deepEqual(await told({ persisted, estimate: silent }), nothing);
  }
});

async function told(storage) {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { storage } });
  try {
    return await originStorage();
  } finally {
    if (before) Object.defineProperty(globalThis, "navigator", before);
    else delete globalThis.navigator;
  }
}

// Pruning by itself, with the idle times given by the test.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BurrowError, newId, openStore } from "../../pkg/dist/node.js";
import { retain } from "../../pkg/dist/retention.js";
import { HANDLE } from "../../pkg/dist/store.js";
import { bytes, input, receipt } from "../in-page/makers.mjs";

/** A store that prunes when the test says that it is idle. */
async function retaining(policy, fill = async () => {}) {
  const store = await openStore({ backend: "memory" });
  await fill(store);
  const waiting = [];
  let asked = () => {};
  const idle = () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      asked();
    });
  const end = retain(store[HANDLE], policy, idle);
  /** Resolves when it waits for an idle time. */
  const waits = async () => {
    if (waiting.length === 0) await new Promise((resolve) => (asked = resolve));
  };
  /** Gives it one idle time, and waits until it asks for the next. */
  const once = async () => {
    await waits();
    waiting.shift()();
    await waits();
  };
  return { store, end, waits, once, go: () => waiting.shift()(), idles: () => waiting.length };
}

async function run(runtime, count) {
  const first = await receipt({ newId });
  for (let sequence = 0n; sequence < count; sequence++)
    await runtime.commitBoundary({ receipt: { ...first, sequence }, session: bytes("x") });
}

const counts = async (store, id) => (await store.runtime(id).counts()).receipts;
/** Lets what can go on without an idle time go on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("all runtimes are pruned, one in each idle time, and then those that are written to", async () => {
  const { store, end, once, go, waits } = await retaining([1], async (store) => {
    for (const id of ["a", "b"]) await run(store.runtime(id), 3n);
  });
  const both = async () => [await counts(store, "a"), await counts(store, "b")];
  await waits();
  assert.deepEqual(await both(), [3, 3]);
  await once();
  assert.deepEqual(await both(), [1, 3]);
  await once();
  assert.deepEqual(await both(), [1, 1]);
  // After the last, nothing is waited for until something is written.
  go();
  await settled();
  await run(store.runtime("b"), 2n);
  await run(await store.runtime("c").claim(), 2n);
  await once();
  assert.deepEqual([...(await both()), await counts(store, "c")], [1, 1, 2]);
  go();
  await settled();
  assert.equal(await counts(store, "c"), 1);
  end();
  await store.close();
});

test("inputs go by their own measure, and what is younger than the policy says stays", async () => {
  const fill = async (store) => {
    const done = [];
    for (let i = 0; i < 3; i++) done.push(await input({ newId }, { current_state: "consumed" }));
    for (const one of done) await store.runtime("a").persistInput(one);
    await run(store.runtime("a"), 2n);
  };
  const old = await retaining([undefined, 1, undefined], fill);
  await old.once();
  const { terminalInputs, receipts } = await old.store.runtime("a").counts();
  assert.deepEqual([terminalInputs, receipts], [1, 2]);
  const young = await retaining([undefined, undefined, 86_400_000], fill);
  await young.once();
  assert.equal((await young.store.runtime("a").counts()).terminalInputs, 3);
  for (const { end, store } of [old, young]) {
    end();
    await store.close();
  }
});

test("nothing is pruned while a call is under way, and what was begun makes way", async () => {
  const { store, end, waits, go } = await retaining([1], (store) => run(store.runtime("a"), 450n));
  await waits();
  const { openness } = store[HANDLE];
  let answer;
  const call = openness.during(new Promise((resolve) => (answer = resolve)));
  go();
  // Its idle time was none: it asks for another.
  await waits();
  assert.equal((await store.runtime("a").receipts({ limit: 1000 })).length, 450);
  answer();
  await call;
  // Another call comes after the first transaction; what is left is for the next time.
  const handle = store[HANDLE];
  const real = handle.call;
  handle.call = function (work, ...brought) {
    if (!String(work).includes("prune")) return real.call(this, work, ...brought);
    let asked = 0;
    Object.defineProperty(openness, "underWay", {
      configurable: true,
      get: () => ((asked += 1) > 1 ? 2 : 1),
    });
    const pruned = real.call(this, work, ...brought);
    return pruned.finally(() => delete openness.underWay);
  };
  go();
  await waits();
  assert.equal(await counts(store, "a"), 250);
  handle.call = real;
  // After the last runtime comes what was left.
  go();
  await waits();
  go();
  await settled();
  assert.equal(await counts(store, "a"), 1);
  end();
  await store.close();
});

test("an error is told by status, and the others are pruned all the same", async () => {
  const { store, end, once } = await retaining([1], async (store) => {
    for (const id of ["a", "b"]) await run(store.runtime(id), 3n);
  });
  const handle = store[HANDLE];
  const { call } = handle;
  let fails = true;
  handle.call = function (...args) {
    if (fails && String(args[0]).includes("prune")) {
      fails = false;
      return this.openness.during(Promise.reject(new BurrowError("ReadFailed", "read failed: for a test")));
    }
    return call.apply(this, args);
  };
  await once();
  const { lastError } = await store.status();
  assert.deepEqual([lastError.code, lastError.at instanceof Date], ["ReadFailed", true]);
  await once();
  assert.deepEqual([await counts(store, "a"), await counts(store, "b")], [3, 1]);
  end();
  await store.close();
});

test("closing the store ends it, in the middle too", async () => {
  const store = await openStore({ backend: "memory", retention: { keepReceipts: 1 } });
  await run(store.runtime("a"), 10n);
  await store.close();
  await settled();
  const { store: other, waits, go, end } = await retaining([1], (store) => run(store.runtime("a"), 450n));
  await waits();
  go();
  end();
  await other.close();
});

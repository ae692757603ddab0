// What only Chromium's DevTools can do to a page or tell of it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { chromium } from "../support/browsers.mjs";
import { pagesOf } from "../support/pages.mjs";
import { hold, prepare, seesCallsFail, seesNothingDone } from "./deadlines.mjs";
import { startWorkers } from "./workers.mjs";

const { openPage } = pagesOf(chromium);

test("a tab that is frozen while another claims is fenced when it wakes", async () => {
  const [sleeper, claimer] = [await openPage(), await openPage()];
  await sleeper.evaluate(async () => {
    const store = await burrow.openStore({ name: "frozen" });
    globalThis.claim = await store.runtime("r").claim();
    await claim.commitSession(new TextEncoder().encode("1"));
  });
  await sleeper.devtools("Page.setWebLifecycleState", { state: "frozen" });
  // The write is asked for while the tab sleeps, and made once it wakes.
  const late = sleeper.evaluate(async () => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    return tab.outcome(claim.commitSession(new TextEncoder().encode("late")));
  });
  await claimer.evaluate(async () => {
    const store = await burrow.openStore({ name: "frozen" });
    globalThis.claim = await store.runtime("r").claim();
    await claim.commitSession(new TextEncoder().encode("2"));
  });
  await sleeper.devtools("Page.setWebLifecycleState", { state: "active" });
  assert.equal(await late, "Fenced");
  const session = await claimer.evaluate(async () => new TextDecoder().decode(await claim.session()));
  assert.equal(session, "2");
  await sleeper.close();
  await claimer.close();
});

test("behind a frozen tab calls are Blocked in time and never carried out, or OutcomeUnknown once they were sent", async () => {
  const [sleeper, page] = [await openPage(), await openPage()];
  await prepare(page, "asleep");
  await hold(sleeper, "asleep");
  await sleeper.devtools("Page.setWebLifecycleState", { state: "frozen" });
  await seesCallsFail(page);
  await sleeper.devtools("Page.setWebLifecycleState", { state: "active" });
  await sleeper.evaluate(() => {
    holds = false;
  });
  await seesNothingDone(page);
  await Promise.all([page.close(), sleeper.close()]);
});

test("a watcher is told each of 10,000 commits of another tab once and in order, and both pages' memory levels off", async () => {
  const [watcher, writer] = [await openPage(), await openPage()];
  await watcher.evaluate(async () => {
    const store = await burrow.openStore({ name: "watched", durability: "relaxed" });
    globalThis.told = 0;
    globalThis.wrong = [];
    store.watch({ mob: "m" }, ({ mob, run, kinds }) => {
      if (mob !== "m" || run !== String(told) || kinds.join() !== "labels")
        wrong.push(`${run} after ${told}`);
      told += 1;
    });
  });
  const write = (range) =>
    writer.evaluate(async ([from, to]) => {
      const store = (globalThis.store ??= await burrow.openStore({ name: "watched", durability: "relaxed" }));
      for (let i = from; i < to; i++) await store.setLabels({ mob: "m", run: String(i) }, { i: String(i) });
    }, range);
  const heaps = async () => {
    const sizes = [];
    for (const page of [watcher, writer]) {
      await page.devtools("HeapProfiler.collectGarbage");
      const { usedSize } = await page.devtools("Runtime.getHeapUsage");
      sizes.push(usedSize);
    }
    return sizes;
  };
  await write([0, 2000]);
  await watcher.waitFor("told >= 2000");
  const early = await heaps();
  await write([2000, 10_000]);
  await watcher.waitFor("told >= 10000");
  const late = await heaps();
  assert.deepEqual(await watcher.evaluate(() => [told, wrong]), [10_000, []]);
  for (const [i, size] of late.entries()) {
    assert.ok(size < early[i] * 1.25, `heap of page ${i}: ${early[i]} bytes, then ${size}`);
  }
  await watcher.close();
  await writer.close();
});

test("data that is cleared in the middle of commits: each commit is told as it is, and a store opened anew works", async () => {
  const page = await openPage();
  const origin = await page.evaluate(async () => {
    globalThis.store = await burrow.openStore({ name: "cleared" });
    globalThis.outcomes = [];
    globalThis.committing = (async () => {
      for (let i = 0; outcomes.at(-1) !== "Deleted"; i++)
        outcomes.push(await tab.outcome(store.setCursor(`m${i}`, 1n)));
    })();
    return location.origin;
  });
  await page.waitFor("outcomes.length > 20");
  await page.devtools("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
  const result = await page.evaluate(async () => {
    await committing;
    const late = await tab.outcome(store.setCursor("late", 1n));
    const again = await burrow.openStore({ name: "cleared" });
    await again.setCursor("after", 1n);
    return { late, mobs: await again.mobs(), codes: [...new Set(outcomes)] };
  });
  assert.deepEqual([result.late, result.mobs], ["Deleted", ["after"]]);
  for (const code of result.codes)
    assert.ok(["ok", "WriteFailed", "OutcomeUnknown", "Deleted"].includes(code), code);
  await page.close();
});

test("a service worker that was stopped and is woken finds what it committed", async () => {
  const page = await openPage();
  const ask = await startWorkers(page);
  const before = Number((await ask("service", "count")).split(" ")[1]);
  await page.devtools("ServiceWorker.enable");
  await page.devtools("ServiceWorker.stopAllWorkers");
  assert.equal(await ask("service", "count"), `opened ${before + 1}`);
  await page.close();
});

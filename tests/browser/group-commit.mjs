// What goes on beneath calls made at once: how many transactions they take, and what becomes of them when one fails.

import assert from "node:assert/strict";
import { test } from "node:test";

export function testGroupCommit({ openPage }) {
  test("64 calls made at once take a few transactions, and leave one mark", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "few" });
      const before = tab.handles.length;
      await Promise.all(Array.from({ length: 64 }, (_, i) => store.setCursor(`m${i}`, BigInt(i))));
      const transactions = tab.handles.length - before;
      const database = await tab.rawDatabase("few");
      const marks = database.transaction("burrow_commits").objectStore("burrow_commits").count();
      await new Promise((resolve) => (marks.onsuccess = resolve));
      return { few: transactions <= 3, mobs: (await store.mobs({ limit: 100 })).length, marks: marks.result };
    });
    assert.deepEqual(result, { few: true, mobs: 64, marks: 1 });
    await page.close();
  });

  test("a write that the browser refuses fails alone, whoever it went with", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "alone" });
      const put = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = function (value, key) {
        if (value === "1013") throw new DOMException("no room for 1013", "QuotaExceededError");
        return put.call(this, value, key);
      };
      const cursors = Array.from({ length: 20 }, (_, i) => store.setCursor(`m${i}`, BigInt(1000 + i)));
      const outcomes = await Promise.all(cursors.map(tab.outcome));
      IDBObjectStore.prototype.put = put;
      return { outcomes, mobs: (await store.mobs()).length, refused: await store.getCursor("m13") };
    });
    const outcomes = Array(20).fill("ok").with(13, "QuotaExceeded");
    assert.deepEqual(result, { outcomes, mobs: 19 });
    await page.close();
  });

  test("calls whose acknowledgement is lost together take effect once, each", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "lost together" });
      const runtime = store.runtime("r");
      const told = [];
      store.watch({}, ({ kinds }) => told.push(kinds.join()));
      const add = (stored) => new Uint8Array((stored?.length ?? 0) + 1);
      tab.loseAcknowledgements(2);
      const calls = [
        runtime.transition({ from: "initializing", to: "idle" }),
        runtime.transition({ from: "initializing", to: "idle" }),
        store.setCursor("m", 1n),
        ...Array.from({ length: 20 }, () => store.updateOauthFlows(add)),
        runtime.transition({ from: "idle", to: "running" }),
      ];
      const outcomes = await Promise.all(calls.map(tab.outcome));
      return { outcomes, told, flows: (await store.oauthFlows()).length, state: await runtime.state() };
    });
    assert.deepEqual(result, {
      outcomes: Array(24).fill("ok").with(1, "Conflict"),
      told: ["state", "cursor", "state"],
      flows: 20,
      state: "running",
    });
    await page.close();
  });

  test("of 64 boundaries at once, those that were pruned or are there write nothing, and another payload is refused alone", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "pruned at once" });
      const runtime = store.runtime("r");
      const bytes = (...values) => Uint8Array.from(values);
      const old = await tab.receiptOf(0n);
      for (const sequence of [0n, 1n, 2n])
        await runtime.commitBoundary({ receipt: { ...old, sequence }, session: bytes(Number(sequence)) });
      const pruned = await runtime.prune({ keepReceipts: 1 });
      const kinds = [
        async () => ({ receipt: old, session: bytes(100) }),
        async () => ({ receipt: await tab.receiptOf(0n), session: bytes(200) }),
        async () => ({ receipt: { ...old, sequence: 2n }, session: bytes(101) }),
        async () => ({ receipt: { ...old, sequence: 2n }, session: bytes(2) }),
      ];
      const outcomes = {};
      // In a small group and in a large one.
      for (const count of [4, 64]) {
        const made = [];
        for (let at = 0; at < count; at++) made.push(await kinds[at % 4]());
        outcomes[count] = await Promise.all(
          made.map((boundary) => tab.outcome(runtime.commitBoundary(boundary))),
        );
      }
      const { receipts } = await runtime.counts();
      return { pruned: pruned.receipts, outcomes, receipts, session: [...(await runtime.session())] };
    });
    const four = ["ok", "ok", "Conflict", "ok"];
    assert.deepEqual(result, {
      pruned: 2,
      outcomes: { 4: four, 64: Array(16).fill(four).flat() },
      receipts: 1 + 1 + 16,
      session: [200],
    });
    await page.close();
  });

  test("an outcome that nobody can be asked about is unknown to all who may have written", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "unknown together" });
      await store.runtime("r").transition({ from: "initializing", to: "idle" });
      const open = IDBFactory.prototype.open;
      tab.loseAcknowledgements(1, () => {
        IDBFactory.prototype.open = () => {
          throw new DOMException("gone", "UnknownError");
        };
      });
      const calls = [
        store.setCursor("m", 5n),
        store.runtime("r").transition({ from: "running", to: "idle" }),
        store.setCursor("n", 6n),
      ];
      const outcomes = await Promise.all(calls.map(tab.outcome));
      IDBFactory.prototype.open = open;
      return { outcomes, cursors: [String(await store.getCursor("m")), String(await store.getCursor("n"))] };
    });
    assert.deepEqual(result, {
      outcomes: ["OutcomeUnknown", "Conflict", "OutcomeUnknown"],
      cursors: ["5", "6"],
    });
    await page.close();
  });

  test("a store that is closed finishes what has begun and what waits", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "closing" });
      const before = tab.handles.length;
      const begun = tab.outcome(store.setCursor("begun", 1n));
      while (tab.handles.length === before) await Promise.resolve();
      const waiting = [store.setCursor("waits", 1n), store.setCursor("waits too", 1n)].map(tab.outcome);
      await Promise.resolve();
      await store.close();
      const outcomes = await Promise.all([begun, ...waiting]);
      const again = await burrow.openStore({ name: "closing" });
      return { outcomes, mobs: await again.mobs() };
    });
    assert.deepEqual(result, { outcomes: ["ok", "ok", "ok"], mobs: ["begun", "waits", "waits too"] });
    await page.close();
  });
}

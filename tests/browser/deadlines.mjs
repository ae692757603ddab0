// Calls that cannot be carried out in time, because another tab holds the database.

import assert from "node:assert/strict";
import { test } from "node:test";

export function testDeadlines({ openPage }) {
  test("behind a busy worker calls are Blocked in time and never carried out, or OutcomeUnknown once they were sent", async () => {
    const page = await openPage();
    await prepare(page, "busy");
    await page.evaluate(async () => {
      const work = `onmessage = ({ data }) => {
        indexedDB.open(data).onsuccess = ({ target: { result } }) => {
          const names = [...result.objectStoreNames];
          result.transaction(names, "readwrite").objectStore(names[0]).get("none").onsuccess = () => {
            postMessage("holds");
            for (const end = Date.now() + 4000; Date.now() < end; );
          };
        };
      }`;
      globalThis.worker = new Worker(URL.createObjectURL(new Blob([work])));
      await new Promise((resolve) => {
        worker.onmessage = resolve;
        worker.postMessage("busy");
      });
    });
    await seesCallsFail(page);
    await seesNothingDone(page);
    await page.close();
  });

  test("openStore does not wait for ever for a tab that holds the database", async () => {
    const [holder, page] = [await openPage(), await openPage()];
    await prepare(page, "holder");
    await hold(holder, "holder");
    const outcome = await page.evaluate(() =>
      tab.outcome(burrow.openStore({ name: "holder", timeout: 300 })),
    );
    assert.equal(outcome, "Blocked");
    await holder.evaluate(() => {
      holds = false;
    });
    await Promise.all([page.close(), holder.close()]);
  });

  test("a page that stands still itself longer than the timeout gets its answer", async () => {
    const page = await openPage();
    const outcomes = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "still", timeout: 200 });
      const calls = [
        store.setCursor("m", 7n),
        store.getCursor("m"),
        store.patchLabels({ mob: "m" }, { set: { a: "b" } }),
      ];
      for (const end = Date.now() + 1000; Date.now() < end;);
      return Promise.all(calls.map(tab.outcome));
    });
    assert.deepEqual(outcomes, ["ok", "ok", "ok"]);
    await page.close();
  });
}

/** Opens the stores that later wait: several, since the calls of one wait for each other. */
export async function prepare(page, name) {
  await page.evaluate(async (name) => {
    const opened = () => burrow.openStore({ name, timeout: 500 });
    globalThis.stores = [await opened(), await opened(), await opened(), await opened()];
    await stores[0].setCursor("m", 1n);
    await stores[0].runtime("r").transition({ from: "initializing", to: "idle" });
  }, name);
}

/** Holds every object store in a transaction until `holds` is false. */
export async function hold(page, name) {
  await page.evaluate(async (name) => {
    const database = await tab.rawDatabase(name);
    const names = [...database.objectStoreNames];
    const transaction = database.transaction(names, "readwrite");
    globalThis.holds = true;
    await new Promise((resolve) => {
      const next = () => {
        resolve();
        if (holds) transaction.objectStore(names[0]).get("none").onsuccess = next;
      };
      next();
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }, name);
}

export async function seesCallsFail(page) {
  const { outcomes, took } = await page.evaluate(async () => {
    const [reader, stepper, setter, writer] = stores;
    const began = performance.now();
    const input = await tab.inputOf(0);
    const outcomes = await Promise.all([
      tab.outcome(reader.getCursor("m")),
      tab.outcome(stepper.runtime("r").transition({ from: "idle", to: "attached" })),
      // It waits in the queue, behind the one before.
      tab.outcome(
        new Promise((resolve) => setTimeout(resolve, 50)).then(() =>
          stepper.setLabels({ mob: "m" }, { a: "b" }),
        ),
      ),
      tab.outcome(setter.setCursor("m", 2n)),
      tab.outcome(writer.runtime("r").persistInput(input)),
    ]);
    return { outcomes, took: performance.now() - began };
  });
  const sent = "OutcomeUnknown";
  assert.deepEqual(outcomes, ["Blocked", "Blocked", "Blocked", sent, sent]);
  assert.ok(took > 400 && took < 3000, `${took} ms`);
}

export async function seesNothingDone(page) {
  const after = await page.evaluate(async () => {
    // The two calls that were OutcomeUnknown are committed once the other tab lets go.
    const isCommitted = async () =>
      (await stores[0].getCursor("m")) === 2n && (await stores[0].runtime("r").inputs()).length === 1;
    while (!(await isCommitted().catch(({ code }) => code !== "Blocked")));
    const [, stepper] = stores;
    const before = [await stepper.runtime("r").state(), await stepper.getLabels({ mob: "m" })];
    await stepper.runtime("r").transition({ from: "idle", to: "attached" });
    return { before, after: await stores[3].runtime("r").state() };
  });
  assert.deepEqual(after, { before: ["idle", {}], after: "attached" });
}

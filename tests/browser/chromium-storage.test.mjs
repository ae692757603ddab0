// What becomes of the storage beneath a store: scripts that the browser stops, files that are damaged, a quota that is full,
// settings that deny it. Only Chromium can be told to do all that.

import assert from "node:assert/strict";
import { readdir, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { chromium } from "../support/browsers.mjs";
import { pagesOf } from "../support/pages.mjs";
import { serve } from "../support/serve.mjs";
import { temporaryFolder } from "../../scripts/temporary.mjs";

const { openPage } = pagesOf(chromium);

// Each sends several writes: beside what it reads, in the event of what it reads, and without reading.
const WRITES = {
  "a boundary": ({ runtime }, { receipt, large }) => runtime.commitBoundary({ receipt, session: large }),
  "an update": ({ store }, { large }) => store.updateOauthFlows(() => large),
  "a snapshot": ({ runtime }, { large }) => runtime.commitSession(large),
};
for (const [name, write] of Object.entries(WRITES)) {
  for (const after of [1, 2, 4]) {
    test(`${name} whose script the browser stops after ${after} writes leaves nothing, and every call settles`, async () => {
      const page = await openPage();
      const database = `stopped: ${name} after ${after}`;
      let stopped = 0;
      page.onConsole((text) => {
        if (text !== "stop me") return;
        stopped += 1;
        void page.devtools("Runtime.terminateExecution");
      });
      // The session is there before it is needed.
      await page.devtools("Runtime.enable");
      await page.evaluate(
        async (database, write, after) => {
          const store = await burrow.openStore({ name: database });
          const runtime = store.runtime("r");
          await runtime.commitSession(new Uint8Array(3));
          await store.updateOauthFlows(() => new Uint8Array(3));
          const { add, put } = IDBObjectStore.prototype;
          let sent = 0;
          const stopping = (write) =>
            function (...args) {
              const request = write.apply(this, args);
              sent += 1;
              if (sent === after) {
                Object.assign(IDBObjectStore.prototype, { add, put });
                console.log("stop me");
                for (;;);
              }
              return request;
            };
          Object.assign(IDBObjectStore.prototype, { add: stopping(add), put: stopping(put) });
          const receipt = {
            run_id: "01a20127-b8f1-725e-bae9-39a85b9ab50a",
            boundary: "run_start",
            contributing_input_ids: [],
            message_count: 1n,
            sequence: 0n,
          };
          const large = new Uint8Array(300_000).fill(7);
          globalThis.outcomes = [];
          const settle = async (call) => outcomes.push(await tab.outcome(call()));
          // Each in a task of its own: what is stopped takes the rest of its task along.
          setTimeout(() => settle(() => (0, eval)(write)({ store, runtime }, { receipt, large })));
          setTimeout(() => settle(() => store.setCursor("m", 1n)), 300);
        },
        database,
        String(write),
        after,
      );
      await page.waitFor("outcomes.length === 2");
      const result = await page.evaluate(async (database) => {
        const again = await burrow.openStore({ name: database });
        const runtime = again.runtime("r");
        await again.setCursor("n", 2n);
        return {
          session: [...(await runtime.session())],
          flows: [...(await again.oauthFlows())],
          receipts: (await runtime.receipts()).length,
          after: String(await again.getCursor("n")),
        };
      }, database);
      assert.deepEqual(result, { session: [0, 0, 0], flows: [0, 0, 0], receipts: 0, after: "2" });
      assert.equal(stopped, 1);
      const outcomes = await page.evaluate("outcomes");
      for (const outcome of outcomes) assert.ok(["Poisoned", "WriteFailed"].includes(outcome), outcome);
      await page.close();
    });
  }
}

/** A browser that is closed, whose files are damaged, and that is started again. */
async function damaged(damage, before, after) {
  const profile = temporaryFolder("test");
  const headers = (query) => (query === "?clear" ? { "clear-site-data": '"storage"' } : {});
  const server = await serve({ headers });
  const inBrowser = async (work) => {
    const browser = await chromium.launch(profile);
    try {
      const page = await browser.newPage(`${server.url}/tests/in-page/page.html`);
      await page.waitFor("globalThis.check");
      return await work(page);
    } finally {
      await browser.close();
    }
  };
  try {
    await inBrowser(before);
    const folder = path.join(profile, "Default/IndexedDB");
    const database = (await readdir(folder)).find((name) => name.endsWith(".indexeddb.leveldb"));
    await damage(path.join(folder, database));
    return await inBrowser(after);
  } finally {
    server.close();
  }
}

const fill = (page) =>
  page.evaluate(async () => {
    const store = await burrow.openStore({ name: "precious" });
    await store.setCursor("m", 1n);
  });

test("a browser that threw the data away: DataLost, once, and then an empty store that says when", async () => {
  const truncated = async (folder) => {
    const manifest = (await readdir(folder)).find((name) => name.startsWith("MANIFEST-"));
    await truncate(path.join(folder, manifest), 10);
  };
  const result = await damaged(truncated, fill, (page) =>
    page.evaluate(async () => {
      const told = await burrow.openStore({ name: "precious" }).catch((error) => error);
      const store = await burrow.openStore({ name: "precious" });
      const { dataLost } = await store.status();
      await store.setCursor("n", 2n);
      const other = await (await burrow.openStore({ name: "another" })).status();
      return [
        told.code,
        told.retryable,
        Math.abs(Date.now() - Date.parse(dataLost)) < 60_000,
        (await store.getCursor("m")) === undefined,
        String(await store.getCursor("n")),
        other.dataLost === undefined,
      ];
    }),
  );
  assert.deepEqual(result, ["DataLost", false, true, true, "2", true]);
});

test("files that the browser cannot open: Unopenable, until the site's data are cleared", async () => {
  // The name of a file that is not there. What is no name at all Chromium throws away by itself: that is DataLost.
  const garbled = (folder) => writeFile(path.join(folder, "CURRENT"), "garbage\n");
  const result = await damaged(garbled, fill, (page) =>
    page.evaluate(async () => {
      const error = await burrow.openStore({ name: "precious" }).catch((error) => error);
      const deleted = await tab.outcome(burrow.deleteStore("precious"));
      await fetch("/tests/in-page/page.html?clear");
      const store = await burrow.openStore({ name: "precious" });
      await store.setCursor("n", 1n);
      const { code, retryable, cause, message } = error;
      return [code, retryable, cause.name, message.includes("Clear-Site-Data"), deleted, await store.mobs()];
    }),
  );
  // Chromium opens the same files to delete a database.
  assert.deepEqual(result, ["Unopenable", false, "UnknownError", true, "Unopenable", ["n"]]);
});

test("with the quota full, what needs no room still works: deletes, and what reads", async () => {
  const page = await openPage();
  const origin = await page.evaluate(async () => {
    globalThis.store = await burrow.openStore({ name: "full" });
    for (const mob of ["m", "n", "o", "p"]) await store.setLabels({ mob }, { env: mob });
    await store.runtime("r").commitSession(new Uint8Array(200_000));
    const ended = async () => ({ ...(await tab.inputOf(0)), current_state: "consumed" });
    const inputs = await Promise.all(Array.from({ length: 1200 }, ended));
    for (const id of ["large", "pruned"]) {
      const receipt = await tab.receiptOf(0n);
      await store.runtime(id).commitBoundary({ receipt, inputs });
    }
    globalThis.run = (await tab.receiptOf(0n)).run_id;
    for (const sequence of [0n, 1n]) {
      const receipt = { ...(await tab.receiptOf(sequence)), run_id: run };
      await store.runtime("small").commitBoundary({ receipt, session: new Uint8Array(9) });
    }
    globalThis.claimed = await store.runtime("claimed").claim();
    await claimed.commitSession(new Uint8Array(9));
    await store.setCursor("mob", 7n);
    globalThis.mob = await store.claimMob("mob");
    return location.origin;
  });
  // Below what is used. Chromium goes by what it last knew for a while.
  await page.devtools("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1000 });
  const result = await page.evaluate(async () => {
    while ((await tab.outcome(store.setCursor("filler", 1n))) !== "QuotaExceeded")
      await new Promise((resolve) => setTimeout(resolve, 200));
    const full = await tab.outcome(store.runtime("r").commitSession(new Uint8Array(100_000)));
    const one = (await store.deleteLabels({ mob: "m" })).env;
    // Beside one that needs room.
    const [large, two, three] = await Promise.all([
      tab.outcome(store.runtime("s").commitSession(new Uint8Array(100_000))),
      store.deleteLabels({ mob: "n" }),
      tab.outcome(store.setLabels({ mob: "o" }, {})),
    ]);
    // There is no room for a mark, by which it would be known whether it was committed.
    tab.loseAcknowledgements(1);
    const unknown = await tab.outcome(store.deleteLabels({ mob: "p" }));
    const mobs = await store.mobs();
    const pruned = await store.runtime("pruned").prune({ keepTerminalInputs: 0 });
    const deleted = [
      // Pruned receipts leave a proof, which needs room.
      await tab.outcome(store.runtime("small").prune({ keepReceipts: 0 })),
      await tab.outcome(store.runtime("small").deleteRun(run)),
      await tab.outcome(store.runtime("small").delete()),
      await tab.outcome(store.runtime("large").delete()),
      await tab.outcome(claimed.delete()),
      await tab.outcome(mob.delete()),
    ];
    const left = [await store.runtimes(), await store.mobs(), await store.runtime("pruned").counts()];
    return { full, one, large, two: two.env, three, unknown, mobs, pruned, deleted, left };
  });
  await page.devtools("Storage.overrideQuotaForOrigin", { origin });
  assert.deepEqual(result, {
    full: "QuotaExceeded",
    one: "m",
    large: "QuotaExceeded",
    two: "n",
    three: "ok",
    unknown: "OutcomeUnknown",
    mobs: ["filler", "mob"],
    pruned: { receipts: 0, inputs: 1200 },
    deleted: ["QuotaExceeded", "ok", "ok", "ok", "ok", "ok"],
    left: [
      ["pruned", "r"],
      ["filler"],
      { liveInputs: {}, terminalInputs: 0, receipts: 1, runs: 1, sessionBytes: 0 },
    ],
  });
  await page.close();
});

test("a call that is too large for the browser fails alone, whoever it went with", async () => {
  const page = await openPage();
  const result = await page.evaluate(async () => {
    const store = await burrow.openStore({ name: "too large" });
    // What Chromium throws above 127 MiB, from 10,000 characters on.
    const { put } = IDBObjectStore.prototype;
    IDBObjectStore.prototype.put = function (value, key) {
      if (value.length > 10_000)
        throw new DOMException("The serialized keys and/or value are too large", "UnknownError");
      return put.call(this, value, key);
    };
    const input = { ...(await tab.inputOf(0)), persisted_input: "x".repeat(20_000) };
    const calls = [
      store.setCursor("m", 1n),
      store.runtime("r").persistInput(input),
      store.setCursor("n", 2n),
      store.runtime("r").persistInput(await tab.inputOf(1)),
    ];
    const outcomes = await Promise.all(calls.map(tab.outcome));
    const { reopens } = await store.status();
    return {
      outcomes,
      reopens,
      mobs: await store.mobs(),
      inputs: (await store.runtime("r").inputs()).length,
    };
  });
  assert.deepEqual(result, {
    outcomes: ["ok", "InvalidInput", "ok", "ok"],
    reopens: 0,
    mobs: ["m", "n"],
    inputs: 1,
  });
  await page.close();
});

test("storage that the user's settings deny is Unsupported, however the browser says so", async () => {
  const page = await openPage();
  const result = await page.evaluate(async () => {
    const { open } = IDBFactory.prototype;
    const outcomes = [];
    const failing = (name, message) => () => {
      const request = new EventTarget();
      request.error = new DOMException(message, name);
      setTimeout(() => {
        const event = new Event("error");
        Object.defineProperty(event, "target", { value: request });
        request.onerror(event);
      });
      return request;
    };
    for (const [name, message] of [
      ["UnknownError", "The user denied permission to access the database."],
      ["SecurityError", "The operation is insecure."],
      ["InvalidStateError", "A mutation operation was attempted on a database that did not allow mutations."],
    ]) {
      IDBFactory.prototype.open = failing(name, message);
      const error = await burrow.openStore({ name: "denied" }).catch((error) => error);
      outcomes.push([error.code, error.retryable]);
    }
    IDBFactory.prototype.open = open;
    const own = Object.getOwnPropertyDescriptor(globalThis, "indexedDB");
    Object.defineProperty(globalThis, "indexedDB", {
      configurable: true,
      get() {
        throw new DOMException("The operation is insecure.", "SecurityError");
      },
    });
    const error = await burrow.openStore({ name: "denied" }).catch((error) => error);
    Object.defineProperty(globalThis, "indexedDB", own);
    outcomes.push([error.code, error.retryable]);
    return outcomes;
  });
  assert.deepEqual(result, Array(4).fill(["Unsupported", false]));
  await page.close();
});

test("rows of a longer snapshot, whichever tab wrote it, are gone with the next one", async () => {
  const [one, two] = [await openPage(), await openPage()];
  const commit = (page, bytes) =>
    page.evaluate(async (bytes) => {
      globalThis.store ??= await burrow.openStore({ name: "longer" });
      await store.runtime("r").commitSession(new Uint8Array(bytes));
    }, bytes);
  await commit(one, 1000);
  await commit(two, 500_000);
  await commit(one, 1000);
  const rows = await one.evaluate(async () => {
    const database = await tab.rawDatabase("longer");
    const store = database.transaction("runtime_session_snapshots").objectStore("runtime_session_snapshots");
    const count = store.count();
    await new Promise((resolve) => (count.onsuccess = resolve));
    return count.result;
  });
  assert.equal(rows, 1);
  await one.close();
  await two.close();
});

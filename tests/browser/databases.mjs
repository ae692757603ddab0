// Whose a database is, and what becomes of a store whose database is deleted.

import assert from "node:assert/strict";
import { test } from "node:test";

export function testDatabases({ openPage }) {
  const foreigners = {
    "another library's": { version: 1, stores: ["books", "authors"] },
    "another library's of our version": { version: 3, stores: ["books"] },
    "another library's of a higher version": { version: 70, stores: ["books", "burrow_labels"] },
    "one with a store of ours among others": { version: 1, stores: ["books", "burrow_labels"] },
    "one without stores": { version: 1, stores: [] },
    "one without stores of a higher version": { version: 1000, stores: [] },
  };
  for (const [name, { version, stores }] of Object.entries(foreigners)) {
    test(`${name}: ForeignDatabase, of deleteStore too, and nothing in it is changed or closed`, async () => {
      const [owner, page] = [await openPage(), await openPage()];
      await owner.evaluate(
        async (name, version, stores) => {
          globalThis.told = [];
          globalThis.theirs = await tab.rawDatabase(name, version, (database) => {
            for (const store of stores) database.createObjectStore(store).put("kept", 1);
          });
          theirs.onversionchange = () => told.push("versionchange");
        },
        name,
        version,
        stores,
      );
      const error = await page.evaluate(async (name) => {
        const { code, retryable, message } = await burrow.openStore({ name }).catch((error) => error);
        return { code, retryable, message };
      }, name);
      assert.deepEqual([error.code, error.retryable], ["ForeignDatabase", false]);
      for (const store of stores) assert.ok(error.message.includes(store), error.message);
      const after = await owner.evaluate(async (name) => {
        const kept = [];
        for (const store of theirs.objectStoreNames) {
          const request = theirs.transaction(store).objectStore(store).get(1);
          await new Promise((resolve) => (request.onsuccess = resolve));
          kept.push([store, request.result]);
        }
        theirs.close();
        const refused = await tab.outcome(burrow.deleteStore(name));
        const again = await tab.rawDatabase(name);
        const { version } = again;
        again.close();
        return { told, kept, version, refused };
      }, name);
      const kept = stores.toSorted().map((store) => [store, "kept"]);
      assert.deepEqual(after, { told: [], kept, version, refused: "ForeignDatabase" });
      await owner.close();
      await page.close();
    });
  }

  // In Chromium each opening makes and deletes a database of this name, so that a new log begins; other browsers have none.
  const RESERVED = "burrow-new-log";
  for (const [name, { version, stores }] of Object.entries({
    "with object stores": { version: 1, stores: ["books"] },
    "of a version of its own": { version: 7, stores: [] },
  })) {
    test(`another library's database under our reserved name, ${name}, is left as it is`, async () => {
      const page = await openPage();
      const result = await page.evaluate(
        async (name, version, stores) => {
          const told = [];
          const theirs = await tab.rawDatabase(name, version, (database) => {
            for (const store of stores) database.createObjectStore(store).put("kept", 1);
          });
          theirs.onversionchange = () => told.push("versionchange");
          const refused = [
            await burrow.openStore({ name }).catch(({ code, argument }) => [code, argument]),
            await burrow.deleteStore(name).catch(({ code, argument }) => [code, argument]),
          ];
          // Nobody waits for what opening a store does to it.
          const opened = await tab.outcome(burrow.openStore({ name: `beside ${name}` }));
          await new Promise((resolve) => setTimeout(resolve, 500));
          theirs.close();
          await burrow.openStore({ name: `beside ${name} again` });
          await new Promise((resolve) => setTimeout(resolve, 500));
          const again = await tab.rawDatabase(name);
          const found = [again.version, [...again.objectStoreNames]];
          again.close();
          await new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve));
          return { told, refused, opened, found };
        },
        RESERVED,
        version,
        stores,
      );
      const refused = [
        ["InvalidInput", "options.name"],
        ["InvalidInput", "name"],
      ];
      assert.deepEqual(result, { told: [], refused, opened: "ok", found: [version, stores] });
      await page.close();
    });
  }

  test("what a page that went away has left under our reserved name goes, and nobody waits for one that holds it", async () => {
    const page = await openPage();
    const [left, opened] = await page.evaluate(async (name) => {
      const isChromium = "dataLoss" in IDBVersionChangeEvent.prototype;
      const left = [];
      const openOne = async () => {
        await burrow.openStore({ name: "begins a log" });
        await new Promise((resolve) => setTimeout(resolve, 500));
        if ((await tab.databases()).includes(name)) left.push(name);
      };
      await openOne();
      if (isChromium) (await tab.rawDatabase(name)).close();
      await openOne();
      const held = await tab.rawDatabase(name);
      const opened = [];
      for (let i = 0; i < 2; i++)
        opened.push(await tab.outcome(burrow.openStore({ name: `beside one that is held ${i}` })));
      held.close();
      await new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve));
      return [left, opened];
    }, RESERVED);
    assert.deepEqual([left, opened], [[], ["ok", "ok"]]);
    await page.close();
  });

  test("where there are no random values a store is not opened, nothing is left behind, and open ones go on", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const name = "without random values";
      const open = await burrow.openStore({ name: "open before" });
      const own = Object.getOwnPropertyDescriptor(globalThis, "crypto");
      const refusing = {
        getRandomValues() {
          throw new Error("no random values");
        },
      };
      const outcomes = [];
      for (const value of [undefined, refusing]) {
        Object.defineProperty(globalThis, "crypto", { value, configurable: true });
        try {
          const { code, retryable } = await burrow.openStore({ name }).catch((error) => error);
          const made = (await indexedDB.databases()).some((database) => database.name === name);
          await open.setCursor("m", 1n);
          outcomes.push([code, retryable, made]);
        } finally {
          Object.defineProperty(globalThis, "crypto", own);
        }
      }
      const store = await burrow.openStore({ name });
      await store.setCursor("m", 2n);
      return [outcomes, String(await store.getCursor("m")), String(await open.getCursor("m"))];
    });
    assert.deepEqual(result, [
      [
        ["Unsupported", false, false],
        ["Unsupported", true, false],
      ],
      "2",
      "1",
    ]);
    await page.close();
  });

  test("a database that is deleted under open stores is Deleted to them until they are opened again", async () => {
    const [page, other] = [await openPage(), await openPage()];
    await page.evaluate(async () => {
      globalThis.store = await burrow.openStore({ name: "logout" });
      globalThis.claim = await store.runtime("r").claim();
      await claim.commitSession(new Uint8Array(100));
    });
    await other.evaluate(
      () => new Promise((resolve) => (indexedDB.deleteDatabase("logout").onsuccess = resolve)),
    );
    const outcomes = await page.evaluate(async () => {
      const late = [
        store.setCursor("m", 1n),
        store.getCursor("m"),
        claim.commitSession(new Uint8Array(1)),
        store.runtimes(),
      ];
      const error = await store.setCursor("m", 2n).catch((error) => error);
      return [...(await Promise.all(late.map(tab.outcome))), error.code, error.retryable];
    });
    assert.deepEqual(outcomes, [...Array(5).fill("Deleted"), false]);
    const names = await other.evaluate(() => tab.databases());
    assert.ok(!names.includes("logout"), "the database is back");
    const again = await page.evaluate(async () => {
      const again = await burrow.openStore({ name: "logout" });
      await again.setCursor("m", 3n);
      const session = await again.runtime("r").session();
      return [
        session === undefined,
        String(await again.getCursor("m")),
        await tab.outcome(store.getCursor("m")),
      ];
    });
    assert.deepEqual(again, [true, "3", "Deleted"]);
    await page.close();
    await other.close();
  });

  test("deleteStore deletes a database of ours, under open stores too, and no other", async () => {
    const [page, other] = [await openPage(), await openPage()];
    await other.evaluate(async () => {
      globalThis.store = await burrow.openStore({ name: "to be deleted" });
      await store.setCursor("m", 1n);
    });
    const result = await page.evaluate(async () => {
      const theirs = await tab.rawDatabase("not to be deleted", 2, (database) =>
        database.createObjectStore("books"),
      );
      const refused = await burrow.deleteStore("not to be deleted").catch((error) => error);
      theirs.close();
      const still = await tab.rawDatabase("not to be deleted");
      const names = [...still.objectStoreNames];
      still.close();
      // One that nobody lets go of, made by an older burrow.
      const held = await tab.rawDatabase("held", 1, (database) =>
        database.createObjectStore("mobkit_metadata"),
      );
      const blocked = await tab.outcome(burrow.deleteStore("held"));
      held.close();
      return [
        await tab.outcome(burrow.deleteStore("to be deleted")),
        await tab.outcome(burrow.deleteStore("never was")),
        await tab.outcome(burrow.deleteStore("")),
        [refused.code, refused.message.includes("books"), names],
        blocked,
      ];
    });
    assert.deepEqual(result, ["ok", "ok", "InvalidInput", ["ForeignDatabase", true, ["books"]], "Blocked"]);
    assert.equal(await other.evaluate(() => tab.outcome(store.getCursor("m"))), "Deleted");
    const again = await other.evaluate(async () => {
      const names = await tab.databases();
      const again = await burrow.openStore({ name: "to be deleted" });
      return [
        names.includes("to be deleted"),
        names.includes("never was"),
        (await again.getCursor("m")) === undefined,
      ];
    });
    assert.deepEqual(again, [false, false, true]);
    await page.close();
    await other.close();
  });

  test("a store does not go over to another database that was made under its name", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "another" });
      const claim = await store.runtime("r").claim();
      // Its connection is lost before the database is deleted, so nobody tells it.
      tab.handles.at(-1).close();
      await new Promise((resolve) => (indexedDB.deleteDatabase("another").onsuccess = resolve));
      const next = await burrow.openStore({ name: "another" });
      await next.runtime("r").claim();
      return [
        await tab.outcome(claim.commitSession(new Uint8Array(5))),
        await tab.outcome(store.setCursor("m", 1n)),
        await tab.outcome(store.getCursor("m")),
        (await next.runtime("r").session()) === undefined,
        (await next.getCursor("m")) === undefined,
      ];
    });
    assert.deepEqual(result, ["Deleted", "Deleted", "Deleted", true, true]);
    await page.close();
  });

  test("a claim whose record is gone says so, not that somebody else has claimed", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "emptied" });
      const claim = await store.runtime("r").claim();
      const database = await tab.rawDatabase("emptied");
      const transaction = database.transaction("burrow_claims", "readwrite");
      transaction.objectStore("burrow_claims").clear();
      await new Promise((resolve) => (transaction.oncomplete = resolve));
      database.close();
      const lost = await tab.outcome(claim.commitSession(new Uint8Array(1)));
      return [lost, await tab.outcome((await store.runtime("r").claim()).commitSession(new Uint8Array(1)))];
    });
    assert.deepEqual(result, ["Deleted", "ok"]);
    await page.close();
  });

  test("a connection that is lost before the database is deleted does not make it again", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "not again" });
      await store.setCursor("m", 1n);
      tab.handles.at(-1).close();
      await new Promise((resolve) => (indexedDB.deleteDatabase("not again").onsuccess = resolve));
      const outcomes = [await tab.outcome(store.getCursor("m")), await tab.outcome(store.setCursor("m", 2n))];
      return [...outcomes, (await tab.databases()).includes("not again")];
    });
    assert.deepEqual(result, ["Deleted", "Deleted", false]);
    await page.close();
  });

  test("a page that stands still right after openStore is not told that it was Blocked", async () => {
    const page = await openPage();
    const outcome = await page.evaluate(async () => {
      // The open request is on its way when the page stops.
      const open = IDBFactory.prototype.open;
      const sent = new Promise((resolve) => {
        IDBFactory.prototype.open = function (...args) {
          resolve();
          return open.apply(this, args);
        };
      });
      const opening = tab.outcome(burrow.openStore({ name: "standing still" }));
      await sent;
      IDBFactory.prototype.open = open;
      const end = performance.now() + 11_000;
      while (performance.now() < end);
      return opening;
    });
    assert.equal(outcome, "ok");
    await page.close();
  });
}

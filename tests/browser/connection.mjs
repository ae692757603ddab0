// What becomes of a store when its connection breaks, or another tab wants the database to itself.

import assert from "node:assert/strict";
import { test } from "node:test";

export function testConnection({ openPage }, { inserts }) {
  test("an older build after a newer one: SchemaTooNew, and nothing is deleted", async () => {
    const [older, newer] = [await openPage(), await openPage()];
    await older.evaluate(async () => {
      globalThis.store = await burrow.openStore({ name: "upgraded" });
      await store.setCursor("m", 7n);
    });
    // The newer build upgrades while the older one has the database open.
    const kept = await newer.evaluate(async () => {
      const database = await tab.rawDatabase("upgraded", 1000, (db) => db.createObjectStore("new"));
      const request = database.transaction("mobkit_metadata").objectStore("mobkit_metadata").getAll();
      await new Promise((resolve) => (request.onsuccess = resolve));
      database.close();
      return request.result;
    });
    assert.deepEqual(kept, ["7"]);
    const outcomes = await older.evaluate(async () => [
      await tab.outcome(store.getCursor("m")),
      await tab.outcome(store.setCursor("m", 8n)),
      await tab.outcome(burrow.openStore({ name: "upgraded" })),
    ]);
    assert.deepEqual(outcomes, ["SchemaTooNew", "SchemaTooNew", "SchemaTooNew"]);
    const still = await newer.evaluate(async () => {
      const database = await tab.rawDatabase("upgraded");
      const request = database.transaction("mobkit_metadata").objectStore("mobkit_metadata").getAll();
      await new Promise((resolve) => (request.onsuccess = resolve));
      return request.result;
    });
    assert.deepEqual(still, ["7"]);
    await older.close();
    await newer.close();
  });

  test("a database of version 1 gets the tables that came later, and keeps what it holds", async () => {
    const page = await openPage();
    const cursor = await page.evaluate(async () => {
      const tables = [
        "runtime_input_states",
        "runtime_boundary_receipts",
        "runtime_session_snapshots",
        "runtime_states",
      ];
      const database = await tab.rawDatabase("version 1", 1, (db, transaction) => {
        for (const table of [...tables, "mobkit_metadata", "burrow_labels", "burrow_sessions"])
          db.createObjectStore(table);
        transaction.objectStore("mobkit_metadata").put("42", ["m", "subscription_cursor"]);
      });
      database.close();
      const store = await burrow.openStore({ name: "version 1" });
      await store.runtime("r").claim();
      return String(await store.getCursor("m"));
    });
    assert.equal(cursor, "42");
    await page.close();
  });

  test("an upgrade that another tab blocks is Blocked while it does, and can be tried again", async () => {
    const [holder, opener] = [await openPage(), await openPage()];
    await holder.evaluate(async () => {
      // An older burrow's, which lets go of it for nobody.
      globalThis.held = await tab.rawDatabase("blocked", 1, (db) => db.createObjectStore("mobkit_metadata"));
    });
    const error = await opener.evaluate(() =>
      burrow
        .openStore({ name: "blocked" })
        .catch(({ code, retryable, message }) => ({ code, retryable, message })),
    );
    assert.deepEqual([error.code, error.retryable], ["Blocked", true]);
    assert.match(error.message, /another tab/);
    await holder.evaluate(() => held.close());
    const cursor = await opener.evaluate(async () => {
      const store = await burrow.openStore({ name: "blocked" });
      await store.setCursor("m", 1n);
      return String(await store.getCursor("m"));
    });
    assert.equal(cursor, "1");
    // The open that came too late was closed: it blocks nobody.
    const upgraded = await holder.evaluate(async () => (await tab.rawDatabase("blocked", 1000)).version);
    assert.equal(upgraded, 1000);
    await holder.close();
    await opener.close();
  });

  test("an open that the browser never answers is Blocked within the deadline, and poisons nothing", async () => {
    const page = await openPage();
    const outcomes = await page.evaluate(async () => {
      const open = IDBFactory.prototype.open;
      IDBFactory.prototype.open = () => new EventTarget();
      const silent = await tab.outcome(burrow.openStore({ name: "silent" }));
      IDBFactory.prototype.open = () => {
        throw new DOMException("not here", "SecurityError");
      };
      const refused = await tab.outcome(burrow.openStore({ name: "silent" }));
      IDBFactory.prototype.open = open;
      return [silent, refused, await tab.outcome(burrow.openStore({ name: "silent" }))];
    });
    assert.deepEqual(outcomes, ["Blocked", "Unsupported", "ok"]);
    await page.close();
  });

  test("a handle that was closed under the store is opened again, between operations and in the middle of them", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "reopened" });
      const outcomes = [];
      for (let i = 0; i < 50; i++) {
        const writes = [0, 1, 2, 3].map((j) => tab.outcome(store.setCursor(`m${i}.${j}`, 1n)));
        tab.handles.at(-1)?.close();
        outcomes.push(...(await Promise.all(writes)));
      }
      const { reopens, durability } = await store.status();
      const mobs = (await store.mobs({ limit: 1000 })).length;
      return { outcomes: [...new Set(outcomes)], mobs, reopens, durability };
    });
    assert.deepEqual(result, { outcomes: ["ok"], mobs: 200, reopens: 50, durability: "strict" });
    await page.close();
  });

  test("a step whose acknowledgement is lost after the commit takes effect once, and succeeds", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "acknowledged" });
      const runtime = store.runtime("r");
      const flows = new TextEncoder();
      await store.setLabels({ mob: "m" }, { env: "dev" });
      const add = () =>
        store.updateOauthFlows((stored) =>
          flows.encode(String(Number(new TextDecoder().decode(stored)) + 1)),
        );

      tab.loseAcknowledgements(4);
      const outcomes = [
        await tab.outcome(
          runtime.transition({ from: "initializing", to: "idle", inputs: [await tab.inputOf(0)] }),
        ),
        await tab.outcome(add()),
        (await store.deleteLabels({ mob: "m" })).env,
        String((await runtime.claim()).epoch),
      ];
      const receipt = {
        run_id: await burrow.newId(),
        boundary: "immediate",
        contributing_input_ids: [],
        sequence: 0n,
      };
      const boundary = { receipt: { ...receipt, message_count: 1n }, session: flows.encode("1") };
      tab.loseAcknowledgements(1);
      outcomes.push(await tab.outcome(runtime.commitBoundary(boundary)));
      return {
        outcomes,
        state: await runtime.state(),
        inputs: (await runtime.inputs()).length,
        flows: new TextDecoder().decode(await store.oauthFlows()),
        receipts: (await runtime.receipts()).length,
      };
    });
    const outcomes = ["ok", "ok", "dev", "1", "ok"];
    assert.deepEqual(result, { outcomes, state: "idle", inputs: 1, flows: "1", receipts: 1 });
    await page.close();
  });

  test("a write whose acknowledgement is lost does not overwrite what another has made of it since", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const [a, b] = [await burrow.openStore({ name: "since" }), await burrow.openStore({ name: "since" })];
      const input = await tab.inputOf(0);
      const told = [];
      b.watch({}, ({ kinds }) => told.push(kinds.join()));
      tab.loseAcknowledgements(1, async () => {
        const seen = await b.runtime("r").input(input.input_id);
        await b.runtime("r").persistInput({ ...seen, current_state: "consumed" });
      });
      const persisted = await tab.outcome(a.runtime("r").persistInput(input));
      const claim = await a.runtime("r").claim();
      tab.loseAcknowledgements(1, () => b.runtime("r").claim());
      const claimed = await tab.outcome(claim.commitSession(new TextEncoder().encode("a's")));
      tab.loseAcknowledgements(1);
      const receipt = { run_id: await burrow.newId(), boundary: "immediate", contributing_input_ids: [] };
      await a.runtime("r").commitBoundary({ receipt: { ...receipt, message_count: 1n, sequence: 0n } });
      await b.setCursor("done", 1n);
      // What another store commits is told once per frame.
      while (!told.includes("cursor") || !told.includes("receipt"))
        await new Promise((resolve) => setTimeout(resolve, 10));
      const state = (await a.runtime("r").input(input.input_id)).current_state;
      return { persisted, state, claimed, told: told.sort() };
    });
    // A new input that is inserted leaves no mark: once another has changed it, nobody can tell whether it was there before.
    const persisted = inserts ? "OutcomeUnknown" : "ok";
    const inputs = inserts ? ["inputs"] : ["inputs", "inputs"];
    const told = ["claim", "claim", "cursor", ...inputs, "receipt", "session"];
    assert.deepEqual(result, { persisted, state: "consumed", claimed: "ok", told });
    await page.close();
  });

  test("an outcome that nobody can be asked about is told as unknown", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "unknown" });
      const open = IDBFactory.prototype.open;
      tab.loseAcknowledgements(1, () => {
        IDBFactory.prototype.open = () => {
          throw new DOMException("gone", "UnknownError");
        };
      });
      const error = await store.setCursor("m", 5n).catch((error) => error);
      IDBFactory.prototype.open = open;
      return [error.code, error.retryable, error.cause?.name, String(await store.getCursor("m"))];
    });
    assert.deepEqual(result, ["OutcomeUnknown", false, "UnknownError", "5"]);
    await page.close();
  });

  test("an outcome is unknown, too, where the connection breaks again while it is asked for", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "unknown twice" });
      const { get } = IDBObjectStore.prototype;
      tab.loseAcknowledgements(1, () => {
        IDBObjectStore.prototype.get = function (key) {
          if (this.name === "burrow_commits") throw new DOMException("gone", "UnknownError");
          return get.call(this, key);
        };
      });
      const error = await store.setCursor("m", 5n).catch((error) => error);
      IDBObjectStore.prototype.get = get;
      return [error.code, error.retryable, error.cause?.name, String(await store.getCursor("m"))];
    });
    assert.deepEqual(result, ["OutcomeUnknown", false, "UnknownError", "5"]);
    await page.close();
  });

  test("a claim does not come back with a database that was deleted", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const old = await (await burrow.openStore({ name: "deleted" })).runtime("r").claim();
      await new Promise((resolve) => (indexedDB.deleteDatabase("deleted").onsuccess = resolve));
      const current = await (await burrow.openStore({ name: "deleted" })).runtime("r").claim();
      const bytes = new TextEncoder().encode("x");
      return [
        old.epoch === current.epoch,
        await tab.outcome(old.commitSession(bytes)),
        await tab.outcome(current.commitSession(bytes)),
      ];
    });
    // Nobody else has claimed it: there is nothing left to claim.
    assert.deepEqual(result, [true, "Deleted", "ok"]);
    await page.close();
  });

  test("a connection that stays broken is given up after a bounded number of tries, with a code", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "broken" });
      await store.setCursor("m", 1n);
      const begin = IDBDatabase.prototype.transaction;
      let tries = 0;
      IDBDatabase.prototype.transaction = () => {
        tries += 1;
        throw new DOMException(
          "Connection to Indexed Database server lost. Refresh the page to try again",
          "UnknownError",
        );
      };
      const error = await store.setCursor("m", 2n).catch((error) => error);
      IDBDatabase.prototype.transaction = begin;
      return [error.code, error.retryable, error.cause.name, tries, String(await store.getCursor("m"))];
    });
    assert.deepEqual(result, ["ReadFailed", true, "UnknownError", 3, "1"]);
    await page.close();
  });
}

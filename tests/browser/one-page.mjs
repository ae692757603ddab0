// The JavaScript API in a page, on IndexedDB.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { poisonRules, poisonRulesOfIndexedDb } from "../in-page/poison.mjs";
import { rules } from "../in-page/rules.mjs";
import { onSealed } from "../in-page/sealing.mjs";

export function testOnePage({ openPage }) {
  // Each rule has a store of its own, and one page is for all, as one worker is: opening it takes longer than most rules.
  let shared;
  const inSharedPage = async (...task) => (await (shared ??= openPage())).evaluate(...task);

  for (const name of Object.keys(rules)) test(name, () => inSharedPage((rule) => check(rule), name));

  for (const name of onSealed(rules))
    test(`sealed: ${name}`, () => inSharedPage((rule) => checkSealed(rule), name));

  for (const name of Object.keys({ ...poisonRules, ...poisonRulesOfIndexedDb })) {
    test(name, async () => {
      const page = await openPage();
      await page.evaluate((rule) => checkPoison(rule), name);
      await page.close();
    });
  }

  test("every export refuses every wrong value in every position by the argument's name", async () => {
    const page = await openPage();
    await page.evaluate(() => checkDoor());
    await page.close();
  });

  test("what one page has committed, the next one reads", async () => {
    const writer = await openPage();
    await writer.evaluate(async () => {
      const store = await burrow.openStore({ name: "kept" });
      await store.setCursor("m", 2n ** 64n - 1n);
    });
    await writer.close();
    const reader = await openPage();
    const cursor = await reader.evaluate(async () =>
      String(await (await burrow.openStore({ name: "kept" })).getCursor("m")),
    );
    assert.equal(cursor, String(2n ** 64n - 1n));
    await reader.close();
  });

  test("DevTools would show readable keys and JSON", async () => {
    const page = await openPage();
    const shown = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "devtools" });
      const runtime = store.runtime("rt:session:агент");
      const run_id = "01a20127-b8f1-725e-bae9-39a85b9ab50a";
      await store.setLabels({ mob: "mob-a" }, { env: "dev" });
      await store.setLabels({ mob: "mob-a", run: "run 1" }, { env: "~" });
      await store.setCursor("mob-a", 42n);
      await runtime.transition({ from: "initializing", to: "idle" });
      await runtime.commitBoundary({
        receipt: {
          run_id,
          boundary: "run_start",
          contributing_input_ids: [],
          message_count: 1n,
          sequence: 7n,
        },
        session: new Uint8Array(100_000),
      });

      const database = await new Promise((resolve, reject) => {
        const request = indexedDB.open("devtools");
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const shown = {};
      for (const name of database.objectStoreNames) {
        const rows = database.transaction(name).objectStore(name);
        const [keys, values] = [rows.getAllKeys(), rows.getAll()];
        await new Promise((resolve) => (values.onsuccess = resolve));
        shown[name] = keys.result.map((key, i) => {
          const value = values.result[i];
          return [key, typeof value !== "object" ? value : `${value.constructor.name}(${value.length})`];
        });
      }
      return shown;
    });
    // The mark of the last commit that left one, the fourth of five, under the store's own id: a boundary's receipt is its own.
    shown.burrow_commits[0][0] = ["MARK"];
    shown.burrow_database[0][1] = "ID";
    const [receipt] = shown.runtime_boundary_receipts;
    receipt[1] = receipt[1].replace(/"2:[0-9a-f]{64}"}$/, '"FINGERPRINT"}');
    const runtime =
      "rt:session:" + [..."агент"].map((letter) => encodeURIComponent(letter).replaceAll("%", "~")).join("");
    const piece = (n) => String(n).padStart(20, "0");
    const run = "01a20127-b8f1-725e-bae9-39a85b9ab50a";
    assert.deepEqual(shown, {
      burrow_labels: [
        [["mob-a", ""], '{"env":"dev"}'],
        [["mob-a", "run 1"], '{"env":"~"}'],
      ],
      burrow_claims: [],
      burrow_commits: [[["MARK"], "4"]],
      burrow_database: [[["id"], "ID"]],
      burrow_deletions: [],
      burrow_live_inputs: [],
      burrow_mob_claims: [],
      burrow_pruned: [],
      burrow_quarantine: [],
      burrow_sessions: [],
      mobkit_metadata: [[["mob-a", "subscription_cursor"], "42"]],
      runtime_boundary_receipts: [
        [
          [runtime, run, piece(7)],
          `{"run_id":"${run}","boundary":"run_start","contributing_input_ids":[],"message_count":1,"sequence":7,"burrow_payload":"FINGERPRINT"}`,
        ],
      ],
      runtime_auth_oauth_flow_state: [],
      runtime_input_states: [],
      runtime_ops_lifecycle: [],
      runtime_session_snapshots: [
        [[runtime, piece(0)], "Uint8Array(61440)"],
        [[runtime, piece(1)], "Array(2)"],
      ],
      runtime_states: [[[runtime], '"idle"']],
    });
    await page.close();
  });

  test("of a longer snapshot by another store nothing shows, and one that lost its end is unreadable", async () => {
    const page = await openPage();
    const outcome = await page.evaluate(async () => {
      const PIECE = 60 * 1024;
      const name = "pieces";
      const [first, second] = [await burrow.openStore({ name }), await burrow.openStore({ name })];
      const snapshot = (length, fill) => new Uint8Array(length).fill(fill);
      const stored = async (store) => {
        const bytes = await store.runtime("r").session();
        return [bytes.length, new Set(bytes).size, bytes[0]];
      };
      const seen = [];
      for (const [store, length, fill] of [
        [first, 10, 1],
        [second, 3 * PIECE + 5, 2],
        [first, 20, 3],
        [first, 2 * PIECE, 4],
        [second, PIECE - 1, 5],
      ]) {
        await store.runtime("r").commitSession(snapshot(length, fill));
        seen.push(await stored(first), await stored(second));
      }

      await first.runtime("r").commitSession(snapshot(PIECE, 6));
      const database = await new Promise((resolve) => {
        indexedDB.open(name).onsuccess = ({ target }) => resolve(target.result);
      });
      const rows = database.transaction("runtime_session_snapshots", "readwrite");
      const table = rows.objectStore("runtime_session_snapshots");
      table.delete(IDBKeyRange.lowerBound(["r", "00000000000000000001"]));
      await new Promise((resolve) => (rows.oncomplete = resolve));
      const { code, key } = await first
        .runtime("r")
        .session()
        .catch((error) => error);
      return { seen, code, key };
    });
    const PIECE = 60 * 1024;
    const both = (length, fill) => [
      [length, 1, fill],
      [length, 1, fill],
    ];
    assert.deepEqual(outcome, {
      seen: [
        ...both(10, 1),
        ...both(3 * PIECE + 5, 2),
        ...both(20, 3),
        ...both(2 * PIECE, 4),
        ...both(PIECE - 1, 5),
      ],
      code: "Decode",
      key: "[r]",
    });
    await page.close();
  });

  test("a browser without IndexedDB is an error, unless memory is asked for", async () => {
    const page = await openPage();
    const outcome = await page.evaluate(async () => {
      Object.defineProperty(globalThis, "indexedDB", { value: undefined });
      const code = await burrow.openStore().catch((error) => error.code);
      const store = await burrow.openStore({ backend: "memory" });
      await store.setCursor("m", 1n);
      return [code, String(await store.getCursor("m"))];
    });
    assert.deepEqual(outcome, ["Unsupported", "1"]);
    await page.close();
  });

  test("an engine's failure keeps the browser's own error as its cause", async () => {
    const page = await openPage();
    const outcome = await page.evaluate(async () => {
      const foreign = await tab.rawDatabase("foreign", 1000);
      foreign.close();
      const refused = await burrow.openStore({ name: "foreign" }).catch((error) => error);

      const store = await burrow.openStore({ name: "failing" });
      const put = IDBObjectStore.prototype.put;
      IDBObjectStore.prototype.put = () => {
        throw new DOMException("no room", "QuotaExceededError");
      };
      const full = await store.setCursor("m", 1n).catch((error) => error);
      IDBObjectStore.prototype.put = put;
      const after = await store.getCursor("m");
      const { usage, quota } = (await navigator.storage?.estimate()) ?? {};
      return [
        refused.code,
        refused instanceof burrow.BurrowError,
        full.code,
        full.cause?.name,
        [typeof full.usage === typeof usage, full.quota === quota],
        after === undefined,
      ];
    });
    assert.deepEqual(outcome, [
      "ForeignDatabase",
      true,
      "QuotaExceeded",
      "QuotaExceededError",
      [true, true],
      true,
    ]);
    await page.close();
  });

  test("a module that does not load is LoadFailed, and can be loaded again", async () => {
    const page = await openPage();
    const outcome = await page.evaluate(async () => {
      const { init, newId, openStore, BurrowError } = await import("/pkg/dist/browser.js?loaded-again");
      const before = performance.getEntriesByType("resource").filter(({ name }) => name.endsWith(".wasm"));
      const failures = [];
      for (const source of ["/missing.wasm", "/package.json", Promise.resolve(new Response("<html>"))]) {
        const [error, same] = await Promise.all([
          init(source).catch((error) => error),
          newId().catch((error) => error),
        ]);
        const { code, retryable } = error;
        failures.push([error instanceof BurrowError, code, retryable, error === same]);
      }
      const wrong = await init(7).catch(({ code, argument }) => [code, argument]);
      const wasm = new URL("/pkg/wasm/burrow_bg.wasm", location);
      await Promise.all([init(fetch(wasm)), init(wasm), init()]);
      const store = await openStore({ name: "loaded again" });
      await store.setCursor("m", 1n);
      return [failures, wrong, String(await store.getCursor("m")), before.length];
    });
    // The server answered, and would answer the same.
    const failed = [true, "LoadFailed", false, true];
    // The page's own entry has loaded nothing either: it was only imported.
    assert.deepEqual(outcome, [[failed, failed, failed], ["InvalidInput", "source"], "1", 0]);
    await page.close();
  });

  test("the manual's routine recovers an agent after a crash", async () => {
    const manual = await readFile(new URL("../../pkg/README.md", import.meta.url), "utf8");
    const [, routine] = manual.match(/\*\*After a crash\*\*.*?```js\n(.*?)```/s);
    assert.ok(routine.split("\n").length <= 21, "it has about 20 lines");
    const page = await openPage();
    await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "agents" });
      globalThis.crashed = await store.runtime("crashed").claim();
      await crashed.transition({ from: "initializing", to: "idle" });
      const consumed = { ...(await tab.inputOf(0)), current_state: "consumed" };
      await crashed.transition({ from: "idle", to: "running", inputs: [await tab.inputOf(1), consumed] });
      await crashed.commitBoundary({ receipt: await tab.receiptOf(7n), session: new Uint8Array([1]) });
      await store.runtime("asleep").transition({ from: "initializing", to: "idle" });
    });
    const recovered = await page.evaluate(async (routine) => {
      const lines = [];
      console.log = (line) => lines.push(line);
      const done = new Promise((resolve) => (globalThis.recovered = resolve));
      const textContent = `${routine}\nrecovered();`;
      document.head.append(Object.assign(document.createElement("script"), { type: "module", textContent }));
      await done;
      const store = await burrow.openStore({ name: "agents" });
      const runtime = store.runtime("crashed");
      const inputs = await runtime.inputs({ live: true });
      const late = await tab.outcome(crashed.commitSession(new Uint8Array([2])));
      return [lines, await runtime.state(), inputs.map((input) => input.recovery_count), late];
    }, routine);
    assert.deepEqual(recovered, [["crashed: 1 live inputs, last boundary 7"], "idle", [1], "Fenced"]);
    await page.close();
  });

  test("the README's example does what it says", async () => {
    const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
    const [, example] = readme.match(/```js\n(.*?)```/s);
    const page = await openPage();
    const printed = await page.evaluate(async (example) => {
      const print = new Promise((resolve) => (console.log = (...values) => resolve(values)));
      const script = Object.assign(document.createElement("script"), {
        type: "module",
        textContent: example,
      });
      document.head.append(script);
      const [state, cursor, labels] = await print;
      return [state, typeof cursor, String(cursor), labels];
    }, example);
    assert.deepEqual(printed, ["idle", "bigint", "42", { env: "dev" }]);
    await page.close();
  });
}

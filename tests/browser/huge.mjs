// Values that are far too large, in a browser that has room for them: a typed error each, and the page goes on.

import assert from "node:assert/strict";
import { test } from "node:test";

export function testHuge({ openPage }) {
  test("a snapshot of 1.5 GiB is refused, and calls that bring 384 MiB wait outside the module", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      let memory;
      const { instantiate } = WebAssembly;
      WebAssembly.instantiate = async (...args) => {
        const instance = await instantiate.apply(WebAssembly, args);
        // The names of exports are shortened.
        memory = Object.values(instance.exports).find((exported) => exported instanceof WebAssembly.Memory);
        return instance;
      };
      const { openStore } = await import("/pkg/dist/browser.js?huge");
      const store = await openStore({ name: "huge" });
      const runtime = store.runtime("r");
      const refused = await runtime.commitSession(new Uint8Array(1.5 * 2 ** 30)).catch((error) => error);
      const snapshot = new Uint8Array(16 * 2 ** 20);
      const calls = [];
      for (let n = 1; n <= 24; n++) {
        snapshot[0] = n;
        calls.push(runtime.commitSession(snapshot));
      }
      await Promise.all(calls);
      return {
        refused: [refused.code, refused.argument, refused.message],
        stored: (await runtime.session())[0],
        megabytes: memory.buffer.byteLength / 2 ** 20,
      };
    });
    assert.deepEqual(result.refused, [
      "InvalidInput",
      "session",
      "invalid input: session: it has 1610612736 bytes, and a snapshot may have 67108864",
    ]);
    assert.equal(result.stored, 24);
    assert.ok(result.megabytes < 400, `${result.megabytes} MB of wasm memory`);
    await page.close();
  });

  test("what no answer can hold is TooLarge, of that call alone, and is read in parts", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "much" });
      const runtime = store.runtime("r");
      const state = { current_state: "queued", created_at: "2026-11-22T02:48:30Z" };
      const note = "x".repeat(2 ** 19);
      let last;
      // 400 MB, of records that Firefox keeps in no files of their own.
      for (let n = 0; n < 8; n++) {
        const inputs = [];
        for (let i = 0; i < 100; i++) {
          last = await burrow.newId();
          inputs.push({ input_id: last, ...state, updated_at: state.created_at, note });
        }
        const from = n === 0 ? "initializing" : "idle";
        await runtime.transition({ from, to: "idle", inputs });
      }
      const [all, cursor] = await Promise.all([
        runtime.inputs().catch((error) => error),
        store.getCursor("m"),
      ]);
      const ids = await runtime.inputIds({ limit: 1000 });
      return {
        all: [all.code, all.retryable, all.message],
        others: [cursor === undefined, ids.length, (await runtime.input(last)).note.length],
      };
    });
    assert.deepEqual(result.others, [true, 800, 2 ** 19]);
    assert.deepEqual(result.all.slice(0, 2), ["TooLarge", false]);
    assert.match(
      result.all[2],
      /^too large: it has \d+ bytes, and an answer may have 134217728; ask for less: /,
    );
    await page.close();
  });

  test("a record that is larger than an answer is Decode, of that call alone", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "oversized" });
      await store.setLabels({ mob: "m", run: "large" }, { a: "b" });
      await store.setLabels({ mob: "m", run: "small" }, { a: "b" });
      const database = await tab.rawDatabase("oversized");
      const transaction = database.transaction("burrow_labels", "readwrite");
      transaction.objectStore("burrow_labels").put(`{"a":"${"x".repeat(129 * 2 ** 20)}"}`, ["m", "large"]);
      await new Promise((resolve) => (transaction.oncomplete = resolve));
      database.close();
      const outcome = (call) =>
        call.then(JSON.stringify, ({ code, table, key }) => [code, table, key].join());
      return Promise.all([
        outcome(store.getLabels({ mob: "m", run: "large" })),
        outcome(store.getLabels({ mob: "m", run: "small" })),
        outcome(store.listLabels("m")),
        outcome(store.patchLabels({ mob: "m", run: "large" }, { set: { c: "d" } })),
        outcome(store.patchLabels({ mob: "m", run: "small" }, { set: { c: "d" } })),
      ]);
    });
    const large = "Decode,burrow_labels,[m, large]";
    assert.deepEqual(result, [large, '{"a":"b"}', large, large, '{"a":"b","c":"d"}']);
    await page.close();
  });
}

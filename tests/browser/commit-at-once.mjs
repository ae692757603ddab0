// A commit that has nothing to wait for is sent whole in the task of its call: no event of the page has to run before the browser
// may commit it. And it touches the object stores that it reads and writes, and no others.

import assert from "node:assert/strict";
import { test } from "node:test";

/** `inserts`: whether this browser undoes a transaction for an insert that fails after `commit()`; see `undoes_after_commit`. */
export function testCommitAtOnce({ openPage, elsewhere }, { inserts, endsPages, writesOneByOne }) {
  test("a commit is sent whole before anything is answered, over the object stores that it needs", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "at once" });
      const runtime = store.runtime("r");
      const steps = [];
      const { commit } = IDBTransaction.prototype;
      IDBTransaction.prototype.commit = function () {
        steps.push(`commit ${[...this.objectStoreNames].join()}`);
        return commit.call(this);
      };
      for (const name of ["add", "put", "get", "getKey", "delete"]) {
        const send = IDBObjectStore.prototype[name];
        IDBObjectStore.prototype[name] = function (...args) {
          const request = send.apply(this, args);
          steps.push(`${name} ${this.name}`);
          request.addEventListener("success", () => steps.push("answer"));
          return request;
        };
      }
      const sent = async (call) => {
        steps.length = 0;
        await call();
        return steps.slice(0, steps.indexOf("answer"));
      };
      const [input, other, receipt] = [await tab.inputOf(0), await tab.inputOf(1), await tab.receiptOf(0n)];
      return {
        boundary: await sent(() =>
          runtime.commitBoundary({ receipt, session: new Uint8Array(9), inputs: [other] }),
        ),
        input: await sent(() => runtime.persistInput(input)),
        again: await sent(() => runtime.persistInput(input)),
        cursor: await sent(() => store.setCursor("m", 1n)),
      };
    });
    // Whether the runtime is being deleted: its answer comes before the commit is complete, and the commit does not wait for it.
    const late = "get burrow_deletions";
    const marked = [
      late,
      "put burrow_commits",
      "put burrow_live_inputs",
      "commit burrow_commits,burrow_deletions,burrow_live_inputs,runtime_input_states",
    ];
    const boundary = [
      "put runtime_session_snapshots",
      "delete runtime_session_snapshots",
      "put burrow_live_inputs",
    ];
    const stores =
      "burrow_deletions,burrow_live_inputs,burrow_pruned,runtime_boundary_receipts,runtime_input_states,runtime_session_snapshots";
    assert.deepEqual(result, {
      boundary: inserts
        ? [
            late,
            ...boundary,
            "add runtime_boundary_receipts",
            // Whether the run was pruned.
            "add burrow_pruned",
            "delete burrow_pruned",
            `commit ${stores}`,
          ]
        : [
            "get runtime_boundary_receipts",
            "get burrow_pruned",
            late,
            ...boundary,
            "put runtime_boundary_receipts",
          ],
      input: inserts
        ? [late, "add burrow_live_inputs", "commit burrow_deletions,burrow_live_inputs,runtime_input_states"]
        : marked,
      // One that this store wrote is overwritten, and leaves a mark.
      again: marked,
      cursor: ["put burrow_commits", "put mobkit_metadata", "commit burrow_commits,mobkit_metadata"],
    });
    await page.close();
  });

  test("what is written at once to a runtime whose deletion was cut off is refused, and goes with the rest", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const [a, b] = [await burrow.openStore({ name: "late" }), await burrow.openStore({ name: "late" })];
      const [runtime, neighbour] = [b.runtime("r"), b.runtime("n")];
      const inputs = await Promise.all(Array.from({ length: 1500 }, (_, i) => tab.inputOf(i)));
      await runtime.commitBoundary({ receipt: await tab.receiptOf(0n), inputs });
      const session = new TextEncoder().encode("late");
      const [receipt, input, again] = [
        await tab.receiptOf(7n),
        await tab.inputOf(2000),
        await tab.inputOf(2001),
      ];
      // The first transaction of the deletion leaves its note. The others are cut off.
      const { getAllKeys } = IDBObjectStore.prototype;
      const unwatch = a.watch({ runtime: "r" }, ({ kinds }) => {
        if (!kinds.includes("claim")) return;
        unwatch();
        IDBObjectStore.prototype.getAllKeys = function () {
          throw new DOMException("cut off", "UnknownError");
        };
      });
      const cutOff = await tab.outcome(a.runtime("r").delete());
      IDBObjectStore.prototype.getAllKeys = getAllKeys;
      const outcomes = await Promise.all([
        tab.outcome(runtime.commitBoundary({ receipt, session, inputs: [input] })),
        tab.outcome(runtime.persistInput(again)),
        tab.outcome(neighbour.persistInput(again)),
        tab.outcome(runtime.commitSession(session)),
        tab.outcome(runtime.transition({ from: "initializing", to: "idle" })),
      ]);
      await a.runtime("r").delete();
      const left = [
        await a.runtimes(),
        (await runtime.receipts()).length,
        (await runtime.counts()).sessionBytes,
      ];
      await runtime.persistInput(input);
      return { cutOff: cutOff !== "ok", outcomes, left, anew: (await runtime.inputs()).length };
    });
    assert.deepEqual(result, {
      cutOff: true,
      outcomes: ["Deleted", "Deleted", "ok", "Deleted", "Deleted"],
      left: [["n"], 0, 0],
      anew: 1,
    });
    await page.close();
  });

  test("an insert that meets a record is decided anew, and no error reaches the page", async () => {
    const page = await openPage();
    const result = await page.evaluate(async () => {
      const [a, b] = [await burrow.openStore({ name: "met" }), await burrow.openStore({ name: "met" })];
      const uncaught = [];
      addEventListener("error", (event) => uncaught.push(event.message));
      addEventListener("unhandledrejection", (event) => uncaught.push(String(event.reason)));
      const [input, receipt] = [await tab.inputOf(0), await tab.receiptOf(0n)];
      const [first, second] = [a.runtime("r"), b.runtime("r")];
      const session = (text) => new TextEncoder().encode(text);
      await first.commitBoundary({ receipt, session: session("a"), inputs: [input] });
      const consumed = { ...input, current_state: "consumed" };
      const outcomes = await Promise.all([
        tab.outcome(second.commitBoundary({ receipt, session: session("b"), inputs: [consumed] })),
        tab.outcome(second.commitBoundary({ receipt, session: session("a"), inputs: [input] })),
        tab.outcome(second.commitBoundary({ receipt: { ...receipt, sequence: 1n } })),
      ]);
      const kept = [
        new TextDecoder().decode(await first.session()),
        (await first.input(input.input_id)).current_state,
      ];
      // A third store has not seen this input, and reads it while it writes.
      const third = (await burrow.openStore({ name: "met" })).runtime("r");
      const [persisted, read] = [tab.outcome(third.persistInput(consumed)), third.input(input.input_id)];
      outcomes.push(await persisted);
      const state = [(await read).current_state, (await first.input(input.input_id)).current_state];
      const sequences = (await first.receipts()).map((receipt) => String(receipt.sequence));
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { outcomes, kept, state, sequences, uncaught };
    });
    assert.deepEqual(result, {
      outcomes: ["Conflict", "ok", "ok", "ok"],
      kept: ["a", "queued"],
      state: ["consumed", "consumed"],
      sequences: ["0", "1"],
      uncaught: [],
    });
    await page.close();
  });

  // Firefox lets one transaction write to a database at a time, whatever it is about.
  test("reads of labels, and where the browser can also writes, do not wait for a snapshot that another tab writes", async () => {
    const [page, other] = [await openPage(), await openPage()];
    await page.evaluate(async () => {
      globalThis.store = await burrow.openStore({ name: "narrow" });
      await store.setLabels({ mob: "m" }, { env: "dev" });
    });
    await other.evaluate(async () => {
      const database = await new Promise((resolve, reject) => {
        const request = indexedDB.open("narrow");
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const stores = ["runtime_session_snapshots", "runtime_boundary_receipts", "runtime_input_states"];
      const transaction = database.transaction(stores, "readwrite");
      globalThis.holds = true;
      const hold = () => {
        if (holds) transaction.objectStore(stores[0]).get("none").onsuccess = hold;
      };
      hold();
      await new Promise((resolve) => setTimeout(resolve, 50));
    });
    const result = await page.evaluate(async (writesOneByOne) => {
      const labels = await store.getLabels({ mob: "m" });
      if (writesOneByOne) return labels.env;
      await store.patchLabels({ mob: "m" }, { set: { team: "a" } });
      await store.setCursor("m", 3n);
      await store.runtime("r").transition({ from: "initializing", to: "idle" });
      return (await store.listLabels("m"))[0].labels.env;
    }, writesOneByOne);
    assert.equal(result, "dev");
    await other.evaluate(() => {
      holds = false;
    });
    await Promise.all([page.close(), other.close()]);
  });

  // Chromium alone goes on with what a page has sent; Firefox and WebKit abort it.
  for (const count of [1, 8]) {
    test(`of ${count} boundaries that are sent as the page goes away each is whole, and in Chromium it is kept`, async () => {
      const page = await openPage();
      await page.evaluate(async (count) => {
        const store = await burrow.openStore({ name: `pagehide ${count}` });
        const boundaries = [];
        for (let at = 0; at < count; at++) {
          const session = new TextEncoder().encode("as the page went away");
          boundaries.push({ receipt: await tab.receiptOf(5n), session, inputs: [await tab.inputOf(at)] });
        }
        await store.runtime("r").commitSession(new TextEncoder().encode("before"));
        addEventListener("pagehide", () => {
          for (const boundary of boundaries) void store.runtime("r").commitBoundary(boundary);
        });
      }, count);
      await page.goto(elsewhere());
      const again = await openPage();
      const result = await again.evaluate(async (count) => {
        const runtime = (await burrow.openStore({ name: `pagehide ${count}` })).runtime("r");
        const session = new TextDecoder().decode(await runtime.session());
        return {
          sequences: (await runtime.receipts()).map(({ sequence }) => String(sequence)),
          inputs: (await runtime.inputs()).length,
          session,
        };
      }, count);
      const { length: receipts } = result.sequences;
      const session = receipts > 0 ? "as the page went away" : "before";
      assert.deepEqual(result, { sequences: Array(receipts).fill("5"), inputs: receipts, session });
      assert.ok(receipts === count || endsPages, `${receipts} of ${count}`);
      await Promise.all([page.close(), again.close()]);
    });
  }
}

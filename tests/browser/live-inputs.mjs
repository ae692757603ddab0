// Inputs that have not ended are found at their own cost, however many have ended, and nothing is lost on the way from the one to
// the other.

import assert from "node:assert/strict";
import { test } from "node:test";

export function testLiveInputs({ openPage }) {
  test("three live inputs are found by as many requests and rows among many that have ended as among few", async () => {
    const page = await openPage();
    const cost = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "live among many", durability: "relaxed" });
      const runtime = store.runtime("r");
      for (let at = 0; at < 3; at++) await runtime.persistInput(await tab.inputOf(at));
      let requests, rows;
      for (const name of ["get", "getAll", "getAllKeys", "count", "openCursor", "openKeyCursor"]) {
        const send = IDBObjectStore.prototype[name];
        IDBObjectStore.prototype[name] = function (...args) {
          const request = send.apply(this, args);
          requests++;
          request.addEventListener("success", () => (rows += request.result?.length ?? 1));
          return request;
        };
      }
      const costOf = async (call) => {
        [requests, rows] = [0, 0];
        const found = await call();
        return [requests, rows, found];
      };
      const run_id = await burrow.newId();
      const costs = [];
      for (const [at, many] of [5, 1500].entries()) {
        const receipt = { ...(await tab.receiptOf(BigInt(at))), run_id };
        const ended = [];
        for (let input = 0; input < many; input++)
          ended.push({ ...(await tab.inputOf(10)), current_state: "consumed" });
        await runtime.commitBoundary({ receipt, inputs: ended });
        costs.push([
          await costOf(async () => (await runtime.recover()).inputs.map(({ input_id }) => input_id)),
          await costOf(async () => (await runtime.inputs({ live: true, limit: 10 })).length),
          await costOf(async () => (await runtime.counts()).liveInputs.queued),
        ]);
      }
      return { costs, counts: await runtime.counts() };
    });
    assert.equal(cost.costs[0][0][2].length, 3);
    assert.deepEqual(cost.costs[1], cost.costs[0]);
    assert.equal(cost.counts.terminalInputs, 1505);
    await page.close();
  });

  test("an input that ends, and one that begins anew, is in every list once", async () => {
    const page = await openPage();
    const lists = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "ends and begins", durability: "relaxed" });
      const runtime = store.runtime("r");
      const inputs = [];
      for (let at = 0; at < 6; at++) inputs.push(await tab.inputOf(at));
      const at = (input) => inputs.findIndex(({ input_id }) => input_id === input.input_id);
      const look = async () => {
        const pages = [];
        for (const order of ["ascending", "descending"]) {
          let after;
          for (;;) {
            const found = await runtime.inputs({ limit: 2, order, after });
            pages.push(found.map((input) => `${at(input)} ${input.current_state}`).join());
            if (found.length < 2) break;
            after = found.at(-1).input_id;
          }
        }
        const { liveInputs, terminalInputs } = await runtime.counts();
        return {
          pages: pages.join("; "),
          all: (await runtime.inputs()).map((input) => at(input)).join(""),
          ids: (await runtime.inputIds()).length,
          live: (await runtime.inputs({ live: true, limit: 9 })).map((input) => at(input)).join(""),
          counts: [liveInputs.queued ?? 0, terminalInputs].join(),
          one: (await runtime.input(inputs[2].input_id))?.current_state,
        };
      };
      const ended = (input) => ({ ...input, current_state: "consumed" });
      const looks = [];
      for (const input of inputs) await runtime.persistInput(input);
      for (const input of [inputs[0], inputs[2], inputs[5]]) await runtime.persistInput(ended(input));
      looks.push(await look());
      // By another store, which did not write it before: it is inserted where this browser inserts.
      const other = await burrow.openStore({ name: "ends and begins", durability: "relaxed" });
      await other.runtime("r").persistInput(inputs[2]);
      looks.push(await look());
      await runtime.persistInput(ended(inputs[2]));
      looks.push(await look());
      await runtime.delete();
      const database = await tab.rawDatabase("ends and begins");
      const left = database.transaction("burrow_live_inputs").objectStore("burrow_live_inputs").count();
      await new Promise((resolve) => (left.onsuccess = resolve));
      return { looks, left: left.result, after: await look() };
    });
    const ended = {
      pages:
        "0 consumed,1 queued; 2 consumed,3 queued; 4 queued,5 consumed; ; 5 consumed,4 queued; 3 queued,2 consumed; 1 queued,0 consumed; ",
      all: "012345",
      ids: 6,
      live: "134",
      counts: "3,3",
      one: "consumed",
    };
    const anew = {
      ...ended,
      pages: ended.pages.replaceAll("2 consumed", "2 queued"),
      live: "1234",
      counts: "4,2",
      one: "queued",
    };
    assert.deepEqual(lists.looks, [ended, anew, ended]);
    assert.equal(lists.left, 0);
    assert.deepEqual(lists.after, { pages: "; ", all: "", ids: 0, live: "", counts: "0,0" });
    await page.close();
  });

  test("every list of many inputs, in whichever state, has each of them once and in order", async () => {
    const page = await openPage();
    const wrong = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "many lists", durability: "relaxed" });
      const runtime = store.runtime("r");
      const run_id = await burrow.newId();
      const inputs = [];
      for (let at = 0; at < 700; at++) inputs.push(await tab.inputOf(at));
      const shown = (list) =>
        list.map(({ input_id, current_state }) => `${input_id} ${current_state}`).join();
      const wrong = [];
      const pages = async (options) => {
        const all = [];
        for (let after; ;) {
          const found = await runtime.inputs({ ...options, after });
          all.push(...found);
          if (found.length < options.limit) return all;
          after = found.at(-1).input_id;
        }
      };
      // All live, all ended, and between: each third or second one, a block, all but one.
      const ends = [
        () => false,
        (at) => at % 3 === 0,
        (at) => at > 199 && at < 420,
        (at) => at % 2 === 0,
        (at) => at !== 650,
      ];
      for (const [sequence, isEnded] of [...ends, () => true].entries()) {
        for (const [at, input] of inputs.entries()) input.current_state = isEnded(at) ? "consumed" : "queued";
        const receipt = { ...(await tab.receiptOf(BigInt(sequence))), run_id };
        await runtime.commitBoundary({ receipt, inputs });
        const live = inputs.filter(({ current_state }) => current_state === "queued");
        const same = (what, found, expected) => {
          if (shown(found) !== shown(expected))
            wrong.push(`${sequence} ${what}: ${found.length} of ${expected.length}`);
        };
        same("all", await runtime.inputs(), inputs);
        for (const limit of [63, 200, 350]) {
          same(`ascending by ${limit}`, await pages({ limit, order: "ascending" }), inputs);
          same(`descending by ${limit}`, await pages({ limit, order: "descending" }), inputs.toReversed());
          same(`live by ${limit}`, await pages({ limit, live: true }), live);
        }
        same("recovered", (await runtime.recover()).inputs, live);
      }
      return wrong;
    });
    assert.deepEqual(wrong, []);
    await page.close();
  });

  test("an upgrade that is cut off has moved nothing, and the next one moves all", async () => {
    const page = await openPage();
    const ids = await page.evaluate(async () => {
      const stores = [
        ...[
          "runtime_input_states",
          "runtime_boundary_receipts",
          "runtime_session_snapshots",
          "runtime_states",
        ],
        ...["runtime_ops_lifecycle", "runtime_auth_oauth_flow_state", "mobkit_metadata", "burrow_labels"],
        ...["burrow_sessions", "burrow_claims", "burrow_pruned", "burrow_deletions", "burrow_commits"],
        "burrow_database",
      ];
      const database = await tab.rawDatabase("version 4", 4, (db, transaction) => {
        for (const store of stores) db.createObjectStore(store);
        transaction.objectStore("burrow_database").put("01a22d2e-3754-76dd-9488-7ceca4a64024", ["id"]);
      });
      const [inputs, live] = [[], []];
      for (let at = 0; at < 3000; at++) {
        const input = await tab.inputOf(at);
        if (at % 100 === 0) live.push(input.input_id);
        else input.current_state = "consumed";
        inputs.push(input);
      }
      const filling = database.transaction("runtime_input_states", "readwrite");
      for (const input of inputs)
        filling.objectStore("runtime_input_states").put(JSON.stringify(input), ["r", input.input_id]);
      await new Promise((resolve) => (filling.oncomplete = resolve));
      database.close();
      return live;
    });
    await page.close();
    for (const after of [0, 3, 10, 30]) {
      const cut = await openPage();
      await cut.evaluate((after) => {
        void burrow.openStore({ name: "version 4" }).catch(() => {});
        return new Promise((resolve) => setTimeout(resolve, after));
      }, after);
      await cut.close();
    }
    const last = await openPage();
    const found = await last.evaluate(async () => {
      const store = await burrow.openStore({ name: "version 4" });
      const runtime = store.runtime("r");
      const live = (await runtime.recover()).inputs.map(({ input_id }) => input_id);
      const { terminalInputs } = await runtime.counts();
      const database = await tab.rawDatabase("version 4");
      return { live, terminalInputs, all: (await runtime.inputs()).length, version: database.version };
    });
    assert.deepEqual(found, { live: ids.toSorted(), terminalInputs: 2970, all: 3000, version: 5 });
    await last.close();
  });
}

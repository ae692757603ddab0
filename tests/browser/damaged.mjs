// Snapshots and inputs that were changed in the browser's storage, past burrow: none is given out as whole, each is named, and nothing
// else is hidden.

import assert from "node:assert/strict";
import { test } from "node:test";

/** What is done to the pieces of the snapshot "r", of which there are three; those of "other" are as many. */
const DAMAGES = {
  "a byte is another": `(pieces) => (pieces[1][0] ^= 1)`,
  "a byte of its last piece is another": `(pieces) => (pieces[2][0][9] ^= 128)`,
  "its last piece is lost": `(pieces) => pieces.pop()`,
  "its first piece is lost": `(pieces) => pieces.shift()`,
  "two pieces are swapped": `(pieces) => pieces.unshift(...pieces.splice(1, 1))`,
  "a piece is another's": `(pieces, others) => (pieces[1] = others[1])`,
  "all of it is another's": `(pieces, others) => pieces.splice(0, 3, ...others)`,
  "its last piece is shorter": `(pieces) => (pieces[2][0] = pieces[2][0].slice(1))`,
  "its sum is another's": `(pieces, others) => (pieces[2][1] = others[2][1])`,
  "its sum is nothing": `(pieces) => (pieces[2][1] = undefined)`,
  "its end is an older one": `(pieces) => pieces.splice(1, 2, [pieces[1].slice(9), pieces[2][1]])`,
};

export function testDamaged({ openPage }) {
  test("a damaged snapshot is told whatever was done to it, and verify names it and nothing else", async () => {
    const page = await openPage();
    const told = await page.evaluate(async (damages) => {
      const rows = await import("/tests/browser/damaged-rows.mjs");
      const found = {};
      for (const [what, damage] of Object.entries(damages)) {
        const name = `damaged: ${what}`;
        const store = await burrow.openStore({ name, durability: "relaxed" });
        const snapshot = (seed) =>
          Uint8Array.from({ length: 150_000 }, (_, at) => Math.imul(at, at + seed) >> 7);
        for (const [runtime, seed] of [
          ["other", 5],
          ["r", 7],
        ])
          await store
            .runtime(runtime)
            .commitBoundary({ receipt: await tab.receiptOf(0n), session: snapshot(seed) });
        const database = await tab.rawDatabase(name);
        const pieces = await rows.all(database, "runtime_session_snapshots");
        const of = (runtime) => pieces.filter(([[id]]) => id === runtime).map(([, value]) => value);
        const own = of("r");
        (0, eval)(damage)(own, structuredClone(of("other")));
        await rows.replace(database, "runtime_session_snapshots", "r", own);
        database.close();
        const error = await store
          .runtime("r")
          .session()
          .then(
            (got) => got.length,
            (error) => error,
          );
        const { findings } = await store.verify();
        const other = await store.runtime("other").session();
        found[what] = [
          error.code ?? error,
          error.message?.split(":")[0],
          findings.map(({ table, key }) => `${table} ${key}`),
          String(other) === String(snapshot(5)),
        ];
      }
      return found;
    }, DAMAGES);
    const name = "runtime_session_snapshots [r]";
    for (const what of Object.keys(DAMAGES))
      assert.deepEqual(told[what], ["Decode", `cannot decode ${name}`, [name], true], what);
    await page.close();
  });

  test("inputs under each other's keys are told, in every list, and verify names both", async () => {
    const page = await openPage();
    const told = await page.evaluate(async () => {
      const rows = await import("/tests/browser/damaged-rows.mjs");
      const store = await burrow.openStore({ name: "swapped", durability: "relaxed" });
      const runtime = store.runtime("r");
      const inputs = [await tab.inputOf(0), await tab.inputOf(1), await tab.inputOf(2)];
      for (const input of inputs) await runtime.persistInput(input);
      const database = await tab.rawDatabase("swapped");
      const [one, other] = await rows.all(database, "burrow_live_inputs");
      await rows.put(database, "burrow_live_inputs", [
        [one[0], other[1]],
        [other[0], one[1]],
      ]);
      database.close();
      const outcomes = [
        runtime.input(inputs[0].input_id),
        runtime.inputs(),
        runtime.inputs({ live: true, limit: 9 }),
      ];
      outcomes.push(runtime.recover(), runtime.input(inputs[2].input_id));
      const { findings } = await store.verify();
      const ids = inputs.map(({ input_id }) => input_id);
      return {
        outcomes: await Promise.all(outcomes.map(tab.outcome)),
        findings: findings.map(({ key }) => ids.findIndex((id) => key === `[r, ${id}]`)),
      };
    });
    assert.deepEqual(told.outcomes, ["Decode", "Decode", "Decode", "Decode", "ok"]);
    assert.deepEqual(told.findings, [0, 1]);
    await page.close();
  });

  test("terminal inputs and receipts under each other's keys are told, in every list and over two pages", async () => {
    const page = await openPage();
    const outcomes = await page.evaluate(async () => {
      const rows = await import("/tests/browser/damaged-rows.mjs");
      const store = await burrow.openStore({ name: "swapped elsewhere", durability: "relaxed" });
      const database = await tab.rawDatabase("swapped elsewhere");
      const swapLastTwo = async (table, runtime) => {
        const [one, other] = (await rows.all(database, table))
          .filter(([key]) => key[0] === runtime)
          .slice(-2);
        await rows.put(database, table, [
          [one[0], other[1]],
          [other[0], one[1]],
        ]);
      };
      const told = [];
      for (const live of [0, 2]) {
        const runtime = store.runtime(`${live} live`);
        for (let at = 0; at < 5; at++) {
          const input = await tab.inputOf(at);
          await runtime.persistInput(at < live ? input : { ...input, current_state: "consumed" });
        }
        const whole = (await runtime.inputs()).length;
        await swapLastTwo("runtime_input_states", `${live} live`);
        told.push(whole, await tab.outcome(runtime.inputs()), await tab.outcome(runtime.recover()));
      }
      const runtime = store.runtime("r");
      for (let at = 0n; at < 3n; at++) await runtime.commitBoundary({ receipt: await tab.receiptOf(at) });
      told.push((await runtime.receipts()).length);
      await swapLastTwo("runtime_boundary_receipts", "r");
      // With a limit the two are on different pages.
      for (const options of [{}, { limit: 1 }, { limit: 2 }]) {
        const pages = async () => {
          for (let after; ;) {
            const page = await runtime.receipts({ ...options, after });
            if (page.length === 0) return;
            after = page.at(-1);
          }
        };
        told.push(await tab.outcome(pages()));
      }
      return told;
    });
    assert.deepEqual(outcomes, [5, "Decode", "ok", 5, "Decode", "ok", 3, "Decode", "Decode", "Decode"]);
    await page.close();
  });

  test("inputs and receipts under another runtime's keys are told", async () => {
    const page = await openPage();
    const outcomes = await page.evaluate(async () => {
      const rows = await import("/tests/browser/damaged-rows.mjs");
      const store = await burrow.openStore({ name: "swapped between", durability: "relaxed" });
      for (const id of ["a", "b"]) {
        const inputs = [await tab.inputOf(0), { ...(await tab.inputOf(1)), current_state: "consumed" }];
        await store.runtime(id).commitBoundary({ receipt: await tab.receiptOf(0n), inputs });
      }
      const database = await tab.rawDatabase("swapped between");
      const told = [];
      for (const table of ["burrow_live_inputs", "runtime_input_states", "runtime_boundary_receipts"]) {
        const whole = await rows.all(database, table);
        const [one, other] = whole;
        await rows.put(database, table, [
          [one[0], other[1]],
          [other[0], one[1]],
        ]);
        for (const id of ["a", "b"]) {
          const runtime = store.runtime(id);
          told.push(await tab.outcome(runtime.inputs()), await tab.outcome(runtime.receipts()));
        }
        await rows.put(database, table, whole);
      }
      return told;
    });
    const [inputs, receipts] = [
      ["Decode", "ok"],
      ["ok", "Decode"],
    ];
    assert.deepEqual(outcomes, [inputs, inputs, inputs, inputs, receipts, receipts].flat());
    await page.close();
  });

  test("a row whose key has a part too many is told and counts as no other's", async () => {
    const page = await openPage();
    const outcomes = await page.evaluate(async () => {
      const rows = await import("/tests/browser/damaged-rows.mjs");
      const told = {};
      for (const [table, listed] of Object.entries({
        burrow_live_inputs: (runtime) => runtime.inputs(),
        runtime_input_states: (runtime) => runtime.inputs(),
        runtime_boundary_receipts: (runtime) => runtime.receipts(),
        runtime_states: (_, store) => store.runtimes({ state: "idle" }),
      })) {
        const name = `a part too many: ${table}`;
        const store = await burrow.openStore({ name, durability: "relaxed" });
        const runtime = store.runtime("r");
        const inputs = [await tab.inputOf(0), { ...(await tab.inputOf(1)), current_state: "consumed" }];
        await runtime.commitBoundary({
          receipt: await tab.receiptOf(0n),
          session: new Uint8Array(9),
          inputs,
        });
        await runtime.transition({ from: "initializing", to: "idle" });
        const database = await tab.rawDatabase(name);
        const [key, value] = (await rows.all(database, table))[0];
        await rows.put(database, table, [[[...key, "more"], value]]);
        database.close();
        const { findings } = await store.verify();
        told[table] = [
          await tab.outcome(listed(runtime, store)),
          findings.map(({ table, key }) => [table, JSON.parse(key).at(-1)].join()),
          [await tab.outcome(runtime.input(inputs[0].input_id)), await tab.outcome(runtime.state())],
        ];
      }
      return told;
    });
    for (const [table, told] of Object.entries(outcomes))
      assert.deepEqual(told, ["Decode", [`${table},more`], ["ok", "ok"]], table);
    await page.close();
  });
}

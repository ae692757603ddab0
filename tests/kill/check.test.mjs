// The checker itself: it finds nothing wrong with a store that keeps its promises, and what is broken, whichever promise it is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { newId, openStore } from "../../pkg/dist/node.js";
import { Violation } from "./check.mjs";
import { look, perform } from "./perform.mjs";
import { killAgainAndAgain } from "./rounds.mjs";

const KILLS = 6;

/** Writers on a store in memory, "killed" by not being answered any more. `carryOut` is what they do in the place of `perform`. */
async function memoryEngine(carryOut = perform) {
  const store = await openStore();
  let underWay = new Set();
  return {
    async start() {
      let isKilled = false;
      await Promise.allSettled(underWay);
      underWay = new Set();
      return {
        look: (asked) => look(store, asked),
        async perform(writer, operation) {
          const performing = carryOut(store, operation);
          underWay.add(performing);
          await performing;
          underWay.delete(performing);
          // Lets others run in between, as a process of its own would.
          await new Promise(setImmediate);
          if (isKilled) throw new Error("killed");
        },
        kill: async () => void (isKilled = true),
      };
    },
  };
}

test("a store that keeps its promises has no fault", async () => {
  const sum = await killAgainAndAgain(await memoryEngine(), KILLS);
  assert.equal(sum.kills, KILLS);
  assert.ok(sum.acknowledged > 0);
});

const every = (name, broken) => (store, operation) =>
  operation.do === name && !operation.again ? broken(store, operation) : perform(store, operation);

const BROKEN = {
  "what is acknowledged and not done": every("cursor", async () => {}),
  "a boundary without its inputs": every("boundary", (store, operation) =>
    perform(store, { ...operation, inputs: [] }),
  ),
  "a boundary with another snapshot": every("boundary", (store, operation) =>
    perform(store, { ...operation, session: JSON.stringify({ id: operation.sessionKey }) }),
  ),
  "a boundary without its receipt": every("boundary", async (store, { runtime, session, inputs }) => {
    await store.runtime(runtime).commitSession(new TextEncoder().encode(session));
    for (const input of inputs) await perform(store, { do: "input", runtime, input });
  }),
  "a step without its inputs": every("step", (store, operation) =>
    perform(store, { ...operation, inputs: [] }),
  ),
  "a deletion that is not done": every("delete", async () => {}),
  "a deletion that comes back": every("delete", async (store, operation) => {
    await perform(store, operation);
    const input = { input_id: await newId(), current_state: "queued", last_boundary_sequence: 0 };
    const when = "2026-11-27T00:00:00Z";
    await perform(store, {
      ...operation,
      do: "input",
      input: { ...input, created_at: when, updated_at: when },
    });
  }),
  "a pruning that takes more": every("prune", (store, operation) =>
    perform(store, { ...operation, keepReceipts: 0, keepTerminalInputs: 0 }),
  ),
  "an update that overwrites what others wrote": every("oauth", (store, { writer, flow }) =>
    store.persistOauthFlows(new TextEncoder().encode(JSON.stringify({ [writer]: flow }))),
  ),
};

for (const [name, carryOut] of Object.entries(BROKEN)) {
  test(`${name} is found`, async () => {
    await assert.rejects(killAgainAndAgain(await memoryEngine(carryOut), KILLS), Violation);
  });
}

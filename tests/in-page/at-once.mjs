// Calls made at once, on every backend: each comes to what it would have come to alone, in the order of the calls.

import { equal } from "../support/expect.mjs";

const NOW = "2026-11-22T02:48:30Z";
const AT_ONCE = 64;

const bytes = (text) => new TextEncoder().encode(text);
const each = (work) => Promise.all(Array.from({ length: AT_ONCE }, (_, i) => work(i)));

/** "ok", or the code of the error. */
const outcome = (promise) =>
  promise.then(
    () => "ok",
    (error) => error.code,
  );

async function boundary({ newId }, sequence, text) {
  const members = { current_state: "queued", attempt_count: 0, recovery_count: 0, history: [] };
  const input = { input_id: await newId(), ...members, created_at: NOW, updated_at: NOW };
  const receipt = { run_id: await newId(), boundary: "immediate", contributing_input_ids: [input.input_id] };
  return { receipt: { ...receipt, message_count: 1n, sequence }, session: bytes(text), inputs: [input] };
}

export const atOnce = {
  async "boundaries committed at once are each whole, and one that conflicts is refused alone"({
    store,
    newId,
  }) {
    const first = await boundary({ newId }, 0n, "first");
    await store.runtime("r7").commitBoundary(first);
    const boundaries = await each((i) => boundary({ newId }, BigInt(i), `session ${i}`));
    boundaries[7].receipt = { ...first.receipt, message_count: 2n };
    const outcomes = await each((i) => outcome(store.runtime(`r${i}`).commitBoundary(boundaries[i])));
    equal(
      outcomes,
      boundaries.map((_, i) => (i === 7 ? "Conflict" : "ok")),
    );
    boundaries[7] = first;
    await each(async (i) => {
      const { receipt, session, inputs } = boundaries[i];
      const runtime = store.runtime(`r${i}`);
      equal(await runtime.receipt(receipt.run_id, receipt.sequence), receipt);
      equal(await runtime.session(), session);
      equal((await runtime.inputs()).length, inputs.length);
    });
  },

  async "calls made at once keep their order, and each sees what those before it wrote"({ store }) {
    const runtime = store.runtime("r");
    const told = [];
    const unwatch = store.watch({}, ({ mob, kinds }) => told.push(`${mob} ${kinds}`));
    const [steps, sessions, labels, cursors] = await Promise.all([
      Promise.all([
        runtime.transition({ from: "initializing", to: "idle" }),
        runtime.transition({ from: "idle", to: "running" }),
        outcome(runtime.transition({ from: "idle", to: "running" })),
        runtime.transition({ from: "running", to: "idle" }),
      ]),
      each((i) => outcome(runtime.commitSession(bytes(String(i))))),
      each((i) => store.setLabels({ mob: "m" }, { i: String(i) }).then(() => store.getLabels({ mob: "m" }))),
      each((i) => outcome(store.setCursor(`mob ${i}`, BigInt(i)))),
    ]);
    unwatch();
    equal(steps[2], "Conflict");
    equal(await runtime.state(), "idle");
    equal(sessions.concat(cursors), Array(2 * AT_ONCE).fill("ok"));
    equal(new TextDecoder().decode(await runtime.session()), String(AT_ONCE - 1));
    equal(labels.at(-1), { i: String(AT_ONCE - 1) });
    equal(
      told.filter((change) => change.endsWith("cursor")),
      cursors.map((_, i) => `mob ${i} cursor`),
    );
    equal(told.length, 3 + 3 * AT_ONCE);
  },

  async "updates made at once are each a step of its own"({ store }) {
    const add = (stored) => bytes(`${stored ? new TextDecoder().decode(stored) : ""}1`);
    const outcomes = await each((i) =>
      outcome(
        store.updateOauthFlows((stored) => {
          if (i % 9 === 8) throw Object.assign(new Error("not this one"), { code: "Mine" });
          return add(stored);
        }),
      ),
    );
    const refused = outcomes.filter((code) => code === "Mine").length;
    equal(refused, 7);
    equal((await store.oauthFlows()).length, AT_ONCE - refused);
  },
};

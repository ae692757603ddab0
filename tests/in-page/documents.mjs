// Documents come back as they were given, member for member.

import { equal, fails } from "../support/expect.mjs";
import { bytes, input, receipt, U64_MAX } from "./makers.mjs";

export const documents = {
  async "labels are plain objects, and any string is a key"({ store }) {
    const labels = JSON.parse('{"__proto__":"x","":"","constructor":"y","a\\u0000b":"🧠"}');
    await store.setLabels({ mob: "m" }, labels);
    const stored = await store.getLabels({ mob: "m" });
    equal(stored, labels);
    equal(Object.getPrototypeOf(stored) === Object.prototype, true);
    equal(Object.hasOwn(stored, "__proto__"), true);
  },

  async "members that burrow does not know are kept"({ store, newId }) {
    const runtime = store.runtime("r");
    const future = { nested: [{ deep: 1.5 }], none: null };
    const strange = await input({ newId }, { future });
    strange.history[0].actor = future;
    const committed = await receipt({ newId }, { future });
    await runtime.commitBoundary({ receipt: committed, inputs: [strange] });
    equal(await runtime.input(strange.input_id), strange);
    equal(await runtime.receipt(committed.run_id, 0n), committed);
  },

  async "a whole number keeps its digits, however large, when it is read and written back"({ store, newId }) {
    const runtime = store.runtime("r");
    const large = { nanoseconds: 2n ** 53n + 1n, below: -(2n ** 70n), list: [U64_MAX, 1, 1.5, -0] };
    const written = await input({ newId }, { persisted_input: large, policy: { small: 7n } });
    await runtime.persistInput(written);
    const read = await runtime.input(written.input_id);
    equal(read, { ...written, policy: { small: 7 } });
    await runtime.persistInput({ ...read, attempt_count: 1 });
    equal((await runtime.inputs())[0].persisted_input, large);
    const committed = await receipt({ newId }, { sequence: U64_MAX, large });
    await runtime.commitBoundary({ receipt: committed });
    await runtime.commitBoundary({ receipt: (await runtime.receipts())[0] });
    equal(await runtime.receipt(committed.run_id, U64_MAX), committed);
  },

  async "a value of JSON.rawJSON is written as its text"({ store, newId }) {
    // Node 20, Safari and older browsers have none.
    if (!JSON.rawJSON) return;
    const runtime = store.runtime("r");
    const texts = ["12345678901234567890", '"ポチ \\u0041"', "true", "null", "-0"];
    const [large, text, ...others] = texts.map((text) => JSON.rawJSON(text));
    const persisted_input = { large, list: [text, others], made: { toJSON: () => large } };
    const written = await input({ newId }, { persisted_input });
    await runtime.persistInput(written);
    const read = await runtime.input(written.input_id);
    const digits = 12345678901234567890n;
    equal(read.persisted_input, { large: digits, list: ["ポチ A", [true, null, -0]], made: digits });
    const lone = await input({ newId }, { persisted_input: JSON.rawJSON('"\\ud800"') });
    await fails(runtime.persistInput(lone), { code: "InvalidInput", argument: "input.persisted_input" });
    const committed = await receipt({ newId }, { sequence: JSON.rawJSON("7") });
    await fails(runtime.commitBoundary({ receipt: committed }), { argument: "receipt.sequence" });
    await fails(runtime.commitBoundary({ receipt: large }), { argument: "receipt" });
  },

  async "a receipt in another spelling is the same"({ store, newId }) {
    const runtime = store.runtime("r");
    const { conversation_digest, ...committed } = await receipt({ newId });
    await runtime.commitBoundary({ receipt: committed, session: bytes("1") });
    for (const same of [
      { ...committed, conversation_digest: null },
      { ...committed, run_id: committed.run_id.toUpperCase() },
      Object.fromEntries(Object.entries(committed).reverse()),
    ]) {
      await runtime.commitBoundary({ receipt: same, session: bytes("1") });
    }
    await fails(runtime.commitBoundary({ receipt: { ...committed, conversation_digest } }), {
      code: "Conflict",
    });
    equal(await runtime.receipt(committed.run_id, 0n), committed);
  },

  async "an operation registry comes back without loss"({ store }) {
    const runtime = store.runtime("r");
    equal(await runtime.ops(), undefined);
    const snapshot = {
      epoch_id: "e",
      authority_state: { active_count: 1, max_concurrent: null },
      operation_specs: {},
      completion_entries: [{ seq: 1 }],
      cursors: {
        agent_applied_cursor: U64_MAX,
        runtime_observed_seq: 0n,
        runtime_last_injected_seq: 1n,
        future: 1,
      },
      future: ["kept"],
    };
    await runtime.persistOps(snapshot);
    equal(await runtime.ops(), snapshot);
    const wrong = { ...snapshot, cursors: { ...snapshot.cursors, runtime_observed_seq: 0 } };
    await fails(runtime.persistOps(wrong), { argument: "snapshot.cursors.runtime_observed_seq" });
    await fails(runtime.persistOps({}), { code: "InvalidInput", argument: "snapshot.cursors" });
    equal(await runtime.ops(), snapshot);
  },

  async "what an input leaves out is 0 or empty when it is read"({ store, newId }) {
    const runtime = store.runtime("r");
    const { attempt_count, recovery_count, history, ...fresh } = await input({ newId });
    const read = { ...fresh, attempt_count: 0, recovery_count: 0, history: [] };
    await runtime.persistInput(fresh);
    equal([await runtime.input(fresh.input_id), await runtime.inputs()], [read, [read]]);
    await runtime.transition({ from: "initializing", to: "idle", inputs: [fresh] });
    await runtime.commitBoundary({ receipt: await receipt({ newId }), inputs: [fresh] });
    equal(await runtime.inputs(), [read]);
    await fails(runtime.persistInput({ ...fresh, history: null }), {
      code: "InvalidInput",
      argument: "input",
    });
  },
};

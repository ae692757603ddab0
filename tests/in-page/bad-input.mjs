// Arguments that no call may take: each is refused by its name, and the store stays as it was.

import { equal, fails } from "../support/expect.mjs";
import { bytes, input, receipt } from "./makers.mjs";

export const badInput = {
  async "an unknown member of an option object is told with the nearest name"({ store, newId }) {
    const told = (attempt, unknown, nearest) =>
      fails(attempt, {
        code: "InvalidInput",
        message: `invalid input: ${unknown}; did you mean \`${nearest}\`?`,
      });
    await told(store.getLabels({ mob: "m", runId: "r" }), "scope: unknown member `runId`", "run");
    await told(store.mobs({ afer: "m" }), "page: unknown member `afer`", "after");
    const commit = { receipt: await receipt({ newId }), snapshot: bytes("1") };
    await told(store.runtime("r").commitBoundary(commit), "commit: unknown member `snapshot`", "session");
    const from = { from: "idle", too: "running" };
    await told(store.runtime("r").transition(from), "transition: unknown member `too`", "to");
  },

  async "bad input is refused by the argument's name, and nothing changes"({ store, newId }) {
    const runtime = store.runtime("r");
    const good = { receipt: await receipt({ newId }), input: await input({ newId }) };
    await store.setLabels({ mob: "m" }, { env: "dev" });
    await store.setCursor("m", 7n);
    await runtime.commitBoundary({ receipt: good.receipt, session: bytes("1"), inputs: [good.input] });
    const holdings = async () => ({
      labels: await store.listLabels("m"),
      cursor: await store.getCursor("m"),
      inputs: await runtime.inputs(),
      session: await runtime.session(),
      receipts: await runtime.receipts(),
      state: await runtime.state(),
    });
    const before = await holdings();
    const claimed = await store.runtime("claimed").claim();
    const keyAlone = async () => ({ receipt: await receipt({ newId }), sessionKey: await newId() });
    const symbol = { env: "prod", [Symbol("s")]: "x" };

    const withReceipt = async (members) => ({
      receipt: await receipt({ newId }, members),
      session: bytes("2"),
    });
    const lone = "\ud800";
    const idle = { from: "initializing", to: "idle" };
    const bad = [
      ["scope", () => store.setLabels("m", {})],
      ["scope.mob", () => store.setLabels({ mob: "" }, { a: "b" })],
      ["scope.mob", () => store.setLabels({ mob: lone }, { a: "b" })],
      ["scope.mob", () => store.getLabels({})],
      ["scope.run", () => store.setLabels({ mob: "m", run: "" }, { a: "b" })],
      ["scope.run", () => store.deleteLabels({ mob: "m", run: null })],
      ["labels", () => store.setLabels({ mob: "m" }, new Map([["a", "b"]]))],
      ["labels", () => store.setLabels({ mob: "m" }, ["a"])],
      ["labels", () => store.setLabels({ mob: "m" })],
      ['labels["n"]', () => store.setLabels({ mob: "m" }, { n: 1 })],
      ['labels["n"]', () => store.setLabels({ mob: "m" }, { n: lone })],
      ["labels (a key)", () => store.setLabels({ mob: "m" }, { [lone]: "x" })],
      ["labels", () => store.setLabels({ mob: "m" }, symbol)],
      ["patch.set", () => store.patchLabels({ mob: "m" }, { set: symbol })],
      ["expected", () => store.compareAndSetLabels({ mob: "m" }, { ...symbol, env: "dev" }, {})],
      ["labels", () => store.compareAndSetLabels({ mob: "m" }, { env: "dev" }, symbol)],
      ["patch", () => store.patchLabels({ mob: "m" }, { add: { env: "x" } })],
      ["patch.set", () => store.patchLabels({ mob: "m" }, { set: ["env"] })],
      ['patch.set["env"]', () => store.patchLabels({ mob: "m" }, { set: { env: 1 } })],
      ["patch.remove", () => store.patchLabels({ mob: "m" }, { remove: "env" })],
      ["patch.remove[1]", () => store.patchLabels({ mob: "m" }, { remove: ["env", lone] })],
      ["patch.remove", () => store.patchLabels({ mob: "m" }, { set: { env: "x" }, remove: ["env"] })],
      ["expected", () => store.compareAndSetLabels({ mob: "m" }, undefined, {})],
      ["labels", () => store.compareAndSetLabels({ mob: "m" }, { env: "dev" })],
      ["cursor", () => store.advanceCursor("m", 8)],
      ["expected", () => store.compareAndSetCursor("m", null, 8n)],
      ["mob", () => store.listLabels("")],
      ["mob", () => store.getCursor(5)],
      ["cursor", () => store.setCursor("m", 1)],
      ["cursor", () => store.setCursor("m", -1n)],
      ["cursor", () => store.setCursor("m", 2n ** 64n)],
      ["id", async () => store.runtime("")],
      ["id", async () => store.runtime(lone)],
      ["commit", () => runtime.commitBoundary()],
      ["receipt", () => runtime.commitBoundary({})],
      ["receipt.sequence", async () => runtime.commitBoundary(await withReceipt({ sequence: 1 }))],
      ["receipt.message_count", async () => runtime.commitBoundary(await withReceipt({ message_count: 1 }))],
      ["receipt", async () => runtime.commitBoundary(await withReceipt({ boundary: "later" }))],
      ["receipt", async () => runtime.commitBoundary(await withReceipt({ run_id: "not a uuid" }))],
      [
        "receipt.conversation_digest",
        async () => runtime.commitBoundary(await withReceipt({ conversation_digest: lone })),
      ],
      ["receipt.list[1]", async () => runtime.commitBoundary(await withReceipt({ list: [1, , 3] }))],
      ["session", async () => runtime.commitBoundary({ ...(await withReceipt()), session: "text" })],
      ["sessionKey", async () => runtime.commitBoundary({ ...(await withReceipt()), sessionKey: "x" })],
      ["sessionKey", async () => runtime.commitBoundary(await keyAlone())],
      ["sessionKey", async () => claimed.commitBoundary(await keyAlone())],
      ["inputs", async () => runtime.commitBoundary({ ...(await withReceipt()), inputs: {} })],
      [
        "inputs[1].last_boundary_sequence",
        async () => {
          const wrong = await input({ newId }, { last_boundary_sequence: 1 });
          return runtime.commitBoundary({
            ...(await withReceipt()),
            inputs: [await input({ newId }), wrong],
          });
        },
      ],
      ["session", () => runtime.commitSession([1, 2])],
      ["input", async () => runtime.persistInput(await input({ newId }, { current_state: "asleep" }))],
      ["input", async () => runtime.persistInput(await input({ newId }, { attempt_count: -1 }))],
      ["input", async () => runtime.persistInput(await input({ newId }, { created_at: "yesterday" }))],
      [
        "input.persisted_input.items[0].when",
        async () =>
          runtime.persistInput(await input({ newId }, { persisted_input: { items: [{ when: NaN }] } })),
      ],
      ["inputs[0].extra", async () => runtime.transition({ ...idle, inputs: [{ extra: new Map() }] })],
      ["snapshot.cursors", () => runtime.persistOps({ cursors: [] })],
      ["input", () => runtime.persistInput(null)],
      ["inputId", () => runtime.input("x")],
      ["runId", () => runtime.receipt("x", 0n)],
      ["sequence", () => runtime.receipt(good.receipt.run_id, 0)],
      ["from", () => runtime.transition({ from: "asleep", to: "idle" })],
      ["to", () => runtime.transition({ from: "idle" })],
      ["transition", () => runtime.transition("idle")],
      ["commit", async () => runtime.commitBoundary({ ...(await withReceipt()), snapshot: bytes("2") })],
      ["transition", () => runtime.transition({ from: "initializing", to: "idle", input: [] })],
      ["scope", () => store.setLabels({ mob: "m", runId: "r" }, {})],
      ["scope", () => store.deleteLabels({ mob: "m", runId: undefined })],
      ["scope", async () => store.watch({ mob: "m", run: "r" }, () => {})],
      ["page", () => store.mobs({ max: 1 })],
      ["page", () => runtime.receipts({ limits: 1 })],
      ["page", () => store.runtimes({ states: "idle" })],
      ["state", () => store.runtimes({ state: "asleep" })],
      ["order", () => store.mobs({ order: "newest" })],
      ["runId", () => runtime.lastReceipt("x")],
    ];
    for (const [argument, attempt] of bad)
      await fails(attempt, { code: "InvalidInput", argument, retryable: false });
    equal([await holdings(), await claimed.receipts()], [before, []]);
  },
};

// Recovering, pruning and deleting.

import { equal, fails } from "../support/expect.mjs";
import { bytes, input, receipt } from "./makers.mjs";

export const lifetime = {
  async "a runtime is recovered with its live inputs, and counted"({ store, newId }) {
    const runtime = await store.runtime("r").claim();
    const [done, live] = [await input({ newId }, { current_state: "consumed" }), await input({ newId })];
    const last = await receipt({ newId });
    await runtime.commitBoundary({ receipt: last, session: bytes("1"), inputs: [done, live] });
    await runtime.transition({ from: "initializing", to: "idle" });
    equal(await runtime.recover(), {
      state: "idle",
      session: bytes("1"),
      inputs: [live],
      lastReceipt: last,
      ops: undefined,
      epoch: 1n,
    });
    equal(await runtime.inputs({ live: true }), [live]);
    equal(await runtime.inputs({ after: done.input_id, limit: 5 }), [live]);
    equal(await runtime.inputs({ order: "descending", limit: 1 }), [live]);
    equal(await runtime.counts(), {
      liveInputs: { queued: 1 },
      terminalInputs: 1,
      receipts: 1,
      runs: 1,
      sessionBytes: 1,
    });
    await fails(runtime.inputs({ live: true, order: "descending" }), { argument: "order" });
    await fails(runtime.inputs({ phase: "live" }), { code: "InvalidInput" });
  },

  async "what is pruned is still proof, and what is deleted is gone"({ store, newId }) {
    const runtime = await store.runtime("r").claim();
    const run = await receipt({ newId });
    for (const sequence of [0n, 1n, 2n])
      await runtime.commitBoundary({ receipt: { ...run, sequence }, session: bytes(String(sequence)) });
    equal(await runtime.prune({ keepReceipts: 1, dryRun: true }), { receipts: 2, inputs: 0 });
    equal(await runtime.prune({ before: new Date(0) }), { receipts: 0, inputs: 0 });
    equal(await runtime.prune({ keepReceipts: 1 }), { receipts: 2, inputs: 0 });
    await runtime.commitBoundary({ receipt: { ...run, sequence: 1n }, session: bytes("1") });
    await fails(runtime.commitBoundary({ receipt: { ...run, sequence: 1n }, session: bytes("x") }), {
      code: "Conflict",
    });
    equal(await runtime.session(), bytes("2"));
    await fails(runtime.prune({}), { code: "InvalidInput" });
    await fails(runtime.prune({ before: new Date(NaN) }), { argument: "options.before" });

    await runtime.deleteRun(run.run_id);
    equal(await runtime.receipts(), []);
    await store.runtime("r").delete();
    equal(await store.runtimes(), []);
    await fails(runtime.commitSession(bytes("late")), { code: "Deleted" });
    equal(await store.runtime("r").session(), undefined);
  },

  async "a mob is deleted, with the runtimes that its labels name if that is asked for"({ store }) {
    await store.setLabels({ mob: "m" }, { agent: "a" });
    await store.setLabels({ mob: "m", run: "r" }, { agent: "b" });
    await store.setCursor("m", 1n);
    for (const id of ["a", "b", "c"]) await store.runtime(id).commitSession(bytes(id));
    await fails(store.deleteMob("m", { runtimeLabel: 7 }), { argument: "options.runtimeLabel" });
    await fails(store.deleteMob("m", { label: "agent" }), { code: "InvalidInput" });
    await store.deleteMob("m", { runtimeLabel: "agent" });
    equal(await store.mobs(), []);
    equal(await store.runtimes(), ["c"]);
  },

  async "what there is of everything is counted where that is asked for"({ store, newId }) {
    const [run, queued] = [await receipt({ newId }), await input({ newId })];
    await store.runtime("r").commitBoundary({ receipt: run, inputs: [queued] });
    await store.runtime("r").transition({ from: "initializing", to: "idle" });
    await store.setLabels({ mob: "m" }, { a: "b" });
    const counted = { runtimes: 1, inputs: 1, receipts: 1, labelled: 1, deletions: 0, quarantined: 0 };
    equal((await store.status({ contents: true })).contents, { ...counted, openClaims: 0 });
    await store.runtime("r").claim();
    const { contents } = await store.status({ contents: true });
    equal(contents, { ...counted, openClaims: 1, oldestClaim: contents.oldestClaim });
    equal(contents.oldestClaim, { runtime: "r", since: contents.oldestClaim.since });
    equal(contents.oldestClaim.since > 1_700_000_000_000, true);
    equal("contents" in (await store.status({ contents: false })), false);
    await fails(store.status({ contents: 1 }), { argument: "options.contents" });
    await fails(store.status({ content: true }), { code: "InvalidInput" });
    // What was wrong with a call is nothing about the store.
    equal((await store.status()).lastError, undefined);
  },

  async "what is to be pruned by itself is said rightly, or nothing is opened"({ openStore }) {
    const opened = (retention) => openStore({ backend: "memory", retention });
    await fails(opened({}), { argument: "options.retention" });
    await fails(opened({ keepReceipts: -1 }), { argument: "options.retention.keepReceipts" });
    await fails(opened({ olderThan: "a day" }), { argument: "options.retention.olderThan" });
    await fails(opened({ keep: 1 }), { code: "InvalidInput" });
    await (await opened({ keepReceipts: 10, olderThan: 86_400_000 })).close();
  },

  async "the browser is asked to keep the data, where one can be asked"({ store }) {
    const { backend } = await store.status();
    if (backend === "memory") return fails(store.persist(), { code: "Unsupported" });
    if (backend !== "indexeddb") return equal(await store.persist(), true);
    // Firefox would ask the user.
    const { storage } = navigator;
    if (!storage?.persist) return fails(store.persist(), { code: "Unsupported" });
    Object.defineProperty(storage, "persist", { value: async () => true, configurable: true });
    equal(await store.persist(), true);
    delete storage.persist;
  },
};

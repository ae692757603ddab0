// Values above the limits: refused alone, with nothing changed.

import { equal, fails } from "../support/expect.mjs";
import { bytes, input, receipt } from "./makers.mjs";

// As `src/model/limits.rs` has them.
const SNAPSHOT = 64 * 2 ** 20;
const DOCUMENT = 16 * 2 ** 20;
const KEY = 64 * 2 ** 10;

const settled = (calls) =>
  Promise.all(calls.map((call) => call.then(String, ({ code, argument }) => `${code} ${argument}`)));

export const limits = {
  async "a snapshot that is too large is refused alone, whoever it was called with"({ store, newId }) {
    const runtime = store.runtime("r");
    const tooLarge = new Uint8Array(SNAPSHOT + 1);
    await fails(runtime.commitSession(tooLarge), {
      code: "InvalidInput",
      argument: "session",
      retryable: false,
      message: "invalid input: session: it has 67108865 bytes, and a snapshot may have 67108864",
    });
    const largest = tooLarge.subarray(1).fill(7, -3);
    const boundary = { receipt: await receipt({ newId }), session: tooLarge };
    const outcomes = await settled([
      store.setCursor("m", 1n),
      runtime.commitBoundary(boundary),
      runtime.commitSession(largest),
      store.persistOauthFlows(tooLarge),
      store.updateOauthFlows(() => tooLarge),
      store.setCursor("n", 2n),
    ]);
    const invalid = (argument) => `InvalidInput ${argument}`;
    const refused = ["session", "flows", "what update returns"].map(invalid);
    equal(outcomes, ["undefined", refused[0], "undefined", refused[1], refused[2], "undefined"]);
    equal([await store.mobs(), await store.oauthFlows()], [["m", "n"], undefined]);
    equal(await runtime.receipt(boundary.receipt.run_id, 0n), undefined);
    const stored = await runtime.session();
    equal([stored.length, stored.at(-4), stored.at(-3)], [SNAPSHOT, 0, 7]);
  },

  async "documents, calls and ids that are too large are refused alone, with nothing changed"({
    store,
    newId,
  }) {
    const runtime = store.runtime("r");
    const note = "x".repeat(DOCUMENT);
    const withNote = await input({ newId }, { note });
    const half = await input({ newId }, { note: note.slice(DOCUMENT / 2) });
    const step = { from: "initializing", to: "idle" };
    const registry = {
      epoch_id: "e",
      authority_state: { note },
      operation_specs: {},
      completion_entries: [],
      cursors: { agent_applied_cursor: 1n, runtime_observed_seq: 2n, runtime_last_injected_seq: 3n },
    };
    await store.setLabels({ mob: "m" }, { half: half.note });
    const refused = [
      ["input", () => runtime.persistInput(withNote)],
      ["inputs", () => runtime.transition({ ...step, inputs: [withNote] })],
      ["inputs", () => runtime.transition({ ...step, inputs: Array(17).fill(half) })],
      ["receipt", async () => runtime.commitBoundary({ receipt: await receipt({ newId }, { note }) })],
      ["snapshot", () => runtime.persistOps(registry)],
      ["labels", () => store.setLabels({ mob: "m" }, { note })],
      ["patch.set", () => store.patchLabels({ mob: "m" }, { set: { other: half.note } })],
      ["labels", () => store.compareAndSetLabels({ mob: "m" }, { half: half.note }, { note })],
      ["runtime_id", () => store.runtime("x".repeat(KEY + 1)).claim()],
      ["mob_id", () => store.setCursor("x".repeat(KEY + 1), 1n)],
      ["request", () => store.rpc(" ".repeat(128 * 2 ** 20 + 1))],
    ];
    for (const [argument, attempt] of refused)
      await fails(attempt, { code: "InvalidInput", argument, retryable: false });
    equal([await store.runtimes(), await store.mobs()], [[], ["m"]]);
    equal(Object.keys(await store.getLabels({ mob: "m" })), ["half"]);
    await runtime.transition({ ...step, inputs: [half] });
    equal((await runtime.inputs())[0].note.length, DOCUMENT / 2);
  },

  async "calls that bring much wait in line, each with the bytes that it was made with"({ store }) {
    const runtime = store.runtime("r");
    const buffer = new Uint8Array(24 * 2 ** 20);
    const calls = [];
    const seen = [];
    for (let n = 1; n <= 8; n++) {
      buffer[0] = buffer[buffer.length - 1] = n;
      calls.push(runtime.commitSession(buffer), store.setCursor("m", BigInt(n)));
      // Sees the writes that were called before it.
      if (n % 4 === 0) seen.push(runtime.session(), store.getCursor("m"));
    }
    buffer.fill(99);
    await fails(runtime.commitSession(new Uint8Array(SNAPSHOT + 1)), { argument: "session" });
    await Promise.all(calls);
    const [first, cursor, last, lastCursor] = await Promise.all(seen);
    equal([first[0] >= 4, first.at(-1) === first[0], cursor >= 4n], [true, true, true]);
    equal([last[0], last.at(-1), last.length, lastCursor], [8, 8, buffer.length, 8n]);
  },

  async "a listing of many rows comes whole and in order"({ store, newId }) {
    const runtime = store.runtime("r");
    const inputs = [];
    for (let n = 0; n < 1001; n++) inputs.push(await input({ newId }, { n, note: "x".repeat(n % 7) }));
    await runtime.transition({ from: "initializing", to: "idle", inputs });
    inputs.sort((a, b) => (a.input_id < b.input_id ? -1 : 1));
    equal(
      (await runtime.inputs()).map(({ n }) => n),
      inputs.map(({ n }) => n),
    );
    await Promise.all(
      inputs.map(({ n }) => store.setLabels({ mob: "m", run: `${1000 + n}` }, { n: `${n}` })),
    );
    const labels = await store.listLabels("m");
    equal(
      [labels.length, labels.every(({ run, labels }) => run === `${1000 + Number(labels.n)}`)],
      [1001, true],
    );
  },

  async "a store in memory that is full refuses what does not fit, and deletes still work"({
    store,
    openStore,
    newId,
  }) {
    const small = await openStore({ backend: "memory", memoryLimit: 100_000 });
    const runtime = small.runtime("r");
    await runtime.commitSession(new Uint8Array(60_000));
    const full = {
      code: "QuotaExceeded",
      retryable: false,
      usage: undefined,
      quota: undefined,
      message:
        "quota exceeded: this store in memory may hold 100000 bytes, holds 60201, and the commit needs 50205 more; " +
        "delete data, then try again",
    };
    await fails(small.runtime("other").commitSession(new Uint8Array(50_000)), full);
    equal(await small.runtime("other").session(), undefined);
    equal(await small.runtimes(), ["r"]);

    // A snapshot counts instead of the one before it, and what shrinks always fits.
    await runtime.commitSession(new Uint8Array(99_000));
    await fails(small.setLabels({ mob: "m" }, { text: "x".repeat(1000) }), { code: "QuotaExceeded" });
    await runtime.commitSession(bytes("small"));
    await small.setLabels({ mob: "m" }, { text: "x".repeat(90_000) });

    // All or none: the first of these would fit.
    const inputs = [];
    for (const size of [100, 20_000]) inputs.push(await input({ newId }, { note: "x".repeat(size) }));
    await fails(runtime.transition({ from: "initializing", to: "idle", inputs }), { code: "QuotaExceeded" });
    equal([await runtime.inputs(), await runtime.state()], [[], undefined]);

    equal(Object.keys(await small.deleteLabels({ mob: "m" })), ["text"]);
    await runtime.transition({ from: "initializing", to: "idle", inputs });
    equal((await runtime.inputs()).length, 2);
    await small.close();

    // Others have nothing to do with it.
    await store.runtime("r").commitSession(new Uint8Array(150_000));
    equal((await store.runtime("r").session()).length, 150_000);
  },

  async "a memory limit that is none is refused by name"({ openStore }) {
    for (const memoryLimit of [0, -1, 1.5, NaN, 2 ** 31 + 1, "1000", 1000n, null])
      await fails(openStore({ backend: "memory", memoryLimit }), {
        code: "InvalidInput",
        argument: "options.memoryLimit",
      });
  },
};

// Export, import and verification: streams, whatever gives bytes, and what is refused.

import { equal, fails } from "../support/expect.mjs";
import { bytes, input, receipt, U64_MAX } from "./makers.mjs";

const textOf = (store) => new Response(store.export()).text();

/** Something of each kind; a snapshot that takes several lines. */
async function fill({ store, newId }) {
  const runtime = store.runtime('ポチ "1"');
  const queued = await input({ newId });
  const session = new Uint8Array(2_000_000).map((_, i) => i % 251);
  const boundary = await receipt({ newId }, { contributing_input_ids: [queued.input_id] });
  await runtime.commitBoundary({ receipt: boundary, session, inputs: [queued] });
  await runtime.transition({ from: "initializing", to: "idle" });
  await store.setCursor("m", U64_MAX);
  await store.setLabels({ mob: "m", run: "r" }, { env: "é" });
  return runtime;
}

async function* cut(text, size) {
  const all = new TextEncoder().encode(text);
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}

export const moving = {
  async "an export is a stream of lines, and whatever gives its bytes is imported"({
    store,
    openStore,
    newId,
  }) {
    await fill({ store, newId });
    const text = await textOf(store);
    equal(text.endsWith("\n"), true);
    equal(JSON.parse(text.split("\n")[0]).format, "burrow-export");
    const all = new TextEncoder().encode(text);
    for (const source of [
      () => store.export(),
      () => new Blob([text]),
      () => new Response(text).body,
      () => all,
      () => all.buffer.slice(all.byteOffset, all.byteOffset + all.byteLength),
      () => new DataView(all.buffer, all.byteOffset, all.byteLength),
      () => cut(text, 10_007),
      () => [all.subarray(0, 7), all.subarray(7)],
    ]) {
      const other = await openStore({ backend: "memory" });
      equal(await other.import(source()), { records: 6, written: 6 });
      equal((await textOf(other)) === text, true);
      equal(await other.import(source(), { overwrite: true }), { records: 6, written: 0 });
      await other.close();
    }
    // Into the store itself, which has it all.
    equal(await store.import(store.export()), { records: 6, written: 0 });
  },

  async "an export is read as it is taken, may be left, and ends with its store"({ store, newId }) {
    await fill({ store, newId });
    const reader = store.export().getReader();
    const { value } = await reader.read();
    equal(value instanceof Uint8Array, true);
    await reader.cancel();
    const stream = store.export().getReader();
    await stream.read();
    await store.close();
    await fails(stream.read(), { code: "Closed" });
    await fails(async () => store.export(), { code: "Closed" });
    await fails(store.import(bytes("x")), { code: "Closed" });
    await fails(store.verify(), { code: "Closed" });
  },

  async "an import tells how far it is, and fails as its listener or its source does"({
    store,
    openStore,
    newId,
  }) {
    await fill({ store, newId });
    const text = await textOf(store);
    const other = await openStore({ backend: "memory" });
    const told = [];
    await other.import(cut(text, 1_000_003), { onProgress: (progress) => told.push(progress) });
    equal(told.length > 1, true);
    equal(told.at(-1).bytes, bytes(text).length);
    equal(
      told.map(({ bytes }) => bytes).every((bytes, i) => i === 0 || bytes > told[i - 1].bytes),
      true,
    );
    const own = new Error("the caller's own");
    const thrown = async (attempt) => equal((await attempt.catch((error) => error)) === own, true);
    await thrown(
      other.import(bytes(text), {
        onProgress: () => {
          throw own;
        },
      }),
    );
    await thrown(
      other.import(
        (async function* () {
          yield bytes(text).subarray(0, 1000);
          throw own;
        })(),
      ),
    );
    let cancelled;
    const broken = new ReadableStream({
      pull: (controller) => controller.enqueue(bytes("garbage\n")),
      cancel: (reason) => void (cancelled = [reason]),
    });
    await fails(other.import(broken), { code: "InvalidInput", argument: "source" });
    equal(cancelled, [undefined]);
    equal((await textOf(other)) === text, true);
  },

  async "what is no export, or differs from what is stored, is refused"({ store, openStore, newId }) {
    const runtime = await fill({ store, newId });
    const text = await textOf(store);
    const invalid = (argument) => ({ code: "InvalidInput", argument, retryable: false });
    for (const source of [undefined, null, 7, "text", {}, Symbol("s"), () => {}, text])
      await fails(store.import(source), invalid("source"));
    for (const chunk of [undefined, null, 7, "text", {}, [1]])
      await fails(store.import([chunk]), invalid("source"));
    for (const overwrite of [null, 1, "true", {}])
      await fails(store.import(bytes(text), { overwrite }), invalid("options.overwrite"));
    for (const onProgress of [null, 1, {}]) {
      await fails(store.import(bytes(text), { onProgress }), invalid("options.onProgress"));
      await fails(store.verify({ onProgress }), invalid("options.onProgress"));
    }
    await fails(store.import(bytes(text), { overwrit: true }), invalid("options"));
    const other = await openStore({ backend: "memory" });
    await fails(other.import(bytes(text.slice(0, -10))), invalid("source"));
    await fails(other.import(bytes(text.replace("_cursor", "_cursoR"))), invalid("source"));
    await runtime.commitSession(bytes("changed"));
    await fails(store.import(bytes(text)), { code: "Conflict", retryable: false });
    equal(await runtime.session(), bytes("changed"));
    equal((await store.import(bytes(text), { overwrite: true })).written, 1);
    equal((await runtime.session()).length, 2_000_000);
  },

  async "a store is verified, and what receipts name is looked for"({ store, newId }) {
    const runtime = await fill({ store, newId });
    const told = [];
    const sound = await store.verify({ onProgress: (progress) => told.push(progress) });
    equal(sound, { records: 6, problems: 0, findings: [] });
    equal(told.at(-1), { records: 6, problems: 0 });
    const missing = await newId();
    const late = await receipt({ newId }, { sequence: 7n, contributing_input_ids: [missing] });
    await runtime.commitBoundary({ receipt: late });
    const { records, problems, findings } = await store.verify();
    equal([records, problems], [7, 1]);
    equal(findings, [
      {
        table: "runtime_boundary_receipts",
        key: `[ポチ "1", ${late.run_id}, 7]`,
        problem: `the input ${missing}, which it names, is not there`,
        quarantined: false,
      },
    ]);
    const own = new Error("the caller's own");
    const thrown = await store
      .verify({
        onProgress: () => {
          throw own;
        },
      })
      .catch((error) => error);
    equal(thrown === own, true);
  },

  async "what is many calls ends with Closed where the store is closed in the middle of it"({
    store,
    newId,
  }) {
    await fill({ store, newId });
    const text = await textOf(store);
    const reader = store.export().getReader();
    const taken = async () => {
      while (!(await reader.read()).done);
    };
    const ended = [store.verify(), store.import(cut(text, 1000)), taken()];
    const codes = ended.map((end) => end.catch((error) => error.code));
    await store.close();
    equal(await Promise.all(codes), ["Closed", "Closed", "Closed"]);
  },
};

// Rotation of keys: a store is sealed anew, on whatever this runs on.

import { equal, fails } from "../support/expect.mjs";
import { bytes, input, receipt } from "./makers.mjs";
import { copy, filled, newKey, SECRET, text } from "./sealed-stores.mjs";

/** A store with these keys on the default engine, into which all of an export comes. */
async function imported({ openStore, name, seal, exported }) {
  const store = await openStore({ name, seal });
  await store.import([bytes(exported)]);
  return store;
}

/** Another store with these keys: of the same database where it outlives its store, else of a copy. */
async function reopened({ openStore, name, seal, exported }) {
  const store = await openStore({ name, seal });
  if ((await store.status()).backend === "memory") await store.import([bytes(exported)]);
  return store;
}

/** A store under a key with a number of runtimes, each with a session and two inputs, the second without a payload. */
async function manyRuntimes({ openStore, newId, seal, count }) {
  const name = `resealed-${await newId()}`;
  const store = await openStore({ name, seal });
  const ids = Array.from({ length: count }, (_, i) => `agent-${String(i).padStart(3, "0")}`);
  await Promise.all(
    ids.map(async (id) => {
      const inputs = [await input({ newId }), await input({ newId }, { persisted_input: undefined })];
      await store
        .runtime(id)
        .commitBoundary({ receipt: await receipt({ newId }), session: bytes(id), inputs });
    }),
  );
  await store.persistOauthFlows(bytes(SECRET));
  return { name, store, ids, records: 3 * count + 1, sealed: 2 * count + 1 };
}

const counts = ({ findings: _, ...counts }) => counts;

export const resealing = {
  async "a store that was sealed anew needs the current key alone, and holds what it held"({
    openStore,
    newId,
  }) {
    const [former, current] = [await newKey(), await newKey()];
    const name = `resealed-${await newId()}`;
    const { store: old, put } = await filled({ openStore, newId, seal: former });
    const exported = await text(old);
    const store = await imported({ openStore, name, seal: { current, former: [former] }, exported });
    const told = [];
    const stop = store.watch({}, (change) => told.push(change));
    const progress = [];
    const done = await store.reseal({ onProgress: (counts) => progress.push(counts) });
    equal(done, { records: 4, resealed: 4, problems: 0, findings: [] });
    equal(progress.at(-1), counts(done));
    equal(await store.reseal(), { records: 4, resealed: 0, problems: 0, findings: [] });
    // A boundary of the former key's is a retry as long as that key is among the former ones.
    await store.runtime("agent-1").commitBoundary(put);
    equal(told, []);
    stop();
    const after = await text(store);
    await store.close();

    const alone = await reopened({ openStore, name, seal: current, exported: after });
    equal(await alone.reseal(), { records: 4, resealed: 0, problems: 0, findings: [] });
    const agent = alone.runtime("agent-1");
    equal(await agent.session(), put.session);
    equal(await alone.sessionById(put.sessionKey), { runtime: "agent-1", session: put.session });
    equal(await agent.inputs(), put.inputs);
    equal(await agent.receipt(put.receipt.run_id, 0n), put.receipt);
    equal(await alone.runtime("agent-2").session(), bytes(SECRET));
    equal(await alone.oauthFlows(), bytes(SECRET));
    await fails(agent.commitBoundary(put), { code: "Conflict" });
    equal((await text(alone)) === after, true);
    equal(after.includes(SECRET), false);

    const late = await copy({ openStore, seal: former, exported: after });
    await fails(late.runtime("agent-1").session(), { code: "WrongKey", key: "[agent-1]" });
    await fails(late.runtime("agent-1").inputs(), { code: "WrongKey", table: "runtime_input_states" });
    await fails(
      late.updateOauthFlows(() => bytes("x")),
      { code: "WrongKey" },
    );
    const { records, resealed, problems, findings } = await late.reseal();
    equal([records, resealed, problems], [4, 0, 4]);
    const [flows, first, queued, second] = findings;
    equal(flows.table, "runtime_auth_oauth_flow_state");
    equal([first.table, first.key, second.key], ["runtime_session_snapshots", "[agent-1]", "[agent-2]"]);
    equal(queued.key, `[agent-1, ${put.inputs[0].input_id}]`);
    equal(
      findings.every(({ problem }) => problem.startsWith("wrong key: ")),
      true,
    );
    equal((await text(late)) === after, true);
  },

  async "sealing anew that was cut off goes on when it is called again"({ openStore, newId }) {
    const [former, current] = [await newKey(), await newKey()];
    const many = await manyRuntimes({ openStore, newId, seal: former, count: 110 });
    const exported = await text(many.store);
    await many.store.close();
    const seal = { current, former: [former] };
    let store = await reopened({ openStore, name: many.name, seal, exported });
    let reached;
    const stop = new Error("that will do");
    const onProgress = (progress) => {
      reached = progress;
      if (progress.records >= 20) throw stop;
    };
    equal(await store.reseal({ onProgress }).catch((error) => error), stop);
    // Closing ends it between two records.
    let closing;
    const before = await text(store);
    const closed = store.reseal({
      onProgress: ({ resealed }) => resealed > 9 && (closing ??= store.close()),
    });
    await fails(closed, { code: "Closed" });
    await closing;
    await fails(store.reseal(), { code: "Closed" });

    store = await reopened({ openStore, name: many.name, seal, exported: before });
    const rest = await store.reseal();
    equal([rest.records, rest.problems], [many.records, 0]);
    equal(rest.resealed <= many.sealed - reached.resealed && rest.resealed > 0, true);
    const alone = await copy({ openStore, seal: current, exported: await text(store) });
    equal(counts(await alone.reseal()), { records: many.records, resealed: 0, problems: 0 });
    for (const id of many.ids) equal(await alone.runtime(id).session(), bytes(id));
    await store.close();
  },

  async "what is damaged, or under a third key, is told and left, and all else is sealed anew"({
    openStore,
    newId,
  }) {
    const [former, current] = [await newKey(), await newKey()];
    const { store: old, put } = await filled({ openStore, newId, seal: former });
    await old.runtime("agent-3").commitSession(bytes("3"));
    const raw = await copy({ openStore, exported: await text(old) });
    const forged = await raw.runtime("agent-2").session();
    forged[forged.length - 1] ^= 1;
    await raw.runtime("agent-2").commitSession(forged);
    const third = await openStore({ backend: "memory", seal: await newKey() });
    await third.persistOauthFlows(bytes(SECRET));
    const flows = await (await copy({ openStore, exported: await text(third) })).oauthFlows();
    await raw.persistOauthFlows(flows);
    const never = await input({ newId });
    await raw.runtime("agent-1").persistInput(never);

    const seal = { current, former: [former] };
    const store = await copy({ openStore, seal, exported: await text(raw) });
    const { findings, ...done } = await store.reseal();
    equal(done, { records: 6, resealed: 3, problems: 3 });
    equal(
      findings.map(({ table, key }) => [table, key]),
      [
        ["runtime_auth_oauth_flow_state", "[auth_oauth_flow_state]"],
        ["runtime_input_states", `[agent-1, ${never.input_id}]`],
        ["runtime_session_snapshots", "[agent-2]"],
      ],
    );
    const after = await copy({ openStore, exported: await text(store) });
    equal([await after.oauthFlows(), await after.runtime("agent-2").session()], [flows, forged]);
    const alone = await copy({ openStore, seal: current, exported: await text(store) });
    equal(await alone.runtime("agent-1").session(), put.session);
    equal(await alone.runtime("agent-1").input(put.inputs[0].input_id), put.inputs[0]);
    equal(await alone.runtime("agent-3").session(), bytes("3"));
  },

  async "what was never sealed is sealed, and a session is found by its id as before"({ openStore, newId }) {
    const { store: plain, put } = await filled({ openStore, newId });
    await plain.runtime("agent-4").commitSession(bytes('{"id":"no session\'s","messages":[]}'));
    // A session that is another runtime's too.
    await plain.runtime("agent-5").commitSession(put.session);
    const current = await newKey();
    const seal = { current, unsealed: "read" };
    const store = await copy({ openStore, seal, exported: await text(plain) });
    equal(counts(await store.reseal()), { records: 6, resealed: 6, problems: 0 });
    const exported = await text(store);
    equal(exported.includes(btoa(SECRET).slice(2, 20)), false);
    const sealed = await copy({ openStore, seal: current, exported });
    equal(await sealed.sessionById(put.sessionKey), { runtime: "agent-1", session: put.session });
    equal(await sealed.runtime("agent-1").inputs(), put.inputs);
    equal(await sealed.runtime("agent-5").session(), put.session);
    // Only the snapshot that is found by its id shows it.
    const raw = await copy({ openStore, exported });
    const shows = async (id) => new TextDecoder().decode(await raw.runtime(id).session()).includes('"id":');
    equal([await shows("agent-1"), await shows("agent-4"), await shows("agent-5")], [true, false, false]);
  },

  async "those who write meanwhile, under either key, lose nothing"({ openStore, newId }) {
    const [former, current] = [await newKey(), await newKey()];
    const many = await manyRuntimes({ openStore, newId, seal: former, count: 40 });
    const exported = await text(many.store);
    const store = await reopened({
      openStore,
      name: many.name,
      seal: { current, former: [former] },
      exported,
    });
    const isShared = (await store.status()).backend !== "memory";
    // In memory there is no other store of the same data.
    const writers = [store, isShared ? many.store : store];
    const acknowledged = new Map(many.ids.map((id) => [id, bytes(id)]));
    let isOver = false;
    let written = 0;
    const write = async (writer, mine) => {
      for (let n = 0; !isOver || n < 40; n++) {
        const id = mine[n % mine.length];
        const session = bytes(`${id} at ${n}`);
        await writer.runtime(id).commitSession(session);
        acknowledged.set(id, session);
        written += 1;
      }
    };
    const writing = writers.map((writer, i) =>
      write(
        writer,
        many.ids.filter((_, n) => n % 3 === i),
      ),
    );
    for (let i = 0; i < 3; i++) equal((await store.reseal()).problems, 0);
    // A claim's holder goes on, and its writes come after all of it.
    const claim = await store.runtime(many.ids[2]).claim();
    const [, during] = await Promise.all([store.reseal(), claim.commitSession(bytes("claimed"))]);
    acknowledged.set(many.ids[2], bytes("claimed"));
    equal(during, undefined);
    isOver = true;
    await Promise.all(writing);
    equal(written >= 80, true);
    equal((await store.reseal()).problems, 0);
    equal(counts(await store.reseal()), { records: many.records, resealed: 0, problems: 0 });
    const alone = await copy({ openStore, seal: current, exported: await text(store) });
    for (const [id, session] of acknowledged) equal(await alone.runtime(id).session(), session);
    if (isShared) await fails(many.store.runtime(many.ids[0]).session(), { code: "WrongKey" });
    await Promise.all([store.close(), many.store.close()]);
  },

  async "runtimes that are deleted or pruned meanwhile are not made again"({ openStore, newId }) {
    const [former, current] = [await newKey(), await newKey()];
    const many = await manyRuntimes({ openStore, newId, seal: former, count: 30 });
    const store = await copy({
      openStore,
      seal: { current, former: [former] },
      exported: await text(many.store),
    });
    const gone = many.ids.slice(0, 15);
    const [done] = await Promise.all([store.reseal(), ...gone.map((id) => store.runtime(id).delete())]);
    equal(done.problems, 0);
    equal(await store.runtimes(), many.ids.slice(15));
    equal((await store.verify()).problems, 0);
    await many.store.close();
  },

  async "only a sealed store is sealed anew, and its options are checked"({ openStore }) {
    const plain = await openStore({ backend: "memory" });
    await fails(plain.reseal(), { code: "Unsupported" });
    const store = await openStore({ backend: "memory", seal: await newKey() });
    await fails(store.reseal({ onProgres: () => {} }), { code: "InvalidInput", argument: "options" });
    await fails(store.reseal({ onProgress: 7 }), { code: "InvalidInput", argument: "options.onProgress" });
    await fails(store.reseal(null), { code: "InvalidInput", argument: "options" });
    equal(await store.reseal(), { records: 0, resealed: 0, problems: 0, findings: [] });
    await store.close();
    await fails(store.reseal(), { code: "Closed" });
  },
};

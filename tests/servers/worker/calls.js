// The calls that the tests make in a Durable Object.

import { newId, openStore } from "../../../pkg/dist/workerd.js";

const receipt = (run_id, sequence) => ({
  run_id,
  boundary: "run_start",
  contributing_input_ids: [],
  message_count: 1n,
  sequence,
});

/** Bytes that differ with their place. */
const bytes = (length) => new Uint8Array(Number(length)).map((_, i) => i % 251);

const isSame = (found, length) =>
  found?.length === Number(length) && found.every((byte, i) => byte === i % 251);

const key = (text) => {
  const raw = new TextEncoder().encode(text.padEnd(32));
  return crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
};

// The memories of the modules that are instantiated from here on.
const memories = [];
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...args) => {
  const { exports } = await instantiate(...args);
  // The rules have a module of their own.
  if (!("./rules_bg.js" in args[1]))
    memories.push(Object.values(exports).find((value) => value instanceof WebAssembly.Memory));
  return { exports };
};

export const calls = {
  /** All that the store holds. */
  async export(object) {
    return new Response((await object.store()).export()).text();
  },

  /** Takes an export, as it comes over the network. */
  async import(object, body) {
    return (await object.store()).import(body);
  },

  async problems(object) {
    return (await (await object.store()).verify()).findings;
  },

  /** Fills the object's store under one key. */
  async fillSealed(object, runtimes) {
    const store = await openStore({ storage: object.ctx.storage, seal: await key("a") });
    for (let i = 0; i < runtimes; i++) await store.runtime(`r${i}`).commitSession(bytes(10_000 + i));
    await store.close();
  },

  /** Seals the store under another key, and ends the object when some records are. */
  async reseal(object, endAt) {
    const seal = { current: await key("b"), former: [await key("a")] };
    const store = await openStore({ storage: object.ctx.storage, seal });
    const enough = new Error("enough");
    const onProgress = ({ resealed }) => {
      if (resealed >= Number(endAt)) throw enough;
    };
    return store.reseal({ onProgress }).catch(async (error) => {
      if (error !== enough) throw error;
      // What is not on the disk yet would be undone.
      await store.flush();
      object.ctx.abort("ended by the test");
    });
  },

  /** What who has the new key alone finds. */
  async resealed(object) {
    const store = await openStore({ storage: object.ctx.storage, seal: await key("b") });
    const runtimes = await store.runtimes();
    const sessions = await Promise.all(runtimes.map((id) => store.runtime(id).session()));
    const whole = sessions.filter((session, i) => isSame(session, 10_000 + Number(runtimes[i].slice(1))));
    return { whole: whole.length, left: await store.reseal() };
  },

  /** What a sealed store says of a snapshot, sealed and given out under this key and another; and what lies in the storage. */
  async sealed(object, secret) {
    const { storage } = object.ctx;
    const store = await openStore({ storage, seal: await key("a") });
    const boundary = { receipt: receipt(await newId(), 0n), session: new TextEncoder().encode(secret) };
    await store.runtime("r").commitBoundary(boundary);
    await store.runtime("r").commitBoundary(boundary);
    const read = new TextDecoder().decode(await store.runtime("r").session());
    const other = await openStore({ storage, seal: await key("b") });
    const { code } = await other
      .runtime("r")
      .session()
      .catch((error) => error);
    const [[held]] = storage.sql.exec("SELECT session_snapshot FROM runtime_session_snapshots").raw();
    return { read, code, held: new TextDecoder().decode(held), bytes: held.byteLength };
  },

  /** How large the module's memory is. */
  async memory() {
    if (memories.length === 0) throw new Error("no module was instantiated");
    return Math.max(...memories.map(({ buffer }) => buffer.byteLength));
  },

  /** Opens the object's store so that it prunes by itself. */
  async retain(object, keepReceipts) {
    object.opening = openStore({
      storage: object.ctx.storage,
      retention: { keepReceipts: Number(keepReceipts) },
    });
    await object.opening;
  },

  /** Commits so many boundaries of one run. */
  async run(object, count) {
    const agent = (await object.store()).runtime("r");
    const run_id = await newId();
    for (let sequence = 0n; sequence < BigInt(count); sequence++)
      await agent.commitBoundary({ receipt: receipt(run_id, sequence) });
  },

  async receipts(object) {
    return (await (await object.store()).runtime("r").counts()).receipts;
  },

  async status(object) {
    const store = await object.store();
    return { ...(await store.status()), authorityKey: store.authorityKey };
  },

  async setCursor(object, mob, cursor) {
    await (await object.store()).setCursor(mob, BigInt(cursor));
  },

  async getCursor(object, mob) {
    return (await object.store()).getCursor(mob);
  },

  /** Adds one to a number, as a step that is read, decided and written: requests at once must not lose any. */
  async increment(object) {
    const store = await object.store();
    await store.updateOauthFlows((stored) => {
      const count = stored === undefined ? 0 : Number(new TextDecoder().decode(stored));
      return new TextEncoder().encode(String(count + 1));
    });
    return Number(new TextDecoder().decode(await store.oauthFlows()));
  },

  async numbers(object) {
    const store = await object.store();
    const run_id = await newId();
    const half = 2n ** 63n;
    const sequences = [0n, 2n ** 53n + 1n, half - 1n, half, 2n ** 64n - 1n];
    const agent = store.runtime("a\0b🧠");
    for (const sequence of sequences) await agent.commitBoundary({ receipt: receipt(run_id, sequence) });
    const listed = (await agent.receipts()).map(({ sequence }) => sequence);
    return { sequences, listed, runtimes: await store.runtimes() };
  },

  /** Commits a snapshot of so many bytes, and whether it comes back. */
  async snapshot(object, length) {
    const agent = (await object.store()).runtime("large");
    await agent.commitSession(bytes(length));
    return isSame(await agent.session(), length);
  },

  /** Inputs which are together more than one answer holds: each alone is several pieces. */
  async tooLarge(object) {
    const agent = (await object.store()).runtime("r");
    const when = "2026-11-27T00:00:00Z";
    const note = "x".repeat(2 ** 23);
    for (let n = 0; n < 17; n++) {
      const input_id = `01a20127-b8f1-725e-bae9-39a85b9ab5${10 + n}`;
      await agent.persistInput({
        input_id,
        current_state: "queued",
        created_at: when,
        updated_at: when,
        note,
      });
    }
    await agent.inputs();
  },

  async snapshotIs(object, length) {
    return isSame(await (await object.store()).runtime("large").session(), length);
  },

  /** How many pieces there are beside the first ones. */
  async pieces({ ctx }) {
    return [...ctx.storage.sql.exec("SELECT count(*) FROM burrow_pieces").raw()][0][0];
  },

  async watch(object) {
    (await object.store()).watch({}, (change) => object.told.push(change));
  },

  async told(object) {
    return object.told;
  },

  async flush(object) {
    const store = await object.store();
    await store.setCursor("m", 1n);
    await store.flush();
  },

  async refused(object, what) {
    const wrong = {
      number: { storage: 7 },
      empty: { storage: {} },
      relaxed: { storage: object.ctx.storage, durability: "relaxed" },
      path: { path: "file.sqlite" },
      twice: { storage: object.ctx.storage, name: "x" },
    };
    await openStore(wrong[what]);
  },

  async foreign({ ctx }) {
    ctx.storage.sql.exec("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)");
    await openStore({ storage: ctx.storage });
  },

  async deleteAll(object) {
    await (await object.store()).setCursor("m", 1n);
    await object.ctx.storage.deleteAll();
    await (await object.store()).setCursor("m", 2n);
  },

  async reopen(object) {
    object.opening = undefined;
    return (await object.store()).getCursor("m");
  },

  async close(object) {
    const store = await object.store();
    const last = store.setCursor("m", 9n);
    await store.close();
    await last;
    await store.getCursor("m");
  },

  /** Ends this object: the next request makes it anew. */
  async abort({ ctx }) {
    ctx.abort("by the test");
  },

  /** An id of this instance: after an eviction the object of that name has another. */
  async life(object) {
    return (object.life ??= crypto.randomUUID());
  },
};

// Sealed stores, on whatever this runs on: what is in the storage is seen in an export, and changed on the way into another store.

import { equal, fails } from "../support/expect.mjs";
import { bytes, input, receipt } from "./makers.mjs";
import { resealing } from "./resealing.mjs";
import { copy, digits, filled, newKey, SECRET, text } from "./sealed-stores.mjs";

export { newKey } from "./sealed-stores.mjs";

export const sealing = {
  ...resealing,

  async "what is sealed is nowhere in the storage, and ids, labels and states are"({ openStore, newId }) {
    const { store, agent, put } = await filled({ openStore, newId, seal: await newKey() });
    await agent.transition({ from: "initializing", to: "idle" });
    await store.setLabels({ mob: "m" }, { label: "shown" });
    const raw = await copy({ openStore, exported: await text(store) });
    const held = [
      ...[await raw.runtime("agent-1").session(), await raw.runtime("agent-2").session()],
      ...[await raw.oauthFlows(), bytes(JSON.stringify((await raw.runtime("agent-1").inputs())[0], digits))],
    ];
    for (const bytes of held) {
      equal(bytes.length > SECRET.length, true);
      const said = new TextDecoder().decode(bytes);
      equal([said.includes(SECRET), said.includes(btoa(SECRET).slice(2, 20))], [false, false]);
    }
    const [{ input_id, current_state }] = await raw.runtime("agent-1").inputs();
    equal([input_id, current_state], [put.inputs[0].input_id, "queued"]);
    equal(await raw.runtime("agent-1").receipt(put.receipt.run_id, 0n), put.receipt);
    equal(
      [await raw.runtime("agent-1").state(), await raw.getLabels({ mob: "m" })],
      ["idle", { label: "shown" }],
    );
    equal((await raw.sessionById(put.sessionKey)).runtime, "agent-1");
    equal((await raw.verify()).findings, []);
  },

  async "a sealed store moves as it is, and the key opens it there"({ openStore, newId }) {
    const seal = await newKey();
    const { store, put } = await filled({ openStore, newId, seal });
    const moved = await copy({ openStore, seal, exported: await text(store) });
    const agent = moved.runtime("agent-1");
    equal(await agent.session(), put.session);
    equal(await moved.sessionById(put.sessionKey), { runtime: "agent-1", session: put.session });
    equal(await agent.inputs(), put.inputs);
    const { input_id } = put.inputs[0];
    for (const id of [input_id, input_id.toUpperCase(), input_id.replaceAll("-", ""), `{${input_id}}`])
      equal(await agent.input(id), put.inputs[0]);
    const spelled = { ...put.inputs[0], input_id: input_id.toUpperCase() };
    await agent.persistInput(spelled);
    equal(await agent.input(input_id), spelled);
    await agent.persistInput(put.inputs[0]);
    const claimed = await agent.claim();
    const { session, inputs } = await claimed.recover();
    equal([session, inputs], [put.session, put.inputs]);
    equal(await moved.oauthFlows(), bytes(SECRET));
    // A boundary that is committed again is a retry, and one that differs is not.
    await claimed.commitBoundary(put);
    const session2 = bytes(JSON.stringify({ id: put.sessionKey, messages: [] }));
    await fails(claimed.commitBoundary({ ...put, session: session2 }), { code: "Conflict" });
    const others = [{ ...put.inputs[0], persisted_input: { SECRET: "other" } }];
    await fails(claimed.commitBoundary({ ...put, inputs: others }), { code: "Conflict" });
    await claimed.commitSession(bytes("2"));
    equal(await agent.session(), bytes("2"));
  },

  async "another key is WrongKey, and changes nothing"({ openStore, newId, BurrowError }) {
    const { store, put } = await filled({ openStore, newId, seal: await newKey() });
    const exported = await text(store);
    const other = await copy({ openStore, seal: await newKey(), exported });
    const agent = other.runtime("agent-1");
    const told = { code: "WrongKey", retryable: false, table: "runtime_session_snapshots", key: "[agent-1]" };
    await fails(agent.session(), told);
    await fails(other.sessionById(put.sessionKey), told);
    await fails(agent.recover(), told);
    await fails(other.oauthFlows(), { code: "WrongKey", table: "runtime_auth_oauth_flow_state" });
    await fails(
      other.updateOauthFlows(() => bytes("x")),
      { code: "WrongKey" },
    );
    const key = `[agent-1, ${put.inputs[0].input_id}]`;
    await fails(agent.inputs(), { code: "WrongKey", table: "runtime_input_states", key });
    const error = await agent.input(put.inputs[0].input_id).catch((error) => error);
    equal(BurrowError.from(structuredClone(error)).code, "WrongKey");
    equal(await agent.inputIds(), [put.inputs[0].input_id]);
    equal((await text(other)) === exported, true);
  },

  async "a former key opens, the current one seals, and a retry under the former is one"({
    openStore,
    newId,
  }) {
    const [former, current] = [await newKey(), await newKey()];
    const { store, put } = await filled({ openStore, newId, seal: former });
    const seal = { current, former: [await newKey(), former] };
    const rotated = await copy({ openStore, seal, exported: await text(store) });
    const agent = rotated.runtime("agent-1");
    equal(await agent.session(), put.session);
    equal(await agent.inputs(), put.inputs);
    const before = await text(rotated);
    await agent.commitBoundary(put);
    equal((await text(rotated)) === before, true);
    await fails(agent.commitBoundary({ ...put, session: bytes("{}") }), { code: "SessionKeyMismatch" });
    await fails(agent.commitBoundary({ ...put, inputs: [] }), { code: "Conflict" });
    equal((await text(rotated)) === before, true);
    await agent.persistInput(put.inputs[0]);
    await agent.commitSession(put.session);
    await rotated.updateOauthFlows((flows) => flows);
    const later = await copy({ openStore, seal: { current }, exported: await text(rotated) });
    equal(await later.runtime("agent-1").inputs(), put.inputs);
    equal(await later.runtime("agent-1").session(), put.session);
    equal(await later.oauthFlows(), bytes(SECRET));
    await fails(later.runtime("agent-2").session(), { code: "WrongKey" });
  },

  async "what was changed, cut off or put into another place is Decode"({ openStore, newId }) {
    const seal = await newKey();
    const { store, put } = await filled({ openStore, newId, seal });
    await store.runtime("agent-3").commitSession(bytes(SECRET));
    const exported = await text(store);
    const raw = await copy({ openStore, exported });
    const damaged = { code: "Decode", retryable: false, table: "runtime_session_snapshots" };
    const [first, second] = [await raw.runtime("agent-1").session(), await raw.runtime("agent-2").session()];

    /** What a sealed store says of a snapshot that somebody has put there. */
    const planted = async (session, told, runtime = "agent-3") => {
      const forged = await copy({ openStore, exported });
      await forged.runtime(runtime).commitSession(session);
      const opened = await copy({ openStore, seal, exported: await text(forged) });
      await fails(opened.runtime(runtime).session(), { ...told, key: `[${runtime}]` });
      equal(await opened.runtime("agent-2").session(), bytes(SECRET));
    };
    // Sealed snapshots of other runtimes, put under this one.
    await planted(first, damaged);
    await planted(second, damaged);
    // A sealed value of another table.
    await planted(await raw.oauthFlows(), damaged);
    const own = await raw.runtime("agent-3").session();
    for (const [at, told] of [
      [6, { code: "WrongKey" }],
      [14, damaged],
      [30, damaged],
      [own.length - 1, damaged],
    ]) {
      const changed = own.slice();
      changed[at] ^= 1;
      await planted(changed, told);
    }
    const newer = own.slice();
    newer[5] = 2;
    await planted(newer, { code: "SchemaTooNew" });
    for (const length of [0, 3, 5, 6, 20, 41, own.length - 1]) await planted(own.slice(0, length), damaged);
    // Under another session's id.
    const envelope = JSON.parse(new TextDecoder().decode(first));
    equal(envelope.id, put.sessionKey);
    await planted(bytes(JSON.stringify({ ...envelope, id: await newId() })), damaged, "agent-1");
    await planted(bytes('{"burrow_seal":"'), damaged);
    await planted(bytes('{"burrow_seal":"AAAA"}'), damaged);
    await planted(bytes("never sealed"), damaged);

    // An input under another's id, in another runtime, with another's payload, with a payload that was never sealed.
    const [stored] = await raw.runtime("agent-1").inputs();
    const input_id = await newId();
    for (const [runtime, members] of [
      ["agent-1", { input_id }],
      ["agent-3", {}],
      ["agent-3", { persisted_input: stored.reconstruction_source, reconstruction_source: null }],
      ["agent-3", { persisted_input: "never sealed" }],
      ["agent-3", { persisted_input: { burrow_seal: "?" } }],
      ["agent-3", { persisted_input: { burrow_seal: 7 } }],
      ["agent-3", { persisted_input: ["x"] }],
    ]) {
      const forged = await copy({ openStore, exported });
      const forgery = { ...stored, ...members };
      await forged.runtime(runtime).persistInput(forgery);
      const opened = (await copy({ openStore, seal, exported: await text(forged) })).runtime(runtime);
      const told = {
        code: "Decode",
        table: "runtime_input_states",
        key: `[${runtime}, ${forgery.input_id}]`,
      };
      await fails(opened.input(forgery.input_id), told);
      await fails(opened.inputs(), told);
    }
  },

  async "what was never sealed is given out where that was asked for"({ openStore, newId }) {
    const { store, put } = await filled({ openStore, newId });
    const current = await newKey();
    const exported = await text(store);
    const strict = await copy({ openStore, seal: current, exported });
    await fails(strict.runtime("agent-1").session(), { code: "Decode" });
    await fails(strict.runtime("agent-1").inputs(), { code: "Decode" });
    await fails(strict.oauthFlows(), { code: "Decode" });
    const seal = { current, unsealed: "read" };
    const reading = await copy({ openStore, seal, exported });
    const agent = reading.runtime("agent-1");
    equal([await agent.session(), await agent.inputs()], [put.session, put.inputs]);
    await agent.commitSession(await agent.session());
    await agent.persistInput((await agent.inputs())[0]);
    await reading.updateOauthFlows((flows) => flows);
    const sealed = (await copy({ openStore, seal: current, exported: await text(reading) })).runtime(
      "agent-1",
    );
    equal([await sealed.session(), await sealed.inputs()], [put.session, put.inputs]);
  },

  async "calls on a sealed store keep their order, and bytes are those of the call"({ openStore, newId }) {
    const store = await openStore({
      backend: "memory",
      seal: { current: await newKey(), former: [await newKey()] },
    });
    const agent = store.runtime("r");
    const session = bytes("1");
    const committed = { receipt: await receipt({ newId }), session };
    const calls = [
      agent.commitBoundary(committed),
      agent.session(),
      store.updateOauthFlows((flows) => flows ?? bytes("a")),
      store.persistOauthFlows(bytes("b")),
      store.oauthFlows(),
      store.setCursor("m", 1n),
      agent.commitSession(bytes("2")),
      agent.session(),
      store.getCursor("m"),
    ];
    session[0] = 0;
    const [, first, , , flows, , , second, cursor] = await Promise.all(calls);
    equal([first, flows, second, cursor], [bytes("1"), bytes("b"), bytes("2"), 1n]);
    await agent.commitBoundary({ ...committed, session: bytes("1") });
  },

  async "what is no key is refused by name"({ openStore }) {
    const { subtle } = crypto;
    const good = await newKey();
    const hmac = (hash, length) => subtle.generateKey({ name: "HMAC", hash, length }, false, ["sign"]);
    const of = (algorithm, usages) => subtle.importKey("raw", new Uint8Array(32), algorithm, false, usages);
    const keys = [
      ...[null, 7, "secret", new Uint8Array(32)],
      ...[
        await hmac("SHA-1", 256),
        await hmac("SHA-256", 128),
        await of({ name: "HMAC", hash: "SHA-256" }, ["verify"]),
      ],
      ...[
        await of("AES-GCM", ["decrypt"]),
        await of("AES-CBC", ["encrypt"]),
        await of("HKDF", ["deriveKey"]),
      ],
      await subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["encrypt"]),
    ];
    const open = (seal) => openStore({ backend: "memory", seal });
    for (const key of keys) {
      const isObject = typeof key === "object" && !(key instanceof CryptoKey);
      if (!isObject) await fails(open(key), { code: "InvalidInput", argument: "options.seal" });
      await fails(open({ current: key }), { code: "InvalidInput", argument: "options.seal.current" });
      await fails(open({ current: good, former: [good, key] }), { argument: "options.seal.former[1]" });
    }
    await fails(open({}), { code: "InvalidInput", argument: "options.seal.current" });
    await fails(open({ current: good, former: good }), { argument: "options.seal.former" });
    await fails(open({ current: good, unsealed: true }), { argument: "options.seal.unsealed" });
    await fails(open({ key: good }), { code: "InvalidInput", argument: "options.seal" });
    await fails(openStore({ backend: "memory", sael: good }), { code: "InvalidInput", argument: "options" });
  },

  async "a failing seal writes nothing"({ openStore, newId }) {
    const store = await openStore({ backend: "memory", seal: await newKey() });
    const { subtle } = crypto;
    const { encrypt } = subtle;
    subtle.encrypt = () => Promise.reject(new Error("no memory"));
    const agent = store.runtime("r");
    const failed = { code: "WriteFailed", retryable: true };
    try {
      const boundary = { receipt: await receipt({ newId }), session: bytes("1") };
      await Promise.all([
        fails(agent.commitBoundary(boundary), failed),
        fails(agent.persistInput(await input({ newId })), failed),
        fails(store.persistOauthFlows(bytes("1")), failed),
        store.setCursor("m", 1n),
      ]);
    } finally {
      delete subtle.encrypt;
    }
    equal(subtle.encrypt === encrypt, true);
    equal([await store.runtimes(), await store.oauthFlows()], [[], undefined]);
    equal(await store.getCursor("m"), 1n);
  },
};

/** Rules with numbers of what is stored: sealed it has some bytes more. */
const UNSEALED = [
  "a runtime is recovered with its live inputs, and counted",
  "a snapshot that is too large is refused alone, whoever it was called with",
];

/** The names of the rules that a sealed store has to follow as any other. */
export function onSealed(rules) {
  for (const name of UNSEALED) if (!(name in rules)) throw new Error(`there is no such rule: ${name}`);
  return Object.entries(rules)
    .filter(([name]) => !UNSEALED.includes(name) && !(name in sealing))
    .map(([name]) => name);
}

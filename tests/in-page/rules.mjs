// What the JavaScript API promises, on every backend: each rule gets the package and a fresh, empty store.

import { equal, fails } from "../support/expect.mjs";
import { atOnce } from "./at-once.mjs";
import { badInput } from "./bad-input.mjs";
import { closing } from "./closing.mjs";
import { errors } from "./errors.mjs";
import { lifetime } from "./lifetime.mjs";
import { limits } from "./limits.mjs";
import { documents } from "./documents.mjs";
import { moving } from "./moving.mjs";
import { sealing } from "./sealing.mjs";
import { bytes, input, receipt, U64_MAX } from "./makers.mjs";

export const rules = {
  ...atOnce,
  ...badInput,
  ...documents,
  ...closing,
  ...errors,
  ...lifetime,
  ...limits,
  ...moving,
  ...sealing,

  async "labels are replaced wholesale, read, listed and deleted"({ store }) {
    await store.setLabels({ mob: "m" }, { env: "dev", team: "a" });
    await store.setLabels({ mob: "m" }, { env: "prod" });
    await store.setLabels({ mob: "m", run: "r" }, { phase: "1" });
    equal(await store.getLabels({ mob: "m" }), { env: "prod" });
    equal(await store.listLabels("m"), [{ labels: { env: "prod" } }, { run: "r", labels: { phase: "1" } }]);
    equal(await store.deleteLabels({ mob: "m", run: "r" }), { phase: "1" });
    equal(await store.deleteLabels({ mob: "m", run: "r" }), {});
    await store.setLabels({ mob: "m" }, {});
    equal(await store.listLabels("m"), []);
  },

  async "a cursor is a bigint, exact to the last digit"({ store }) {
    equal(await store.getCursor("m"), undefined);
    for (const cursor of [0n, 2n ** 53n + 1n, 2n ** 63n, U64_MAX]) {
      await store.setCursor("m", cursor);
      equal(await store.getCursor("m"), cursor);
    }
  },

  async "labels are patched, and set where they are the expected ones"({ store }) {
    const scope = { mob: "m", run: "r" };
    equal(await store.patchLabels(scope, { set: { env: "dev", ["__proto__"]: "x" }, remove: ["none"] }), {
      env: "dev",
      ["__proto__"]: "x",
    });
    equal(await store.patchLabels(scope, { set: { team: "a" }, remove: ["__proto__"] }), {
      env: "dev",
      team: "a",
    });
    equal(await store.patchLabels(scope, {}), { env: "dev", team: "a" });
    const keys = Array.from({ length: 20 }, (_, n) => `key ${n}`);
    await Promise.all(keys.map((key) => store.patchLabels({ mob: "n" }, { set: { [key]: "x" } })));
    equal(Object.keys(await store.getLabels({ mob: "n" })).length, 20);

    await fails(store.compareAndSetLabels(scope, { env: "dev" }, {}), { code: "Conflict", retryable: false });
    equal(await store.getLabels(scope), { env: "dev", team: "a" });
    await store.compareAndSetLabels(scope, { team: "a", env: "dev" }, { env: "prod" });
    equal(await store.getLabels(scope), { env: "prod" });
    await store.compareAndSetLabels({ mob: "m" }, {}, { owner: "me" });
    await fails(store.compareAndSetLabels({ mob: "m" }, {}, { owner: "you" }), { code: "Conflict" });
    equal(await store.getLabels({ mob: "m" }), { owner: "me" });
  },

  async "a cursor advances, and is set where it is the expected one"({ store }) {
    const beyond = 2n ** 53n + 1n;
    equal(await store.advanceCursor("m", beyond), beyond);
    equal(await store.advanceCursor("m", 7n), beyond);
    equal(await store.getCursor("m"), beyond);
    await fails(store.compareAndSetCursor("m", undefined, 1n), { code: "Conflict" });
    await fails(store.compareAndSetCursor("m", beyond - 1n, 1n), { code: "Conflict" });
    equal(await store.getCursor("m"), beyond);
    await store.compareAndSetCursor("m", beyond, 1n);
    equal(await store.getCursor("m"), 1n);
    await store.compareAndSetCursor("n", undefined, U64_MAX);
    equal(await store.getCursor("n"), U64_MAX);
  },

  async "a boundary commits snapshot, receipt and inputs"({ store, newId }) {
    const runtime = store.runtime("агент-ß/ポチ");
    const first = await input({ newId });
    const second = await input({ newId }, { last_boundary_sequence: U64_MAX, current_state: "consumed" });
    const committed = await receipt({ newId }, { sequence: U64_MAX, message_count: U64_MAX });
    await runtime.commitBoundary({ receipt: committed, session: bytes("{}"), inputs: [second, first] });
    equal(await runtime.receipt(committed.run_id, U64_MAX), committed);
    equal(await runtime.inputs(), [first, second]);
    equal(await runtime.input(second.input_id), second);
    equal(await runtime.session(), bytes("{}"));
    equal(await runtime.receipt(committed.run_id, 1n), undefined);
    equal(await runtime.input(await newId()), undefined);
  },

  async "the same receipt again succeeds, a different one conflicts and writes nothing"({ store, newId }) {
    const runtime = store.runtime("r");
    const committed = await receipt({ newId });
    await runtime.commitBoundary({ receipt: committed, session: bytes("1") });
    await runtime.commitBoundary({ receipt: committed, session: bytes("1") });
    const different = { ...committed, message_count: 4n };
    const attempt = runtime.commitBoundary({
      receipt: different,
      session: bytes("2"),
      inputs: [await input({ newId })],
    });
    await fails(attempt, { code: "Conflict", retryable: false, name: "BurrowError" });
    equal(await runtime.session(), bytes("1"));
    equal(await runtime.inputs(), []);
  },

  async "a snapshot's id must be the session key"({ store, newId }) {
    const runtime = store.runtime("r");
    const sessionKey = await newId();
    const committed = await receipt({ newId });
    const session = bytes(JSON.stringify({ id: await newId() }));
    await fails(runtime.commitBoundary({ receipt: committed, session, sessionKey }), {
      code: "SessionKeyMismatch",
    });
    equal(await runtime.session(), undefined);
    equal(await runtime.receipt(committed.run_id, 0n), undefined);
    await runtime.commitBoundary({
      receipt: committed,
      session: bytes(JSON.stringify({ id: sessionKey })),
      sessionKey,
    });
  },

  async "lifecycle steps are compared and set"({ store, newId }) {
    const runtime = store.runtime("r");
    equal(await runtime.state(), undefined);
    await runtime.transition({ from: "initializing", to: "idle" });
    const queued = await input({ newId });
    await runtime.transition({ from: "idle", to: "running", inputs: [queued] });
    equal(await runtime.state(), "running");
    await fails(runtime.transition({ from: "idle", to: "attached", inputs: [await input({ newId })] }), {
      code: "Conflict",
    });
    await fails(runtime.transition({ from: "running", to: "initializing" }), { code: "IllegalTransition" });
    equal(await runtime.state(), "running");
    equal(await runtime.inputs(), [queued]);
  },

  async "listings come in order and in pages"({ store, newId }) {
    const ids = ["10", "9", "A", "é", "\ufffd", "🧠"];
    const committed = await receipt({ newId });
    for (const id of ids) {
      await store.runtime(id).commitBoundary({ receipt: committed, inputs: [await input({ newId })] });
      await store.setCursor(id, 1n);
    }
    for (const list of ["runtimes", "mobs"]) {
      const first = await store[list]({ limit: 4 });
      equal([...first, ...(await store[list]({ after: first[3], limit: 4 }))], ids);
      equal(await store[list](), ids);
    }
    const runtime = store.runtime("9");
    const last = { ...committed, sequence: U64_MAX };
    await runtime.commitBoundary({ receipt: last });
    equal(await runtime.runs(), [committed.run_id]);
    equal(await runtime.runs({ after: committed.run_id }), []);
    equal(await runtime.receipts(), [committed, last]);
    equal(await runtime.receipts({ after: committed, limit: 1 }), [last]);
    equal(await runtime.receipts({ order: "descending" }), [last, committed]);
    equal(await runtime.receipts({ after: last, order: "descending" }), [committed]);
    equal(await runtime.lastReceipt(), last);
    equal(await runtime.lastReceipt(last.run_id), last);
    equal(await runtime.lastReceipt(await newId()), undefined);
    const [only] = await runtime.inputs();
    equal(await runtime.inputIds(), [only.input_id]);
    await fails(store.runtimes({ limit: 0 }), { code: "InvalidInput", argument: "limit" });
    await fails(store.mobs({ limit: 1.5 }), { code: "InvalidInput", argument: "limit" });
    await fails(store.mobs({ after: "" }), { code: "InvalidInput", argument: "after" });
    await fails(runtime.runs({ after: "x" }), { code: "InvalidInput", argument: "after" });
    await fails(runtime.receipts({ after: { run_id: "x", sequence: 1n } }), { argument: "after.run_id" });
    await fails(runtime.receipts({ after: { ...committed, sequence: 1 } }), { argument: "after.sequence" });
  },

  async "labels are found by selector"({ store }) {
    await store.setLabels({ mob: "a" }, { env: "dev", repo: "a" });
    await store.setLabels({ mob: "b", run: "r" }, { env: "dev", canary: "" });
    equal(await store.selectLabels("env=dev,repo in (a,b),!canary"), [
      { mob: "a", labels: { env: "dev", repo: "a" } },
    ]);
    equal(await store.selectLabels("canary"), [{ mob: "b", run: "r", labels: { env: "dev", canary: "" } }]);
    await fails(store.selectLabels("env in"), { code: "InvalidInput", argument: "selector" });
    await fails(store.selectLabels(), { code: "InvalidInput", argument: "selector" });
  },

  async "a session is found by its id"({ store, newId }) {
    const sessionKey = await newId();
    equal(await store.sessionById(sessionKey), undefined);
    const session = bytes(JSON.stringify({ id: sessionKey }));
    await store.runtime("r").commitBoundary({ receipt: await receipt({ newId }), session, sessionKey });
    equal(await store.sessionById(sessionKey), { runtime: "r", session });
    await fails(store.sessionById("x"), { code: "InvalidInput", argument: "sessionId" });
  },

  async "OAuth flows are updated in one step, and a throw changes nothing"({ store }) {
    equal(await store.oauthFlows(), undefined);
    await store.persistOauthFlows(bytes("1"));
    await Promise.all(
      Array.from({ length: 20 }, () =>
        store.updateOauthFlows((stored) => bytes(String(Number(new TextDecoder().decode(stored)) + 1))),
      ),
    );
    equal(await store.oauthFlows(), bytes("21"));
    const refusal = new RangeError("consumed");
    const attempt = store.updateOauthFlows(() => {
      throw refusal;
    });
    await fails(attempt, { name: "RangeError", message: "consumed" });
    await fails(
      store.updateOauthFlows(() => "text"),
      { code: "InvalidInput", argument: "what update returns" },
    );
    await fails(
      store.updateOauthFlows(async () => bytes("x")),
      { code: "InvalidInput" },
    );
    const detached = () => {
      const flows = bytes("x");
      structuredClone(flows, { transfer: [flows.buffer] });
      return flows;
    };
    await fails(store.updateOauthFlows(detached), { code: "InvalidInput", argument: "what update returns" });
    await fails(store.persistOauthFlows(detached()), { code: "InvalidInput", argument: "flows" });
    await fails(store.updateOauthFlows(), { code: "InvalidInput", argument: "update" });
    await fails(store.persistOauthFlows("x"), { code: "InvalidInput", argument: "flows" });
    equal(await store.oauthFlows(), bytes("21"));
  },

  async "JSON-RPC is answered as text"({ store }) {
    const call = async (method, params, mob) =>
      JSON.parse(await store.rpc(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), mob));
    const labels = { env: "dev" };
    equal((await call("mobkit/mob_labels/set", { labels }, "m")).result, { accepted: true });
    equal((await call("mobkit/mob_labels/get", { mob_id: "m" })).result, { labels });
    equal((await call("mobkit/mob_labels/get")).error.code, -32602);
    equal(await store.rpc(JSON.stringify({ jsonrpc: "2.0", method: "mobkit/mob_labels/get" })), undefined);
    await fails(store.rpc({}), { code: "InvalidInput", argument: "request" });
  },

  async "a claim that was overtaken is fenced and writes nothing"({ store, newId }) {
    const runtime = store.runtime("r");
    const old = await runtime.claim();
    await old.commitSession(bytes("1"));
    const current = await runtime.claim();
    equal([old.epoch, current.epoch], [1n, 2n]);
    await fails(old.commitSession(bytes("2")), { code: "Fenced", retryable: false });
    await fails(old.persistInput(await input({ newId })), { code: "Fenced" });
    await fails(old.commitBoundary({ receipt: await receipt({ newId }) }), { code: "Fenced" });
    await fails(old.transition({ from: "initializing", to: "idle" }), { code: "Fenced" });
    equal(await old.session(), bytes("1"));
    equal(await runtime.inputs(), []);
    await current.commitSession(bytes("3"));
    await runtime.commitSession(bytes("unclaimed"));
    await current.release();
    await fails(current.commitSession(bytes("4")), { code: "Fenced" });
    const disposed = await runtime.claim();
    await disposed[Symbol.asyncDispose]();
    await fails(disposed.commitSession(bytes("5")), { code: "Fenced" });
    equal(await runtime.session(), bytes("unclaimed"));
  },

  async "a claim on a mob that was overtaken is fenced, and one ends with its mob"({ store }) {
    const old = await store.claimMob("m");
    await old.setLabels({ mob: "m" }, { a: "1" });
    const current = await store.claimMob("m");
    equal([old.epoch, current.epoch, current.mob], [1n, 2n, "m"]);
    const fenced = { code: "Fenced", retryable: false };
    await fails(old.setLabels({ mob: "m", run: "r" }, { a: "2" }), fenced);
    await fails(old.deleteLabels({ mob: "m" }), fenced);
    await fails(old.patchLabels({ mob: "m" }, { set: { b: "2" } }), fenced);
    await fails(old.compareAndSetLabels({ mob: "m" }, { a: "1" }, {}), fenced);
    await fails(old.setCursor("m", 1n), fenced);
    await fails(old.advanceCursor("m", 1n), fenced);
    await fails(old.compareAndSetCursor("m", undefined, 1n), fenced);
    await fails(old.delete(), fenced);
    equal([await old.getLabels({ mob: "m" }), await old.getCursor("m")], [{ a: "1" }, undefined]);
    await fails(current.setCursor("n", 1n), { argument: "mob_id" });
    await current.setCursor("m", 1n);
    await store.setCursor("m", 2n);
    await current.release();
    await fails(current.setCursor("m", 3n), fenced);
    const last = await store.claimMob("m");
    await store.deleteMob("m");
    await fails(last.setCursor("m", 4n), { code: "Deleted" });
    const anew = await store.claimMob("m");
    await anew.setLabels({ mob: "m" }, { a: "3" });
    await anew.delete();
    await fails(
      anew[Symbol.asyncDispose]().then(() => anew.setCursor("m", 5n)),
      { code: "Deleted" },
    );
    equal(await store.mobs(), []);
  },

  async "every commit is told once, to those who watch its scope"({ store, newId }) {
    const told = [];
    const stop = [
      store.watch({ mob: "m" }, (change) => told.push(["mob", change])),
      store.watch({ runtime: "r" }, (change) => told.push(["runtime", change])),
      store.watch({}, (change) => told.push(["all", change])),
    ];
    await store.setLabels({ mob: "m", run: "1" }, { a: "b" });
    await store.setCursor("other", 1n);
    await store.runtime("r").commitBoundary({ receipt: await receipt({ newId }), session: bytes("1") });
    await fails(store.runtime("r").transition({ from: "idle", to: "running" }), { code: "Conflict" });
    for (const unwatch of stop) unwatch();
    stop[0]();
    await store.setCursor("m", 1n);
    const labels = { mob: "m", run: "1", kinds: ["labels"] };
    const boundary = { runtime: "r", kinds: ["session", "receipt"] };
    equal(told, [
      ["mob", labels],
      ["all", labels],
      ["all", { mob: "other", kinds: ["cursor"] }],
      ["runtime", boundary],
      ["all", boundary],
    ]);
    await fails(async () => store.watch({ mob: "" }, () => {}), { argument: "scope.mob" });
    await fails(async () => store.watch({ mob: "m", runtime: "r" }, () => {}), { argument: "scope" });
    await fails(async () => store.watch({ mob: "m" }), { argument: "listener" });
    await fails(async () => store.watch({ mob: undefined }, () => {}), { argument: "scope.mob" });
    await fails(async () => store.watch({ runtme: "r" }, () => {}), { argument: "scope" });
  },

  async "changes are iterated until the loop ends"({ store }) {
    const changes = store.changes({ mob: "m" });
    const cursors = [];
    let isOver = false;
    // A watch over a connection begins when its socket is open, whatever was written before.
    const setting = (async () => {
      for (let i = 1n; !isOver; i++) await store.setCursor("m", i);
    })();
    for await (const { mob, kinds } of changes) {
      cursors.push([mob, kinds]);
      if (cursors.length === 3) break;
    }
    isOver = true;
    await setting;
    equal(
      cursors,
      Array.from({ length: 3 }, () => ["m", ["cursor"]]),
    );
    equal(await changes.next(), { done: true, value: undefined });
  },

  async "a large snapshot comes back byte for byte"({ store }) {
    const runtime = store.runtime("r");
    const large = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);
    await runtime.commitSession(large);
    const stored = await runtime.session();
    equal(stored.length, large.length);
    equal(
      stored.every((byte, i) => byte === large[i]),
      true,
    );
    await runtime.commitSession(new Uint8Array());
    equal(await runtime.session(), new Uint8Array());
  },

  async "status says what is true of the store"({ store }) {
    const status = await store.status();
    if (store.authorityKey === undefined) {
      const nowhere = { persisted: undefined, usage: undefined, quota: undefined };
      return equal(status, {
        backend: "memory",
        durability: "none",
        ...nowhere,
        dataLost: undefined,
        reopens: 0,
        lastError: undefined,
      });
    }
    const { persisted, usage, quota, ...known } = status;
    const nothing = { dataLost: undefined, reopens: 0, lastError: undefined };
    equal(known, { backend: "indexeddb", durability: "relaxed", ...nothing });
    const told = (ask) => ask?.call(navigator.storage).catch(() => undefined);
    const estimate = await told(navigator.storage?.estimate);
    equal(persisted, await told(navigator.storage?.persisted));
    equal([typeof usage, typeof quota], [typeof estimate?.usage, typeof estimate?.quota]);
  },
};

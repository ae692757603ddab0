// Closing, on every backend: what was called before finishes, what comes later is refused.

import { equal, fails } from "../support/expect.mjs";
import { bytes, input, receipt } from "./makers.mjs";

/** Counts the connections to `store` that are closed until the returned function is called. */
function countClosed(store) {
  const authority = store.authorityKey;
  let closed = 0;
  const prototype = globalThis.IDBDatabase?.prototype;
  const close = prototype?.close;
  if (prototype) {
    prototype.close = function () {
      // Other stores' close at any time: those that earlier rules dropped, when they are collected.
      if (authority?.endsWith(this.name)) closed += 1;
      close.call(this);
    };
  }
  return () => {
    if (prototype) prototype.close = close;
    return closed;
  };
}

export const closing = {
  async "closing a store from within a listener ends its watches"({ store }) {
    const told = [];
    store.watch({}, () => {
      told.push("told");
      store.close();
    });
    const changes = store.changes({ mob: "m" });
    const both = Promise.all([changes.next(), changes.next()]);
    await store.setCursor("m", 1n);
    const [first, second] = await both;
    equal([told, first.done, second.done], [["told"], true, true]);
    await fails(store.getCursor("m"), { code: "Closed" });
  },

  async "a store is closed at the end of its `using` block"({ store }) {
    const call = store.setCursor("m", 1n);
    store[Symbol.dispose]();
    await fails(store.getCursor("m"), { code: "Closed" });
    await call;
    await store[Symbol.asyncDispose]();
  },

  async "what was called before closing finishes, and closing resolves after it"({ store, newId }) {
    const runtime = store.runtime("r");
    const claimed = await runtime.claim();
    const sessionKey = await newId();
    const session = bytes(JSON.stringify({ id: sessionKey }));
    const settled = [];
    const note = (name) => (value) => settled.push([name, value?.code ?? "ok"]);
    const noted = (name, call) => call.then(note(name), note(name));
    const calls = [
      noted("boundary", claimed.commitBoundary({ receipt: await receipt({ newId }), session, sessionKey })),
      noted("input", runtime.persistInput(await input({ newId }))),
      noted("step", runtime.transition({ from: "idle", to: "running" })),
      noted("cursor", store.setCursor("m", 1n)),
      noted(
        "update",
        store.updateOauthFlows(() => bytes("x")),
      ),
      noted("found", store.sessionById(sessionKey)),
      noted("release", claimed.release()),
      noted("rpc", store.rpc("{}")),
    ];
    const letGo = countClosed(store);
    const closing = store.close();
    const late = [
      store.setCursor("m", 2n),
      claimed.commitSession(session),
      claimed.release(),
      store.rpc("{}"),
    ];
    await Promise.all(
      [...late, runtime.claim(), store.status()].map((call) => fails(call, { code: "Closed" })),
    );
    equal(await store.close(), undefined);
    await closing;
    equal(settled.length, calls.length);
    const names = settled.filter(([, outcome]) => outcome === "ok").map(([name]) => name);
    equal(names.sort(), ["boundary", "cursor", "found", "input", "release", "rpc", "update"]);
    equal(settled.find(([name]) => name === "step")[1], "Conflict");
    equal(letGo(), store.authorityKey === undefined ? 0 : 1);
  },

  async "a closed store is watched by nobody: watch and changes are refused, open iterators are done"({
    store,
  }) {
    const changes = store.changes({});
    const pending = [changes.next(), changes.next()];
    await store.close();
    for (const next of [...pending, changes.next()]) equal(await next, { done: true, value: undefined });
    for (const begin of ["watch", "changes"]) {
      await fails(async () => store[begin]({}, () => {}), { code: "Closed", retryable: false });
    }
  },

  async "a closed store refuses everything"({ store, newId }) {
    await store.setCursor("m", 1n);
    store.close();
    await fails(store.getCursor("m"), { code: "Closed" });
    await fails(store.setCursor("m", 2n), { code: "Closed" });
    await fails(store.runtime("r").persistInput(await input({ newId })), { code: "Closed" });
  },
};

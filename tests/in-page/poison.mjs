// What becomes of a panic, and of any other exception that leaves the module: each rule has an instance of its own to
// ruin, and on IndexedDB the name of a database of its own.

import base64 from "../../pkg/wasm/base64.js";
import makeBindings from "../../pkg/wasm/bindings.js";
import { Loader } from "../../pkg/dist/load.js";
import { open } from "../../pkg/dist/open.js";
import { equal, fails } from "../support/expect.mjs";

// Nothing that is lost in a power failure matters here.
const RELAXED = { durability: "relaxed" };

/** An entry over a loader of its own, with the means to break it. */
export function breakable(name) {
  const loader = new Loader(makeBindings, () => Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0)));
  const within = async (work) => {
    const instance = await loader.instance();
    return instance.call(() => work(instance.bindings));
  };
  return {
    openStore: (options) => open(loader, { name, ...("indexedDB" in globalThis && RELAXED), ...options }),
    panic: (message) => within((bindings) => bindings.panic(message)),
    // A method of an object that lies beyond the memory.
    trap: () => within((bindings) => bindings.RawClaim.prototype.release.call({ __wbg_ptr: -16 })),
  };
}

const POISONED = { name: "BurrowError", code: "Poisoned", retryable: false };

/** The errors that nobody caught while `work` ran. Node ends at one by itself. */
async function uncaughtIn(work) {
  const uncaught = [];
  const note = (event) => uncaught.push(String(event.error ?? event.reason));
  for (const type of ["error", "unhandledrejection"]) globalThis.addEventListener?.(type, note);
  await work();
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const type of ["error", "unhandledrejection"]) globalThis.removeEventListener?.(type, note);
  return uncaught;
}

async function failure(attempt) {
  return attempt.then(
    () => "no failure",
    (error) => error,
  );
}

/** Rules for every backend. */
export const poisonRules = {
  async "a panic rejects its call and those under way with its message"(name) {
    const { openStore, panic } = breakable(name);
    const store = await openStore();
    const uncaught = await uncaughtIn(async () => {
      const first = failure(panic("the first panic"));
      const second = failure(panic("the second panic"));
      const third = failure(store.setCursor("m", 1n));
      for (const error of await Promise.all([first, second, third])) {
        await fails(Promise.reject(error), POISONED);
        equal(error.message.includes("the first panic"), true);
        equal(error.cause instanceof Error && error.cause.message.includes("the first panic"), true);
      }
    });
    equal(uncaught, []);
  },

  async "a trap that is no panic poisons too"(name) {
    const { openStore, trap } = breakable(name);
    const store = await openStore();
    const error = await failure(trap());
    await fails(Promise.reject(error), POISONED);
    equal(error.cause instanceof WebAssembly.RuntimeError, true);
    await fails(store.getCursor("m"), POISONED);
  },

  async "what is of a poisoned instance stays poisoned, and a store opened afterwards works"(name) {
    const { openStore, panic } = breakable(name);
    const old = await openStore();
    const runtime = old.runtime("r");
    const claimed = await runtime.claim();
    await old.setCursor("m", 1n);
    const unwatch = old.watch({}, () => {});
    const changes = old.changes({ mob: "m" });
    const next = failure(changes.next());
    await fails(panic("boom"), POISONED);

    const store = await openStore();
    await store.setCursor("n", 2n);
    equal(await store.getCursor("n"), 2n);
    equal(await store.getCursor("m"), store.authorityKey === undefined ? undefined : 1n);
    const told = [];
    store.watch({}, (change) => told.push(change));
    await store.setCursor("n", 3n);
    equal(told, [{ mob: "n", kinds: ["cursor"] }]);

    await fails(Promise.reject(await next), POISONED);
    equal(await changes.next(), { done: true, value: undefined });
    await fails(old.getCursor("m"), POISONED);
    await fails(old.status(), POISONED);
    await fails(old.rpc("{}"), POISONED);
    await fails(runtime.session(), POISONED);
    await fails(claimed.release(), POISONED);
    await fails(async () => old.watch({}, () => {}), POISONED);
    await fails(async () => old.authorityKey, POISONED);
    unwatch();
    old.close();
    equal(await store.getCursor("n"), 3n);
  },

  async "an instance that is made again can be poisoned again"(name) {
    const { openStore, panic } = breakable(name);
    for (const message of ["once", "twice", "three times"]) {
      const store = await openStore();
      await store.setCursor("m", 1n);
      const error = await failure(panic(message));
      equal([error.code, error.message.includes(message)], ["Poisoned", true]);
      await fails(store.getCursor("m"), POISONED);
    }
    const [a, b] = await Promise.all([openStore(), openStore()]);
    await Promise.all([a.setCursor("a", 1n), b.setCursor("b", 1n)]);
  },
};

/** Rules for IndexedDB, which outlives an instance. */
export const poisonRulesOfIndexedDb = {
  async "half a transaction is not committed when the instance breaks in the middle of it"(name) {
    const { openStore } = breakable(name);
    const runtime = (await openStore()).runtime("r");
    const receipt = {
      run_id: "01a20127-b8f1-725e-bae9-39a85b9ab50a",
      boundary: "run_start",
      contributing_input_ids: [],
      message_count: 1n,
      sequence: 0n,
    };
    await runtime.commitSession(new Uint8Array(5));
    // The snapshot is written in pieces of 60 KB; copying the second one fails.
    const { Uint8Array: whole } = globalThis;
    globalThis.Uint8Array = new Proxy(whole, {
      construct(target, args) {
        if (args[0] instanceof whole && args[0].length === 38_560)
          throw new RangeError("no room for a piece");
        return new target(...args);
      },
    });
    const error = await failure(runtime.commitBoundary({ receipt, session: new whole(100_000) }));
    globalThis.Uint8Array = whole;
    equal([error.code, error.cause?.message], ["Poisoned", "no room for a piece"]);

    const again = (await openStore()).runtime("r");
    equal(await again.session(), new Uint8Array(5));
    equal(await again.receipts(), []);
  },

  async "a poisoned instance keeps nobody from deleting the database"(name) {
    const { openStore, panic } = breakable(name);
    const store = await openStore();
    await store.setCursor("m", 1n);
    await fails(panic("boom"), POISONED);
    const outcome = await new Promise((resolve) => {
      const request = indexedDB.deleteDatabase(name);
      request.onsuccess = () => resolve("deleted");
      request.onblocked = () => resolve("blocked");
    });
    equal(outcome, "deleted");
  },

  async "an instance that breaks while it makes a database leaves none without its tables"(name) {
    const { openStore, panic } = breakable(name);
    const opening = failure(openStore());
    await fails(panic("boom"), POISONED);
    await fails(Promise.reject(await opening), POISONED);
    const store = await openStore();
    await store.setCursor("m", 1n);
    equal(await store.getCursor("m"), 1n);
  },
};

// The JavaScript API in Node, where nothing durable is expected: the store is in memory.

import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as burrow from "../../pkg/dist/node.js";
import { equal, fails } from "../support/expect.mjs";
import { breakable, poisonRules } from "../in-page/poison.mjs";
import { rules } from "../in-page/rules.mjs";
import { newKey, onSealed } from "../in-page/sealing.mjs";

for (const [name, rule] of Object.entries(rules)) {
  test(name, async () => rule({ ...burrow, store: await burrow.openStore() }));
}

for (const name of onSealed(rules)) {
  test(`sealed: ${name}`, async () => {
    await rules[name]({ ...burrow, store: await burrow.openStore({ seal: await newKey() }) });
  });
}

for (const [name, rule] of Object.entries(poisonRules)) test(name, () => rule("memory"));

test("finalizers of a poisoned instance leave the next one alone", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc");
  const { openStore, panic } = breakable();
  /** Stores under claims and watches, whose handles nobody keeps. */
  const openMany = async (cursor) => {
    for (let i = 0; i < 200; i++) {
      const store = await openStore();
      await store.runtime("r").claim();
      store.watch({}, () => {});
      await store.setCursor("m", cursor);
    }
  };
  await openMany(1n);
  await fails(panic("boom"), { code: "Poisoned" });

  const stores = await Promise.all(Array.from({ length: 200 }, () => openStore()));
  await Promise.all(stores.map((store, i) => store.setCursor("m", BigInt(i))));
  for (let i = 0; i < 5; i++) {
    collectGarbage();
    await turn();
  }
  await openMany(2n);
  equal(
    await Promise.all(stores.map((store) => store.getCursor("m"))),
    stores.map((_, i) => BigInt(i)),
  );
});

test("calls made while the stack is used up settle, and the next store works", async () => {
  const { openStore } = breakable();
  const store = await openStore();
  const calls = [];
  const overflow = () => {
    try {
      overflow();
    } catch {
      // The caller's own overflow: it goes on calling as it unwinds.
    }
    if (calls.length < 400) {
      try {
        calls.push(store.setCursor("m", 9n).then(String, String));
      } catch {
        // There was not even stack enough to call.
      }
    }
  };
  overflow();
  const outcomes = await Promise.all(calls);
  equal(outcomes.length, 400);
  // How much stack was left where decides whether the module met the overflow itself.
  const after = await store.getCursor("m").catch((error) => error.code);
  equal(after === "Poisoned" || after === 9n || after === undefined, true);
  const next = await openStore();
  await next.setCursor("m", 1n);
  equal(await next.getCursor("m"), 1n);
});

test("IndexedDB is refused where there is none", () =>
  fails(burrow.openStore({ backend: "indexeddb" }), { code: "Unsupported" }));

test("durability that is asked for by name is refused where nothing is durable", async () => {
  for (const durability of ["strict", "relaxed"]) {
    await fails(burrow.openStore({ durability }), { code: "Unsupported", retryable: false });
  }
  const store = await burrow.openStore({ durability: undefined });
  equal((await store.status()).durability, "none");
});

test("a memory limit is refused where the store is not in memory", () =>
  fails(burrow.openStore({ backend: "indexeddb", memoryLimit: 1000 }), {
    code: "Unsupported",
    retryable: false,
  }));

test("nothing says when a store in memory is on the disk", async () => {
  const store = await burrow.openStore();
  await fails(store.flush(), { code: "Unsupported" });
});

test("options that are not understood are refused by name", async () => {
  const { openStore } = burrow;
  await fails(openStore({ name: "" }), { code: "InvalidInput", argument: "options.name" });
  await fails(openStore({ durability: "none" }), { code: "InvalidInput", argument: "options.durability" });
  await fails(openStore({ backend: "disk" }), { code: "InvalidInput", argument: "options.backend" });
  await fails(openStore("burrow"), { code: "InvalidInput", argument: "options" });
  await fails(openStore({ nmae: "console" }), {
    argument: "options",
    message: "invalid input: options: unknown member `nmae`; did you mean `name`?",
  });
});

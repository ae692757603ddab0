// What is too much: refused alone, with nothing changed.

import { equal, fails } from "../support/expect.mjs";
import { bytes, input } from "./makers.mjs";

export const limits = {
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

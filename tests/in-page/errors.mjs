// Errors on every backend: what they tell comes through clones, and what the caller's own code throws is theirs.

import { equal, fails } from "../support/expect.mjs";
import { input, receipt } from "./makers.mjs";

export const errors = {
  async "an error comes back from a clone, a message and JSON with what it tells"({ store, BurrowError }) {
    const error = await store.getCursor("").catch((caught) => caught);
    const { port1, port2 } = new MessageChannel();
    const posted = await new Promise((resolve) => {
      port2.onmessage = ({ data }) => resolve(data);
      port1.postMessage(error);
    });
    port1.close();
    const clones = [posted, structuredClone(error), structuredClone(error.toJSON())];
    for (const back of [error, ...clones, JSON.parse(JSON.stringify(error))]) {
      const { code, argument, retryable, message } = BurrowError.from(back);
      equal([code, argument, retryable, message], ["InvalidInput", "mob", false, error.message]);
    }
    equal(BurrowError.from(structuredClone(new RangeError("x"))), undefined);
  },

  async "an argument that throws when it is read is refused, and nothing is sent"({ store, newId }) {
    const cause = new RangeError("mine");
    const throwing = (name, members) =>
      Object.defineProperty({ ...members }, name, {
        enumerable: true,
        get() {
          throw cause;
        },
      });
    const runtime = store.runtime("r");
    const refused = { code: "InvalidInput", cause };
    await fails(store.setLabels(throwing("mob"), {}), { ...refused, argument: "scope" });
    await fails(store.setLabels({ mob: "m" }, throwing("a")), { ...refused, argument: "labels" });
    await fails(runtime.commitBoundary(throwing("session", { receipt: await receipt({ newId }) })), refused);
    await fails(runtime.persistInput(throwing("policy", await input({ newId }))), {
      ...refused,
      argument: "input.policy",
    });
    await fails(async () => store.watch(throwing("mob"), () => {}), { ...refused, argument: "scope" });
    await fails(store.mobs(throwing("limit")), { ...refused, argument: "page" });
    equal([await store.mobs(), await store.runtimes()], [[], []]);
  },
};

// The page of one contender: it does what the bench tells it, one thing after another, and keeps the time.

import * as contender from "contender";
import { commitMany } from "./many-commits.mjs";
import { fillReceipts } from "./many-receipts.mjs";
import { phasesOf, watchCalls } from "./phases.mjs";
import { workloads } from "./workloads.mjs";

let database, durability, store, workload;

globalThis.bench = {
  /** Opens a database, a new one or not, and fills it with what the workload needs. */
  async begin(name, options) {
    ({ database, durability } = options);
    // Before it is opened: some keep the functions that they find then.
    if (options.phases) watchCalls();
    store = await contender.open(database, durability);
    workload = workloads[name]({ store, u64: contender.u64, quick: options.quick });
    await workload.prepare?.();
  },

  /** Does the operation so many times, one after another, and gives how long each took, in milliseconds. */
  async round(count) {
    const made = Array.from({ length: count }, () => workload.make());
    const times = [];
    for (const item of made) {
      const start = performance.now();
      await workload.act(item);
      times.push(performance.now() - start);
    }
    return times;
  },

  /** The same, and gives the phases of each. */
  async phases(count) {
    const made = Array.from({ length: count }, () => workload.make());
    const phases = [];
    for (const item of made) phases.push(await phasesOf(() => workload.act(item)));
    return phases;
  },

  /** Fails unless the database, opened anew, has all that was told to be kept. */
  async verify() {
    await store.close();
    store = await contender.open(database, durability);
    await workload.verify(store);
  },

  async end() {
    await store.close();
    workload = undefined;
  },

  fillReceipts: (name, count) => fillReceipts(contender, name, count),
  commitMany: (name, count) => commitMany(contender, name, count),
  longLife: (what, ...args) => contender.longLife[what](...args),
};

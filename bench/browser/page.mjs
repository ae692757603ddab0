// The page of one contender: it runs one workload after another as the bench tells it, and keeps the time.

import * as contender from "contender";
import { workloads } from "./workloads.mjs";

let name, durability, store, workload;

globalThis.bench = {
  /** Opens a new database and fills it with what the workload needs. */
  async begin(named, options) {
    name = `${named}, ${options.durability}`.replaceAll(/[^\w]+/g, "-");
    durability = options.durability;
    store = await contender.open(name, durability);
    workload = workloads[named]({ store, u64: contender.u64, quick: options.quick });
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

  /** Fails unless the database, opened anew, has all that was told to be kept. */
  async verify() {
    await store.close();
    store = await contender.open(name, durability);
    await workload.verify(store);
  },

  async end() {
    await store.close();
    workload = undefined;
  },
};

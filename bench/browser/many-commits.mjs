// A page that has long been open: boundary commits without end, of which it keeps nothing itself.

import { boundary, newId } from "./payload.mjs";
import { same } from "./same.mjs";

const RUNTIMES = 100;

// The store stays open, as it would in an application.
let store;

/** Commits so many boundaries, one after another, and sees that the last one is there. */
export async function commitMany({ open, u64 }, name, count) {
  store ??= await open(name, "relaxed");
  const run = newId();
  let runtime, commit;
  for (let sequence = 0; sequence < count; sequence++) {
    runtime = `agent-${sequence % RUNTIMES}`;
    commit = boundary(u64, { run, sequence, bytes: 32 * 1024, inputs: 4 });
    await store.boundary(runtime, commit);
  }
  same("session", await store.session(runtime), commit.session);
  same("receipt", await store.receipt(runtime, run, commit.receipt.sequence), commit.receipt);
}

// A store of burrow's with a long life behind it: what recovery, pruning, deleting and verification take of it.

import { openStore } from "burrow-build";
import { boundary, input, newId } from "./payload.mjs";
import { connect, write } from "./rows.mjs";
import { same } from "./same.mjs";

/** The live inputs of each runtime, which also has as many consumed inputs as receipts. */
const LIVE = 3;
/** One of so many runtimes is running. */
const RUNNING = 10;

const STORES = ["runtime_states", "runtime_boundary_receipts", "runtime_input_states", "burrow_live_inputs"];

let store, receipts, running;

/** Fills a new database, and opens it. */
async function fill(name, runtimes, each) {
  receipts = each;
  await (await openStore({ name, durability: "relaxed" })).close();
  const db = await connect(name);
  for (let i = 0; i < runtimes; i++)
    await write(db, STORES, (stores) =>
      life(stores, `agent-${String(i).padStart(5, "0")}`, i % RUNNING === 0),
    );
  db.close();
  store = await openStore({ name, durability: "relaxed" });
}

/** The rows of one runtime. One that is running has an open run besides, whose receipts stay. */
function life(stores, id, isRunning) {
  stores.runtime_states.put(isRunning ? '"running"' : '"idle"', [id]);
  const [closed, open] = [newId(), newId()];
  for (let at = 0; at < receipts; at++) {
    const [run, sequence] = at < receipts - 1 ? [closed, at] : [open, 0];
    const { receipt } = boundary(Number, { run, sequence, inputs: 0 });
    const key = [id, run, String(sequence).padStart(20, "0")];
    stores.runtime_boundary_receipts.put(JSON.stringify(receipt), key);
  }
  for (let at = 0; at < receipts + LIVE; at++) {
    const [current_state, table] =
      at < receipts ? ["consumed", stores.runtime_input_states] : ["queued", stores.burrow_live_inputs];
    // They name no run: receipts of a run that a live input names are not pruned.
    const made = {
      ...input(Number),
      current_state,
      last_run_id: undefined,
      last_boundary_sequence: undefined,
    };
    table.put(JSON.stringify(made), [id, made.input_id]);
  }
}

async function recover() {
  running = [];
  for (let after; ;) {
    const page = await store.runtimes({ state: "running", after });
    if (page.length === 0) break;
    running.push(...page);
    after = page.at(-1);
  }
  for (const id of running) same("live inputs", (await store.runtime(id).recover()).inputs.length, LIVE);
  return `find and recover ${running.length} running runtimes`;
}

async function count() {
  const counts = await store.runtime(running[0]).counts();
  same("counts", [counts.receipts, counts.terminalInputs], [receipts, receipts]);
  return "count one runtime";
}

async function prune() {
  const keep = receipts / 10;
  const pruned = await store.runtime(running[0]).prune({ keepReceipts: keep, keepTerminalInputs: keep });
  return `prune one runtime: ${pruned.receipts} receipts, ${pruned.inputs} inputs`;
}

async function remove() {
  await store.runtime(running[1]).delete();
  return "delete one runtime";
}

async function verify() {
  const { records, problems } = await store.verify();
  same("problems", problems, 0);
  return `verify ${records.toLocaleString("en")} records`;
}

const steps = { recover, count, prune, remove, verify };

/** Fills a new database; or takes one of the steps, and gives what it was and how many milliseconds it took. */
export const longLife = {
  fill,
  async step(name) {
    const start = performance.now();
    const what = await steps[name]();
    return { what, took: performance.now() - start };
  },
};

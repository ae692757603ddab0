// The workloads, as a page runs them on its contender. Each is made for an open store and gives
//   prepare():      fills the store with what the operation needs to find there;
//   make():         what the next operation writes, made ahead of the timed part;
//   act(made):      the operation, which is timed;
//   verify(stored): reads back through the database opened anew, and compares with what was told.

import { boundary, input, newId } from "./payload.mjs";
import { same } from "./same.mjs";

const RUNTIME = "agent-1";
const LOADED = "loaded-2";
const FILLED_PER_COMMIT = 500;

/** Boundary commits of one runtime, with a snapshot of so many bytes. */
function boundaries(bytes) {
  return ({ store, u64 }) => {
    const run = newId();
    const receipts = [];
    const inputs = [];
    let session;
    let sequence = 0;
    return {
      make: () => boundary(u64, { run, sequence: sequence++, bytes, inputs: 4 }),
      async act(commit) {
        await store.boundary(RUNTIME, commit);
        receipts.push(commit.receipt);
        inputs.push(...commit.inputs);
        session = commit.session;
      },
      async verify(stored) {
        same("session", await stored.session(RUNTIME), session);
        same("inputs", await stored.inputs(RUNTIME), inputs);
        const found = await Promise.all(
          receipts.map(({ sequence }) => stored.receipt(RUNTIME, run, sequence)),
        );
        same("receipts", found, receipts);
      },
    };
  };
}

/** One input, durable. */
function inputs({ store, u64 }) {
  const told = [];
  return {
    make: () => input(u64),
    async act(made) {
      await store.input(RUNTIME, made);
      told.push(made);
    },
    async verify(stored) {
      same("inputs", await stored.inputs(RUNTIME), told);
    },
  };
}

/** A mob's cursor moved on. */
function cursor({ store, u64 }) {
  let at = 0;
  return {
    make: () => u64(++at),
    act: (cursor) => store.setCursor("mob-1", cursor),
    async verify(stored) {
      same("cursor", await stored.cursor("mob-1"), u64(at));
    },
  };
}

/** All inputs of one runtime out of five that have as many. */
function load({ store, u64, quick }) {
  const count = quick ? 500 : 10_000;
  const told = [];
  let loaded;
  return {
    async prepare() {
      for (const runtime of ["loaded-1", LOADED, "loaded-3", "loaded-4", "loaded-5"]) {
        for (let at = 0; at < count; at += FILLED_PER_COMMIT) {
          const commit = boundary(u64, { run: newId(), sequence: 0, inputs: FILLED_PER_COMMIT });
          await store.boundary(runtime, commit);
          if (runtime === LOADED) told.push(...commit.inputs);
        }
      }
    },
    make: () => undefined,
    async act() {
      loaded = await store.inputs(LOADED);
    },
    async verify(stored) {
      same("what was loaded", loaded, told);
      same("inputs", await stored.inputs(LOADED), told);
    },
  };
}

/** Boundary commits of 64 runtimes, all at once. */
function together({ store, u64 }) {
  const runtimes = Array.from({ length: 64 }, (_, i) => `agent-${i}`);
  const run = newId();
  const told = new Map(runtimes.map((runtime) => [runtime, []]));
  let sequence = 0;
  return {
    make() {
      const at = sequence++;
      return runtimes.map((runtime) => [
        runtime,
        boundary(u64, { run, sequence: at, bytes: 32 * 1024, inputs: 4 }),
      ]);
    },
    async act(commits) {
      if (store.boundaries) await store.boundaries(commits);
      else await Promise.all(commits.map(([runtime, commit]) => store.boundary(runtime, commit)));
      for (const [runtime, commit] of commits) told.get(runtime).push(commit);
    },
    async verify(stored) {
      for (const [runtime, commits] of told) {
        same("session", await stored.session(runtime), commits.at(-1).session);
        const inputs = commits.flatMap((commit) => commit.inputs);
        same("inputs", await stored.inputs(runtime), inputs);
        const receipts = commits.map((commit) => commit.receipt);
        const found = await Promise.all(
          receipts.map(({ sequence }) => stored.receipt(runtime, run, sequence)),
        );
        same("receipts", found, receipts);
      }
    },
  };
}

/** The labels of 1,000 mobs and of one run of each, read by `read`; those that `expected` holds for are to be found. */
function labels(read, expected) {
  return ({ store, quick }) => {
    const count = quick ? 100 : 1000;
    const told = Array.from({ length: count }, (_, i) => {
      const mob = `mob-${String(i).padStart(4, "0")}`;
      const env = i % 10 === 0 ? "dev" : "production";
      return [
        { mob, labels: { env, team: `team-${i % 7}`, repo: `repo-${i}` } },
        { mob, run: newId(), labels: { env, phase: "first" } },
      ];
    }).flat();
    let found;
    return {
      prepare: () => Promise.all(told.map((entry) => store.setLabels(entry))),
      make: () => undefined,
      async act() {
        found = await read(store);
      },
      async verify(stored) {
        const entries = told.filter(({ labels }) => expected(labels));
        // Who has no run is told by "" or by nothing at all.
        const plain = (list) => list.map(({ run = "", ...rest }) => ({ run, ...rest }));
        same("what was read", plain(found), plain(entries));
        same("labels", plain(await read(stored)), plain(entries));
      },
    };
  };
}

export const workloads = {
  W1: boundaries(32 * 1024),
  W2: inputs,
  W3: cursor,
  W4: load,
  W5: together,
  "W7 list": labels(
    (store) => store.labels(),
    () => true,
  ),
  "W7 select": labels(
    (store) => store.select("env", "dev"),
    ({ env }) => env === "dev",
  ),
  "W8 128 KB": boundaries(128 * 1024),
  "W8 512 KB": boundaries(512 * 1024),
  "W8 2 MB": boundaries(2 * 1024 * 1024),
};

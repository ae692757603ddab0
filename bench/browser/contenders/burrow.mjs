// burrow, through its published API: the build that is here, or another.

import { openStore } from "burrow-build";

export { longLife } from "../long-life.mjs";

export const u64 = BigInt;

/** Where receipts lie, to fill a database with many: burrow's own form on the disk. */
export const receiptRows = {
  store: "runtime_boundary_receipts",
  key: (runtime, { run_id, sequence }) => [runtime, run_id, String(sequence).padStart(20, "0")],
};

export async function open(name, durability) {
  const store = await openStore({ name, durability });
  return {
    boundary: (runtime, commit) => store.runtime(runtime).commitBoundary(commit),
    input: (runtime, input) => store.runtime(runtime).persistInput(input),
    setCursor: (mob, cursor) => store.setCursor(mob, cursor),
    setLabels: ({ mob, run, labels }) => store.setLabels({ mob, run }, labels),
    inputs: (runtime) => store.runtime(runtime).inputs(),
    session: (runtime) => store.runtime(runtime).session(),
    receipt: (runtime, run, sequence) => store.runtime(runtime).receipt(run, sequence),
    cursor: (mob) => store.getCursor(mob),
    labels: () => store.selectLabels(""),
    select: (key, value) => store.selectLabels(`${key}=${value}`),
    close: () => store.close(),
  };
}

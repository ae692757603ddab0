// What the page beside the console runs: it opens the same store through the package.

import { openStore } from "burrow-store";

globalThis.store = await openStore({ name: "console" });

/** Reads all that the demo's agents have kept, and tells of whatever does not fit together. */
globalThis.audit = async () => {
  const agents = (await store.runtimes()).filter((id) => id.startsWith("demo/agent-"));
  const faults = [];
  const found = [];
  let total = 0;
  for (const id of agents) {
    const runtime = store.runtime(id);
    const [bytes, inputs, receipts] = await Promise.all([
      runtime.session(),
      runtime.inputs(),
      runtime.receipts({ limit: 10_000 }),
    ]);
    const { run, next } = JSON.parse(new TextDecoder().decode(bytes));
    found.push({ id, run, next: Number(next) });
    total += receipts.length;

    for (const ofRun of Object.values(Object.groupBy(receipts, ({ run_id }) => run_id))) {
      const numbers = ofRun.map(({ sequence }) => Number(sequence));
      if (numbers.some((number, i) => number !== i)) faults.push(`${id}: receipts ${numbers}`);
    }
    const last = receipts.at(-1);
    if (last.run_id !== run || last.sequence !== BigInt(next) - 1n)
      faults.push(`${id}: snapshot of ${run} ${next}`);
    const taken = receipts.flatMap(({ contributing_input_ids }) => contributing_input_ids);
    const consumed = inputs.filter(({ current_state }) => current_state === "consumed");
    const same = taken.toSorted().join() === consumed.map(({ input_id }) => input_id).join();
    if (!same) faults.push(`${id}: took in ${taken.length} inputs, ${consumed.length} are consumed`);
  }
  const states = await Promise.all(agents.map((id) => store.runtime(id).state()));
  return { agents: found, states, receipts: total, faults, cursor: Number(await store.getCursor("demo")) };
};

/** Removes a run's last receipt behind burrow's back, as a store that loses what it acknowledged would. */
globalThis.removeLastReceipt = (run) =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open("console");
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const transaction = request.result.transaction("runtime_boundary_receipts", "readwrite");
      const receipts = transaction.objectStore("runtime_boundary_receipts");
      receipts.getAllKeys().onsuccess = ({ target }) =>
        receipts.delete(target.result.findLast((key) => key.includes(run)));
      transaction.onabort = () => reject(transaction.error);
      transaction.oncomplete = () => {
        request.result.close();
        resolve();
      };
    };
  });

// idb: objects by structured clone, and the puts of a commit awaited together with its transaction, as its manual says.

import { openDB } from "idb";

export const u64 = Number;

export async function open(name, durability) {
  const db = await openDB(name, 1, {
    upgrade(db) {
      for (const store of ["receipts", "inputs", "sessions", "cursors", "labels"])
        db.createObjectStore(store);
    },
  });

  async function put(store, value, key) {
    const tx = db.transaction(store, "readwrite", { durability });
    await Promise.all([tx.store.put(value, key), tx.done]);
  }

  return {
    async boundary(runtime, { receipt, session, inputs }) {
      const tx = db.transaction(["receipts", "inputs", "sessions"], "readwrite", { durability });
      const store = tx.objectStore("inputs");
      await Promise.all([
        session && tx.objectStore("sessions").put(session, runtime),
        ...inputs.map((input) => store.put(input, [runtime, input.input_id])),
        tx.objectStore("receipts").put(receipt, [runtime, receipt.run_id, receipt.sequence]),
        tx.done,
      ]);
    },
    input: (runtime, input) => put("inputs", input, [runtime, input.input_id]),
    setCursor: (mob, cursor) => put("cursors", cursor, mob),
    setLabels: (entry) => put("labels", entry, [entry.mob, entry.run ?? ""]),
    inputs: (runtime) => db.getAll("inputs", IDBKeyRange.bound([runtime], [runtime, []])),
    session: (runtime) => db.get("sessions", runtime),
    receipt: (runtime, run, sequence) => db.get("receipts", [runtime, run, sequence]),
    cursor: (mob) => db.get("cursors", mob),
    labels: () => db.getAll("labels"),
    select: async (key, value) => (await db.getAll("labels")).filter(({ labels }) => labels[key] === value),
    close: () => db.close(),
  };
}

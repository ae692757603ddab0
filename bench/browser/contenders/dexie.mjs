// Dexie: rows with their keys in them, compound primary keys, one transaction a commit.

import { Dexie } from "dexie";

export const u64 = Number;

export async function open(name, durability) {
  const db = new Dexie(name, { chromeTransactionDurability: durability });
  db.version(1).stores({
    receipts: "[runtime_id+run_id+sequence]",
    inputs: "[runtime_id+input_id]",
    sessions: "runtime_id",
    cursors: "mob_id",
    labels: "[mob+run]",
  });
  await db.open();

  return {
    boundary: (runtime_id, { receipt, session, inputs }) =>
      db.transaction("rw", db.receipts, db.inputs, db.sessions, () =>
        Promise.all([
          session && db.sessions.put({ runtime_id, session }),
          db.inputs.bulkPut(inputs.map((input) => ({ ...input, runtime_id }))),
          db.receipts.put({ ...receipt, runtime_id }),
        ]),
      ),
    input: (runtime_id, input) => db.inputs.put({ ...input, runtime_id }),
    setCursor: (mob_id, cursor) => db.cursors.put({ mob_id, cursor }),
    setLabels: ({ mob, run = "", labels }) => db.labels.put({ mob, run, labels }),
    inputs: (runtime_id) => db.inputs.where({ runtime_id }).toArray(),
    session: async (runtime_id) => (await db.sessions.get(runtime_id)).session,
    receipt: (runtime_id, run, sequence) => db.receipts.get([runtime_id, run, sequence]),
    cursor: async (mob_id) => (await db.cursors.get(mob_id)).cursor,
    labels: () => db.labels.toArray(),
    select: async (key, value) => (await db.labels.toArray()).filter(({ labels }) => labels[key] === value),
    close: () => db.close(),
  };
}

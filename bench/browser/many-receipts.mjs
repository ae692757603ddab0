// A database that has long been in use: many receipts.

import { boundary, newId } from "./payload.mjs";
import { connect, write } from "./rows.mjs";
import { same } from "./same.mjs";

const RUNTIMES = 100;
const RECEIPTS_PER_RUN = 100;
const RECEIPTS_PER_TRANSACTION = 10_000;
const LOOKED_AT = 100;

/** Fills a new database with so many receipts; some are then read back through the contender. */
export async function fillReceipts({ open, u64, receiptRows }, name, count) {
  const store = await open(name, "relaxed");
  const db = await connect(name);
  const seen = [];
  let run = newId();
  for (let from = 0; from < count; from += RECEIPTS_PER_TRANSACTION) {
    const rows = Math.min(RECEIPTS_PER_TRANSACTION, count - from);
    await write(db, [receiptRows.store], ({ [receiptRows.store]: receipts }) => {
      for (let i = from; i < from + rows; i++) {
        if (i % RECEIPTS_PER_RUN === 0) run = newId();
        const runtime = `agent-${Math.floor(i / RECEIPTS_PER_RUN) % RUNTIMES}`;
        const { receipt } = boundary(Number, { run, sequence: i % RECEIPTS_PER_RUN, inputs: 0 });
        receipts.put(JSON.stringify(receipt), receiptRows.key(runtime, receipt));
        if (i % Math.ceil(count / LOOKED_AT) === 0) seen.push({ runtime, receipt });
      }
    });
  }
  db.close();
  for (const { runtime, receipt } of seen) {
    const told = { ...receipt, message_count: u64(receipt.message_count), sequence: u64(receipt.sequence) };
    same("a receipt", await store.receipt(runtime, receipt.run_id, told.sequence), told);
  }
  await store.close();
}

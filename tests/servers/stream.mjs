// A stream of run boundaries, each of which writes a receipt, a snapshot and an input that say which it is: so that whoever comes
// later can tell whether anything is missing, or half there.

const BOUNDARY = { boundary: "run_checkpoint", contributing_input_ids: [], message_count: 0n };
const WHEN = "2026-11-27T00:00:00Z";

/** Commits boundary `number` of a run. */
export async function commit(agent, run_id, number) {
  const input_id = run_id.slice(0, 24) + number.toString(16).padStart(12, "0");
  await agent.commitBoundary({
    receipt: { ...BOUNDARY, run_id, sequence: BigInt(number) },
    session: new TextEncoder().encode(JSON.stringify({ number, padding: "x".repeat(3000) })),
    inputs: [{ input_id, current_state: "queued", created_at: WHEN, updated_at: WHEN }],
  });
}

/** How many boundaries are there; throws where one is missing, or half there. */
export async function verify(agent, run_id) {
  const receipts = await agent.receipts({ limit: 2 ** 32 - 1 });
  const inputs = await agent.inputIds({ limit: 2 ** 32 - 1 });
  const session = await agent.session();
  const last = session === undefined ? -1 : JSON.parse(new TextDecoder().decode(session)).number;
  const count = receipts.length;
  const whole =
    inputs.length === count &&
    last === count - 1 &&
    receipts.every((receipt, i) => receipt.run_id === run_id && receipt.sequence === BigInt(i));
  if (!whole) throw new Error(`half: ${count} receipts, ${inputs.length} inputs, snapshot ${last}`);
  return count;
}

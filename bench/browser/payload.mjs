// What the workloads write, made ahead of the timed part: different each time, and as hard to compress as real text.

const ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .";
const LEAST_POOL = 256 * 1024;
const INPUT_BYTES = 600;

let pool = "";

/** Random text of so many ASCII characters. */
function text(length) {
  if (pool.length < 2 * length) pool = randomText(Math.max(LEAST_POOL, 2 * length));
  const start = Math.floor(Math.random() * (pool.length - length));
  return pool.slice(start, start + length);
}

function randomText(length) {
  const characters = new Uint8Array(length);
  for (let start = 0; start < length; start += 65536) {
    crypto.getRandomValues(characters.subarray(start, start + 65536));
  }
  return new TextDecoder().decode(characters.map((byte) => ALPHABET.charCodeAt(byte % ALPHABET.length)));
}

let latest = 0;

/** A UUID of version 7: ids sort in the order in which they are made. */
export function newId() {
  latest = Math.max(latest + 1, Date.now());
  const time = latest.toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`;
}

/** A session's snapshot of so many bytes. */
export function snapshot(bytes) {
  const start = `{"id":"${newId()}","messages":"`;
  return new TextEncoder().encode(`${start}${text(bytes - start.length - 2)}"}`);
}

/** An input whose JSON has 600 bytes. `u64` makes a number what the contender takes for one of 64 bits. */
export function input(u64, { run = newId(), sequence = 0 } = {}) {
  const at = new Date().toISOString();
  const made = {
    input_id: newId(),
    current_state: "applied",
    attempt_count: 1,
    recovery_count: 0,
    history: [{ timestamp: at, from: "queued", to: "applied" }],
    persisted_input: { input_type: "prompt", text: "" },
    last_run_id: run,
    last_boundary_sequence: sequence,
    created_at: at,
    updated_at: at,
  };
  made.persisted_input.text = text(INPUT_BYTES - JSON.stringify(made).length);
  made.last_boundary_sequence = u64(sequence);
  return made;
}

/** What one boundary commits: a receipt, inputs, and a snapshot where it is to have some bytes. */
export function boundary(u64, { run, sequence, bytes, inputs: count }) {
  const inputs = Array.from({ length: count }, () => input(u64, { run, sequence }));
  const receipt = {
    run_id: run,
    boundary: "run_checkpoint",
    contributing_input_ids: inputs.map(({ input_id }) => input_id),
    conversation_digest: crypto.randomUUID().replaceAll("-", "").repeat(2),
    message_count: u64(2 * sequence + 2),
    sequence: u64(sequence),
  };
  return { receipt, session: bytes === undefined ? undefined : snapshot(bytes), inputs };
}

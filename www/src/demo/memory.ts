// What a simulated agent keeps in mind, and how it gets it back from the store.

import { newId, type ClaimedRuntime, type Input } from "burrow-store";

/** An agent's memory. A crash takes all of it. */
export interface Memory {
  run: string;
  /** The number of the run's next boundary. */
  next: bigint;
  /** The latest messages of the conversation. */
  messages: readonly string[];
  messageCount: bigint;
  /** What is to be done, oldest first. */
  queue: readonly Input[];
}

/** What was found in the store. */
export interface Recovery {
  memory: Memory;
  /** The inputs that were taken up, but whose boundary was not committed: they are queued again. */
  requeued: number;
  /** What does not fit together. A store that commits all or none leaves nothing to say here. */
  faults: string[];
}

/** What of the memory is kept as the session's snapshot. The queue is kept as inputs. */
export function snapshot({ run, next, messages, messageCount }: Memory): Uint8Array {
  const session = { run, next: String(next), messages, message_count: String(messageCount) };
  return new TextEncoder().encode(JSON.stringify(session));
}

/** SHA-256 in hex, as receipts have it. */
export async function digest(session: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(session)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Makes the memory again from the store, and takes the runtime into the state `running`. */
export async function recover(runtime: ClaimedRuntime): Promise<Recovery> {
  const [session, inputs] = await Promise.all([runtime.session(), runtime.inputs()]);
  const staged = inputs.filter(({ current_state }) => current_state === "staged");
  const requeued = staged.map((input) =>
    moved(input, "queued", { recovery_count: input.recovery_count + 1 }),
  );
  await takeUp(runtime, requeued);

  const queue = inputs
    .map((input) => requeued.find(({ input_id }) => input_id === input.input_id) ?? input)
    .filter(({ current_state }) => current_state === "queued");
  if (!session) {
    const memory = { run: await newId(), next: 0n, messages: [], messageCount: 0n, queue };
    return { memory, requeued: requeued.length, faults: [] };
  }
  const stored = JSON.parse(new TextDecoder().decode(session)) as Record<
    "run" | "next" | "message_count",
    string
  > & {
    messages: string[];
  };
  const memory: Memory = {
    run: stored.run,
    next: BigInt(stored.next),
    messages: stored.messages,
    messageCount: BigInt(stored.message_count),
    queue,
  };
  return { memory, requeued: requeued.length, faults: await faultsIn(runtime, memory, session, inputs) };
}

/** Takes a runtime into the state `running`, from wherever it was left. */
export async function takeUp(runtime: ClaimedRuntime, inputs: Input[] = []): Promise<void> {
  const state = await runtime.state();
  if (state === undefined) await runtime.transition({ from: "initializing", to: "idle" });
  await runtime.transition({ from: state ?? "idle", to: "running", inputs });
}

/** The input, one step further. */
export function moved(input: Input, to: Input["current_state"], changes: Partial<Input>): Input {
  const timestamp = new Date().toISOString();
  const history = [...input.history, { timestamp, from: input.current_state, to }];
  return { ...input, ...changes, current_state: to, history, updated_at: timestamp };
}

/** Holds snapshot, receipts and inputs of the run against each other: they were committed together. */
async function faultsIn(
  runtime: ClaimedRuntime,
  { run, next }: Memory,
  session: Uint8Array,
  inputs: Input[],
): Promise<string[]> {
  const faults: string[] = [];
  for (let sequence = 0n; sequence < next; sequence++) {
    const receipt = await runtime.receipt(run, sequence);
    if (!receipt) {
      faults.push(`receipt ${sequence} of run ${run} is missing`);
      continue;
    }
    const taken = inputs.filter(({ input_id }) => receipt.contributing_input_ids.includes(input_id));
    const consumed = taken.filter(({ current_state }) => current_state === "consumed");
    if (consumed.length !== receipt.contributing_input_ids.length) {
      faults.push(`receipt ${sequence} of run ${run} is without its inputs`);
    }
    if (sequence === next - 1n && receipt.conversation_digest !== (await digest(session))) {
      faults.push(`the snapshot is not that of receipt ${sequence} of run ${run}`);
    }
  }
  if (await runtime.receipt(run, next)) faults.push(`receipt ${next} of run ${run} is without its snapshot`);
  return faults;
}

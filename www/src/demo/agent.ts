// A simulated agent. It works from its memory, and all of that can be made again from the store.

import { newId, type ClaimedRuntime, type Input, type Store } from "burrow-store";
import { digest, moved, recover, snapshot, type Memory, type Recovery } from "./memory.js";

/** The mob that the agents belong to. */
export const MOB = "demo";

const BOUNDARIES_PER_RUN = 6n;
const QUEUE = 3;
const REMEMBERED = 8;
const WORK_MS = { least: 200, most: 700 };

/** A boundary's place. */
export interface Place {
  run: string;
  sequence: bigint;
}

/** What an agent says of itself. */
export type News =
  | ({ kind: "recovered" } & Recovery)
  | ({ kind: "working" } & Place)
  /** The store has acknowledged the boundary. */
  | ({ kind: "committed" } & Place);

/** What surrounds an agent. */
export interface World {
  store: Store;
  /** Aborted when the agent crashes. */
  crash: AbortSignal;
  /** Aborted when the agent is asked to stop. */
  stop: AbortSignal;
  /** Is told its news; the agent goes on when this resolves. */
  tell: (news: News) => Promise<void>;
}

/**
 * One life of an agent: it claims its runtime, recovers, and works through its queue, a boundary for each input, until
 * it is stopped, crashes, or is fenced.
 */
export async function live(id: string, world: World): Promise<void> {
  const runtime = await alive(world, world.store.runtime(id).claim());
  const recovery = await alive(world, recover(runtime));
  await alive(world, world.tell({ kind: "recovered", ...recovery }));
  const agent = new Agent(world, runtime, recovery.memory);
  while (!world.stop.aborted) await agent.step();
  await agent.leave();
}

/** The result of a call; rejects if the agent has crashed meanwhile. */
async function alive<T>({ crash }: World, call: Promise<T>): Promise<T> {
  const result = await call;
  crash.throwIfAborted();
  return result;
}

class Agent {
  readonly #world: World;
  readonly #runtime: ClaimedRuntime;
  #memory: Memory;

  constructor(world: World, runtime: ClaimedRuntime, memory: Memory) {
    this.#world = world;
    this.#runtime = runtime;
    this.#memory = memory;
  }

  /** Takes the first input of the queue, works on it, and commits the boundary that took it in. */
  async step(): Promise<void> {
    if (this.#memory.next === BOUNDARIES_PER_RUN) await this.#beginRun();
    const { run, next: sequence } = this.#memory;
    await this.#alive(this.#world.tell({ kind: "working", run, sequence }));
    const input = await this.#take();
    await this.#work();
    await this.#commit(input);
    await this.#alive(this.#world.tell({ kind: "committed", run, sequence }));
  }

  /** Leaves in good order: the runtime is idle and free. */
  async leave(): Promise<void> {
    await this.#alive(this.#runtime.transition({ from: "running", to: "idle" }));
    await this.#alive(this.#runtime.release());
  }

  async #beginRun(): Promise<void> {
    await this.#alive(this.#world.store.deleteLabels({ mob: MOB, run: this.#memory.run }));
    this.#memory = { ...this.#memory, run: await this.#alive(newId()), next: 0n };
  }

  /** Takes up the first input, once the queue is as long as it should be. */
  async #take(): Promise<Input> {
    const queue = [...this.#memory.queue];
    while (queue.length < QUEUE) {
      const sent = await this.#alive(prompt());
      await this.#alive(this.#runtime.persistInput(sent));
      queue.push(sent);
    }
    const [first, ...rest] = queue as [Input, ...Input[]];
    const staged = moved(first, "staged", {
      attempt_count: first.attempt_count + 1,
      last_run_id: this.#memory.run,
    });
    await this.#alive(this.#runtime.transition({ from: "running", to: "running", inputs: [staged] }));
    this.#memory = { ...this.#memory, queue: rest };
    return staged;
  }

  async #work(): Promise<void> {
    const { least, most } = WORK_MS;
    const time = least + (most - least) * Math.random();
    await this.#alive(new Promise((resolve) => setTimeout(resolve, time)));
  }

  /** Snapshot, receipt and input in one commit. Only then does the memory go on. */
  async #commit(input: Input): Promise<void> {
    const { run, next: sequence, messages, messageCount } = this.#memory;
    const after: Memory = {
      ...this.#memory,
      next: sequence + 1n,
      messages: [...messages, `the answer to ${input.input_id}`].slice(-REMEMBERED),
      messageCount: messageCount + 1n,
    };
    const session = snapshot(after);
    const receipt = {
      run_id: run,
      boundary: sequence === 0n ? ("run_start" as const) : ("run_checkpoint" as const),
      contributing_input_ids: [input.input_id],
      conversation_digest: await this.#alive(digest(session)),
      message_count: after.messageCount,
      sequence,
    };
    const consumed = moved(input, "consumed", {
      terminal_outcome: { outcome_type: "consumed" },
      last_boundary_sequence: sequence,
    });
    await this.#alive(this.#runtime.commitBoundary({ receipt, session, inputs: [consumed] }));
    this.#memory = after;
    await this.#alive(
      this.#world.store.setLabels({ mob: MOB, run }, { agent: this.#runtime.id, boundary: String(sequence) }),
    );
  }

  #alive<T>(call: Promise<T>): Promise<T> {
    return alive(this.#world, call);
  }
}

/** What somebody might send to an agent. */
async function prompt(): Promise<Input> {
  const now = new Date().toISOString();
  return {
    input_id: await newId(),
    current_state: "queued",
    attempt_count: 0,
    recovery_count: 0,
    history: [],
    persisted_input: { input_type: "prompt", text: `What is new since ${now}?` },
    created_at: now,
    updated_at: now,
  };
}

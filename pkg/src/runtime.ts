// One runtime of a store.

import type { RawStore } from "../wasm/burrow.js";
import { settled } from "./error.js";
import type { BoundaryCommit, Input, Receipt, RuntimeState, Transition } from "./types.js";
import * as wire from "./wire.js";

const STATES: readonly RuntimeState[] = [
  "initializing",
  "idle",
  "attached",
  "running",
  "retired",
  "stopped",
  "destroyed",
];

/** A runtime's place in a store, from `store.runtime(id)`. Making one writes nothing. */
export class Runtime {
  /** The runtime's id. */
  readonly id: string;
  readonly #raw: RawStore;

  /** @internal */
  constructor(raw: RawStore, id: string) {
    this.#raw = raw;
    this.id = id;
  }

  /**
   * Commits a run boundary: snapshot, receipt and inputs, all or none. The same receipt again is a retry: it
   * succeeds and writes nothing. An input given twice is stored as given last.
   *
   * Rejects with `Conflict` when a different receipt is stored under the same run and sequence, and with
   * `SessionKeyMismatch` when the snapshot's `id` is not the session key.
   */
  async commitBoundary(commit: BoundaryCommit): Promise<void> {
    const { receipt, session, inputs, sessionKey } = wire.object("commit", commit);
    await settled(
      this.#raw.commitBoundary(
        this.id,
        wire.receiptToJson("receipt", receipt),
        session === undefined ? undefined : wire.bytes("session", session),
        wire.inputsToJson("inputs", inputs),
        sessionKey === undefined ? undefined : wire.id("sessionKey", sessionKey),
      ),
    );
  }

  /** Replaces the session snapshot outside any run boundary: no receipt is written. */
  async commitSession(session: Uint8Array): Promise<void> {
    await settled(this.#raw.commitSession(this.id, wire.bytes("session", session)));
  }

  /** The latest session snapshot, byte for byte. */
  async session(): Promise<Uint8Array | undefined> {
    return settled(this.#raw.session(this.id));
  }

  /** One receipt. */
  async receipt(runId: string, sequence: bigint): Promise<Receipt | undefined> {
    const json = await settled(
      this.#raw.receipt(this.id, wire.id("runId", runId), wire.u64("sequence", sequence)),
    );
    return json === undefined ? undefined : wire.receiptFromJson(json);
  }

  /** Stores one input, durable before it resolves. */
  async persistInput(input: Input): Promise<void> {
    await settled(this.#raw.persistInput(this.id, wire.inputToJson("input", input)));
  }

  /** All inputs, in the order of their ids. */
  async inputs(): Promise<Input[]> {
    return wire.inputsFromJson(await settled(this.#raw.inputs(this.id)));
  }

  /** One input. */
  async input(inputId: string): Promise<Input | undefined> {
    const json = await settled(this.#raw.input(this.id, wire.id("inputId", inputId)));
    return json === undefined ? undefined : wire.inputsFromJson(`[${json}]`)[0];
  }

  /** The lifecycle state; `undefined` where no step was ever committed, which counts as `initializing`. */
  async state(): Promise<RuntimeState | undefined> {
    return (await settled(this.#raw.state(this.id))) as RuntimeState | undefined;
  }

  /**
   * Commits a lifecycle step and the inputs that change with it, all or none. A step may stay in its state.
   *
   * Rejects with `IllegalTransition` where there is no such step, and with `Conflict` when the runtime is no longer
   * in `from`.
   */
  async transition(transition: Transition): Promise<void> {
    const { from, to, inputs } = wire.object("transition", transition);
    const step = [wire.oneOf("from", from, STATES), wire.oneOf("to", to, STATES)] as const;
    await settled(this.#raw.transition(this.id, ...step, wire.inputsToJson("inputs", inputs)));
  }
}

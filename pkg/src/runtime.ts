/// <reference lib="esnext.disposable" preserve="true" />
// One runtime of a store.

import type { RawClaim, RawRuntime } from "../wasm/bindings.js";
import { invalid } from "./error.js";
import { Handle } from "./handle.js";
import type {
  BoundaryCommit,
  Bytes,
  Input,
  InputState,
  NewInput,
  OpsSnapshot,
  PageOptions,
  Receipt,
  RuntimeState,
  Transition,
} from "./types.js";
import type { Counts, InputsOptions, Pruned, PruneOptions, Recovered } from "./types-lifetime.js";
import * as wire from "./wire.js";

/** A runtime's place in a store, from `store.runtime(id)`. Making one writes nothing. */
export class Runtime {
  /** The runtime's id. */
  readonly id: string;
  readonly #handle: Handle<RawRuntime>;

  /** @internal */
  constructor(handle: Handle<RawRuntime>, id: string) {
    this.#handle = handle;
    this.id = id;
  }

  /**
   * Commits a run boundary: snapshot, receipt and inputs, all or none. The same again is a retry: it succeeds and writes nothing,
   * where receipt, session and key are the same, and the inputs too, in the same order. An input given twice is stored as given last.
   *
   * Rejects with `Conflict` when something else was committed under the same run and sequence, with `SessionKeyMismatch` when the
   * snapshot's `id` is not the session key, and with `InvalidInput` for a session key without a snapshot.
   */
  async commitBoundary(commit: BoundaryCommit): Promise<void> {
    const { receipt, session, inputs, sessionKey } = wire.options("commit", commit, [
      "receipt",
      "session",
      "inputs",
      "sessionKey",
    ]);
    if (sessionKey !== undefined && session === undefined)
      throw invalid("sessionKey", "there is no `session` that it is the key of");
    const texts = [wire.receiptToJson("receipt", receipt), wire.inputsToJson("inputs", inputs)] as const;
    await this.#handle.call(
      (raw, snapshot, receipt, inputs) => raw.commitBoundary(receipt, snapshot, inputs, sessionKey),
      session,
      ...texts,
    );
    this.#handle.openness.wrote?.(this.id);
  }

  /** Replaces the session snapshot outside any run boundary: no receipt is written. */
  async commitSession(session: Bytes): Promise<void> {
    await this.#handle.call((raw, bytes) => raw.commitSession(bytes), session);
  }

  /** The latest session snapshot, byte for byte. */
  async session(): Promise<Uint8Array | undefined> {
    return this.#handle.call((raw) => raw.session());
  }

  /** One receipt. */
  async receipt(runId: string, sequence: bigint): Promise<Receipt | undefined> {
    return wire.receiptFromJson(await this.#handle.call((raw) => raw.receipt(runId, sequence)));
  }

  /**
   * A page of receipts, by run and then by sequence. One that cannot be read rejects with `Decode`, which names its
   * key; the next page can begin after it.
   */
  async receipts(page: PageOptions<Pick<Receipt, "run_id" | "sequence">> = {}): Promise<Receipt[]> {
    const [after, limit, order] = wire.page(page);
    // It may be the last receipt itself, with members of any name.
    const { run_id, sequence } = wire.object("after", after === undefined ? {} : after) as Partial<Receipt>;
    const run = after === undefined ? undefined : wire.given(run_id);
    return wire.receiptsFromJson(await this.#handle.call((raw) => raw.receipts(run, sequence, limit, order)));
  }

  /**
   * The receipt of the latest boundary: of this run, or of the run with the greatest id, which for ids of version 7 is the latest
   * run. `undefined` where there is none.
   */
  async lastReceipt(runId?: string): Promise<Receipt | undefined> {
    return wire.receiptFromJson(await this.#handle.call((raw) => raw.lastReceipt(runId)));
  }

  /** A page of the ids of the runs that have receipts. */
  async runs(page: PageOptions = {}): Promise<string[]> {
    return this.#handle.call((raw) => raw.runs(...wire.page(page)));
  }

  /** Stores one input, durable before it resolves. */
  async persistInput(input: NewInput): Promise<void> {
    const json = wire.inputToJson("input", input);
    await this.#handle.call((raw, input) => raw.persistInput(input), json);
    this.#handle.openness.wrote?.(this.id);
  }

  /**
   * The inputs, in the order of their ids: all of them, or a page, or the live ones only, which have not ended. More of them than an
   * answer can hold is `TooLarge`: ask for pages.
   */
  async inputs(options: InputsOptions = {}): Promise<Input[]> {
    const { live, after, limit, order } = wire.options("options", options, [
      "live",
      "after",
      "limit",
      "order",
    ]);
    return wire.inputsFromJson(await this.#handle.call((raw) => raw.inputs(live, after, limit, order)));
  }

  /** A page of input ids. The inputs are not read: where `inputs()` fails on one, this finds the others. */
  async inputIds(page: PageOptions = {}): Promise<string[]> {
    return this.#handle.call((raw) => raw.inputIds(...wire.page(page)));
  }

  /** One input. */
  async input(inputId: string): Promise<Input | undefined> {
    const json = await this.#handle.call((raw) => raw.input(inputId));
    return json === undefined ? undefined : wire.inputsFromJson(`[${json}]`)[0];
  }

  /** Replaces the snapshot of the operation registry. */
  async persistOps(snapshot: OpsSnapshot): Promise<void> {
    const json = wire.opsToJson("snapshot", snapshot);
    await this.#handle.call((raw, snapshot) => raw.persistOps(snapshot), json);
  }

  /** The snapshot of the operation registry. */
  async ops(): Promise<OpsSnapshot | undefined> {
    const json = await this.#handle.call((raw) => raw.ops());
    return json === undefined ? undefined : wire.opsFromJson(json);
  }

  /** The lifecycle state; `undefined` where no step was ever committed, which counts as `initializing`. */
  async state(): Promise<RuntimeState | undefined> {
    return this.#handle.call((raw) => raw.state());
  }

  /**
   * Commits a lifecycle step and the inputs that change with it, all or none. A step may stay in its state.
   *
   * Rejects with `IllegalTransition` where there is no such step, and with `Conflict` when the runtime is no longer
   * in `from`.
   */
  async transition(transition: Transition): Promise<void> {
    const { from, to, inputs } = wire.options("transition", transition, ["from", "to", "inputs"]);
    const json = wire.inputsToJson("inputs", inputs);
    await this.#handle.call((raw, inputs) => raw.transition(from, to, inputs), json);
    this.#handle.openness.wrote?.(this.id);
  }

  /**
   * All that the runtime goes on from, in one snapshot: its state, session, live inputs, last receipt and registry, and the epoch of
   * the latest claim.
   */
  async recover(): Promise<Recovered> {
    const [state, session, inputs, lastReceipt, ops, epoch] = await this.#handle.call((raw) => raw.recover());
    return {
      state,
      session,
      inputs: wire.inputsFromJson(inputs),
      lastReceipt: wire.receiptFromJson(lastReceipt),
      ops: ops === undefined ? undefined : wire.opsFromJson(ops),
      epoch,
    };
  }

  /** How much there is of the runtime, in one snapshot. */
  async counts(): Promise<Counts> {
    const [terminalInputs, receipts, runs, sessionBytes, ...live] = await this.#handle.call((raw) =>
      raw.counts(),
    );
    const liveInputs: Counts["liveInputs"] = {};
    for (let at = 0; at < live.length; at += 2) liveInputs[live[at] as InputState] = live[at + 1] as number;
    return { liveInputs, terminalInputs, receipts, runs, sessionBytes };
  }

  /**
   * Deletes old receipts and terminal inputs, but never what something may still need: the last receipt, those of an open run, those
   * that live inputs belong to. Receipts that were pruned stay proof: to commit such a boundary again is a retry, and writes nothing.
   * At least one of `keepReceipts`, `keepTerminalInputs` and `before` says what is to go. With `dryRun` nothing does.
   *
   * Rejects with `InvalidInput` where nothing is to be pruned.
   */
  async prune(options: PruneOptions): Promise<Pruned> {
    const { keepReceipts, keepTerminalInputs, before, dryRun } = wire.options("options", options, [
      "keepReceipts",
      "keepTerminalInputs",
      "before",
      "dryRun",
    ]);
    const time = wire.time("options.before", before);
    const [receipts, inputs] = await this.#handle.call((raw) =>
      raw.prune(keepReceipts, keepTerminalInputs, time, dryRun, undefined),
    );
    return { receipts, inputs };
  }

  /**
   * Deletes the runtime with everything that there is of it, and ends every claim on it: what is written under one rejects with
   * `Deleted`. What is written without a claim afterwards makes the runtime anew, and epochs begin at 1 again. A large one is deleted in several transactions:
   * should the page end in the middle, its receipts and inputs are hidden, and another call deletes the rest; until then it cannot be claimed.
   */
  async delete(): Promise<void> {
    await this.#handle.call((raw) => raw.delete());
  }

  /** Deletes the receipts of a run, in one transaction; afterwards they can be committed anew. */
  async deleteRun(runId: string): Promise<void> {
    await this.#handle.call((raw) => raw.deleteRun(runId));
  }

  /**
   * Takes ownership of the runtime, and so ends every claim on it before this one: a write through an older claim
   * rejects with `Fenced`, however late it arrives, and writes nothing. Writing without a claim stays possible.
   *
   * Rejects with `Deleted` while the runtime's deletion is under way, or was cut off: delete it again, and then claim it.
   */
  async claim(): Promise<ClaimedRuntime> {
    const { instance, openness } = this.#handle;
    const claim = await this.#handle.call((raw) => raw.claim());
    return new ClaimedRuntime(new Handle(instance, openness, claim), this.id);
  }
}

/** A runtime under a claim, from `runtime.claim()`: its writes reject with `Fenced` once somebody else has claimed it. */
export class ClaimedRuntime extends Runtime implements AsyncDisposable {
  /** The claim's epoch: higher than that of every claim before it since the runtime was last deleted. */
  readonly epoch: bigint;
  readonly #claim: Handle<RawClaim>;

  /** @internal */
  constructor(claim: Handle<RawClaim>, id: string) {
    super(
      new Handle(
        claim.instance,
        claim.openness,
        claim.run((raw) => raw.runtime()),
      ),
      id,
    );
    this.#claim = claim;
    this.epoch = claim.run((raw) => raw.epoch());
  }

  /** Gives the runtime up: later writes through this claim are `Fenced`. */
  async release(): Promise<void> {
    await this.#claim.call((raw) => raw.release());
  }

  /** Gives the runtime up at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}

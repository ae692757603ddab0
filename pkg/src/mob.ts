/// <reference lib="esnext.disposable" preserve="true" />
// A mob under a claim.

import type { RawMobClaim, RawStore } from "../wasm/bindings.js";
import { Handle } from "./handle.js";
import { Metadata } from "./metadata.js";

/**
 * A mob under a claim, from `store.claimMob(mob)`: its writes to the mob's labels, those of its runs and its cursor reject with
 * `Fenced` once somebody else has claimed it. Writes to other mobs reject with `InvalidInput`.
 */
export class ClaimedMob extends Metadata implements AsyncDisposable {
  /** The mob's id. */
  readonly mob: string;
  /** The claim's epoch: higher than that of every claim before it since the mob was last deleted. */
  readonly epoch: bigint;
  readonly #claim: Handle<RawMobClaim>;
  readonly #store: Handle<RawStore>;

  /** @internal */
  constructor(claim: Handle<RawMobClaim>, mob: string) {
    const { instance, openness } = claim;
    const raw = claim.run((raw) => raw.store());
    const store = new Handle(instance, openness, raw);
    super(store);
    this.mob = mob;
    this.epoch = claim.run((raw) => raw.epoch());
    this.#claim = claim;
    this.#store = store;
  }

  /** Deletes the mob's labels, those of all its runs, and its cursor, in one transaction; this claim ends with it. */
  async delete(): Promise<void> {
    await this.#store.call((raw) => raw.deleteMob(this.mob));
  }

  /** Gives the mob up: later writes through this claim are `Fenced`. */
  async release(): Promise<void> {
    await this.#claim.call((raw) => raw.release());
  }

  /** Gives the mob up at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}

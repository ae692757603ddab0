// The labels and cursors of mobs.

import type { RawStore } from "../wasm/bindings.js";
import type { Handle } from "./handle.js";
import type { LabelPatch, Labels, LabelScope, LabelsEntry } from "./types.js";
import * as wire from "./wire.js";

/** Labels and cursors: of all mobs in a `Store`, of its own in a `ClaimedMob`. */
export class Metadata {
  readonly #handle: Handle<RawStore>;

  /** @internal */
  constructor(handle: Handle<RawStore>) {
    this.#handle = handle;
  }

  /** Replaces all labels of a mob or run; an empty set clears them. */
  async setLabels(scope: LabelScope, labels: Labels): Promise<void> {
    const [mob, run] = scopeArguments(scope);
    const json = wire.labelsToJson("labels", labels);
    await this.#handle.call((raw, labels) => raw.setLabels(mob, run, labels), json);
  }

  /** The labels of a mob or run; an empty object where there are none. */
  async getLabels(scope: LabelScope): Promise<Labels> {
    return wire.labelsFromJson(await this.#handle.call((raw) => raw.getLabels(...scopeArguments(scope))));
  }

  /** Removes the labels of a mob or run and resolves with what they were. */
  async deleteLabels(scope: LabelScope): Promise<Labels> {
    return wire.labelsFromJson(await this.#handle.call((raw) => raw.deleteLabels(...scopeArguments(scope))));
  }

  /**
   * Sets some labels of a mob or run and removes others, in one step, and resolves with what they are now. The labels that the
   * patch does not name stay as they are, whoever writes them at the same time.
   */
  async patchLabels(scope: LabelScope, patch: LabelPatch): Promise<Labels> {
    const [mob, run] = scopeArguments(scope);
    const { set = {}, remove = [] } = wire.options("patch", patch, ["set", "remove"]);
    const json = [wire.labelsToJson("patch.set", set), wire.textsToJson("patch.remove", remove)] as const;
    const patched = this.#handle.call((raw, ...patch) => raw.patchLabels(mob, run, ...patch), ...json);
    return wire.labelsFromJson(await patched);
  }

  /**
   * Replaces all labels of a mob or run if they are the `expected` ones; `{}` stands for none. Rejects with `Conflict` where they
   * are others: load them and decide anew.
   */
  async compareAndSetLabels(scope: LabelScope, expected: Labels, labels: Labels): Promise<void> {
    const [mob, run] = scopeArguments(scope);
    const json = [wire.labelsToJson("expected", expected), wire.labelsToJson("labels", labels)] as const;
    await this.#handle.call((raw, ...both) => raw.compareAndSetLabels(mob, run, ...both), ...json);
  }

  /** The mob's own labels, where it has any, then those of each of its runs, in the order of the run ids. */
  async listLabels(mob: string): Promise<LabelsEntry[]> {
    const rows = wire.entriesFromJson(await this.#handle.call((raw) => raw.listLabels(mob)));
    return rows.map(({ mob: _, ...entry }) => entry);
  }

  /** How far the mob's events have been read; `undefined` where that was never set. */
  async getCursor(mob: string): Promise<bigint | undefined> {
    return this.#handle.call((raw) => raw.getCursor(mob));
  }

  /** Sets how far the mob's events have been read, exact up to 2^64-1. */
  async setCursor(mob: string, cursor: bigint): Promise<void> {
    await this.#handle.call((raw) => raw.setCursor(mob, cursor));
  }

  /** Moves the mob's cursor forward to `cursor`, never back, and resolves with where it is now. */
  async advanceCursor(mob: string, cursor: bigint): Promise<bigint> {
    return this.#handle.call((raw) => raw.advanceCursor(mob, cursor));
  }

  /**
   * Sets the mob's cursor if it is the `expected` one; `undefined` stands for one that was never set. Rejects with `Conflict`
   * where it is another.
   */
  async compareAndSetCursor(mob: string, expected: bigint | undefined, cursor: bigint): Promise<void> {
    await this.#handle.call((raw) => raw.compareAndSetCursor(mob, expected, cursor));
  }
}

function scopeArguments(scope: LabelScope): [mob: string, run: string | undefined] {
  const { mob, run } = wire.options("scope", scope, ["mob", "run"]);
  return [mob, run];
}

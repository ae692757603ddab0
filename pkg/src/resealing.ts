// A sealed store under its current key: each record that is sealed under another one is replaced, if it is still what was read. So it can
// be cut off anywhere, and begun again, beside whoever writes.

import type { RawRuntime, RawStore } from "../wasm/bindings.js";
import { BurrowError } from "./error.js";
import type { Handle } from "./handle.js";
import { FINDINGS, listener } from "./moving.js";
import { nameOf, type Place } from "./seal.js";
import { FLOWS, resealInput, resealSession } from "./sealed-records.js";
import { SEALED, type Sealed } from "./sealed.js";
import type { Resealed, ResealOptions } from "./types-seal.js";
import * as wire from "./wire.js";

/** How many ids are read at once. */
const PAGE = 100;

/** How many inputs are under way at once: they share their commits. */
const TOGETHER = 8;

/** How often a record is tried that others write meanwhile. */
const ATTEMPTS = 100;

/** Seals everything under the current key. */
export async function resealed(store: Handle<RawStore>, options: ResealOptions): Promise<Resealed> {
  const onProgress = listener(wire.options("options", options, ["onProgress"]).onProgress);
  const sealed = store.run((raw) => (raw as Partial<Sealed>)[SEALED]);
  if (!sealed) {
    const message =
      "unsupported: reseal: the store was opened without `seal`; one at the edge is sealed where it is opened";
    throw new BurrowError("Unsupported", message);
  }
  const { raw } = sealed;
  const work = new Resealing(store, sealed);
  const progress = (): void => {
    const { findings: _, ...counts } = work.done;
    onProgress(counts);
  };
  await work.flows();
  for (let after: string | undefined; ;) {
    const runtimes = await store.call(() => raw.runtimes(after, PAGE, undefined));
    for (const id of runtimes) {
      const runtime = store.run(() => raw.runtime(id));
      try {
        await work.session(runtime, id);
        progress();
        for (let after: string | undefined; ;) {
          const inputs = await store.call(() => runtime.inputIds(after, PAGE, undefined));
          for (let at = 0; at < inputs.length; at += TOGETHER) {
            await Promise.all(inputs.slice(at, at + TOGETHER).map((input) => work.input(runtime, id, input)));
          }
          progress();
          if ((after = next(inputs)) === undefined) break;
        }
      } finally {
        if (!store.instance.ended) store.instance.run(() => runtime.free());
      }
    }
    if ((after = next(runtimes)) === undefined) break;
  }
  return work.done;
}

/** Where the next page begins, if there is one. */
function next(page: string[]): string | undefined {
  return page.length < PAGE ? undefined : page[PAGE - 1];
}

class Resealing {
  readonly done: Resealed = { records: 0, resealed: 0, problems: 0, findings: [] };
  readonly #store: Handle<RawStore>;
  readonly #sealed: Sealed[typeof SEALED];

  constructor(store: Handle<RawStore>, sealed: Sealed[typeof SEALED]) {
    this.#store = store;
    this.#sealed = sealed;
  }

  flows(): Promise<void> {
    return this.#record(FLOWS, {
      read: () => this.#store.call(() => this.#sealed.raw.oauthFlows()),
      anew: (stored) => this.#sealed.resealFlows(stored),
      // `resealFlows` has replaced the flows already.
      replace: () => Promise.resolve(true),
    });
  }

  session(runtime: RawRuntime, id: string): Promise<void> {
    const { raw, sealer } = this.#sealed;
    const isFoundBy = async (session: string): Promise<boolean> => {
      const found = await this.#store.call(() => raw.sessionById(session)).catch(noneIfInvalid);
      return found?.[0] === id;
    };
    return this.#record(
      { table: "runtime_session_snapshots", key: [id], part: undefined },
      {
        read: () => this.#store.call(() => runtime.session()),
        anew: (stored) => resealSession(sealer, id, stored, isFoundBy),
        replace: (...both) => this.#store.call((_, ...both) => runtime.rewriteSession(...both), ...both),
      },
    );
  }

  input(runtime: RawRuntime, id: string, input: string): Promise<void> {
    return this.#record(
      { table: "runtime_input_states", key: [id, input], part: undefined },
      {
        read: () => this.#store.call(() => runtime.input(input)),
        anew: (stored) => resealInput(this.#sealed.sealer, id, input, stored),
        replace: (...both) => this.#store.call((_, ...both) => runtime.rewriteInput(...both), ...both),
      },
    );
  }

  /** What is wrong with one record is told, and the others go on. */
  async #record<T>(place: Place, { read, anew, replace }: Steps<T>): Promise<void> {
    try {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const stored = await read();
        if (stored === undefined) return;
        const sealed = await anew(stored);
        if (sealed !== undefined && !(await replace(stored, sealed))) continue;
        this.done.records += 1;
        if (sealed !== undefined) this.done.resealed += 1;
        return;
      }
      throw new BurrowError("Conflict", "conflict: others wrote it each time; call `reseal` again");
    } catch (error) {
      const isOfRecord = error instanceof BurrowError && OF_RECORDS.includes(error.code);
      if (!isOfRecord) throw error;
      this.done.records += 1;
      this.done.problems += 1;
      if (this.done.findings.length < FINDINGS)
        this.done.findings.push({ ...nameOf(place), problem: error.message, quarantined: false });
    }
  }
}

/** How a record is read, sealed anew (`undefined` where it is as it should be), and replaced, if it is still the one that was read. */
interface Steps<T> {
  read: () => Promise<T | undefined>;
  anew: (stored: T) => Promise<T | undefined>;
  replace: (stored: T, sealed: T) => Promise<boolean>;
}

/** `InvalidInput` is one that is too large when it is sealed. */
const OF_RECORDS: readonly string[] = ["Decode", "WrongKey", "SchemaTooNew", "InvalidInput", "Conflict"];

/** A snapshot's `id` need not be one that a session can have. */
function noneIfInvalid(error: unknown): undefined {
  if (!(error instanceof BurrowError && error.code === "InvalidInput")) throw error;
}

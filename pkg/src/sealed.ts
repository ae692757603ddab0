// A store of the module's whose snapshots, OAuth flows and inputs' payloads are sealed on their way in and opened on their way out.
// Everything else goes through as it is.

import type { RawClaim, RawRuntime, RawStore } from "../wasm/bindings.js";
import { bytes } from "./bytes.js";
import { invalid } from "./error.js";
import type { Host } from "./handle.js";
import { isSame, type Keys, type Sealer } from "./seal.js";
import { FLOWS, openInputs, openOne, openSession, sealInputs, sealSession } from "./sealed-records.js";
import { Turns } from "./turns.js";
import type { Bytes } from "./types.js";

/** @internal Where `serve` and `reseal` find how a store is sealed, in whichever copy of the package. */
export const SEALED: unique symbol = Symbol.for("burrow-store.sealed");

/** The member that a sealed store has beside those of any store. */
export interface Sealed {
  [SEALED]: {
    /** A runtime of the module's, sealed. */
    runtime: (raw: RawRuntime, id: string) => RawRuntime;
    /** The store as it is. */
    raw: RawStore;
    sealer: Sealer;
    /** Puts the flows under the current key, and resolves with them; with `undefined` where they are. */
    resealFlows: (stored: Uint8Array) => Promise<Uint8Array | undefined>;
  };
}

/** The most bytes of a snapshot: `SNAPSHOT` in `src/model/limits.rs`. More is not even sealed. */
const SNAPSHOT = 64 * 2 ** 20;

/** The methods that answer at once: they do not wait for the calls before them to be sealed. */
const AT_ONCE: readonly PropertyKey[] = [
  "free",
  "close",
  "authorityKey",
  "reopens",
  "dataLost",
  "watch",
  "epoch",
];

/** The store, sealed where there is a sealer. */
export function sealed<Raw extends RawStore>(host: Host, raw: Raw, sealer: Sealer | undefined): Raw {
  if (!sealer) return raw;
  const turns = new Turns(host);
  const runtime = (raw: RawRuntime, id: string): RawRuntime => sealedRuntime(raw, id, sealer, turns);
  const own: Partial<RawStore> & Sealed = {
    [SEALED]: {
      runtime,
      raw,
      sealer,
      async resealFlows(stored) {
        const sealed = await sealer.seal(FLOWS, await sealer.open(FLOWS, stored));
        if (isSame(sealed, stored)) return undefined;
        await updateFlows(host, raw, sealer, (flows = new Uint8Array()) => flows);
        return sealed;
      },
    },
    runtime: (id) => runtime(raw.runtime(id), id),
    export: () => inTurn(raw.export(), turns, {}),
    import: (overwrite) => inTurn(raw.import(overwrite), turns, {}),
    verify: (quarantine) => inTurn(raw.verify(quarantine), turns, {}),
    async claimMob(mob) {
      const claim = await turns.next(() => raw.claimMob(mob));
      return inTurn(claim, turns, { store: () => inTurn(claim.store(), turns, {}) });
    },
    async sessionById(id) {
      const found = await turns.next(() => raw.sessionById(id));
      return found && [found[0], await openSession(sealer, ...found)];
    },
    async oauthFlows() {
      const stored = await turns.next(() => raw.oauthFlows());
      return stored && sealer.open(FLOWS, stored);
    },
    persistOauthFlows: (flows) =>
      turns.prepared(sealer.seal(FLOWS, snapshot("flows", flows)), (sealed) => raw.persistOauthFlows(sealed)),
    updateOauthFlows: (update) =>
      typeof update === "function"
        ? turns.alone(() => updateFlows(host, raw, sealer, update))
        : raw.updateOauthFlows(update),
  };
  return inTurn(raw, turns, own as unknown as Partial<Raw>);
}

/** The update is synchronous and sealing is not: what it makes of the flows replaces them if they are still those that it was given. */
async function updateFlows(
  host: Host,
  raw: RawStore,
  sealer: Sealer,
  update: (stored: Uint8Array | undefined) => Bytes,
): Promise<void> {
  for (;;) {
    const before = await host.run(() => raw.oauthFlows());
    const opened = before && (await sealer.open(FLOWS, before));
    const next = await sealer.seal(FLOWS, snapshot("what update returns", update(opened)));
    let isSeen = true;
    const replace = (stored: Uint8Array | undefined): Uint8Array => {
      isSeen = isSame(stored, before);
      if (isSeen) return next;
      throw new Error("the OAuth flows are others");
    };
    try {
      return await host.run(() => raw.updateOauthFlows(replace));
    } catch (failure) {
      if (isSeen) throw failure;
    }
  }
}

function sealedRuntime(raw: RawRuntime, id: string, sealer: Sealer, turns: Turns): RawRuntime {
  const own: Partial<RawRuntime> = {
    commitBoundary(receipt, session, inputs, sessionKey) {
      const [current, ...former] = sealer.keys;
      const given = session === undefined ? undefined : snapshot("session", session);
      // Kept as it is now, for another attempt.
      const plain = former.length > 0 ? given?.slice() : given;
      const sealed = (keys: Keys): Promise<[Uint8Array | undefined, string | undefined]> =>
        Promise.all([
          plain && sealSession(sealer, id, plain, sessionKey !== undefined, keys),
          sealInputs("inputs", inputs, sealer, id, keys),
        ]);
      return turns.prepared(sealed(current), async (parts) => {
        try {
          return await raw.commitBoundary(receipt, ...parts, sessionKey);
        } catch (failure) {
          if ((failure as { code?: unknown }).code !== "Conflict") throw failure;
          for (const keys of former) {
            // The boundary may have been committed under this former key: then it is a retry.
            const parts = await sealed(keys);
            const again = turns.next(() => raw.commitBoundary(receipt, ...parts, sessionKey));
            if (await again.then(...KNOWN)) return;
          }
          throw failure;
        }
      });
    },
    commitSession(session) {
      const sealed = sealSession(sealer, id, snapshot("session", session), false);
      return turns.prepared(sealed, (sealed) => raw.commitSession(sealed));
    },
    persistInput(input) {
      const sealed = sealInputs("input", `[${input}]`, sealer, id);
      return turns.prepared(sealed, (sealed = "") => raw.persistInput(sealed.slice(1, -1)));
    },
    transition(from, to, inputs) {
      const sealed = sealInputs("inputs", inputs, sealer, id);
      return turns.prepared(sealed, (sealed) => raw.transition(from, to, sealed));
    },
    async session() {
      const stored = await turns.next(() => raw.session());
      return stored && openSession(sealer, id, stored);
    },
    async inputs(...page) {
      return openInputs(sealer, id, await turns.next(() => raw.inputs(...page)));
    },
    async input(inputId) {
      const json = await turns.next(() => raw.input(inputId));
      return json && openOne(sealer, id, inputId, json);
    },
    async recover() {
      const [state, session, inputs, ...others] = await turns.next(() => raw.recover());
      const opened = session && (await openSession(sealer, id, session));
      return [state, opened, await openInputs(sealer, id, inputs), ...others];
    },
    async claim() {
      const claim = await turns.next(() => raw.claim());
      const own: Partial<RawClaim> = { runtime: () => sealedRuntime(claim.runtime(), id, sealer, turns) };
      return inTurn(claim, turns, own);
    },
  };
  return inTurn(raw, turns, own);
}

/** Whether a commit was a retry. */
const KNOWN = [() => true, () => false] as const;

/** The object with some methods of its own, whose other calls are made in their turn. */
function inTurn<Raw extends object>(raw: Raw, turns: Turns, own: Partial<Raw>): Raw {
  return new Proxy(raw, {
    get(raw, name) {
      if (Object.prototype.hasOwnProperty.call(own, name)) return own[name as keyof Raw];
      const value: unknown = Reflect.get(raw, name);
      if (typeof value !== "function") return value;
      const call = (...args: unknown[]): Promise<unknown> =>
        Reflect.apply(value, raw, args) as Promise<unknown>;
      return AT_ONCE.includes(name) ? call : (...args: unknown[]) => turns.next(() => call(...args));
    },
  });
}

/** The bytes that are to be sealed, which copies them. */
function snapshot(argument: string, given: unknown): Uint8Array {
  const view = bytes(argument, given);
  if (view.byteLength <= SNAPSHOT) return view;
  throw invalid(argument, `it has ${view.byteLength} bytes, and a snapshot may have ${SNAPSHOT}`);
}

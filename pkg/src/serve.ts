// The other end of `connect`: carries out, on a store, what a message asks.

import type { Bindings as ServerBindings, RawRuntime, RawStore } from "../wasm/server-bindings.js";
import { bytes } from "./bytes.js";
import { BurrowError, invalid } from "./error.js";
import type { Handle } from "./handle.js";
import type { Instance } from "./instance.js";
import {
  type Answers,
  IN_STEPS,
  CALLS,
  LONGEST,
  malformed,
  OF_MOB,
  OF_RUNTIME,
  OF_STORE,
  Packer,
  Unpacker,
  VERSION,
  writes,
} from "./message.js";
import { SEALED, type Sealed } from "./sealed.js";
import { HANDLE, type Store } from "./store.js";

/** Which of a client's calls this is: the same again, when the client did not get the answer and asks again. */
export interface Position {
  /** The client. */
  client: string;
  /** The number of its batch: higher than that of every batch before it. */
  batch: number;
  /** The call's place in the batch. */
  place: number;
  /** Whether it may take several transactions: it is not done with the first of them. */
  inSteps: boolean;
}

/**
 * Carries out a call that writes, at most once for each position, and resolves with its answer, or with that which it had when it
 * was carried out before. An answer is text.
 */
export type Once = (position: Position, carryOut: () => Promise<string>) => Promise<string>;

/** The longest message that `connect` sends. */
export const LONGEST_MESSAGE = LONGEST;

/** From so many bytes and characters on, what is asked further is left for the next message. */
const ANSWER = 32 * 2 ** 20;

/**
 * Answers a message of `connect`: carries out its calls in their order, each of which succeeds or fails alone. Where the
 * answers become many bytes it answers the first calls only, and the client asks for the others again.
 *
 * Rejects with `InvalidInput` what is no such message, and with `Unsupported` what a newer package sent: then nothing was
 * carried out.
 */
export async function serve(
  store: Store,
  message: Uint8Array,
  once: Once = (_, carryOut) => carryOut(),
): Promise<Uint8Array> {
  const handle = store[HANDLE] as Handle<RawStore>;
  const { client, batch, calls } = read(bytes("message", message));
  const packer = new Packer();
  const answers: object[] = [];
  for (const [place, call] of calls.entries()) {
    if (answers.length > 0 && packer.size + packer.text >= ANSWER) break;
    const carryOut = (): Promise<unknown> => carriedOut(store, handle, call);
    if (!writes(call)) {
      answers.push(await answerOf(packer, carryOut));
      continue;
    }
    // No call that writes answers bytes, so its answer can be noted as text.
    const text = await once({ client, batch, place, inSteps: IN_STEPS.includes(call.call) }, async () =>
      JSON.stringify(await answerOf(new Packer(), carryOut)),
    );
    answers.push(JSON.parse(text) as object);
  }
  const answer: Answers = { client, batch, answers };
  return packer.message(answer);
}

async function answerOf(packer: Packer, carryOut: () => Promise<unknown>): Promise<object> {
  try {
    return { value: packer.packAll(await carryOut()) };
  } catch (error) {
    if (error instanceof BurrowError) return { error: error.toJSON() };
    throw error;
  }
}

interface Asked {
  call: string;
  runtime: string | undefined;
  claim: string | undefined;
  args: unknown[];
}

function read(message: Uint8Array): { client: string; batch: number; calls: Asked[] } {
  if (message.byteLength > LONGEST) throw malformed(`it has more than ${LONGEST} bytes`);
  const unpacker = new Unpacker(message);
  const { version, client, batch, calls } = members(unpacker.head, ["version", "client", "batch", "calls"]);
  if (typeof version !== "number") throw malformed("`version` is no number");
  if (version !== VERSION) {
    throw new BurrowError(
      "Unsupported",
      `unsupported: the request has the form ${version}, and here it is ${VERSION}: use the same version of the package on both sides`,
    );
  }
  if (typeof client !== "string" || !/^[\da-f]{32}$/.test(client)) throw malformed("`client` is none");
  if (!Number.isSafeInteger(batch) || (batch as number) < 0) throw malformed("`batch` is no number");
  if (!Array.isArray(calls) || calls.length === 0) throw malformed("`calls` is no array of calls");
  if (calls.length > CALLS) throw malformed(`expected at most ${CALLS} calls, got ${calls.length}`);
  const asked = calls.map((call) => readCall(unpacker, call));
  unpacker.end();
  return { client, batch: batch as number, calls: asked };
}

function readCall(unpacker: Unpacker, value: unknown): Asked {
  const { call, runtime, claim, args } = members(value, ["call", "runtime", "claim", "args"]);
  if (!Array.isArray(args) || args.length > 8) throw malformed("`args` is no array of arguments");
  const known: readonly string[] =
    runtime !== undefined ? OF_RUNTIME : claim === undefined ? OF_STORE : OF_MOB;
  if (typeof call !== "string" || !known.includes(call)) throw malformed("there is no such call");
  for (const text of [runtime, claim]) {
    if (text !== undefined && typeof text !== "string")
      throw malformed("`runtime` and `claim` are no strings");
  }
  if (claim === undefined && (call === "release" || call === "releaseMob"))
    throw malformed("there is no claim to release");
  const values = args.map((arg: unknown) => unpacker.unpack(arg));
  return { call, runtime: runtime as string | undefined, claim: claim as string | undefined, args: values };
}

/** The members of an object that has no others. */
function members(value: unknown, known: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw malformed("expected an object");
  for (const name of Object.keys(value)) if (!known.includes(name)) throw malformed("an unknown member");
  return Object.assign(Object.create(null), value) as Record<string, unknown>;
}

/** The calls that write receipts or inputs, after which `retention` may have something to prune. */
const PRUNED_AFTER = ["commitBoundary", "persistInput", "transition"];

type Methods = Record<string, (...args: unknown[]) => Promise<unknown>>;

function carriedOut(store: Store, handle: Handle<RawStore>, asked: Asked): Promise<unknown> {
  const { call, runtime, claim, args } = asked;
  if (call === "fence") return Promise.resolve();
  if (call === "status") return status(store);
  if (call === "flush") return store.flush();
  if (call === "replaceOauthFlows") return replaceOauthFlows(store, args);
  const { bindings } = handle.instance as Instance<ServerBindings>;
  return handle.call(
    async (raw, ...brought) => {
      // A call under way outlives the objects that it was made on.
      const made: { free(): void }[] = [];
      const kept = <T extends { free(): void }>(object: T): T => (made.push(object), object);
      try {
        if (runtime === undefined) {
          if (call === "claimMob")
            return bindings.mobClaimText(kept(await raw.claimMob(brought[0] as string)));
          if (claim === undefined) return await (raw as unknown as Methods)[call]!(...brought);
          const held = kept(bindings.heldMobClaim(raw, brought[0] as string, claim));
          if (call === "releaseMob") return await held.release();
          return await (kept(held.store()) as unknown as Methods)[call]!(...brought);
        }
        const unclaimed = kept(raw.runtime(runtime));
        const held = claim === undefined ? undefined : kept(bindings.heldClaim(unclaimed, claim));
        if (call === "release") return await held?.release();
        const place: RawRuntime = held ? sealedAs(raw, kept(held.runtime()), runtime) : unclaimed;
        if (call === "claim") return bindings.claimText(kept(await place.claim()));
        const answer = await (place as unknown as Methods)[call]!(...brought);
        if (PRUNED_AFTER.includes(call)) handle.openness.wrote?.(runtime);
        return answer;
      } finally {
        for (const object of made) object.free();
      }
    },
    ...args,
  );
}

/** The runtime, sealed where the store is. */
function sealedAs(store: RawStore, runtime: RawRuntime, id: string): RawRuntime {
  return (store as Partial<Sealed>)[SEALED]?.runtime(runtime, id) ?? runtime;
}

/** What `connect` shows of the store: everything that does not come from its own place. */
async function status(store: Store): Promise<string> {
  const { backend, durability, dataLost, reopens, lastError } = await store.status();
  return JSON.stringify({
    backend,
    durability,
    dataLost,
    reopens,
    lastError,
    authorityKey: store.authorityKey,
  });
}

/** Replaces the flows if they are the expected ones. */
async function replaceOauthFlows(store: Store, [expected, next]: unknown[]): Promise<void> {
  if (!(next instanceof Uint8Array)) throw invalid("what update returns", "expected bytes");
  await store.updateOauthFlows((stored) => {
    if (!isSame(stored, expected)) throw new BurrowError("Conflict", "conflict: the OAuth flows are others");
    return next;
  });
}

function isSame(stored: Uint8Array | undefined, expected: unknown): boolean {
  if (stored === undefined || !(expected instanceof Uint8Array)) return stored === expected;
  return stored.length === expected.length && stored.every((byte, i) => byte === expected[i]);
}

export { BurrowError, type ErrorCode, type ErrorData, type ErrorDetails } from "./error.js";

// The records that are sealed: snapshots, as bytes or where the module looks into them within JSON, and inputs, of which the payload is.

import { base64, fromBase64 } from "./encoding.js";
import { BurrowError, invalid } from "./error.js";
import { fromJson, toJson } from "./json.js";
import { platform } from "./platform.js";
import { damaged, encode, isSame, type Keys, type Place, type Sealer } from "./seal.js";
import type { Json } from "./types.js";
import { own } from "./wire.js";

/** The members of an input that hold what was put in. */
const PAYLOADS = ["persisted_input", "reconstruction_source"];

/** The member that sealed bytes lie in, where there must be JSON. */
const MEMBER = "burrow_seal";
const ENVELOPE = `{"${MEMBER}":"`;

/** The one record of its table. */
export const FLOWS: Place = {
  table: "runtime_auth_oauth_flow_state",
  key: ["auth_oauth_flow_state"],
  part: undefined,
};

function sessionOf(runtime: string, id?: string): Place {
  return { table: "runtime_session_snapshots", key: [runtime], part: id };
}

/** A snapshot, sealed. One that is committed with its session's key shows its `id`, which the module compares with the key. */
export async function sealSession(
  sealer: Sealer,
  runtime: string,
  session: Uint8Array,
  hasKey: boolean,
  keys?: Keys,
): Promise<Uint8Array> {
  if (!hasKey) return sealer.seal(sessionOf(runtime), session, keys);
  const id = idIn(session);
  const sealed = base64(await sealer.seal(sessionOf(runtime, id), session, keys));
  const shown = id === undefined ? "" : `,"id":${JSON.stringify(id)}`;
  return encode(`${ENVELOPE}${sealed}"${shown}}`);
}

/** `undefined` where there is none: the module says so. */
function idIn(session: Uint8Array): string | undefined {
  try {
    const { id } = JSON.parse(decode(session)) as { id?: unknown };
    return typeof id === "string" ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a snapshot was sealed with its session's key. */
function showsId(stored: Uint8Array): boolean {
  return encode(ENVELOPE).every((byte, i) => byte === stored[i]);
}

/** A snapshot under the current key; `undefined` where it is. One that was never sealed shows its `id` where it is found by it. */
export async function resealSession(
  sealer: Sealer,
  runtime: string,
  stored: Uint8Array,
  isFoundBy: (id: string) => Promise<boolean>,
): Promise<Uint8Array | undefined> {
  const session = await openSession(sealer, runtime, stored);
  const id = session === stored ? idIn(session) : undefined;
  const hasKey = showsId(stored) || (id !== undefined && (await isFoundBy(id)));
  const sealed = await sealSession(sealer, runtime, session, hasKey);
  return isSame(sealed, stored) ? undefined : sealed;
}

/** A snapshot, opened. */
export async function openSession(sealer: Sealer, runtime: string, stored: Uint8Array): Promise<Uint8Array> {
  if (!showsId(stored)) return sealer.open(sessionOf(runtime), stored);
  const [sealed, id] = readable(sessionOf(runtime), () => {
    const envelope = JSON.parse(decode(stored)) as Record<string, string>;
    return [fromBase64(String(envelope[MEMBER])), envelope["id"]] as const;
  });
  return sealer.open(sessionOf(runtime, id), sealed);
}

/** What the function makes of a record, which may be anything. */
function readable<T>(place: Place, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw damaged(place, "it was changed", cause);
  }
}

type Members = Record<string, Json>;

/** An array of inputs as JSON, with their payloads sealed. */
export async function sealInputs(
  argument: string,
  json: string | undefined,
  sealer: Sealer,
  runtime: string,
  keys?: Keys,
): Promise<string | undefined> {
  if (json === undefined || json === "[]") return json;
  try {
    // A client of `serve` may send text that is no JSON.
    JSON.parse(json);
    const inputs = (fromJson(json) as Members[]).map((input) => sealInput(sealer, runtime, input, keys));
    return `[${(await Promise.all(inputs)).join()}]`;
  } catch (cause) {
    if (cause instanceof BurrowError) throw cause;
    throw invalid(argument, "expected inputs as JSON", cause);
  }
}

/** An array of inputs as JSON, with their payloads opened. */
export async function openInputs(sealer: Sealer, runtime: string, json: string): Promise<string> {
  const inputs = (fromJson(json) as Members[]).map((input) => openInput(sealer, runtime, input));
  return `[${(await Promise.all(inputs)).join()}]`;
}

/** The input of this id as JSON, with its payload opened. */
export async function openOne(sealer: Sealer, runtime: string, id: string, json: string): Promise<string> {
  const input = fromJson(json) as Members;
  const place = payloadOf(runtime, { input_id: id });
  // Nothing else compares what a row holds with its key.
  if (payloadOf(runtime, input).key[1] !== place.key[1]) throw damaged(place, "it is another input");
  return openInput(sealer, runtime, input);
}

/** An input with its payload under the current key; `undefined` where it is. */
export async function resealInput(
  sealer: Sealer,
  runtime: string,
  id: string,
  stored: string,
): Promise<string | undefined> {
  const opened = fromJson(await openOne(sealer, runtime, id, stored)) as Members;
  const sealed = await sealInput(sealer, runtime, opened, undefined);
  const [before, after] = [stored, sealed].map((json) => {
    const input = fromJson(json) as Members;
    return PAYLOADS.map((name) => toJson(name, { [name]: (own(input, name) && input[name]) ?? null })).join();
  });
  return before === after ? undefined : sealed;
}

function payloadOf(runtime: string, { input_id: id }: Members, part?: string): Place {
  return { table: "runtime_input_states", key: [runtime, canonical(String(id))], part };
}

/** A UUID in any spelling that the module takes, as it is in keys. */
function canonical(id: string): string {
  const digits = id.toLowerCase().replace(/^urn:uuid:|[-{}]/g, "");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

async function sealInput(
  sealer: Sealer,
  runtime: string,
  input: Members,
  keys: Keys | undefined,
): Promise<string> {
  const sealed = { ...input };
  for (const name of PAYLOADS) {
    const payload = own(input, name) ? input[name] : undefined;
    if (payload === undefined || payload === null) continue;
    const plain = encode(toJson(name, { [name]: payload }));
    sealed[name] = { [MEMBER]: base64(await sealer.seal(payloadOf(runtime, input, name), plain, keys)) };
  }
  return toJson("input", sealed);
}

async function openInput(sealer: Sealer, runtime: string, input: Members): Promise<string> {
  const opened = { ...input };
  for (const name of PAYLOADS) {
    const stored = own(input, name) ? input[name] : undefined;
    if (stored === undefined || stored === null) continue;
    const place = payloadOf(runtime, input, name);
    const sealed = typeof stored === "object" && !Array.isArray(stored) ? stored[MEMBER] : undefined;
    if (typeof sealed !== "string") {
      if (sealer.readsUnsealed) continue;
      throw damaged(place, `\`${name}\` is not sealed`);
    }
    const plain = await sealer.open(
      place,
      readable(place, () => fromBase64(sealed)),
    );
    opened[name] = (fromJson(decode(plain)) as Members)[name] as Json;
  }
  return readable(payloadOf(runtime, input), () => toJson("input", opened));
}

/** Bytes as text; throws for those that are none. */
function decode(bytes: Uint8Array): string {
  return new platform.TextDecoder!("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

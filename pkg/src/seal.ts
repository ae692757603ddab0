// Sealing: bytes under AES-GCM, bound to their place. The same bytes at the same place under the same key are the same sealed bytes, since a
// boundary that is committed again must be told from a different one. So the IV is synthetic, as in SIV modes (RFC 5297, RFC 8452): made
// by HMAC of place and plaintext, it is the same for two plaintexts only where they and their places are.

import { BurrowError } from "./error.js";
import { platform } from "./platform.js";

/** How sealed bytes begin: no JSON and no UTF-8 text of a runtime's does. Then come the form's version, the key's id, the IV. */
const MAGIC = [0, 0x73, 0x65, 0x61, 0x6c];
/** The version of the form. */
export const VERSION = 1;
/** How many bytes a key's id has. */
export const ID = 8;
const IV = 12;
const HEADER = MAGIC.length + 1 + ID;
const TAG = 16;

/** Where a record is, whatever the engine. */
export interface Place {
  table: string;
  /** Its key's columns. */
  key: readonly string[];
  /** The name of the sealed member, where only a part of the record is sealed. */
  part: string | undefined;
}

/** The keys that are derived from one of the caller's. */
export interface Keys {
  id: Uint8Array;
  encryption: CryptoKey;
  iv: CryptoKey;
}

/** Seals with the current key, and opens with any. */
export class Sealer {
  readonly keys: readonly [current: Keys, ...former: Keys[]];
  /** Whether what was never sealed is given out. */
  readonly readsUnsealed: boolean;

  constructor(keys: readonly [current: Keys, ...former: Keys[]], readsUnsealed: boolean) {
    this.keys = keys;
    this.readsUnsealed = readsUnsealed;
  }

  /** The bytes as they are now, sealed. */
  async seal(place: Place, plaintext: Uint8Array, keys: Keys = this.keys[0]): Promise<Uint8Array> {
    const { subtle } = crypto;
    const header = joined(Uint8Array.of(...MAGIC, VERSION), keys.id);
    const additionalData = dataOf(header, place);
    // The length parts the two, so that no other place and plaintext are the same bytes.
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, additionalData.length);
    try {
      const all = joined(length, additionalData, plaintext);
      const iv = new Uint8Array(await subtle.sign("HMAC", keys.iv, all)).slice(0, IV);
      const parameters = { __proto__: null, name: "AES-GCM", iv, additionalData };
      const within = all.subarray(all.length - plaintext.length);
      return joined(header, iv, new Uint8Array(await subtle.encrypt(parameters, keys.encryption, within)));
    } catch (cause) {
      const message = `write failed: ${shown(place)} cannot be sealed: ${String(cause)}`;
      throw new BurrowError("WriteFailed", message, { retryable: true, cause });
    }
  }

  /** What was sealed at this place. */
  async open(place: Place, stored: Uint8Array): Promise<Uint8Array> {
    const header = stored.slice(0, HEADER);
    const version = header[MAGIC.length];
    if (!MAGIC.every((byte, i) => header[i] === byte)) {
      if (this.readsUnsealed) return stored;
      throw damaged(place, "it is not sealed");
    }
    if (version !== undefined && version > VERSION) {
      throw new BurrowError("SchemaTooNew", `a newer burrow sealed ${shown(place)}`, nameOf(place));
    }
    if (version !== VERSION || stored.length < HEADER + IV + TAG) throw damaged(place, "it was cut off");
    const id = header.subarray(MAGIC.length + 1);
    const keys = this.keys.find((keys) => keys.id.every((byte, i) => byte === id[i]));
    if (!keys) {
      const message = `wrong key: ${shown(place)} is sealed under another key than this store was opened with`;
      throw new BurrowError("WrongKey", message, nameOf(place));
    }
    const iv = stored.slice(HEADER, HEADER + IV);
    const parameters = { __proto__: null, name: "AES-GCM", iv, additionalData: dataOf(header, place) };
    try {
      const sealed = stored.subarray(HEADER + IV) as Uint8Array<ArrayBuffer>;
      return new Uint8Array(await crypto.subtle.decrypt(parameters, keys.encryption, sealed));
    } catch (cause) {
      throw damaged(place, "it was changed, or sealed for another place", cause);
    }
  }
}

/** The record that cannot be read. */
export function damaged(place: Place, reason: string, cause?: unknown): BurrowError {
  return new BurrowError("Decode", `cannot read ${shown(place)}: ${reason}`, { ...nameOf(place), cause });
}

/** As the module's own errors name a record. */
export function nameOf({ table, key }: Place): { table: string; key: string } {
  return { table, key: `[${key.join(", ")}]` };
}

function shown(place: Place): string {
  const { table, key } = nameOf(place);
  return `${table} ${key}`;
}

/** What is not secret and yet must not change: the header, and the place, which no other place is written as. */
function dataOf(header: Uint8Array, { table, key, part }: Place): Uint8Array<ArrayBuffer> {
  return joined(
    header,
    encode(`[${[table, ...key, part ?? null].map((text) => JSON.stringify(text)).join()}]`),
  );
}

/** The text as UTF-8. */
export function encode(text: string): Uint8Array {
  return new platform.TextEncoder!().encode(text);
}

/** Whether two are the same bytes, or both are none. */
export function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a?.length === b?.length && (a ?? []).every((byte, i) => byte === b?.[i]);
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

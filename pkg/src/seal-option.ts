// The option `seal` of `openStore`: the caller's keys, and the keys in use that are made of them.

import { BurrowError, invalid, unreadable } from "./error.js";
import { described } from "./json.js";
import { encode, ID, type Keys, Sealer, VERSION } from "./seal.js";
import type { Seal, SealKey } from "./types-seal.js";
import * as wire from "./wire.js";

/** What the option `seal` says; `undefined` where it was not given. */
export async function sealerFor(option: Seal | undefined): Promise<Sealer | undefined> {
  if (option === undefined) return undefined;
  if (isKey(option)) return new Sealer([await derived("options.seal", option)], false);
  const { current, former: given = [], unsealed } = wire.options("options.seal", option, MEMBERS);
  const former = wire.items("options.seal.former", given, "an array of keys");
  if (unsealed !== undefined && unsealed !== "read") {
    throw invalid("options.seal.unsealed", `expected "read", got ${described(unsealed)}`);
  }
  const [first, ...others] = await Promise.all([
    derived("options.seal.current", current),
    ...former.map((key, i) => derived(`options.seal.former[${i}]`, key)),
  ] as const);
  return new Sealer([first, ...others], unsealed === "read");
}

const MEMBERS = ["current", "former", "unsealed"];

function isKey(value: unknown): value is SealKey {
  try {
    return Object.prototype.toString.call(value) === "[object CryptoKey]";
  } catch {
    return false;
  }
}

const EXPECTED =
  "expected a CryptoKey of 256 bits or more, for AES-GCM with the usage `encrypt`, or for HMAC with SHA-256 with the usage `sign`";

/** Refuses a key for something else. */
function checkKey(argument: string, key: SealKey): void {
  let got: string;
  try {
    const { name, hash, length = 0 } = key.algorithm as Partial<HmacKeyAlgorithm>;
    const isAes = name === "AES-GCM" && key.usages.includes("encrypt");
    const isHmac = name === "HMAC" && hash?.name === "SHA-256" && key.usages.includes("sign");
    if ((isAes || isHmac) && length >= 256) return;
    got = `${name} ${hash?.name ?? ""} of ${length} bits with [${key.usages.join(", ")}]`;
  } catch (cause) {
    throw unreadable(argument, cause);
  }
  throw invalid(argument, `${EXPECTED}, got ${got}`);
}

/** The keys in use, which are of no use for anything else, and of which nothing leads back to the caller's. */
async function derived(argument: string, key: unknown): Promise<Keys> {
  if (!isKey(key)) throw invalid(argument, `${EXPECTED}, got ${described(key)}`);
  checkKey(argument, key);
  try {
    const { subtle } = crypto;
    const root = await hmacKey(key as CryptoKey);
    const of = (use: string): Promise<ArrayBuffer> =>
      subtle.sign("HMAC", root, encode(`burrow seal ${VERSION}: ${use}`) as Uint8Array<ArrayBuffer>);
    const [id, encryption, iv] = await Promise.all([of("key id"), of("encryption"), of("iv")]);
    return {
      id: new Uint8Array(id, 0, ID),
      encryption: await subtle.importKey("raw", encryption, "AES-GCM", false, ["encrypt", "decrypt"]),
      iv: await subtle.importKey("raw", iv, HMAC, false, ["sign"]),
    };
  } catch (cause) {
    const message = `unsupported: ${argument}: this environment cannot use the key: ${String(cause)}`;
    throw new BurrowError("Unsupported", message, { argument, cause });
  }
}

const HMAC = { name: "HMAC", hash: "SHA-256" };

/**
 * The key for HMAC that a key stands for. An AES key stands for its key stream (NIST SP 800-38D, 6.5) under an IV that nothing is ever
 * sealed under: without the key nobody can tell it from random bytes.
 */
async function hmacKey(key: CryptoKey): Promise<CryptoKey> {
  if (key.algorithm.name === "HMAC") return key;
  const { subtle } = crypto;
  const iv = encode("burrow seal1") as Uint8Array<ArrayBuffer>;
  const stream = await subtle.encrypt({ name: "AES-GCM", iv }, key, new Uint8Array(32));
  return subtle.importKey("raw", new Uint8Array(stream, 0, 32), HMAC, false, ["sign"]);
}

// The shapes of sealing.

import type { Finding, Verified } from "./types-moving.js";

/**
 * How a store is sealed: the key alone, where there is one, or the key that seals from now on and those that did before, which
 * still open what they sealed.
 */
export type Seal =
  | SealKey
  | {
      /** The key that what is written is sealed under. */
      current: SealKey;
      /** The keys that were in use before, which open what is sealed under them. */
      former?: readonly SealKey[] | undefined;
      /**
       * `"read"` gives out what was never sealed, of a store that had no key before; whoever can write to the storage can then put
       * something in. Default: it is `Decode`.
       */
      unsealed?: "read" | undefined;
    };

/**
 * A `CryptoKey` of 256 bits or more: for AES-GCM with the usage `encrypt`, or for HMAC with SHA-256 with the usage `sign`. It need not be
 * extractable.
 */
export interface SealKey {
  /** `"secret"`. */
  readonly type: string;
  /** Whether scripts can read it. */
  readonly extractable: boolean;
  /** `AES-GCM` or `HMAC`. */
  readonly algorithm: { name: string };
  /** `encrypt` or `sign` among them. */
  readonly usages: readonly string[];
}

/** How a store is sealed anew. */
export interface ResealOptions {
  /** Called after each page of records. What it throws ends the work; what was sealed stays sealed. */
  onProgress?: ((progress: Omit<Resealed, "findings">) => void) | undefined;
}

/** What came of sealing a store anew. */
export interface Resealed extends Verified {
  /** How many sealed records were read. */
  records: number;
  /** How many of them were under another key, or never sealed, and are under the current one now. */
  resealed: number;
  /** How many were left as they are: damaged, or under a key that the store was not opened with. */
  problems: number;
  /** The first 1,000 of those. */
  findings: Finding[];
}

// What export, import and verification take and give.

import type { Bytes } from "./types.js";

/**
 * Bytes as the platform's own streams give and take them: a `Uint8Array`, of an `ArrayBuffer` where the version of TypeScript tells
 * that from a shared one.
 */
export type Chunk = ReturnType<InstanceType<typeof TextEncoder>["encode"]>;

/** An export: a stream or another iterable of its bytes, a file or another blob, or the bytes themselves. Of a `Response`, its `body`. */
export type ImportSource =
  ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | Iterable<Uint8Array> | Blob | Bytes;

/** How an import is made. */
export interface ImportOptions {
  /**
   * Whether a record takes the place of a stored one that differs, which is a `Conflict` otherwise. In the place of another claim comes
   * a new one, later than both, so that whoever held one of them is `Fenced`. Default: false.
   */
  overwrite?: boolean | undefined;
  /** Called after each mebibyte, or each chunk that is smaller. What it throws ends the import. */
  onProgress?: ((progress: ImportProgress) => void) | undefined;
}

/** How far an import has come, and how many bytes of the source were read for it. */
export interface ImportProgress extends Imported {
  /** The bytes that were read. */
  bytes: number;
}

/** How far an import has come. */
export interface Imported {
  /** The records of the file that are in the store by now. */
  records: number;
  /** How many of them were written; the others were there already. */
  written: number;
}

/** How a verification is made. */
export interface VerifyOptions {
  /**
   * Whether each damaged record is set aside, as it was: it is no longer in its table, so that what it belonged to can be read, counted,
   * pruned and exported again, and `store.quarantined()` lists it. What is only missing stays so, and so does what is no bytes and no
   * text. Without the record nobody knows what it was: the boundary of a receipt can be committed anew, the epochs of a claim begin
   * at 1. Default: false.
   */
  quarantine?: boolean | undefined;
  /** Called after each page that was read. What it throws ends the verification. */
  onProgress?: ((progress: Omit<Verified, "findings">) => void) | undefined;
}

/** What a verification found. */
export interface Verified {
  /** How many records were read. */
  records: number;
  /** How many things are wrong. */
  problems: number;
  /** The first 1,000 of the problems. */
  findings: Finding[];
}

/** Something that is wrong with a stored record. */
export interface Finding {
  /** The table that holds the record. */
  table: string;
  /** The record's key, as `[column, column]`. */
  key: string;
  /** What is wrong with it. */
  problem: string;
  /** Whether it was set aside. */
  quarantined: boolean;
}

/** A damaged record that was set aside. */
export interface Quarantined {
  /** Its id here. */
  id: string;
  /** The table that held it. */
  table: string;
  /** Its key there, a string for each column. */
  key: string[];
  /** What is wrong with it. */
  reason: string;
  /** When it was set aside: milliseconds since 1970. */
  at: number;
  /** Its bytes, as they were. */
  record: Uint8Array;
}

// The file that keeps room on the disk, so that records can be deleted where it is full; `src/engine/sql/reserve.rs` says how large it is.

import { closeSync, fstatSync, ftruncateSync, openSync, rmSync, writeSync } from "node:fs";

const BLOCK = new Uint8Array(1 << 16);

/** Makes the file beside a database so long. Where there is no room for it, it stays as it was, and nothing else fails. */
export function keepReserve(database: string, length: number): void {
  let file;
  try {
    file = openSync(named(database), "a");
  } catch {
    return;
  }
  try {
    grow(file, length);
  } finally {
    closeSync(file);
  }
}

function grow(file: number, length: number): void {
  const before = fstatSync(file).size;
  try {
    // Written: a length alone takes no room.
    for (let at = before; at < length;) at += writeSync(file, BLOCK, 0, Math.min(BLOCK.length, length - at));
  } catch {
    ftruncateSync(file, before);
  }
}

/** Removes it. False where there was none: there was no room for it, or another process has removed it. */
export function giveUpReserve(database: string): boolean {
  try {
    rmSync(named(database));
    return true;
  } catch {
    return false;
  }
}

function named(database: string): string {
  return `${database}-reserve`;
}

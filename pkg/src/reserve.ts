// The file that keeps room on the disk, so that records can be deleted where it is full; `src/engine/sql/reserve.rs` says how large it is.

import {
  closeSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";

/** Twice as long as one is made: two processes may do it at once. */
const LONGEST = 10 << 20;

const BLOCK = new Uint8Array(1 << 16);

/**
 * Makes the file beside a database so long. Where there is no room for it, it stays as it was, and a file that is something else, too.
 * Nothing else fails.
 */
export function keepReserve(database: string, length: number): void {
  const reserve = named(database);
  try {
    if (lstatSync(reserve, { throwIfNoEntry: false }) && !isReserve(reserve)) return;
    const file = openSync(reserve, "a");
    try {
      grow(file, length);
    } finally {
      closeSync(file);
    }
  } catch {
    // This process may not write there.
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

/** Removes it. False where there was none: there was no room for it, another process has removed it, or it is something else. */
export function giveUpReserve(database: string): boolean {
  const reserve = named(database);
  try {
    if (!isReserve(reserve)) return false;
    rmSync(reserve);
    return true;
  } catch {
    return false;
  }
}

/** Whether a file is one that keeps room: no longer than those are, and nothing but zeros. Another database may have the name. */
function isReserve(file: string): boolean {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (!found?.isFile() || found.size > LONGEST) return false;
  return readFileSync(file).every((byte) => byte === 0);
}

function named(database: string): string {
  return `${database}-reserve`;
}

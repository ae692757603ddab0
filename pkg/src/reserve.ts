// The file that keeps room on the disk, so that records can be deleted where it is full; `src/engine/sql/reserve.rs` says how large it is.

import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeSync,
} from "node:fs";

/** By how much it grows. */
const STEP = 1 << 20;

/** How long it is at most. */
const LONGEST = 5 * STEP;

/** Makes the file beside a database so long. False where there is room for less, which it keeps. What is something else stays as it is. */
export function keepReserve(database: string, length = LONGEST): boolean {
  const reserve = named(database);
  try {
    const found = lstatSync(reserve, { throwIfNoEntry: false });
    if (found && (found.size >= length || !isReserve(reserve))) return true;
    const file = openSync(reserve, constants.O_WRONLY | constants.O_CREAT, 0o666);
    try {
      return grows(file, length);
    } finally {
      closeSync(file);
    }
  } catch {
    // This process may not write there.
    return false;
  }
}

function grows(file: number, length: number): boolean {
  const zeros = new Uint8Array(STEP);
  const before = fstatSync(file).size;
  for (let at = before - (before % STEP); at < length; at += STEP) {
    try {
      // Written: a length alone takes no room. In its place, and not at the end: another process may do the same.
      for (let done = 0; done < STEP;) done += writeSync(file, zeros, done, STEP - done, at + done);
    } catch {
      ftruncateSync(file, at);
      return false;
    }
  }
  return true;
}

/** Removes it. False where there was none: there was no room for it, another process has removed it, or it is something else. */
export function giveUpReserve(database: string): boolean {
  try {
    const reserve = named(realpathSync(database));
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
  return readFileSync(file).equals(new Uint8Array(found.size));
}

function named(database: string): string {
  return `${database}-reserve`;
}

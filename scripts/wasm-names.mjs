// Renames the module that a wasm imports from: wasm-opt calls all of them "a".

import { readFileSync, writeFileSync } from "node:fs";
import { Stop } from "./toolchain.mjs";

const IMPORT_SECTION = 2;
const FUNCTION = 0;
/** After the magic number and the version, of four bytes each. */
const FIRST_SECTION = 8;

/**
 * Gives the module that the functions of a wasm file are imported from another name of one character
 * (https://webassembly.github.io/spec/core/binary/modules.html#import-section).
 */
export function renameImportedModule(file, before, after) {
  const wasm = readFileSync(file);
  let at = FIRST_SECTION;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (wasm[at] !== IMPORT_SECTION) {
    at += 1;
    at = number() + at;
  }
  at += 1;
  number();
  for (let left = number(); left > 0; left -= 1) {
    const [length, from] = [number(), at];
    if (wasm.toString("utf8", from, from + length) !== before)
      throw new Stop(`${file} imports from more than one module.`);
    wasm.write(after, from);
    at = from + length;
    at = number() + at;
    if (wasm[at++] !== FUNCTION) throw new Stop(`${file} imports something else than functions.`);
    number();
  }
  writeFileSync(file, wasm);
}

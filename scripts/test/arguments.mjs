// What `npm test -- …` is asked for: parts, and a pattern that picks tests by name.

import { Stop } from "../toolchain.mjs";
import { PARTS } from "./suites.mjs";

/** The parts that the arguments begin with, all if there are no arguments, and the pattern after them. */
export function chosen(args) {
  const all = Object.keys(PARTS);
  if (args.length === 0) return { parts: all };
  const end = args.findIndex((name) => !all.includes(name));
  const [parts, rest] = end < 0 ? [args, []] : [args.slice(0, end), args.slice(end)];
  if (parts.length === 0) throw new Stop(`There is no part "${rest[0]}". ${USAGE}`);
  if (rest.length > 1) {
    throw new Stop(`There is no part "${rest[0]}", and one pattern ends the arguments. ${USAGE}`);
  }
  return { parts: [...new Set(parts)], pattern: rest[0] };
}

export const USAGE = `The parts are ${Object.keys(PARTS).join(", ")}: npm test -- PART… [PATTERN]`;

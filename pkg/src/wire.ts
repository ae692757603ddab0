// Arguments to what the module takes, with an error that names the one at fault; and back.

import { invalid, unreadable } from "./error.js";
import { described, fromJson, toJson, type U64s } from "./json.js";
import type { Input, Labels, OpsSnapshot, Receipt, SelectedLabels } from "./types.js";

const U64_MAX = 2n ** 64n - 1n;

/** A string that is well-formed Unicode: a lone surrogate would be replaced on its way to the store. */
export function text(argument: string, value: unknown): string {
  if (typeof value !== "string") throw invalid(argument, `expected a string, got ${described(value)}`);
  if (/[\ud800-\udfff]/u.test(value)) throw invalid(argument, "the string holds a lone surrogate");
  return value;
}

/** A string that is also not empty. */
export function id(argument: string, value: unknown): string {
  if (value === "") throw invalid(argument, "expected a non-empty string");
  return text(argument, value);
}

/** A bigint that fits 64 bits. */
export function u64(argument: string, value: unknown): bigint {
  if (typeof value === "bigint" && value >= 0n && value <= U64_MAX) return value;
  throw invalid(argument, `expected a bigint from 0n to 2n ** 64n - 1n, got ${described(value)}`);
}

/** How many items a page may have. */
export function limit(argument: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value < 2 ** 32) return value;
  throw invalid(argument, `expected a whole number from 1 to 2 ** 32 - 1, got ${described(value)}`);
}

/** How many items a page has where nothing else was said. */
export const DEFAULT_LIMIT = 100;

/** The part of a listing of ids. */
export function page(value: unknown): [after: string | undefined, limit: number] {
  const { after, limit: most = DEFAULT_LIMIT } = options("page", value, ["after", "limit"]);
  return [after === undefined ? undefined : id("after", after), limit("limit", most)];
}

/** One of the known names. */
export function oneOf<T extends string>(argument: string, value: unknown, names: readonly T[]): T {
  const known = names.find((name) => name === value);
  if (known !== undefined) return known;
  throw invalid(
    argument,
    `expected one of ${names.map((name) => `"${name}"`).join(", ")}, got ${described(value)}`,
  );
}

/** What a plain object has of its own, read once: not an array, not a `Map`, nothing that was put on the prototype of all. */
export function object(argument: string, value: unknown): Record<string, unknown> {
  try {
    if (isPlain(value)) return Object.assign(Object.create(null), value) as Record<string, unknown>;
  } catch (error) {
    throw unreadable(argument, error);
  }
  throw invalid(argument, `expected a plain object, got ${described(value)}`);
}

function isPlain(value: unknown): value is object {
  const prototype: unknown =
    typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : undefined;
  // Another realm's plain object has another realm's Object.prototype, which has no prototype either.
  return prototype === null || (typeof prototype === "object" && Object.getPrototypeOf(prototype) === null);
}

/**
 * An option object of burrow's own, with no other members than these: a typing error must not widen what a call is about.
 * Records keep the members that burrow does not know; options have none to keep.
 */
export function options(argument: string, value: unknown, known: readonly string[]): Record<string, unknown> {
  const members = object(argument, value);
  const unknown = Object.keys(members)
    .find((name) => !known.includes(name))
    ?.slice(0, LONGEST_NAME);
  if (unknown === undefined) return members;
  const [nearest] = [...known].sort((a, b) => distance(a, unknown) - distance(b, unknown));
  throw invalid(argument, `unknown member \`${unknown}\`; did you mean \`${nearest}\`?`);
}

/** The most characters of an unknown name that are compared and shown. */
const LONGEST_NAME = 40;

/** How many characters have to be put in, taken out or replaced to make one name of the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + Number(letter !== b[j]);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

export function labelsToJson(argument: string, value: unknown): string {
  const entries = Object.entries(object(argument, value));
  for (const [key, label] of entries) {
    text(`${argument} (a key)`, key);
    text(`${argument}[${JSON.stringify(key)}]`, label);
  }
  return JSON.stringify(Object.fromEntries(entries));
}

export function labelsFromJson(json: string): Labels {
  return JSON.parse(json) as Labels;
}

export function entriesFromJson(json: string): SelectedLabels[] {
  return JSON.parse(json) as SelectedLabels[];
}

const RECEIPT: U64s = new Map([
  ["message_count", "required"],
  ["sequence", "required"],
]);
const INPUT: U64s = new Map([["last_boundary_sequence", "optional"]]);
const CURSORS = ["agent_applied_cursor", "runtime_observed_seq", "runtime_last_injected_seq"] as const;
const OPS: U64s = new Map([["cursors", new Map(CURSORS.map((cursor) => [cursor, "required"]))]]);

export function receiptToJson(argument: string, value: unknown): string {
  return toJson(argument, value, RECEIPT);
}

export function receiptsFromJson(json: string): Receipt[] {
  const receipts = fromJson(json) as unknown as Receipt[];
  for (const receipt of receipts) {
    receipt.message_count = BigInt(receipt.message_count);
    receipt.sequence = BigInt(receipt.sequence);
  }
  return receipts;
}

export function opsToJson(argument: string, value: unknown): string {
  return toJson(argument, value, OPS);
}

export function opsFromJson(json: string): OpsSnapshot {
  const snapshot = fromJson(json) as unknown as OpsSnapshot;
  for (const cursor of CURSORS) snapshot.cursors[cursor] = BigInt(snapshot.cursors[cursor]);
  return snapshot;
}

export function inputToJson(argument: string, value: unknown): string {
  return toJson(argument, value, INPUT);
}

export function inputsToJson(argument: string, value: unknown): string {
  if (value === undefined) return "[]";
  if (!Array.isArray(value)) throw invalid(argument, `expected an array, got ${described(value)}`);
  return `[${Array.from(value, (input, i) => inputToJson(`${argument}[${i}]`, input)).join()}]`;
}

export function inputsFromJson(json: string): Input[] {
  const inputs = fromJson(json) as unknown as Input[];
  for (const input of inputs) {
    // Other programs write `null` where there is none.
    const sequence = input.last_boundary_sequence as bigint | null | undefined;
    if (sequence !== undefined && sequence !== null) input.last_boundary_sequence = BigInt(sequence);
  }
  return inputs;
}

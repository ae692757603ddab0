// Option objects to values, documents to JSON text, with an error that names the argument at fault; and back. Single values are
// checked in the module (`src/js/argument.rs`), whatever the caller passed.

import { invalid, unreadable } from "./error.js";
import { define, described, fromJson, hasSymbols, quoted, toJson, type U64s } from "./json.js";
import type { Input, Labels, OpsSnapshot, Order, PageOptions, Receipt, SelectedLabels } from "./types.js";

/** How many items a page has where nothing else was said. */
const DEFAULT_LIMIT = 100;

/** The members of a page's options. */
export const PAGE = ["after", "limit", "order"];

/** The part of a listing. */
export function page<After>(
  value: PageOptions<After>,
): [after: After | undefined, limit: number, order: Order | undefined] {
  const { after, limit = DEFAULT_LIMIT, order } = options("page", value, PAGE);
  return [after, limit, order];
}

/** A member that must be there: the module takes `undefined` for one that need not be, and refuses `null`. */
export function given<T>(member: T | undefined): T {
  return member ?? (null as T);
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

/** A date as its milliseconds, and anything else as it is. */
export function time(argument: string, value: unknown): number | undefined {
  try {
    return (value instanceof Date ? value.getTime() : value) as number | undefined;
  } catch (error) {
    throw unreadable(argument, error);
  }
}

/** The items of an array, read once. */
export function items(argument: string, value: unknown, expected = "an array"): unknown[] {
  try {
    if (Array.isArray(value)) return Array.from<unknown>(value);
  } catch (error) {
    throw unreadable(argument, error);
  }
  throw invalid(argument, `expected ${expected}, got ${described(value)}`);
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
export function options<Options extends object>(
  argument: string,
  value: Options,
  known: readonly string[],
): Options {
  const members = object(argument, value);
  const unknown = Object.keys(members)
    .find((name) => !known.includes(name))
    ?.slice(0, LONGEST_NAME);
  if (unknown === undefined) return members as Options;
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

/** JSON text shows a lone surrogate as an escape, which not every reader takes. */
function text(argument: string, value: unknown): void {
  if (typeof value !== "string") throw invalid(argument, `expected a string, got ${described(value)}`);
  if (/[\ud800-\udfff]/u.test(value)) throw invalid(argument, "the string holds a lone surrogate");
}

export function labelsToJson(argument: string, value: unknown): string {
  const labels = object(argument, value);
  if (hasSymbols(labels)) throw invalid(argument, "a symbol is no key");
  const entries = Object.entries(labels);
  for (const [key, label] of entries) {
    text(`${argument} (a key)`, key);
    text(`${argument}[${quoted(key)}]`, label);
  }
  // Of strings alone: of objects and arrays it would call a `toJSON` that somebody has put on their prototypes.
  return `{${entries.map((entry) => entry.map((text) => JSON.stringify(text)).join(":")).join()}}`;
}

export function textsToJson(argument: string, value: unknown): string {
  const texts = items(argument, value);
  for (const [i, item] of texts.entries()) text(`${argument}[${i}]`, item);
  return `[${texts.map((text) => JSON.stringify(text)).join()}]`;
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

export function receiptFromJson(json: string | undefined): Receipt | undefined {
  return json === undefined ? undefined : receiptsFromJson(`[${json}]`)[0];
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
  const inputs = items(argument, value).map((input, i) => inputToJson(`${argument}[${i}]`, input));
  return `[${inputs.join()}]`;
}

const ABSENT = [
  ["attempt_count", () => 0],
  ["recovery_count", () => 0],
  ["history", () => []],
] as const;

/** Whether it has a member of its own of that name. */
export function own(object: object, name: string): boolean {
  return Object.prototype.hasOwnProperty.call(object, name);
}

export function inputsFromJson(json: string): Input[] {
  const inputs = fromJson(json) as unknown as Input[];
  for (const input of inputs) {
    // Upstream leaves them out where nothing has happened yet.
    for (const [name, value] of ABSENT) if (!own(input, name)) define(input, name, value());
    // Other programs write `null` where there is none.
    const sequence = input.last_boundary_sequence as bigint | null | undefined;
    if (own(input, "last_boundary_sequence") && sequence !== undefined && sequence !== null)
      input.last_boundary_sequence = BigInt(sequence);
  }
  return inputs;
}

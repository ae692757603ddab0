// What a service may answer to each call. Nothing else reaches a caller: what is read of an answer later, or is given out as it is, has
// been looked at here.

import type { Name } from "./message.js";
import { quarantinedFromJson } from "./quarantine.js";
import * as wire from "./wire.js";

/** Whether a value is one; to throw says that it is not. */
type Shape = (value: unknown) => boolean;

const nothing: Shape = (value) => value === undefined;
const text: Shape = (value) => typeof value === "string";
const number: Shape = (value) => typeof value === "number";
const u64: Shape = (value) => typeof value === "bigint" && BigInt.asUintN(64, value) === value;
const bytes: Shape = (value) => value instanceof Uint8Array;

const optional =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined || shape(value);
const every =
  (shape: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(shape);
const tuple =
  (...shapes: Shape[]): Shape =>
  (value) =>
    Array.isArray(value) && value.length === shapes.length && shapes.every((shape, i) => shape(value[i]));
/** An object whose members are these, whatever else it has. */
const members =
  (shapes: Record<string, Shape>): Shape =>
  (value) =>
    isObject(value) && Object.entries(shapes).every(([name, shape]) => shape(memberOf(value, name)));
/** JSON text, by the function that reads it for the caller. */
const json =
  (read: (text: string) => unknown, shape: Shape): Shape =>
  (value) =>
    text(value) && shape(read(value as string));

function memberOf(value: object, name: string): unknown {
  return wire.own(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const texts = every(text);
const isLabels: Shape = (value) => isObject(value) && Object.values(value).every(text);
const labels = json(wire.labelsFromJson, isLabels);
const entries = json(
  wire.entriesFromJson,
  every(members({ mob: text, run: optional(text), labels: isLabels })),
);
const one = (json: string): string => `[${json}]`;
const isReceipt = members({ run_id: text, sequence: u64, message_count: u64 });
const receipts = json(wire.receiptsFromJson, every(isReceipt));
const receipt = optional(json((json) => wire.receiptsFromJson(one(json)), tuple(isReceipt)));
const isInput = members({ input_id: text });
const inputs = json(wire.inputsFromJson, every(isInput));
const input = optional(json((json) => wire.inputsFromJson(one(json)), tuple(isInput)));
const ops = optional(json(wire.opsFromJson, members({ epoch_id: text })));
const COUNTED = ["runtimes", "inputs", "receipts", "labelled", "deletions", "quarantined", "openClaims"];
const contents = json(
  JSON.parse,
  members({
    ...Object.fromEntries(COUNTED.map((name) => [name, number])),
    oldestClaim: optional(members({ runtime: optional(text), mob: optional(text), since: number })),
  }),
);
const quarantined = json(
  quarantinedFromJson,
  every(members({ id: text, table: text, key: texts, reason: text, at: number })),
);
const status = json(
  JSON.parse,
  members({
    backend: text,
    durability: text,
    reopens: number,
    dataLost: optional(text),
    authorityKey: optional(text),
    lastError: optional(members({ code: text, message: text, at: text })),
  }),
);
/** How many there are of four things, and then names and numbers in turn. */
const counts: Shape = (value) =>
  Array.isArray(value) &&
  value.length >= 4 &&
  value.length % 2 === 0 &&
  value.every((item, at) => (at >= 4 && at % 2 === 0 ? text : number)(item));
/** Its epoch, a space and its token. */
const claim: Shape = (value) => text(value) && /^\d{1,20} [\da-f-]{36}$/.test(value as string);

const SHAPES: Record<Name, Shape> = {
  getLabels: labels,
  listLabels: entries,
  selectLabels: entries,
  setLabels: nothing,
  deleteLabels: labels,
  patchLabels: labels,
  compareAndSetLabels: nothing,
  getCursor: optional(u64),
  setCursor: nothing,
  advanceCursor: u64,
  compareAndSetCursor: nothing,
  claimMob: claim,
  releaseMob: nothing,
  deleteMob: nothing,
  mobs: texts,
  runtimes: texts,
  runtimesIn: texts,
  sessionById: optional(tuple(text, bytes)),
  oauthFlows: optional(bytes),
  persistOauthFlows: nothing,
  replaceOauthFlows: nothing,
  status,
  flush: nothing,
  contents,
  quarantined,
  deleteQuarantined: nothing,
  fence: nothing,
  session: optional(bytes),
  receipt,
  receipts,
  lastReceipt: receipt,
  runs: texts,
  inputs,
  inputIds: texts,
  input,
  state: optional(text),
  ops,
  recover: tuple(text, optional(bytes), inputs, receipt, ops, u64),
  counts,
  commitBoundary: nothing,
  commitSession: nothing,
  persistInput: nothing,
  persistOps: nothing,
  transition: nothing,
  claim,
  release: nothing,
  prune: tuple(number, number),
  delete: nothing,
  deleteRun: nothing,
};

/** Whether the call can have this answer. */
export function isAnswerTo(call: Name, value: unknown): boolean {
  return holds(SHAPES[call], value);
}

const isChange = members({ kinds: texts, mob: optional(text), run: optional(text), runtime: optional(text) });

/** Whether it is the JSON text of a change to the mob or the runtime, where one is named. */
export function isChangeOf({ mob, runtime }: { mob?: unknown; runtime?: unknown }, json: unknown): boolean {
  return holds(() => {
    const change = JSON.parse(json as string) as Record<string, unknown>;
    if (!isChange(change) || (change["mob"] === undefined) === (change["runtime"] === undefined))
      return false;
    return (mob ?? change["mob"]) === change["mob"] && (runtime ?? change["runtime"]) === change["runtime"];
  }, json);
}

function holds(shape: Shape, value: unknown): boolean {
  try {
    return shape(value);
  } catch {
    return false;
  }
}

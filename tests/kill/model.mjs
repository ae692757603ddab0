// A writer that nobody else writes for: what it does next, and what has to be there afterwards. It owns two runtimes, one of which
// grows to more than a thousand rows, a mob, and its place among the OAuth flows.

import { inputText, NOTHING, receiptText } from "./perform.mjs";

const WHEN = "2026-11-27T00:00:00Z";
/** More rows of inputs than one transaction deletes. */
const LARGE = 1000;
const MANY_INPUTS = 250;
/** How many boundaries a runtime's writer can make again. */
const PAST = 20;

export const isTerminal = (input) => input.current_state === "consumed";

/** A writer that has done nothing yet. Its ids are its own, and later ones are greater. */
export function newWriter(name) {
  const id = (what) => `${what}-${name}`;
  return {
    name,
    ids: 0,
    runtimes: { [id("small")]: null, [id("large")]: null },
    mob: id("mob"),
    labels: {},
    cursor: 0,
    flow: 0,
  };
}

/** A UUID of version 7. */
function newId(writer) {
  const number = (++writer.ids).toString(16).padStart(8, "0");
  const name = [...writer.name].map((char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  return `01a20127-b8f1-7${number.slice(0, 3)}-8${number.slice(3, 6)}-${number.slice(6)}${name.padStart(10, "0")}`;
}

const below = (number) => Math.floor(Math.random() * number);
const oneOf = (values) => values[below(values.length)];

/** What the writer does next. It takes ids, and changes nothing else of the writer. */
export function next(writer) {
  const [small, large] = Object.keys(writer.runtimes);
  const id = below(3) === 0 ? large : small;
  const runtime = writer.runtimes[id];
  const chance = below(100);
  if (chance < 4) return { do: "deleteMob", mob: writer.mob };
  if (chance < 12) {
    const run = oneOf([undefined, "run-1", "run-2"]);
    return { do: "labels", mob: writer.mob, run, labels: { env: "kill", n: String(below(1e6)) } };
  }
  if (chance < 18) return { do: "cursor", mob: writer.mob, cursor: writer.cursor + 1 };
  if (chance < 24) return { do: "oauth", writer: writer.name, flow: writer.flow + 1 };
  if (runtime === null || chance < 60) return boundary(writer, id, id === large ? MANY_INPUTS : below(5));
  if (chance < 66) {
    const input = oneOf([...runtime.inputs.values(), newInput(writer, runtime, "queued")]);
    return { do: "input", runtime: id, input: { ...input, attempt_count: input.attempt_count + 1 } };
  }
  if (chance < 72) {
    const from = runtime.state ?? "initializing";
    const live = [...runtime.inputs.values()].filter((input) => !isTerminal(input));
    const inputs = live.slice(0, 5).map((input) => ({ ...input, current_state: "consumed" }));
    return { do: "step", runtime: id, from, to: from === "idle" ? "running" : "idle", inputs };
  }
  if (chance < 80 && runtime.past.length > 0) return { ...oneOf(runtime.past), again: true };
  // Not the latest run: the last receipt of the one before it may name inputs that were pruned.
  const older = [...new Set(runtime.past.map(({ receipt }) => receipt.run_id))].filter(
    (run) => run !== runtime.run,
  );
  if (chance < 82 && older.length > 0) return { do: "deleteRun", runtime: id, run: oneOf(older) };
  // A large one is deleted once it is large enough.
  if (id === large ? runtime.inputs.size > LARGE : below(8) === 0) return { do: "delete", runtime: id };
  return { do: "prune", runtime: id, keepReceipts: below(20), keepTerminalInputs: below(2 * LARGE) };
}

/** Whether the operation takes several transactions. */
export function takesSeveral(writer, { do: name, runtime: id }) {
  const size = writer.runtimes[id]?.inputs.size;
  return (name === "delete" && size > LARGE) || (name === "prune" && size > 200);
}

function boundary(writer, id, count) {
  const runtime = writer.runtimes[id] ?? newRuntime(newId(writer), newId(writer));
  const isNewRun = below(15) === 0;
  const run_id = isNewRun ? newId(writer) : runtime.run;
  const sequence = isNewRun ? 0 : runtime.sequence;
  const of = { run: run_id, sequence };
  const inputs = Array.from({ length: count }, () =>
    newInput(writer, of, below(60) === 0 ? "queued" : "consumed"),
  );
  return {
    do: "boundary",
    runtime: id,
    receipt: {
      run_id,
      boundary: "run_checkpoint",
      contributing_input_ids: inputs.map((input) => input.input_id),
      message_count: below(1e6),
      sequence,
    },
    // Now and then one that browsers keep in several pieces.
    session: JSON.stringify({
      id: runtime.key,
      run_id,
      sequence,
      text: "x".repeat(oneOf([9, 3000, 200_000])),
    }),
    sessionKey: runtime.key,
    inputs,
  };
}

function newInput(writer, { run, sequence }, current_state) {
  return {
    input_id: newId(writer),
    current_state,
    attempt_count: 1,
    recovery_count: 0,
    history: [],
    created_at: WHEN,
    updated_at: WHEN,
    last_run_id: run,
    last_boundary_sequence: sequence,
  };
}

const newRuntime = (key, run) => ({
  key,
  run,
  sequence: 0,
  state: null,
  session: null,
  receipts: [],
  inputs: new Map(),
  /** Boundaries that were committed, their receipts pruned or not: again, each is a retry. */
  past: [],
});

/** Changes the model of a writer's data as the operation changes the store. */
export function apply(writer, operation) {
  const { runtime: id, mob, run } = operation;
  const runtime = writer.runtimes[id];
  const put = (inputs, into = runtime) => inputs.forEach((input) => into.inputs.set(input.input_id, input));
  switch (operation.do) {
    case "boundary": {
      if (operation.again) return;
      const { receipt, session, sessionKey, inputs } = operation;
      const into = (writer.runtimes[id] ??= newRuntime(sessionKey, receipt.run_id));
      Object.assign(into, { run: receipt.run_id, sequence: receipt.sequence + 1, session });
      into.receipts.push(receipt);
      into.past = [...into.past, operation].slice(-PAST);
      put(inputs, into);
      return;
    }
    case "input":
      return put([operation.input]);
    case "step":
      runtime.state = operation.to;
      return put(operation.inputs);
    case "labels":
      writer.labels[run ?? ""] = operation.labels;
      return;
    case "cursor":
      writer.cursor = operation.cursor;
      return;
    case "oauth":
      writer.flow = operation.flow;
      return;
    case "prune": {
      const { receipts, inputs } = prunable(runtime, operation);
      runtime.receipts = runtime.receipts.filter((receipt) => !receipts.has(receipt));
      for (const input of inputs) runtime.inputs.delete(input.input_id);
      return;
    }
    case "delete":
      writer.runtimes[id] = null;
      return;
    case "deleteRun":
      runtime.receipts = runtime.receipts.filter((receipt) => receipt.run_id !== operation.run);
      runtime.past = runtime.past.filter(({ receipt }) => receipt.run_id !== operation.run);
      return;
    case "deleteMob":
      Object.assign(writer, { labels: {}, cursor: 0 });
      return;
    default:
      throw new Error(`unknown: ${operation.do} ${mob}`);
  }
}

/** What pruning deletes, and no more: what is not among the latest, and what nothing may still need. */
export function prunable(runtime, { keepReceipts, keepTerminalInputs }) {
  const inputs = [...runtime.inputs.values()].sort((a, b) => (a.input_id < b.input_id ? -1 : 1));
  const live = new Map(inputs.filter((input) => !isTerminal(input)).map((input) => [input.input_id, input]));
  const last = runtime.receipts.at(-1);
  const open = runtime.state === "running" ? last?.run_id : undefined;
  const isNeeded = (receipt) =>
    receipt === last ||
    receipt.run_id === open ||
    receipt.contributing_input_ids.some((id) => live.has(id)) ||
    [...live.values()].some(
      (input) => input.last_run_id === receipt.run_id && input.last_boundary_sequence <= receipt.sequence,
    );
  const receipts = new Set();
  let kept = 0;
  for (const run of new Set(runtime.receipts.map((receipt) => receipt.run_id).reverse())) {
    const ofRun = runtime.receipts.filter((receipt) => receipt.run_id === run);
    const old = Math.max(0, ofRun.length - Math.max(0, keepReceipts - kept));
    kept += ofRun.length - old;
    const firstNeeded = ofRun.findIndex(isNeeded);
    const count = firstNeeded < 0 ? old : Math.min(old, firstNeeded);
    ofRun.slice(0, count).forEach((receipt) => receipts.add(receipt));
  }
  const named = new Set(
    runtime.receipts
      .filter((receipt) => receipt === last || receipt.run_id === open)
      .flatMap((receipt) => receipt.contributing_input_ids),
  );
  const terminal = inputs.filter(isTerminal);
  const old = terminal.slice(0, Math.max(0, terminal.length - keepTerminalInputs));
  return { receipts, inputs: old.filter((input) => !named.has(input.input_id)) };
}

/** The data of a writer that the store must hold, in the form that `look` answers. */
export function parts(writer) {
  const { labels, cursor, mob } = writer;
  const found = { [mob]: { labels, cursor } };
  for (const [id, runtime] of Object.entries(writer.runtimes)) {
    if (runtime === null) continue;
    const { state, session, receipts, inputs } = runtime;
    found[id] = {
      ...NOTHING,
      state,
      session,
      receipts: receipts.map(receiptText),
      inputs: [...inputs.values()].map(inputText).sort(),
      holder: session === null ? null : id,
    };
  }
  return found;
}

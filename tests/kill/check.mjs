// Whether what is there after a kill is what was acknowledged, with or without the operation that was under way, and nothing in
// between but what is promised of operations that take several transactions.

import { isDeepStrictEqual } from "node:util";
import { apply, parts, prunable } from "./model.mjs";
import { inputText, NOTHING, receiptText } from "./perform.mjs";

/** Something that was acknowledged and is not there, or something half there. */
export class Violation extends Error {}

/** The runtimes and mobs to read after a kill. */
export function asked(writers) {
  // A runtime that is not there yet may come with the boundary that is under way.
  const runtimes = writers.flatMap(({ runtimes, pending }) =>
    Object.entries(runtimes).map(([id, runtime]) => [
      id,
      runtime?.key ?? (pending?.runtime === id ? pending.sessionKey : undefined),
    ]),
  );
  return { runtimes: Object.fromEntries(runtimes), mobs: writers.map((writer) => writer.mob) };
}

/**
 * Compares a writer with what is there. Of the operation that was under way, `writer.pending`, it says what became of it: "nothing",
 * "all", or "some", of which the writer takes notice; then it has to be made again.
 */
export function check(writer, found) {
  const { pending } = writer;
  const before = parts(writer);
  const beforeFlow = writer.flow;
  const after = structuredClone(writer);
  if (pending) apply(after, pending);
  const afterParts = parts(after);

  const flow = found.flows[writer.name] ?? 0;
  const ids = [writer.mob, ...Object.keys(writer.runtimes)];
  const is = (expected, id) => isDeepStrictEqual(found.parts[id], expected[id]);
  const whole = (expected, expectedFlow) => flow === expectedFlow && ids.every((id) => is(expected, id));

  let became;
  if (pending && whole(afterParts, after.flow)) became = "all";
  else if (whole(before, beforeFlow) && !writer.isHidden) became = "nothing";
  else {
    const others = ids.filter((id) => id !== pending?.runtime);
    const isRest = flow === beforeFlow && others.every((id) => is(before, id));
    if (!isRest || !isBetween(writer, found.parts[pending?.runtime]))
      throw new Violation(told(writer, found, before, afterParts));
    became = "some";
  }
  const gone = Object.keys(writer.runtimes).filter((id) => found.parts[id] === undefined);
  const left = gone.filter((id) => found.rows[id] > 0);
  if (left.length > 0)
    throw new Violation(`rows of deleted runtimes: ${left.map((id) => `${id}: ${found.rows[id]}`)}`);
  return became;
}

/** Whether a runtime is as a deletion or a pruning that was cut off may leave it. */
function isBetween(writer, found) {
  const { pending } = writer;
  if (found === undefined) return false;
  if (pending.do === "delete") {
    // Once a deletion hides the runtime, no later restart may show it again.
    writer.isHidden = isDeepStrictEqual(found, NOTHING);
    return writer.isHidden;
  }
  if (pending.do !== "prune") return false;
  const runtime = writer.runtimes[pending.runtime];
  const doomed = prunable(runtime, pending);
  const gone = (all, texts, text) => {
    const there = new Set(texts);
    return all.filter((one) => !there.has(text(one)));
  };
  const receipts = gone(runtime.receipts, found.receipts, receiptText);
  const inputs = gone([...runtime.inputs.values()], found.inputs, inputText);
  const isAllowed =
    receipts.every((receipt) => doomed.receipts.has(receipt)) &&
    inputs.every((input) => doomed.inputs.includes(input));
  runtime.receipts = runtime.receipts.filter((receipt) => !receipts.includes(receipt));
  for (const input of inputs) runtime.inputs.delete(input.input_id);
  return isAllowed && isDeepStrictEqual(found, parts(writer)[pending.runtime]);
}

function told(writer, found, before, after) {
  const ids = [writer.mob, ...Object.keys(writer.runtimes)];
  const differing = ids.filter((id) => !isDeepStrictEqual(found.parts[id], before[id]));
  const brief = (value) => JSON.stringify(value)?.replaceAll(/x{50,}/g, (run) => `x*${run.length}`);
  const lines = differing.flatMap((id) => [
    `${id}, ${found.rows[id]} rows`,
    `  found  ${brief(found.parts[id])}`,
    `  before ${brief(before[id])}`,
    `  after  ${brief(after[id])}`,
  ]);
  const flow = `flow ${found.flows[writer.name] ?? 0}, ${writer.flow} acknowledged`;
  return [`${writer.name}: ${brief(writer.pending)}`, flow, ...lines].join("\n");
}

// Several writers, all of whose processes are killed at a random moment, again and again. What was acknowledged is known out here, before
// the next operation is sent; what is there is looked at by whoever opens the store next, and the operations under way are made again.

import { setTimeout as sleep } from "node:timers/promises";
import { asked, check, Violation } from "./check.mjs";
import { apply, newWriter, next, takesSeveral } from "./model.mjs";

const WRITERS = ["a", "b", "c", "d"];
/** Fewer than so many operations are acknowledged before a kill, and those of the same moment. */
const OPERATIONS = 40;

/**
 * Kills `engine` so many times. `engine.start()` gives `{ look(asked), perform(writer, operation), kill() }`, over what the one
 * before it has left. Resolves with the figures; throws a `Violation` where anything is lost or half there. `onKill(sum)` is told of each.
 */
export async function killAgainAndAgain(engine, kills, onKill = () => {}) {
  let writers = WRITERS.map(newWriter);
  const sum = { kills: 0, acknowledged: 0, wholeAll: 0, wholeNone: 0, partly: 0, lost: 0, operations: {} };
  for (;;) {
    const started = await engine.start();
    try {
      const found = await started.look(asked(writers));
      if (found.findings.length > 0) throw new Violation(`verify finds ${JSON.stringify(found.findings)}`);
      if (found.isLost) {
        // Chromium may do so (docs/guarantees.md), but then nothing may be left, and all begin anew.
        sum.lost += 1;
        writers = WRITERS.map(newWriter);
      }
      writers = writers.map((writer) => resolved(writer, found, sum));
      if (sum.kills === kills) return sum;
      await streamAndKill(started, writers, sum);
    } finally {
      await started.kill();
    }
    onKill(sum);
  }
}

/** The writer as it is there. What was cut off in the middle, or not done, stays `pending`. */
function resolved(writer, found, sum) {
  const became = check(writer, found);
  if (!writer.pending) return writer;
  sum[{ all: "wholeAll", nothing: "wholeNone", some: "partly" }[became]] += 1;
  if (became !== "all") return writer;
  apply(writer, writer.pending);
  // A boundary whose acknowledgement was lost is made again, which is a retry.
  const { pending } = writer;
  const again = pending.do === "boundary" ? { ...pending, again: true } : undefined;
  return { ...writer, pending: again, isHidden: false };
}

/**
 * Kills at a random moment: after so many operations, which are as many on a machine that is busy, or within one that takes several
 * transactions, which is seldom under way.
 */
async function streamAndKill(started, writers, sum) {
  let isKilled = false;
  let soon;
  const isTime = new Promise((resolve) => (soon = resolve));
  const enough = sum.acknowledged + Math.floor(Math.random() * OPERATIONS);
  const streaming = writers.map(async (writer, number) => {
    for (;;) {
      writer.pending ??= next(writer);
      const { pending } = writer;
      if (takesSeveral(writer, pending) && Math.random() < 0.3) soon();
      try {
        await started.perform(number, pending);
      } catch (error) {
        if (isKilled && !(error instanceof Violation)) return;
        throw new Violation(`${pending.do} of ${writer.name}: ${error.stack}`, { cause: error });
      }
      apply(writer, pending);
      Object.assign(writer, { pending: undefined, isHidden: false });
      sum.acknowledged += 1;
      sum.operations[pending.do] = (sum.operations[pending.do] ?? 0) + 1;
      if (sum.acknowledged >= enough) soon();
    }
  });
  await Promise.race([isTime, ...streaming]);
  await sleep(Math.random() * 30);
  isKilled = true;
  await started.kill();
  sum.kills += 1;
  await Promise.all(streaming);
}

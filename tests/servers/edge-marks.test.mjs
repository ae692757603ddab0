// The notes by which the edge service carries out a call once, over a storage that forgets nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Marks } from "../../examples/edge/marks.js";

/** The storage of a Durable Object, as far as the notes need it: one table. */
function storage() {
  const rows = new Map();
  const exec = (query, client, batch, answers, heard) => {
    if (query.startsWith("INSERT")) rows.set(client, { client, batch, answers, heard });
    return query.startsWith("SELECT") ? [rows.get(client)].filter(Boolean) : [];
  };
  return { sql: { exec }, transactionSync: (closure) => closure() };
}

/** Carries out a call that is cut off after its first transaction, then the same call again. */
async function cutOffAndAgain(inSteps) {
  const marks = new Marks(storage());
  marks.prepare();
  const position = { client: "c", batch: 0, place: 0, inSteps };
  const killed = marks.once(position, async () => {
    marks.storage.transactionSync(() => {});
    throw new Error("killed");
  });
  await assert.rejects(killed, /killed/);
  let times = 0;
  const carryOut = async () => {
    times += 1;
    return '{"value":7}';
  };
  const answers = [await marks.once(position, carryOut), await marks.once(position, carryOut)];
  return { times, answers };
}

test("a call of one transaction is not carried out again once that was made", async () => {
  const answer = '{"value":null}';
  assert.deepEqual(await cutOffAndAgain(false), { times: 0, answers: [answer, answer] });
});

test("a call of several transactions is carried out again until it has come to its end, and then not", async () => {
  const answer = '{"value":7}';
  assert.deepEqual(await cutOffAndAgain(true), { times: 1, answers: [answer, answer] });
});

// One of many that share a store and want the same: each counts what was acknowledged to it. It runs in pages, workers and processes.

const MOB = "shared";
const RUN = "01a20127-b8f1-725e-bae9-39a85b9ab50a";
const NOW = "2026-11-22T02:48:30Z";

const encode = (text) => new TextEncoder().encode(text);
const decode = (bytes) => new TextDecoder().decode(bytes);
const count = (flows) => (flows === undefined ? 0 : JSON.parse(decode(flows)).count);

/** Opens what it needs; `work(until)` resolves with what was acknowledged to it, `told()` with how many patches it was told of. */
export function oneOfMany({ newId, store, number }) {
  let told = 0;
  store.watch({ mob: MOB }, ({ kinds }) => (told += kinds.includes("labels") ? 1 : 0));
  return { work: (until) => work({ newId, store, number, until }), told: () => told };
}

async function work({ newId, store, number, until }) {
  /** How often each operation took effect; of boundaries, at which sequences. */
  const done = {
    updates: 0,
    cursor: 0,
    patches: 0,
    inputs: 0,
    boundaries: [],
    claims: [],
    reads: 0,
    refused: 0,
  };
  const own = store.runtime(`own-${number}`);
  const shared = store.runtime("shared");
  const claimed = store.runtime("claimed");
  /** Whether it took effect: another of them may have been faster. */
  const wins = (promise, code = "Conflict") =>
    promise.then(
      () => true,
      (error) => {
        if (error.code !== code) throw error;
        done.refused += 1;
        return false;
      },
    );
  const operations = [
    async () => {
      const update = (flows) => encode(JSON.stringify({ count: count(flows) + 1 }));
      await store.updateOauthFlows(update);
      done.updates += 1;
    },
    async () => {
      const cursor = await store.getCursor(MOB);
      if (await wins(store.compareAndSetCursor(MOB, cursor, (cursor ?? 0n) + 1n))) done.cursor += 1;
    },
    async () => {
      // A label of its own beside those of the others.
      await store.patchLabels({ mob: MOB }, { set: { [`n-${number}`]: String(done.patches + 1) } });
      done.patches += 1;
      const labels = await store.getLabels({ mob: MOB });
      must(
        labels[`n-${number}`] === String(done.patches),
        `label ${done.patches}: ${JSON.stringify(labels)}`,
      );
      done.reads += 1;
    },
    async () => {
      const input_id = await newId();
      await own.persistInput({ input_id, current_state: "queued", created_at: NOW, updated_at: NOW });
      done.inputs += 1;
      must((await own.input(input_id))?.input_id === input_id, "an input that was just written");
      done.reads += 1;
    },
    async () => {
      // All of them want the next boundary, of which there is one.
      const sequence = ((await shared.lastReceipt(RUN))?.sequence ?? -1n) + 1n;
      const rest = { boundary: "run_checkpoint", contributing_input_ids: [] };
      const receipt = { run_id: RUN, ...rest, message_count: BigInt(number), sequence };
      const session = encode(JSON.stringify({ number, sequence: Number(sequence) }));
      if (await wins(shared.commitBoundary({ receipt, session }))) done.boundaries.push(Number(sequence));
    },
    async () => {
      const claim = await claimed.claim();
      const epoch = Number(claim.epoch);
      const isWritten = await wins(claim.commitSession(encode(JSON.stringify({ epoch }))), "Fenced");
      done.claims.push([epoch, isWritten]);
    },
  ];
  while (Date.now() < until) await operations[Math.floor(Math.random() * operations.length)]();
  return done;
}

function must(isSo, what) {
  if (!isSo) throw new Error(`wrong: ${what}`);
}

/** What there is of all that, read by one. */
export async function found(store, numbers) {
  const labels = await store.getLabels({ mob: MOB });
  const shared = store.runtime("shared");
  const winners = [];
  for (let page; page?.length !== 0; winners.push(...page)) {
    const last = winners.at(-1);
    const after = last && { run_id: RUN, sequence: last.sequence };
    page = await shared.receipts({ after, limit: 1000 });
  }
  const json = (bytes) => bytes && JSON.parse(decode(bytes));
  const queued = async (number) => (await store.runtime(`own-${number}`).counts()).liveInputs.queued ?? 0;
  return {
    updates: count(await store.oauthFlows()),
    cursor: Number((await store.getCursor(MOB)) ?? 0n),
    patches: numbers.map((number) => Number(labels[`n-${number}`] ?? 0)),
    inputs: await Promise.all(numbers.map(queued)),
    winners: winners.map(({ message_count }) => Number(message_count)),
    session: json(await shared.session()),
    claimed: json(await store.runtime("claimed").session()),
    findings: (await store.verify()).findings,
  };
}

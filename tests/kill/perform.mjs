// What the killed side does with a store, in a page, a process of Node's or a Durable Object alike; `killed.rs` is the same in Rust.
// `look` reads the result after a kill.

const ALL = { limit: 2 ** 32 - 1 };

/** Carries out an operation of `model.mjs`. */
export async function perform(store, operation) {
  const runtime = () => store.runtime(operation.runtime);
  switch (operation.do) {
    case "boundary": {
      const { receipt, session, sessionKey, inputs } = operation;
      return runtime().commitBoundary({
        receipt: {
          ...receipt,
          sequence: BigInt(receipt.sequence),
          message_count: BigInt(receipt.message_count),
        },
        session: new TextEncoder().encode(session),
        sessionKey,
        inputs: inputs.map(toInput),
      });
    }
    case "input":
      return runtime().persistInput(toInput(operation.input));
    case "step": {
      const { from, to, inputs } = operation;
      return runtime().transition({ from, to, inputs: inputs.map(toInput) });
    }
    case "labels": {
      const { mob, run, labels } = operation;
      return store.setLabels(run ? { mob, run } : { mob }, labels);
    }
    case "cursor":
      return store.setCursor(operation.mob, BigInt(operation.cursor));
    case "oauth": {
      const { writer, flow } = operation;
      return store.updateOauthFlows((stored) => {
        const flows = stored === undefined ? {} : JSON.parse(new TextDecoder().decode(stored));
        return new TextEncoder().encode(JSON.stringify({ ...flows, [writer]: flow }));
      });
    }
    case "prune": {
      const { keepReceipts, keepTerminalInputs } = operation;
      return runtime().prune({
        keepReceipts,
        keepTerminalInputs,
      });
    }
    case "delete":
      return runtime().delete();
    case "deleteRun":
      return runtime().deleteRun(operation.run);
    case "deleteMob":
      return store.deleteMob(operation.mob);
    default:
      throw new Error(`unknown: ${operation.do}`);
  }
}

const toInput = (input) => ({ ...input, last_boundary_sequence: BigInt(input.last_boundary_sequence) });

/**
 * All that there is of what is asked for: `{ runtimes: { id: session key }, mobs: [id] }`. Each part of it is a text, or `undefined`
 * where there is nothing. Beside it, how many rows there are of each runtime, hidden ones too, and what `verify` finds.
 */
export async function look(store, asked) {
  const parts = {};
  const listed = new Set(await store.runtimes(ALL));
  for (const [id, key] of Object.entries(asked.runtimes)) {
    const runtime = store.runtime(id);
    const session = await runtime.session();
    const found = {
      state: (await runtime.state()) ?? null,
      session: session === undefined ? null : new TextDecoder().decode(session),
      receipts: (await runtime.receipts(ALL)).map(receiptText),
      inputs: (await runtime.inputs(ALL)).map(inputText),
      holder: key === undefined ? null : ((await store.sessionById(key))?.runtime ?? null),
    };
    if (listed.has(id)) parts[id] = found;
    else if (JSON.stringify(found) !== JSON.stringify(NOTHING)) parts[id] = { unlisted: found };
  }
  for (const mob of asked.mobs) {
    const labels = Object.fromEntries(
      (await store.listLabels(mob)).map(({ run, labels }) => [run ?? "", labels]),
    );
    parts[mob] = { labels, cursor: Number((await store.getCursor(mob)) ?? 0n) };
  }
  const flows = await store.oauthFlows();
  const { findings } = await store.verify();
  return {
    parts,
    flows: flows === undefined ? {} : JSON.parse(new TextDecoder().decode(flows)),
    rows: await rows(store, Object.keys(asked.runtimes)),
    findings,
  };
}

/** How a runtime looks of which there is nothing, or that is being deleted. */
export const NOTHING = { state: null, session: null, receipts: [], inputs: [], holder: null };

export const receiptText = ({ run_id, sequence, message_count, contributing_input_ids }) =>
  `${run_id} ${sequence} ${message_count} ${contributing_input_ids.length}`;

export const inputText = (input) =>
  `${input.input_id} ${input.current_state} ${input.attempt_count} ${input.last_run_id} ${input.last_boundary_sequence}`;

/** How many records an export has of each of these runtimes, whatever the table. */
async function rows(store, runtimes) {
  const counts = Object.fromEntries(runtimes.map((id) => [id, 0]));
  const text = await new Response(store.export()).text();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const { table, key, text: value } = JSON.parse(line);
    const id = table === "burrow_sessions" ? value : key?.[0];
    if (id in counts) counts[id] += 1;
  }
  return counts;
}

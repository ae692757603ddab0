// A runtime's receipts, run by run.

import type { Receipt, Store } from "burrow-store";
import { useState } from "preact/hooks";
import { Expandable } from "./expandable.js";
import { Failure } from "./failure.js";
import { counted, shortId, words } from "./format.js";
import { ofRuntime, useLive } from "./live.js";

const PAGE = 1000;
const SHOWN = 5;
const LAST_SEQUENCE = 2n ** 64n - 1n;

/** The newest runs; each opens to its receipts. */
export function Receipts({ runtime }: { runtime: string }) {
  const [shown, setShown] = useState(SHOWN);
  const { value, error } = useLive(
    (store) => newestRuns(store, runtime, shown),
    ofRuntime(runtime, "receipt"),
    [shown],
  );
  if (error !== undefined) return <Failure error={error} />;
  if (!value || value.total === 0) return null;
  return (
    <div class="receipts">
      <h4>{counted(value.total, "run")}</h4>
      {value.runs.map(({ run, receipts }) => (
        <Expandable
          key={run}
          summary={
            <>
              <code title={run}>{shortId(run)}</code> {counted(receipts.length, "receipt")}{" "}
              <Sequence receipts={receipts} />
            </>
          }
        >
          {() => <Run receipts={receipts} />}
        </Expandable>
      ))}
      {value.total > shown && <button onClick={() => setShown(shown * 2)}>Show older runs</button>}
    </div>
  );
}

/** The numbers of a run's receipts; one that is missing between them was lost. */
function Sequence({ receipts }: { receipts: Receipt[] }) {
  const first = receipts[0]?.sequence ?? 0n;
  const gap = receipts.findIndex(({ sequence }, i) => sequence !== first + BigInt(i));
  if (gap >= 0) return <span class="gap">number {String(first + BigInt(gap))} is missing</span>;
  return (
    <span class="sequence">
      {String(first)}–{String(receipts.at(-1)?.sequence ?? first)}
    </span>
  );
}

function Run({ receipts }: { receipts: Receipt[] }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th class="number">number</th>
            <th>boundary</th>
            <th class="number">inputs</th>
            <th class="number">messages</th>
            <th>digest</th>
          </tr>
        </thead>
        <tbody>
          {receipts.map((receipt) => (
            <tr key={String(receipt.sequence)}>
              <td class="number">{String(receipt.sequence)}</td>
              <td>{words(receipt.boundary)}</td>
              <td class="number">{receipt.contributing_input_ids.length}</td>
              <td class="number">{String(receipt.message_count)}</td>
              <td title={receipt.conversation_digest}>
                <code>{receipt.conversation_digest?.slice(0, 8) ?? "–"}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The newest runs, newest first, with all their receipts. Older ones are counted, not read. */
async function newestRuns(store: Store, id: string, shown: number) {
  const runtime = store.runtime(id);
  const runs = await everyPage((after: string | undefined) => runtime.runs({ after, limit: PAGE }));
  const before = runs.at(-shown - 1);
  const start = before === undefined ? undefined : { run_id: before, sequence: LAST_SEQUENCE };
  const receipts = await everyPage(
    (after: Pick<Receipt, "run_id" | "sequence"> | undefined) => runtime.receipts({ after, limit: PAGE }),
    start,
  );
  return {
    total: runs.length,
    runs: runs
      .slice(-shown)
      .reverse()
      .map((run) => ({ run, receipts: receipts.filter(({ run_id }) => run_id === run) })),
  };
}

/** All items of a listing from a place on. */
async function everyPage<T extends After, After>(
  page: (after: After | undefined) => Promise<T[]>,
  start?: After,
): Promise<T[]> {
  const items: T[] = [];
  for (let after = start; ;) {
    const next = await page(after);
    items.push(...next);
    if (next.length < PAGE) return items;
    after = next.at(-1);
  }
}

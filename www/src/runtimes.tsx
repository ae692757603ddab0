// Runtimes: which there are, and the state of each.

import { useState } from "preact/hooks";
import { Failure } from "./failure.js";
import { count } from "./format.js";
import { Inputs } from "./inputs.js";
import { firstOf, ofRuntime, useLive } from "./live.js";
import { Receipts } from "./receipts.js";

const PAGE = 50;

/** The runtimes of the store. */
export function Runtimes() {
  const [shown, setShown] = useState(PAGE);
  const { value, error } = useLive(
    (store) => store.runtimes({ limit: shown + 1 }),
    ({ runtime }) => runtime !== undefined,
    [shown],
  );
  const { items: runtimes, more } = firstOf(value ?? [], shown);
  return (
    <section class="runtimes" aria-labelledby="runtimes-title">
      <div class="title">
        <h2 id="runtimes-title">Runtimes</h2>
      </div>
      {error !== undefined && <Failure error={error} />}
      {value?.length === 0 && <p class="empty">No runtime has committed anything yet.</p>}
      {runtimes.map((id) => (
        <Runtime key={id} id={id} />
      ))}
      {more && <button onClick={() => setShown(shown + PAGE)}>Show more runtimes</button>}
    </section>
  );
}

/** Each part is loaded on its own, so that one which cannot be read hides no other. */
function Runtime({ id }: { id: string }) {
  return (
    <article class="card" aria-label={`runtime ${id}`}>
      <div class="title">
        <h3>{id}</h3>
        <State id={id} />
        <Session id={id} />
      </div>
      <Inputs runtime={id} />
      <Receipts runtime={id} />
    </article>
  );
}

function State({ id }: { id: string }) {
  const { value, error } = useLive(
    async (store) => ({ state: (await store.runtime(id).state()) ?? "initializing" }),
    ofRuntime(id, "state"),
  );
  if (error !== undefined) return <Failure error={error} />;
  return value ? <span class={`badge ${value.state}`}>{value.state}</span> : null;
}

function Session({ id }: { id: string }) {
  const { value, error } = useLive(
    async (store) => ({ bytes: (await store.runtime(id).session())?.length }),
    ofRuntime(id, "session"),
  );
  if (error !== undefined) return <Failure error={error} />;
  return value?.bytes === undefined ? null : <span class="session">snapshot {count(value.bytes)} B</span>;
}

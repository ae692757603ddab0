// Mobs: their labels, those of their runs, and how far their events have been read.

import { useState } from "preact/hooks";
import { Edit, useFocusBack } from "./edit.js";
import { Failure } from "./failure.js";
import { count, shortId } from "./format.js";
import { LabelSet, replaceLabel } from "./labels.js";
import { firstOf, useLive, useStore } from "./live.js";

const PAGE = 50;

/** The mobs of the store, and a form for the first label of another. */
export function Mobs() {
  const { store } = useStore();
  const [shown, setShown] = useState(PAGE);
  const [adding, setAdding] = useState(false);
  const button = useFocusBack(adding);
  const { value, error } = useLive(
    (store) => store.mobs({ limit: shown + 1 }),
    ({ mob }) => mob !== undefined,
    [shown],
  );
  const { items: mobs, more } = firstOf(value ?? [], shown);

  return (
    <section class="mobs" aria-labelledby="mobs-title">
      <div class="title">
        <h2 id="mobs-title">Mobs</h2>
        <button ref={button} aria-expanded={adding} onClick={() => setAdding(true)}>
          Label a mob
        </button>
      </div>
      {adding && (
        <Edit
          title="first label of a mob or run"
          fields={[
            { name: "mob", value: "" },
            { name: "run, if it is one’s", value: "", optional: true },
            { name: "key", value: "" },
            { name: "value", value: "", optional: true },
          ]}
          save={([mob = "", run = "", key = "", label = ""]) =>
            replaceLabel(store, run === "" ? { mob } : { mob, run }, undefined, [key, label])
          }
          close={() => setAdding(false)}
        />
      )}
      {error !== undefined && <Failure error={error} />}
      {value?.length === 0 && (
        <p class="empty">No mob has labels or a cursor yet. Label one, or start the demo.</p>
      )}
      {mobs.map((mob) => (
        <Mob key={mob} mob={mob} />
      ))}
      {more && <button onClick={() => setShown(shown + PAGE)}>Show more mobs</button>}
    </section>
  );
}

function Mob({ mob }: { mob: string }) {
  const [shown, setShown] = useState(PAGE);
  const { value: entries, error } = useLive(
    (store) => store.listLabels(mob),
    (change) => change.mob === mob && change.kinds.includes("labels"),
  );
  const own = entries?.find(({ run }) => run === undefined)?.labels ?? {};
  const { items: runs, more } = firstOf(entries?.filter(({ run }) => run !== undefined) ?? [], shown);
  return (
    <article class="card" aria-label={`mob ${mob}`}>
      <div class="title">
        <h3>{mob}</h3>
        <Cursor mob={mob} />
      </div>
      {error !== undefined && <Failure error={error} />}
      {entries && <LabelSet scope={{ mob }} labels={own} />}
      <ul class="runs">
        {runs.map(
          ({ run, labels }) =>
            run !== undefined && (
              <li key={run} aria-label={`run ${run}`}>
                <code title={run}>{shortId(run)}</code>
                <LabelSet scope={{ mob, run }} labels={labels} />
              </li>
            ),
        )}
      </ul>
      {more && <button onClick={() => setShown(shown + PAGE)}>Show more runs</button>}
    </article>
  );
}

function Cursor({ mob }: { mob: string }) {
  const { store } = useStore();
  const [editing, setEditing] = useState(false);
  const button = useFocusBack(editing);
  const { value, error } = useLive(
    async (store) => ({ cursor: await store.getCursor(mob) }),
    (change) => change.mob === mob && change.kinds.includes("cursor"),
  );
  if (editing) {
    return (
      <Edit
        title={`cursor of ${mob}`}
        fields={[{ name: "cursor", value: String(value?.cursor ?? "") }]}
        save={async ([text = ""]) => {
          if (!/^-?\d+$/.test(text)) throw new Error(`“${text}” is no whole number`);
          await store.setCursor(mob, BigInt(text));
        }}
        close={() => setEditing(false)}
      />
    );
  }
  if (error !== undefined) return <Failure error={error} />;
  return (
    <button
      ref={button}
      class="cursor"
      title="Edit how far the mob’s events have been read"
      onClick={() => setEditing(true)}
    >
      cursor <b>{value?.cursor === undefined ? "not set" : count(value.cursor)}</b>
    </button>
  );
}

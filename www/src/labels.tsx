// The labels of one mob or run, each edited in its place.

import type { Labels, LabelScope, Store } from "burrow-store";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Edit } from "./edit.js";
import { useStore } from "./live.js";

/** A key and its value. */
export type Label = readonly [key: string, value: string];

const NEW = Symbol("a label to be added");

/** Every label as a button that becomes a form, and one to add another. */
export function LabelSet({ scope, labels }: { scope: LabelScope; labels: Labels }) {
  const { store } = useStore();
  const [editing, setEditing] = useState<Label | typeof NEW | undefined>();
  const place = useRef<HTMLDivElement>(null);
  const next = useRef<string | undefined>(undefined);

  // Whoever edits by keyboard goes on from the label, once the store has told of it.
  useLayoutEffect(() => {
    if (editing || next.current === undefined) return;
    const found = place.current?.querySelector<HTMLElement>(`[data-label="${CSS.escape(next.current)}"]`);
    if (!found) return;
    found.focus();
    next.current = undefined;
  });

  const edit = (from?: Label) => (
    <Edit
      key={from?.[0] ?? NEW}
      title={from ? `label ${from[0]}` : "new label"}
      fields={[
        { name: "key", value: from?.[0] ?? "" },
        { name: "value", value: from?.[1] ?? "", optional: true },
      ]}
      save={async ([key = "", value = ""]) => {
        await replaceLabel(store, scope, from, [key, value]);
        next.current = key;
      }}
      {...(from && {
        remove: async () => {
          await replaceLabel(store, scope, from, undefined);
          next.current = "";
        },
      })}
      close={() => {
        next.current ??= from?.[0] ?? "";
        setEditing(undefined);
      }}
    />
  );

  // A form stays where it is, even if another tab has removed its label.
  const shown: Label[] = Object.entries(labels);
  if (editing && editing !== NEW && !shown.some(([key]) => key === editing[0])) shown.push(editing);

  return (
    <div class="labels" ref={place}>
      {shown.map((label) =>
        editing !== NEW && editing?.[0] === label[0] ? (
          edit(editing)
        ) : (
          <button
            key={label[0]}
            class="label"
            data-label={label[0]}
            title="Edit"
            onClick={() => setEditing(label)}
          >
            <span class="key">{label[0]}</span>={label[1]}
          </button>
        ),
      )}
      {editing === NEW ? (
        edit()
      ) : (
        <button class="add" data-label="" aria-label="Add a label" onClick={() => setEditing(NEW)}>
          + label
        </button>
      )}
    </div>
  );
}

/**
 * Replaces one label of a set, or adds or removes it. Labels are written as a set, so it starts from the set as it is
 * stored now: what another tab did to other labels stays, and what it did to this one is not overwritten unseen. Only
 * what it does between this read and this write can be, as labels have no owner.
 */
export async function replaceLabel(
  store: Store,
  scope: LabelScope,
  from: Label | undefined,
  to: Label | undefined,
): Promise<void> {
  const labels = new Map(Object.entries(await store.getLabels(scope)));
  if (from && labels.get(from[0]) !== from[1]) {
    throw new Error(`“${from[0]}” was changed or removed meanwhile: cancel to see what it is now`);
  }
  if (from) labels.delete(from[0]);
  if (to && labels.has(to[0])) throw new Error(`there is a label “${to[0]}” already: edit that one`);
  if (to) labels.set(...to);
  await store.setLabels(scope, Object.fromEntries(labels));
}

// Editing in place: a small form where the value was.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Failure } from "./failure.js";

/** One text of the form. */
export interface Field {
  name: string;
  value: string;
  /** May be left empty. */
  optional?: boolean;
}

interface Props {
  /** What is edited, for those who hear the page. */
  title: string;
  fields: readonly Field[];
  /** Keeps the texts, given in the order of the fields. What it rejects with is shown, and the form stays open. */
  save: (texts: string[]) => Promise<void>;
  remove?: () => Promise<void>;
  close: () => void;
}

/** Enter saves; Escape leaves everything as it was. */
export function Edit({ title, fields, save, remove, close }: Props) {
  const [texts, setTexts] = useState(() => fields.map(({ value }) => value));
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  // The last field is what most edits are about, unless one before it is still to be filled. The focus is there before
  // the next key is pressed.
  useLayoutEffect(() => {
    const inputs = [...(form.current?.querySelectorAll("input") ?? [])];
    (inputs.find((input) => input.value === "") ?? inputs.at(-1))?.select();
  }, []);

  const attempt = async (write: () => Promise<void>): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await write();
      close();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };

  return (
    <form
      ref={form}
      class="edit"
      aria-label={title}
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void attempt(() => save(texts));
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
    >
      {fields.map(({ name, optional = false }, i) => (
        <input
          key={name}
          aria-label={name}
          placeholder={name}
          required={!optional}
          autocomplete="off"
          spellcheck={false}
          value={texts[i]}
          onInput={({ currentTarget }) => setTexts(texts.with(i, currentTarget.value))}
        />
      ))}
      <span class="buttons">
        <button class="main" disabled={busy}>
          Save
        </button>
        {remove && (
          <button type="button" disabled={busy} onClick={() => void attempt(remove)}>
            Remove
          </button>
        )}
        <button type="button" onClick={close}>
          Cancel
        </button>
      </span>
      {error !== undefined && <Failure error={error} />}
    </form>
  );
}

/** The ref of the button that opens a form: whoever edits by keyboard goes on from there once the form is closed. */
export function useFocusBack(editing: boolean) {
  const button = useRef<HTMLButtonElement>(null);
  const before = useRef(editing);
  useLayoutEffect(() => {
    if (before.current && !editing) button.current?.focus();
    before.current = editing;
  }, [editing]);
  return button;
}

// A disclosure widget.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

/** A disclosure whose contents are made only while it is open. */
export function Expandable({
  summary,
  children,
}: {
  summary: ComponentChildren;
  children: () => ComponentChildren;
}) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{summary}</summary>
      {open && children()}
    </details>
  );
}

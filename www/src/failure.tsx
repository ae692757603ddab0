// What went wrong, in the words of the store.

import { BurrowError } from "burrow-store";

/** An error with its code, announced to screen readers (role alert). */
export function Failure({ error }: { error: unknown }) {
  return (
    <p class="failure" role="alert">
      {error instanceof BurrowError && <code>{error.code}</code>}{" "}
      {error instanceof Error ? error.message : String(error)}
    </p>
  );
}

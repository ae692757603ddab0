// A page that shows why it could not open a store.
import { openStore } from "burrow-store";

globalThis.result = openStore().then(
  () => "opened",
  ({ code, retryable, message }) => `${code} ${retryable} ${message}`,
);

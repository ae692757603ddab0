// A page that shows why it could not open a store.
import { openStore } from "./node_modules/burrow-store/dist/browser.js";

globalThis.result = openStore().then(
  () => "opened",
  ({ code, retryable, message }) => `${code} ${retryable} ${message}`,
);

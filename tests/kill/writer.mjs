// The store of a page or of a worker, which does what it is told.

import { openStore } from "../../pkg/dist/browser.js";
import { look, perform } from "./perform.mjs";

const store = await openStore({ name: "killed" });

export const writer = {
  look: (asked) => look(store, asked),
  /** Answers what burrow says where it fails. */
  perform: (operation) =>
    perform(store, operation).then(
      () => null,
      (error) => `${error.stack}`,
    ),
};

// The store of a page or of a worker, which does what it is told.

import { openStore } from "../../pkg/dist/browser.js";
import { look, perform } from "./perform.mjs";

/** Whether the browser has thrown away what there was, and said so. */
let isLost = false;
const open = () => openStore({ name: "killed" });
const store = await open().catch((error) => {
  if (error.code !== "DataLost") throw error;
  isLost = true;
  return open();
});

export const writer = {
  look: async (asked) => ({ ...(await look(store, asked)), isLost }),
  /** Answers what burrow says where it fails. */
  perform: (operation) =>
    perform(store, operation).then(
      () => null,
      (error) => `${error.stack}`,
    ),
};

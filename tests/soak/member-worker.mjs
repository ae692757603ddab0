// One of many: the worker beside a tab.

import { newId, openStore } from "../../pkg/dist/browser.js";
import { oneOfMany } from "./many.mjs";

let me;
const start = async (number) => {
  me = oneOfMany({ newId, store: await openStore({ name: "many" }), number });
};

addEventListener("message", async ({ data: [task, argument], ports: [port] }) => {
  try {
    port.postMessage({ value: await (task === "start" ? start : me[task])(argument) });
  } catch (error) {
    port.postMessage({ error: error.stack });
  }
});

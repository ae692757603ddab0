// What the tests run in a dedicated, shared or service worker: it checks a rule, or uses one store that it keeps.

import * as burrow from "../../pkg/dist/browser.js";
import { poisonRules, poisonRulesOfIndexedDb } from "./poison.mjs";
import { rules } from "./rules.mjs";
import { handles } from "./tab.mjs";

let store;

const tasks = {
  async check(rule) {
    const name = `test-${await burrow.newId()}`;
    await rules[rule]({ ...burrow, store: await burrow.openStore({ name, durability: "relaxed" }) });
    return "ok";
  },
  async poison(rule) {
    await { ...poisonRules, ...poisonRulesOfIndexedDb }[rule](`test-${await burrow.newId()}`);
    return "ok";
  },
  /** Adds one to a cursor; says whether the store was open already. */
  async count() {
    const kept = store !== undefined;
    store ??= await burrow.openStore({ name: "worker" });
    const next = ((await store.getCursor("m")) ?? 0n) + 1n;
    await store.setCursor("m", next);
    return `${kept ? "kept" : "opened"} ${next}`;
  },
  /** Closes the handle under the store. */
  async breakHandle() {
    handles.at(-1).close();
    return "broken";
  },
};

async function serve({ data: [task, argument], ports: [port] }) {
  try {
    port.postMessage(await tasks[task](argument));
  } catch (error) {
    port.postMessage(`failed: ${error.stack ?? error}`);
  }
}

// A dedicated and a service worker are sent messages; a shared one is connected to.
addEventListener("message", (event) => (event.waitUntil ?? ((done) => done)).call(event, serve(event)));
addEventListener("connect", ({ ports: [port] }) => {
  port.onmessage = serve;
});

// Dedicated, shared and service workers: the same rules as in a page, and a handle that went stale.

import assert from "node:assert/strict";
import { test } from "node:test";
import { poisonRules, poisonRulesOfIndexedDb } from "../in-page/poison.mjs";
import { rules } from "../in-page/rules.mjs";

export function testWorkers({ openPage }) {
  let workers;
  const ask = async (...task) => (await (workers ??= openPage().then(startWorkers)))(...task);

  for (const worker of ["dedicated", "shared", "service"]) {
    for (const rule of Object.keys(rules)) {
      test(`${worker} worker: ${rule}`, async () => assert.equal(await ask(worker, "check", rule), "ok"));
    }

    for (const rule of Object.keys({ ...poisonRules, ...poisonRulesOfIndexedDb })) {
      test(`${worker} worker: ${rule}`, async () => assert.equal(await ask(worker, "poison", rule), "ok"));
    }

    test(`${worker} worker: a handle that went stale is opened again`, async () => {
      const first = Number((await ask(worker, "count")).split(" ")[1]);
      await ask(worker, "breakHandle");
      assert.equal(await ask(worker, "count"), `kept ${first + 1}`);
    });
  }
}

/** Starts the workers; gives the function that has one of them do a task. */
export async function startWorkers(page) {
  await page.evaluate(async () => {
    const ask = (target) => (task, argument) =>
      new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data }) => resolve(data);
        target().postMessage([task, argument], [port2]);
      });
    const dedicated = new Worker("worker.mjs", { type: "module" });
    const shared = new SharedWorker("worker.mjs", { type: "module" });
    const registration = await navigator.serviceWorker.register("worker.mjs", { type: "module" });
    await navigator.serviceWorker.ready;
    globalThis.workers = {
      dedicated: ask(() => dedicated),
      shared: ask(() => shared.port),
      service: ask(() => registration.active),
    };
    shared.port.start();
  });

  return (worker, task, argument) =>
    page.evaluate((worker, task, argument) => workers[worker](task, argument), worker, task, argument);
}

// Dedicated, shared and service workers: the same rules, and a service worker that is woken again.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { launch } from "../support/chromium.mjs";
import { serve } from "../support/serve.mjs";
import { rules } from "./rules.mjs";

let profile, server, browser, page;

before(async () => {
  profile = await mkdtemp(path.join(tmpdir(), "burrow-workers-"));
  server = await serve();
  browser = await launch(profile);
  page = await browser.context.newPage();
  await page.goto(`${server.url}/tests/js/page.html`);
  await page.waitForFunction("globalThis.check");
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
});

after(async () => {
  await browser?.close();
  server?.close();
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
});

const ask = (worker, task, argument) =>
  page.evaluate(([worker, task, argument]) => workers[worker](task, argument), [worker, task, argument]);

for (const worker of ["dedicated", "shared", "service"]) {
  for (const rule of Object.keys(rules)) {
    test(`${worker} worker: ${rule}`, async () => assert.equal(await ask(worker, "check", rule), "ok"));
  }

  test(`${worker} worker: a handle that went stale is opened again`, async () => {
    const first = Number((await ask(worker, "count")).split(" ")[1]);
    await ask(worker, "breakHandle");
    assert.equal(await ask(worker, "count"), `kept ${first + 1}`);
  });
}

test("a service worker that was stopped and is woken finds what it committed", async () => {
  const before = Number((await ask("service", "count")).split(" ")[1]);
  const devtools = await browser.context.newCDPSession(page);
  await devtools.send("ServiceWorker.enable");
  await devtools.send("ServiceWorker.stopAllWorkers");
  assert.equal(await ask("service", "count"), `opened ${before + 1}`);
});

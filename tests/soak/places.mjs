// Where the operations are made: one Node process, one Durable Object, one page. Each tells its memory and its open files.

import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { newerNode } from "../packaging/environments.mjs";
import { get } from "../servers/get.mjs";
import { chromium } from "../support/browsers.mjs";
import { serve } from "../support/serve.mjs";
import { bundledWorker } from "../support/workerd.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** For each place what it has to have set up for it, and how it is opened on a folder: `{ round(operations), level(), close() }`. */
export const PLACES = {
  node: { needs: ["environments"], open: node },
  workerd: { needs: ["environments"], open: workerd },
  chromium: { needs: ["chromium", "environments"], open: page },
};

async function node(folder) {
  const child = fork(here("process.mjs"), [path.join(folder, "burrow.sqlite")], {
    execPath: newerNode,
    execArgv: ["--expose-gc"],
  });
  const ended = once(child, "exit").then(([code]) => [{ error: `the process has ended with ${code}` }]);
  return {
    async round(operations) {
      child.send(operations);
      const [{ error }] = await Promise.race([once(child, "message"), ended]);
      if (error) throw new Error(error);
    },
    level: async () => ({ bytes: resident(child.pid), handles: files(child.pid) }),
    async close() {
      child.kill();
      await ended;
    },
  };
}

async function workerd(folder) {
  const { start, close } = await bundledWorker(
    here("worker.js"),
    "SoakedObject",
    path.join(folder, "objects"),
  );
  const { url, pid, kill } = await start();
  return {
    async round(operations) {
      const { error } = JSON.parse(await get(new URL(url), String(operations)));
      if (error) throw new Error(error);
    },
    level: async () => ({ bytes: resident(pid), handles: files(pid) }),
    async close() {
      await kill();
      await close();
    },
  };
}

async function page(folder) {
  const server = await serve();
  // A round may take longer than Puppeteer waits.
  const browser = await chromium.launch(folder, { protocolTimeout: 0 });
  const page = await browser.newPage(`${server.url}/tests/soak/page.html`);
  await page.waitFor("globalThis.soak");
  return {
    round: (operations) => page.evaluate((operations) => soak.round(operations), operations),
    /** The page's own heap and wasm, and the listeners that are registered in it. */
    async level() {
      await page.devtools("HeapProfiler.collectGarbage");
      const { usedSize, backingStorageSize } = await page.devtools("Runtime.getHeapUsage");
      const { jsEventListeners } = await page.devtools("Memory.getDOMCounters");
      return { bytes: usedSize + backingStorageSize, handles: jsEventListeners };
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}

const resident = (pid) => Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
const files = (pid) => readdirSync(`/proc/${pid}/fd`).length;

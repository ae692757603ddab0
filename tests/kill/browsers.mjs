// A real browser with a profile on disk, a page and a worker, over which the writers are spread. Either the browser is killed, with all
// of its processes, or it goes on, and what ends is the page, its renderer, its worker, or a script in it.

import { setTimeout as sleep } from "node:timers/promises";
import { chromium, firefox } from "../support/browsers.mjs";
import { serve } from "../support/serve.mjs";
import { Violation } from "./check.mjs";

/** The browser is killed. */
export async function browserEngine(name, profile) {
  const { launch } = { chromium, firefox }[name];
  const server = await serve();
  return {
    close: () => server.close(),
    async start() {
      const browser = await launch(profile);
      const ending = once(() => browser.kill());
      try {
        return writing(await openPage(browser, server), ending);
      } catch (error) {
        await ending.end();
        throw error;
      }
    },
  };
}

/** The browser, a Chromium, goes on. */
export async function pageEngine(profile) {
  const server = await serve();
  const browser = await chromium.launch(profile);
  const endings = Object.entries(ENDINGS);
  let page;
  let round = 0;
  return {
    async start() {
      const [name, end] = endings[round++ % endings.length];
      page ??= await openPage(browser, server);
      const ended = page;
      const ending = once(async (underWay) => {
        await end(ended, underWay, ending.stop);
        if (name !== "worker") page = undefined;
      });
      return writing(page, ending);
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}

/** How a page or what is in it may end; afterwards only the page whose worker was terminated is used again. */
const ENDINGS = {
  async worker(page, underWay, stop) {
    await page.evaluate(() => killed.terminateWorker());
    stop();
    // The page's own writers finish, whatever the worker held.
    await Promise.all(underWay);
    await page.evaluate(() => killed.startWorker());
  },
  tab: (page) => page.close(),
  async navigation(page) {
    await page.goto("about:blank");
    await page.close();
  },
  /** The renderer's process, whatever runs in it. */
  async crash(page) {
    // It is never answered.
    page.devtools("Page.crash").catch(() => {});
    await page.crashed;
    await page.close();
  },
  /** The script that runs, or the next one, ends where it is; the events that are due come all the same. */
  async script(page) {
    for (let times = 0; times < 3; times++) {
      await page.devtools("Runtime.terminateExecution");
      await sleep(Math.random() * 20);
    }
    await page.close();
  },
};

async function openPage(browser, server) {
  const page = await browser.newPage(`${server.url}/tests/kill/page.html`);
  await page.waitFor("globalThis.killed ?? globalThis.failed");
  const failed = await page.evaluate("globalThis.failed ?? null");
  if (failed) throw new Violation(failed);
  await page.evaluate(() => killed.startWorker());
  return page;
}

/** `end()` does it once. From when it begins nothing is a fault any more; when it is through, or `stop()` says so, `ended` rejects. */
function once(work) {
  let stop, ending;
  const ended = new Promise((_, reject) => (stop = () => reject(new Error("ended"))));
  ended.catch(() => {});
  return {
    ended,
    stop,
    isEnding: () => ending !== undefined,
    end: (...args) => (ending ??= work(...args).finally(stop)),
  };
}

function writing(page, { ended, isEnding, end }) {
  /** What the page itself has under way. */
  const underWay = new Set();
  const inPage = async (operation) => {
    const performing = page.evaluate((operation) => killed.perform(operation), operation);
    underWay.add(performing);
    const error = await performing;
    underWay.delete(performing);
    return error;
  };
  const inWorker = (operation) => page.evaluate((operation) => killed.performInWorker(operation), operation);
  return {
    look: (asked) => page.evaluate((asked) => killed.look(asked), asked),
    async perform(writer, operation) {
      const performing = writer % 2 === 0 ? inPage(operation) : inWorker(operation);
      // What is under way when all ends may fail, or never be answered.
      const error = await Promise.race([performing, ended]);
      if (error) throw isEnding() ? new Error(error) : new Violation(error);
    },
    kill: () => end(underWay),
  };
}

// A real headless Chromium with a profile on disk, as a process that can be killed like any other.

import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";
import { browser } from "../../scripts/toolchain.mjs";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
];
const START_DEADLINE_MS = 30_000;

/**
 * Starts the browser on a profile folder. `kill()` ends all of its processes at once with SIGKILL, with no word of
 * warning; `close()` lets it end by itself.
 */
export async function launch(profile) {
  const portFile = path.join(profile, "DevToolsActivePort");
  await rm(portFile, { force: true });
  const started = spawn(browser().chrome, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], {
    // A process group of its own, so that one signal reaches every process of the browser.
    detached: true,
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => started.once("exit", resolve));
  const connection = await chromium.connectOverCDP(await endpoint(portFile));
  return {
    context: connection.contexts()[0],
    async kill() {
      process.kill(-started.pid, "SIGKILL");
      await ended;
      await connection.close().catch(() => {});
    },
    async close() {
      const session = await connection.newBrowserCDPSession();
      await session.send("Browser.close").catch(() => {});
      await ended;
    },
  };
}

async function endpoint(portFile) {
  for (const deadline = Date.now() + START_DEADLINE_MS; Date.now() < deadline; await sleep(50)) {
    const [port] = (await readFile(portFile, "utf8").catch(() => "")).split("\n");
    if (port) return `http://127.0.0.1:${port}`;
  }
  throw new Error(`the browser did not open its debugging port within ${START_DEADLINE_MS / 1000} s`);
}

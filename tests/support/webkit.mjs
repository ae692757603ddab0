// WebKitGTK's own small browser, driven over WebDriver on a display that nobody sees. It keeps nothing on disk, and
// one command runs at a time.

import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { asExpression, outcome, until } from "./evaluate.mjs";
import { start, startDisplay } from "./process.mjs";

const START_DEADLINE_MS = 60_000;
const CALL_DEADLINE_MS = 180_000;

export const webkit = { launch };

async function launch(profile) {
  const display = await startDisplay();
  const port = await freePort();
  const env = { ...process.env, DISPLAY: display.name, XDG_DATA_HOME: profile, XDG_CACHE_HOME: profile };
  const driver = start("WebKitWebDriver", ["--host=127.0.0.1", `--port=${port}`], { env });
  const session = await Promise.race([newSession(`http://127.0.0.1:${port}`), driver.failure]);
  const first = await session("GET", "/window");

  // A session has one current window, so the commands to one window go together.
  let last = Promise.resolve();
  const inWindow = (handle, ...command) => {
    const turn = last.then(async () => {
      await session("POST", "/window", { handle });
      return session(...command);
    });
    last = turn.catch(() => {});
    return turn;
  };

  return {
    async newPage(url) {
      // A window rather than a tab: a page that is hidden runs its timers late.
      const { handle } = await inWindow(first, "POST", "/window/new", { type: "window" });
      const page = drive((...command) => inWindow(handle, ...command));
      await page.goto(url);
      return page;
    },
    async close() {
      await session("DELETE", "");
      await Promise.all([driver.end(), display.end()]);
    },
  };
}

/** A page as `browsers.mjs` has it. */
function drive(command) {
  const execute = (script) => command("POST", "/execute/sync", { script, args: [] });
  return {
    // Begun with one command and asked after with others: one that waited for the end would keep all pages waiting.
    async evaluate(code, ...args) {
      const call = await execute(`
        const calls = (globalThis.webdriverCalls ??= []);
        const call = calls.push(null) - 1;
        ${asExpression(code, args)}.then((json) => (calls[call] = json));
        return call;`);
      const deadline = Date.now() + CALL_DEADLINE_MS;
      while (Date.now() < deadline) {
        const json = await execute(`return globalThis.webdriverCalls[${call}]`);
        if (json !== null) return outcome(json);
        await sleep(5);
      }
      throw new Error(`a call in the page took more than ${CALL_DEADLINE_MS / 1000} s`);
    },
    waitFor(expression) {
      return until(this, expression);
    },
    goto: (url) => command("POST", "/url", { url }),
    // Not by a script: one that is asked for while the page goes into the back/forward cache is never answered.
    back: () => command("POST", "/back", {}),
    close: () => command("DELETE", "/window"),
  };
}

/** Waits for the driver and has it start the browser; gives the function that sends the session's commands. */
async function newSession(driver) {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (!(await send("GET", `${driver}/status`).catch(() => undefined))?.ready) {
    if (Date.now() > deadline)
      throw new Error(`WebKitWebDriver did not answer in ${START_DEADLINE_MS / 1000} s`);
    await sleep(50);
  }
  const { sessionId } = await send("POST", `${driver}/session`, { capabilities: {} });
  return (method, path, body) => send(method, `${driver}/session/${sessionId}${path}`, body);
}

async function send(method, url, body) {
  const response = await fetch(url, { method, body: body && JSON.stringify(body) });
  const { value } = await response.json();
  if (!response.ok)
    throw new Error(`WebDriver: ${method} ${new URL(url).pathname}: ${value.error}: ${value.message}`);
  return value;
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

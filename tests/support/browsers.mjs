// Real headless browsers with a profile on disk, each a process that can be killed like any other. Their pages are
// driven the same way, whichever browser it is.

import { rm } from "node:fs/promises";
import path from "node:path";
import puppeteer from "puppeteer-core";
import "../../scripts/temporary.mjs";
import { browser as chromiumPair, firefox as findFirefox, Stop } from "../../scripts/toolchain.mjs";
import { asExpression, outcome, until } from "./evaluate.mjs";

const START_DEADLINE_MS = 60_000;

/** Lets Chromium run as any user, without a GPU, and without traffic of its own. */
export const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const chromium = {
  /** `flags` are further ones of Chromium's, `options` of Puppeteer's. */
  launch: (profile, { flags = [], ...options } = {}) =>
    launch({
      ...options,
      executablePath: chromiumPair().chrome,
      // Puppeteer's default flags switch off features that users' browsers have on.
      ignoreDefaultArgs: true,
      args: ["--headless", ...CHROMIUM_FLAGS, ...flags, `--user-data-dir=${profile}`, "about:blank"],
    }),
};

export const firefox = {
  /** `options` of Puppeteer's. */
  launch: async (profile, options = {}) => {
    const executablePath = findFirefox();
    if (!executablePath) throw new Stop("No Firefox found. Run `npm run setup`, or set FIREFOX.");
    // Puppeteer copies these files and puts the copies back some time after the browser has ended, which may be while the next one starts.
    // Without the files there are no copies.
    for (const name of ["prefs.js", "user.js"]) await rm(path.join(profile, name), { force: true });
    return launch({ ...options, browser: "firefox", executablePath, userDataDir: profile });
  },
};

/**
 * Starts a browser. `kill()` ends all of its processes at once with SIGKILL, with no word of warning; `close()` lets
 * it end by itself.
 */
async function launch(options) {
  const browser = await puppeteer.launch({ ...options, timeout: START_DEADLINE_MS, defaultViewport: null });
  return {
    async newPage(url) {
      const page = await browser.newPage();
      await page.goto(url);
      return drive(page);
    },
    async kill() {
      // Puppeteer makes the browser the leader of a process group of its own, so one signal reaches all of it.
      process.kill(-browser.process().pid, "SIGKILL");
      await browser.close();
    },
    close: () => browser.close(),
  };
}

function drive(page) {
  let devtools;
  const crashed = new Promise((resolve) => page.once("error", resolve));
  return {
    /** Resolves when the page's renderer has crashed. */
    crashed,
    /** Runs a function (or an expression) in the page and gives what it resolves to. */
    evaluate: async (code, ...args) => outcome(await page.evaluate(asExpression(code, args))),
    /** Waits until an expression is true in the page. */
    waitFor(expression) {
      return until(this, expression);
    },
    /** The listener gets the text of each console message. */
    onConsole: (listener) => void page.on("console", (message) => listener(message.text())),
    /** The listener gets each error that nothing in the page catches. */
    onError: (listener) => void page.on("pageerror", listener),
    /** A command of the DevTools protocol, which only Chromium speaks. */
    devtools: async (method, params) => (devtools ??= await page.createCDPSession()).send(method, params),
    goto: (url) => page.goto(url),
    back: () => page.evaluate("history.back()"),
    bringToFront: () => page.bringToFront(),
    close: () => page.close(),
  };
}

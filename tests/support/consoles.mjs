// The console in a real Chromium, and a page beside it that reads the same store through the package.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build } from "vite";
import { browser as chromiumPair } from "../../scripts/toolchain.mjs";
import { serveConsole } from "../../www/serve.mjs";
import { CHROMIUM_FLAGS } from "./browsers.mjs";

// Generous, for a busy machine.
const DEADLINE_MS = 60_000;

/** Builds and serves the console before a file's tests, and ends everything after them. */
export function consoles() {
  let server, browser, bundle;

  before(async () => {
    server = await serveConsole();
    bundle = await bundled("../e2e/beside.mjs");
    browser = await chromium.launch({
      executablePath: chromiumPair().chrome,
      args: CHROMIUM_FLAGS,
      // Playwright switches it off; users' browsers have it on.
      ignoreDefaultArgs: ["--disable-back-forward-cache"],
    });
  });

  after(async () => {
    await browser?.close();
    await server?.close();
  });

  return {
    /** Runs a test with a browser profile of its own. No page of it may have said that anything is wrong. */
    async inBrowser(options, test) {
      const context = await browser.newContext(options);
      context.setDefaultTimeout(DEADLINE_MS);
      const wrong = [];
      context.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) wrong.push(message.text());
      });
      context.on("weberror", (error) => wrong.push(String(error.error())));
      await context.route("**/beside/*", (route) =>
        route.request().url().endsWith(".js")
          ? route.fulfill({ contentType: "text/javascript", body: bundle })
          : route.fulfill({ contentType: "text/html", body: "<!doctype html><title>beside</title>" }),
      );
      try {
        await test({
          /** The origin of its pages. */
          origin: new URL(server.url).origin,
          /** Opens the console in another tab, with this at the end of its address. */
          openConsole: async (end = "") => {
            const page = await context.newPage();
            await page.goto(server.url + end);
            await page.getByRole("heading", { name: "Runtimes" }).waitFor();
            return page;
          },
          /** The page beside the console: its `evaluate` finds the console's store as `store`. */
          openBeside: async () => {
            const page = await context.newPage();
            await page.goto(`${server.url}beside/page.html`);
            await page.evaluate(() => import("/beside/beside.js"));
            return page;
          },
        });
        assert.deepEqual(wrong, []);
      } finally {
        await context.close();
      }
    },
  };
}

/** A script of the tests with all that it imports, the package's wasm too. */
async function bundled(file) {
  const entry = fileURLToPath(new URL(file, import.meta.url));
  const [{ output }] = await build({
    configFile: false,
    logLevel: "warn",
    build: { write: false, lib: { entry, formats: ["es"] } },
  });
  return output[0].code;
}

// What the demo shows in Chromium, in every browser that can be killed and keeps its profile: nothing that was
// acknowledged is missing, and nothing is half there.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { firefox } from "../support/browsers.mjs";
import { streamUntilKilled } from "../support/kill.mjs";
import { serve } from "../support/serve.mjs";

const KILLS = 2;

test("Firefox is killed in the middle of its commits", async () => {
  const profile = await mkdtemp(path.join(tmpdir(), "burrow-kill-"));
  const server = await serve();
  let browser;
  const open = async () => {
    browser = await firefox.launch(profile);
    const page = await browser.newPage(`${server.url}/demo/page.html`);
    await page.waitFor("globalThis.demo");
    return page;
  };
  try {
    let page = await open();
    await page.evaluate("demo.setUp()");
    for (let kill = 1; kill <= KILLS; kill++) {
      const { runId, acknowledged } = await streamUntilKilled(browser, page);
      page = await open();
      const found = await page.evaluate((id, count) => demo.verify(id, count), runId, acknowledged);
      assert.ok(found.receipts >= acknowledged, `${found.receipts} of ${acknowledged} commits are there`);
      assert.deepEqual([found.missing, found.halves], [0, []]);
    }
    assert.equal((await page.evaluate("demo.describe()")).cursor, String(2n ** 53n + 1n));
  } finally {
    await browser?.close();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
});

// A write of Chromium's own that a kill tears: its LevelDB goes on in that log, and loses what is committed then, or all
// (https://github.com/google/leveldb/issues/1287). `npm run test:kill` found it.

import assert from "node:assert/strict";
import { appendFile, readdir } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../../scripts/temporary.mjs";
import { chromium } from "../support/browsers.mjs";
import { serve } from "../support/serve.mjs";

/** What the log has of a record that a kill tore: its header alone, which says that it is 20,000 bytes long, and all of it one part. */
const TORN = Uint8Array.of(1, 2, 3, 4, 20_000 & 0xff, 20_000 >> 8, 1);

test("a log that a kill has torn is not gone on in: what is committed after it is there, and all else", async () => {
  const profile = temporaryFolder("torn");
  const server = await serve();
  /** Starts the browser, lists the mobs that are there, adds one, and kills it. */
  const session = async (mob) => {
    const browser = await chromium.launch(profile);
    try {
      const page = await browser.newPage(`${server.url}/tests/in-page/page.html`);
      await page.waitFor("globalThis.burrow");
      return await page.evaluate(async (mob) => {
        try {
          const store = await burrow.openStore({ name: "torn" });
          const mobs = await store.mobs();
          await store.setCursor(mob, 1n);
          return mobs;
        } catch (error) {
          return error.code;
        }
      }, mob);
    } finally {
      await browser.kill();
    }
  };
  try {
    assert.deepEqual(await session("a"), []);
    const databases = path.join(profile, "Default/IndexedDB");
    const [folder] = (await readdir(databases)).filter((name) => name.endsWith(".leveldb"));
    const log = (await readdir(path.join(databases, folder))).filter((name) => name.endsWith(".log")).sort();
    await appendFile(path.join(databases, folder, log.at(-1)), TORN);
    assert.deepEqual(await session("b"), ["a"]);
    assert.deepEqual(await session("c"), ["a", "b"]);
    assert.deepEqual(await session("d"), ["a", "b", "c"]);
  } finally {
    server.close();
  }
});

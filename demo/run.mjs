// `npm run demo`: a page keeps an agent runtime in IndexedDB; the browser is killed in the middle of it, several times;
// nothing that was acknowledged may be missing, and nothing may be half there.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { main, run, Stop } from "../scripts/toolchain.mjs";

const KILLS = 3;
const DEADLINE_MS = 60_000;

await main(async () => {
  run("node", ["scripts/setup.mjs"]);
  run("node", ["scripts/build.mjs"]);
  const { launch } = await import("../tests/support/chromium.mjs");
  const { serve } = await import("../tests/support/serve.mjs");

  const profile = await mkdtemp(path.join(tmpdir(), "burrow-demo-"));
  const server = await serve();
  let browser;
  const open = async () => {
    browser = await launch(profile);
    const page = await browser.context.newPage();
    await page.goto(`${server.url}/demo/page.html`);
    await page.waitForFunction("globalThis.demo", null, { timeout: DEADLINE_MS });
    return page;
  };
  try {
    console.log("\nA page in Chromium opens a store in IndexedDB, with its profile on disk.");
    let page = await open();
    const before = await page.evaluate("demo.setUp()");
    show("written", before);

    let lost = 0;
    let halves = [];
    for (let kill = 1; kill <= KILLS; kill++) {
      const { runId, acknowledged } = await streamUntilKilled(page, browser);
      console.log(
        `\nKill ${kill} of ${KILLS}: SIGKILL to the browser after ${acknowledged} acknowledged commits.`,
      );
      page = await open();
      const found = await page.evaluate(([id, count]) => demo.verify(id, count), [runId, acknowledged]);
      console.log(
        `  reopened: ${found.receipts} commits are there, ${found.missing} acknowledged ones are missing`,
      );
      console.log(`  half there: ${found.halves.length === 0 ? "nothing" : found.halves.join("; ")}`);
      lost += found.missing;
      halves = halves.concat(found.halves);
    }

    const after = await page.evaluate("demo.describe()");
    console.log();
    show("still there", after);
    const kept = ["labels", "cursor", "state"].every((part) => same(before[part], after[part]));
    await browser.close();

    if (lost > 0 || halves.length > 0 || !kept) {
      throw new Stop(
        "VERDICT: FAILED. Something acknowledged is missing, or something is half there; see above.",
      );
    }
    console.log("\nVERDICT: nothing acknowledged was lost, and nothing is half there.");
  } catch (error) {
    await browser?.kill().catch(() => {});
    throw error;
  } finally {
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
});

/** Lets the page commit until a moment that nobody chose, then kills the browser. */
async function streamUntilKilled(page, browser) {
  const enough = 100 + Math.floor(Math.random() * 200);
  let runId;
  let acknowledged = 0;
  let reach;
  const reached = new Promise((resolve) => (reach = resolve));
  await page.exposeFunction("acknowledge", (id, sequence) => {
    runId = id;
    acknowledged = sequence + 1;
    if (acknowledged >= enough) reach();
  });
  const streaming = page.evaluate("demo.stream(acknowledge)").then(
    () => new Stop("the stream of commits ended by itself"),
    (error) => error,
  );
  const early = await Promise.race([reached, streaming]);
  if (early) throw early;
  await browser.kill();
  // The page is gone; its last words say only that.
  await streaming;
  return { runId, acknowledged };
}

function show(title, { labels, cursor, state, inputs, snapshot }) {
  console.log(`  ${title}:`);
  for (const entry of labels)
    console.log(`    labels of ${entry.run ?? "the mob"}: ${JSON.stringify(entry.labels)}`);
  console.log(`    cursor ${cursor}, state ${state}, ${inputs} inputs, a snapshot of ${snapshot} bytes`);
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

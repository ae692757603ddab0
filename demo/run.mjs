// `npm run demo`: a page keeps an agent runtime in IndexedDB; the browser is killed in the middle of it, several times;
// nothing that was acknowledged may be missing, and nothing may be half there.

import { main, run, Stop } from "../scripts/toolchain.mjs";
import { temporaryFolder } from "../scripts/temporary.mjs";

const KILLS = 3;

await main(async () => {
  run("node", ["scripts/setup.mjs", "chromium"]);
  run("node", ["scripts/build.mjs"]);
  const { chromium } = await import("../tests/support/browsers.mjs");
  const { streamUntilKilled } = await import("../tests/support/kill.mjs");
  const { serve } = await import("../tests/support/serve.mjs");

  const profile = temporaryFolder("demo");
  const server = await serve();
  let browser;
  const open = async () => {
    browser = await chromium.launch(profile);
    const page = await browser.newPage(`${server.url}/demo/page.html`);
    await page.waitFor("globalThis.demo");
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
      const { runId, acknowledged } = await streamUntilKilled(browser, page);
      console.log(
        `\nKill ${kill} of ${KILLS}: SIGKILL to the browser after ${acknowledged} acknowledged commits.`,
      );
      page = await open();
      const found = await page.evaluate((id, count) => demo.verify(id, count), runId, acknowledged);
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
  }
});

function show(title, { labels, cursor, state, inputs, snapshot }) {
  console.log(`  ${title}:`);
  for (const entry of labels)
    console.log(`    labels of ${entry.run ?? "the mob"}: ${JSON.stringify(entry.labels)}`);
  console.log(`    cursor ${cursor}, state ${state}, ${inputs} inputs, a snapshot of ${snapshot} bytes`);
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

// The console's demo: agents that crash, in tabs that are reloaded and that take the mob from one another.

import assert from "node:assert/strict";
import { test } from "node:test";

const AGENTS = 4;

export function testDemo({ inBrowser }) {
  test("the demo's agents commit, crash and recover, and nothing is lost", () =>
    inBrowser({}, async ({ openConsole, openBeside }) => {
      const page = await openConsole();
      await start(page);
      await page.waitForFunction(() => {
        const agents = [...document.querySelectorAll(".agents > li")].map((agent) => agent.textContent);
        return agents.every((text) => /working.*[1-9]\d* crash/.test(text));
      });
      await stop(page);
      const told = await sum(page);
      assert.equal(told.faults, 0);
      assert.ok(told.crashes >= AGENTS);

      const kept = await (await openBeside()).evaluate(() => audit());
      assert.deepEqual(kept.faults, []);
      assert.deepEqual(kept.states, Array(AGENTS).fill("idle"));
      assert.equal(kept.cursor, told.acknowledged);
      // A crash may come between a commit and its acknowledgement.
      assert.ok(kept.receipts >= told.acknowledged && kept.receipts <= told.acknowledged + told.crashes);
    }));

  test("a reload in the middle of the demo loses nothing, and the demo goes on from there", () =>
    inBrowser({ viewport: { width: 360, height: 740 } }, async ({ openConsole, openBeside }) => {
      const page = await openConsole();
      await start(page);
      await acknowledged(page, 8);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(width, 360, "nothing sticks out of a narrow page");
      const before = await sum(page);
      await page.reload();

      const beside = await openBeside();
      const kept = await beside.evaluate(() => audit());
      assert.deepEqual(kept.faults, []);
      assert.deepEqual(kept.states, Array(AGENTS).fill("running"), "nobody had the time to stop");
      assert.ok(kept.receipts >= before.acknowledged);
      for (const { id, run, next } of kept.agents) {
        const runtime = page.getByRole("article", { name: `runtime ${id}` });
        const ofRun = runtime.locator("summary", { has: page.locator(`code[title="${run}"]`) });
        await ofRun.filter({ hasText: next === 1 ? "1 receipt" : `${next} receipts` }).waitFor();
      }

      await start(page);
      await acknowledged(page, 8);
      await stop(page);
      assert.equal((await sum(page)).faults, 0);
      const after = await beside.evaluate(() => audit());
      assert.deepEqual(after.faults, []);
      assert.ok(after.receipts >= kept.receipts + 8);
    }));

  test("the demo tells when something is missing", () =>
    inBrowser({}, async ({ openConsole, openBeside }) => {
      const page = await openConsole();
      await start(page);
      await acknowledged(page, 8);
      await stop(page);
      const beside = await openBeside();
      const { run, next } = (await beside.evaluate(() => audit())).agents[0];
      await beside.evaluate((run) => removeLastReceipt(run), run);

      await start(page);
      const lost = `boundary ${next - 1} of run ${run} was acknowledged, and is lost`;
      await page.getByRole("alert").getByText(lost).waitFor();
      await stop(page);
      assert.ok((await sum(page)).faults > 0);
      const { faults } = await beside.evaluate(() => audit());
      assert.ok(faults.length > 0);
    }));

  test("a second tab's demo takes over, the first tab's agents are fenced, and can take it back", () =>
    inBrowser({}, async ({ openConsole, openBeside }) => {
      const [first, second] = [await openConsole(), await openConsole()];
      await start(first);
      await acknowledged(first, 4);

      await start(second);
      await fenced(first, AGENTS);
      const before = await sum(first);
      await acknowledged(second, 8);
      await fenced(second, 0);
      assert.deepEqual(await sum(first), before, "who is fenced has nothing acknowledged");

      await start(first);
      await fenced(second, AGENTS);
      await acknowledged(first, before.acknowledged + 8);
      await fenced(first, 0);
      await stop(first);
      for (const page of [first, second]) assert.equal((await sum(page)).faults, 0);
      assert.deepEqual(await (await openBeside()).evaluate(async () => (await audit()).faults), []);
    }));
}

async function start(page) {
  // A tab in the background is slow to answer.
  await page.bringToFront();
  await page.getByRole("button", { name: "Start the demo mob" }).click();
}

async function stop(page) {
  await page.bringToFront();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("button", { name: "Start the demo mob" }).waitFor();
}

/** Waits until the tab's agents have had so many boundaries acknowledged. */
async function acknowledged(page, count) {
  await page.waitForFunction(
    (count) => Number(/^\d+/.exec(document.querySelector(".sum")?.textContent)) >= count,
    count,
  );
}

async function fenced(page, count) {
  await page.waitForFunction((count) => document.querySelectorAll(".badge.fenced").length === count, count);
}

/** What the tab says that came of its demo so far. */
async function sum(page) {
  const text = await page.locator(".sum").textContent();
  const numbers = /^(\d+) boundar.* (\d+) crash.* (\d+) lost or torn$/.exec(text);
  assert.ok(numbers, `an unknown sum: ${text}`);
  const [acknowledged, crashes, faults] = numbers.slice(1).map(Number);
  return { acknowledged, crashes, faults };
}

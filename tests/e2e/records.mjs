// What the console shows of a store, and what can be edited in it.

import assert from "node:assert/strict";
import { test } from "node:test";

const mob = (page, id) => page.getByRole("article", { name: `mob ${id}`, exact: true });
const label = (page, text) => page.getByRole("button", { name: text, exact: true });
/** Waits until the element with this text has the focus. */
const focusOn = (page, text) =>
  page.waitForFunction((text) => document.activeElement.textContent === text, text);

/** Presses Tab until a button has the focus, as somebody without a mouse does. */
async function tabTo(page, name) {
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press("Tab");
    if ((await page.locator(":focus").textContent()) === name) return;
  }
  assert.fail(`Tab does not lead to “${name}”`);
}

/** Labels a mob without touching the mouse. */
async function labelMob(page, id, key, value) {
  await tabTo(page, "Label a mob");
  await page.keyboard.press("Enter");
  for (const text of [id, "", key]) {
    await page.keyboard.type(text);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.type(value);
  await page.keyboard.press("Enter");
  await label(mob(page, id), `${key}=${value}`).waitFor();
}

export function testRecords({ inBrowser }) {
  test("an empty store says so", () =>
    inBrowser({}, async ({ openConsole }) => {
      const page = await openConsole();
      await page.getByText("No mob has labels or a cursor yet").waitFor();
      await page.getByText("No runtime has committed anything yet").waitFor();
      assert.match(await page.locator("header").innerText(), /indexeddb:http:\/\/127\.0\.0\.1:\d+\/console/);
    }));

  test("the store's status is what the store says", () =>
    inBrowser({}, async ({ openConsole, openBeside }) => {
      const beside = await openBeside();
      const status = await beside.evaluate(() => store.status());
      const page = await openConsole();
      const shown = page.getByRole("list", { name: "status of the store" });
      await shown.getByText("durability strict").waitFor();
      const items = await shown.getByRole("listitem").allTextContents();
      assert.equal(items[0], status.backend);
      assert.equal(items[2], status.persisted ? "persisted" : "evictable");
      assert.match(items[3], /^\d+(\.\d)? .?B of \d+(\.\d)? [GT]B$/);
      assert.equal(items[4], `${status.reopens} reopens`);
    }));

  test("labels are edited in place by keyboard, and another page reads them through the package", () =>
    inBrowser({}, async ({ openConsole, openBeside }) => {
      const page = await openConsole();
      await labelMob(page, "mob-a", "env", "dev");
      await focusOn(page, "Label a mob");

      await tabTo(page, "env=dev");
      const outline = await page
        .locator(":focus")
        .evaluate((button) => getComputedStyle(button).outlineStyle);
      assert.equal(outline, "solid", "whoever uses the keyboard sees where it is");
      await page.keyboard.press("Enter");
      await page.keyboard.type("prod");
      await page.keyboard.press("Enter");
      await label(page, "env=prod").waitFor();
      await focusOn(page, "env=prod");

      await page.keyboard.press("Enter");
      await page.keyboard.type("not this");
      await page.keyboard.press("Escape");
      await focusOn(page, "env=prod");

      await tabTo(page, "+ label");
      await page.keyboard.press("Enter");
      await page.keyboard.type("team");
      await page.keyboard.press("Tab");
      await page.keyboard.type("core");
      await page.keyboard.press("Enter");
      await label(page, "team=core").waitFor();

      const beside = await openBeside();
      assert.deepEqual(await beside.evaluate(() => store.getLabels({ mob: "mob-a" })), {
        env: "prod",
        team: "core",
      });
    }));

  test("a label is removed, and the last one takes its mob along", () =>
    inBrowser({}, async ({ openConsole, openBeside }) => {
      const page = await openConsole();
      await labelMob(page, "mob-a", "env", "dev");
      await label(page, "env=dev").click();
      await page.getByRole("button", { name: "Remove" }).click();
      await page.getByText("No mob has labels or a cursor yet").waitFor();
      const beside = await openBeside();
      assert.deepEqual(await beside.evaluate(() => store.mobs()), []);
    }));

  test("what another tab commits is seen at once, and a form that is open stays as it is", () =>
    inBrowser({}, async ({ openConsole, openBeside }) => {
      const [first, second] = [await openConsole(), await openConsole()];
      await labelMob(first, "mob-a", "env", "dev");
      await label(second, "env=dev").click();
      await second.keyboard.type("draft");

      const beside = await openBeside();
      await beside.evaluate(async () => {
        const run = "01a20127-b8f1-725e-bae9-39a85b9ab50a";
        await store.setLabels({ mob: "mob-a" }, { env: "dev", team: "core" });
        await store.setLabels({ mob: "mob-a", run }, { phase: "first" });
        await store.setCursor("mob-a", 2n ** 64n - 1n);
      });
      for (const page of [first, second]) {
        await label(page, "team=core").waitFor();
        await label(page.getByRole("listitem", { name: /^run 01a20127/ }), "phase=first").waitFor();
        await page.getByRole("button", { name: "cursor 18,446,744,073,709,551,615" }).waitFor();
      }
      assert.equal(await second.getByLabel("value", { exact: true }).inputValue(), "draft");

      await second.keyboard.press("Enter");
      await label(first, "env=draft").waitFor();
      assert.deepEqual(await beside.evaluate(() => store.getLabels({ mob: "mob-a" })), {
        env: "draft",
        team: "core",
      });
    }));

  test("a bad edit shows the store's own error and changes nothing", () =>
    inBrowser({}, async ({ openConsole, openBeside }) => {
      const beside = await openBeside();
      const page = await openConsole();
      await labelMob(page, "mob-a", "env", "dev");
      await beside.evaluate(() => store.setCursor("mob-a", 7n));
      const refusal = page.getByRole("alert");
      const save = () => page.keyboard.press("Enter");

      await page.getByRole("button", { name: "cursor 7" }).click();
      await page.getByLabel("cursor", { exact: true }).fill("18446744073709551616");
      await save();
      await refusal.getByText("InvalidInput").waitFor();
      await page.getByLabel("cursor", { exact: true }).fill("seven");
      await save();
      await refusal.getByText("“seven” is no whole number").waitFor();
      await page.keyboard.press("Escape");

      await label(page, "env=dev").click();
      // Half of a character: what a text cut in the wrong place ends with.
      await page.getByLabel("value", { exact: true }).evaluate((input) => {
        input.value = "dev\ud83d";
        input.dispatchEvent(new InputEvent("input", { bubbles: true }));
      });
      await save();
      await refusal.getByText("lone surrogate").waitFor();
      assert.equal(await refusal.locator("code").textContent(), "InvalidInput");

      await page.getByLabel("value", { exact: true }).fill("prod");
      await beside.evaluate(() => store.setLabels({ mob: "mob-a" }, { env: "staging" }));
      await save();
      await refusal.getByText("“env” was changed or removed meanwhile").waitFor();
      await page.keyboard.press("Escape");

      await label(page, "env=staging").waitFor();
      await page.getByRole("button", { name: "Add a label" }).click();
      await page.getByLabel("key", { exact: true }).fill("env");
      await save();
      await refusal.getByText("there is a label “env” already").waitFor();

      const stored = await beside.evaluate(async () => [
        await store.getLabels({ mob: "mob-a" }),
        String(await store.getCursor("mob-a")),
      ]);
      assert.deepEqual(stored, [{ env: "staging" }, "7"]);
    }));

  test("a runtime's inputs and receipts open to what they are", () =>
    inBrowser({}, async ({ openConsole, openBeside }) => {
      const beside = await openBeside();
      const page = await openConsole();
      await beside.evaluate(async () => {
        const runtime = store.runtime("agent-1");
        const now = "2026-11-22T02:48:30Z";
        const input = (number, current_state) => ({
          input_id: `01a20127-b8f1-725e-bae9-00000000000${number}`,
          current_state,
          attempt_count: number,
          recovery_count: 0,
          history: [],
          created_at: now,
          updated_at: now,
        });
        const receipt = (sequence) => ({
          run_id: "01a20127-b8f1-725e-bae9-39a85b9ab50a",
          boundary: sequence === 0n ? "run_start" : "run_checkpoint",
          contributing_input_ids: [],
          message_count: 2n ** 53n + 1n,
          sequence,
        });
        await runtime.transition({ from: "initializing", to: "idle" });
        await runtime.commitBoundary({
          receipt: receipt(0n),
          inputs: [input(1, "queued"), input(2, "consumed")],
        });
        await runtime.commitBoundary({ receipt: receipt(1n), session: new Uint8Array(2000) });
        await runtime.commitBoundary({ receipt: receipt(3n), inputs: [input(3, "consumed")] });
      });
      const runtime = page.getByRole("article", { name: "runtime agent-1" });
      await runtime.getByText("idle", { exact: true }).waitFor();
      await runtime.getByText("snapshot 2,000 B").waitFor();
      await runtime.getByRole("button", { name: "queued 1" }).waitFor();
      await runtime.getByRole("button", { name: "consumed 2" }).click();
      await runtime.locator("tbody tr").nth(1).waitFor();
      assert.equal(await runtime.locator("tbody tr").count(), 2);
      await runtime.getByRole("button", { name: "consumed 2" }).click();
      await runtime.getByText("number 2 is missing").waitFor();
      await runtime.getByText("3 receipts").click();
      const digits = runtime.getByRole("cell", { name: "9007199254740993" });
      await digits.nth(2).waitFor();
      assert.equal(await digits.count(), 3);
    }));

  test("the dark scheme is another one, and both can be read", async () => {
    const papers = [];
    for (const colorScheme of ["light", "dark"]) {
      await inBrowser({ colorScheme, viewport: { width: 360, height: 740 } }, async ({ openConsole }) => {
        const page = await openConsole();
        await page.locator(".empty").first().waitFor();
        const [paper, ink, quiet] = await page.evaluate(() => {
          const brightness = (element, property) => {
            const [red, green, blue] = getComputedStyle(element)
              [property].match(/\d+/g)
              .map((byte) => {
                const part = byte / 255;
                return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
              });
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
          };
          return [
            brightness(document.documentElement, "backgroundColor"),
            brightness(document.documentElement, "color"),
            brightness(document.querySelector(".empty"), "color"),
          ];
        });
        const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        assert.ok(contrast(paper, ink) > 7, `text on ${colorScheme} paper`);
        assert.ok(contrast(paper, quiet) > 4.5, `quiet text on ${colorScheme} paper`);
        papers.push(paper);
      });
    }
    assert.ok(papers[0] > 0.8 && papers[1] < 0.05, `paper as bright as ${papers}`);
  });

  test("the page goes to the back/forward cache, and shows what it missed there", () =>
    inBrowser({}, async ({ openConsole, openBeside }) => {
      const page = await openConsole();
      await page.evaluate(() => {
        addEventListener("pageshow", ({ persisted }) => (globalThis.persisted = persisted));
      });
      const beside = await openBeside();
      await page.goto(beside.url());
      await beside.evaluate(() => store.setLabels({ mob: "mob-a" }, { meanwhile: "yes" }));
      await page.evaluate(() => history.back());
      await label(page, "meanwhile=yes").waitFor();
      assert.equal(await page.evaluate(() => globalThis.persisted), true);
      await beside.evaluate(() => store.setLabels({ mob: "mob-a" }, { since: "yes" }));
      await label(page, "since=yes").waitFor();
    }));
}

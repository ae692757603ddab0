// Two real tabs of one origin on one database.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const ROUNDS = 1000;

export function testManyTabs({ openPage, elsewhere }) {
  /** Runs `work` in two tabs at once, which begin at the same moment. */
  async function inTwoTabs(work) {
    const tabs = [await openPage(), await openPage()];
    const begin = Date.now() + 500;
    const results = await Promise.all(
      tabs.map((page, i) => page.evaluate(work, { tab: i, begin, rounds: ROUNDS })),
    );
    await tabs[1].close();
    return { page: tabs[0], results };
  }

  test("other tabs are told once per frame, and at once when the page goes away", async () => {
    const page = await openPage();
    const { took, posts, isTold } = await page.evaluate(async () => {
      const told = [];
      const { postMessage } = BroadcastChannel.prototype;
      BroadcastChannel.prototype.postMessage = function (message) {
        told.push(JSON.parse(message));
        return postMessage.call(this, message);
      };
      const store = await burrow.openStore({ name: "frames", durability: "relaxed" });
      const began = performance.now();
      for (let at = 1n; at <= 200n; at++) await store.setCursor("m", at);
      const [took, posts] = [performance.now() - began, told.length];
      // Until a commit is found that waits for its frame to end.
      let isTold = false;
      for (let at = 201; at < 700 && !isTold; at++) {
        await store.setCursor("m", BigInt(at));
        if (told.flat().length < at) {
          dispatchEvent(new Event("pagehide"));
          isTold = told.flat().length === at;
        }
      }
      return { took, posts, isTold };
    });
    assert.ok(posts >= 1 && posts <= took / 16 + 2, `${posts} messages in ${took} ms`);
    assert.ok(isTold, "what waited for the end of the frame was told when the page went away");
    await page.close();
  });

  test("two tabs race lifecycle steps: one wins each, the other conflicts", async () => {
    const { page, results } = await inTwoTabs(async ({ tab: me, begin, rounds }) => {
      const store = await burrow.openStore({ name: "steps", durability: "relaxed" });
      return tab.race(rounds, begin, async (round) => {
        const inputs = [await tab.inputOf(me)];
        await store.runtime(`r${round}`).transition({ from: "initializing", to: "idle", inputs });
      });
    });
    assert.deepEqual(count(results), { ok: ROUNDS, Conflict: ROUNDS });
    const winners = await page.evaluate(async (rounds) => {
      const store = await burrow.openStore({ name: "steps", durability: "relaxed" });
      const winners = [];
      for (let round = 0; round < rounds; round++) {
        const runtime = store.runtime(`r${round}`);
        const inputs = await runtime.inputs();
        winners.push(
          (await runtime.state()) === "idle" && inputs.length === 1 && inputs[0].persisted_input.tab,
        );
      }
      return winners;
    }, ROUNDS);
    assert.deepEqual(
      winners,
      results[0].map((outcome) => (outcome === "ok" ? 0 : 1)),
    );
    await page.close();
  });

  test("two tabs race receipts: one wins each, the other conflicts and leaves nothing", async () => {
    const { page, results } = await inTwoTabs(async ({ tab: me, begin, rounds }) => {
      const store = await burrow.openStore({ name: "receipts", durability: "relaxed" });
      const run_id = "01a20127-b8f1-725e-bae9-39a85b9ab50a";
      return tab.race(rounds, begin, async (round) => {
        const receipt = {
          run_id,
          boundary: "immediate",
          contributing_input_ids: [],
          sequence: BigInt(round),
        };
        const session = new TextEncoder().encode(JSON.stringify({ tab: me, round }));
        const commit = {
          receipt: { ...receipt, message_count: BigInt(me) },
          session,
          inputs: [await tab.inputOf(me)],
        };
        await store.runtime("r").commitBoundary(commit);
      });
    });
    assert.deepEqual(count(results), { ok: ROUNDS, Conflict: ROUNDS });
    const stored = await page.evaluate(async () => {
      const runtime = (await burrow.openStore({ name: "receipts", durability: "relaxed" })).runtime("r");
      const receipts = await runtime.receipts({ limit: 2000 });
      const session = JSON.parse(new TextDecoder().decode(await runtime.session()));
      const inputs = await runtime.inputs();
      return {
        winners: receipts.map((receipt) => Number(receipt.message_count)),
        inputs: [0, 1].map((me) => inputs.filter((input) => input.persisted_input.tab === me).length),
        session,
      };
    });
    const winners = results[0].map((outcome) => (outcome === "ok" ? 0 : 1));
    const wins = [0, 1].map((me) => winners.filter((winner) => winner === me).length);
    assert.deepEqual(stored.winners, winners);
    assert.deepEqual(stored.inputs, wins);
    assert.equal(winners[stored.session.round], stored.session.tab);
    await page.close();
  });

  test("two tabs race OAuth updates: each sees what the one before it wrote", async () => {
    const { page, results } = await inTwoTabs(async ({ begin, rounds }) => {
      const store = await burrow.openStore({ name: "oauth", durability: "relaxed" });
      const text = (bytes) => (bytes ? new TextDecoder().decode(bytes) : "0");
      return tab.race(rounds, begin, () =>
        store.updateOauthFlows((stored) => new TextEncoder().encode(String(Number(text(stored)) + 1))),
      );
    });
    assert.deepEqual(count(results), { ok: 2 * ROUNDS });
    const total = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "oauth", durability: "relaxed" });
      return new TextDecoder().decode(await store.oauthFlows());
    });
    assert.equal(Number(total), 2 * ROUNDS);
    await page.close();
  });

  test("two tabs race claims: epochs are each one's own, and who was overtaken is fenced", async () => {
    const { page, results } = await inTwoTabs(async ({ begin, rounds }) => {
      const runtime = (await burrow.openStore({ name: "claims", durability: "relaxed" })).runtime("r");
      const epochs = [];
      const outcomes = await tab.race(rounds, begin, async (round) => {
        const claim = await runtime.claim();
        epochs[round] = Number(claim.epoch);
        await claim.commitSession(new TextEncoder().encode(String(claim.epoch)));
      });
      return outcomes.map((outcome, round) => [epochs[round], outcome]);
    });
    const claims = results.flat().sort(([a], [b]) => a - b);
    assert.deepEqual(
      claims.map(([epoch]) => epoch),
      Array.from({ length: 2 * ROUNDS }, (_, i) => i + 1),
    );
    const counts = count(claims.map(([, outcome]) => outcome));
    assert.equal((counts.ok ?? 0) + (counts.Fenced ?? 0), 2 * ROUNDS, JSON.stringify(counts));
    const last = await page.evaluate(async () => {
      const store = await burrow.openStore({ name: "claims", durability: "relaxed" });
      return new TextDecoder().decode(await store.runtime("r").session());
    });
    const written = claims.filter(([, outcome]) => outcome === "ok");
    assert.equal(Number(last), written.at(-1)[0]);
    await page.close();
  });

  test("a watcher is told each commit of another tab once and in order", async () => {
    const [watcher, writer] = [await openPage(), await openPage()];
    await watcher.evaluate(async () => {
      const store = await burrow.openStore({ name: "told", durability: "relaxed" });
      globalThis.told = [];
      store.watch({ mob: "m" }, ({ run, kinds }) => told.push(`${run} ${kinds}`));
    });
    await writer.evaluate(async (rounds) => {
      const store = await burrow.openStore({ name: "told", durability: "relaxed" });
      for (let i = 0; i < rounds; i++) await store.setLabels({ mob: "m", run: String(i) }, { i: String(i) });
    }, ROUNDS);
    await watcher.waitFor(`told.length >= ${ROUNDS}`);
    assert.deepEqual(
      await watcher.evaluate("told"),
      Array.from({ length: ROUNDS }, (_, i) => `${i} labels`),
    );
    await watcher.close();
    await writer.close();
  });

  test("a page whose store is idle comes back from the back/forward cache, and writes", async () => {
    const page = await openPage();
    await page.evaluate(async () => {
      globalThis.store = await burrow.openStore({ name: "bfcache" });
      await store.setCursor("m", 1n);
      addEventListener("pageshow", (event) => (globalThis.restored = event.persisted));
    });
    // The channel that told other tabs of the commit closes by itself.
    await sleep(1500);
    await page.goto(elsewhere());
    await page.back();
    await page.waitFor("globalThis.restored !== undefined");
    assert.equal(await page.evaluate("restored"), true);
    const cursor = await page.evaluate(async () => {
      await store.setCursor("m", 2n);
      return String(await store.getCursor("m"));
    });
    assert.equal(cursor, "2");
    await page.close();
  });
}

function count(outcomes) {
  const counts = {};
  for (const outcome of outcomes.flat()) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

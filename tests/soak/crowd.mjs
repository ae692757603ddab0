// Many pages and workers of one browser, or processes on one file, at work on one store: what was acknowledged to all of them comes
// to what is there, once each.

import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../../scripts/temporary.mjs";
import { newerNode } from "../packaging/environments.mjs";
import { chromium } from "../support/browsers.mjs";
import { serve } from "../support/serve.mjs";

/** For each place what it has to have set up for it, and how so many are opened on a folder. */
export const CROWDS = {
  chromium: { needs: ["chromium", "environments"], open: tabs, most: 32 },
  node: { needs: ["environments"], open: processes, most: 8 },
};

/** Lets so many work for so long; resolves with the figures. */
export async function crowd(place, size, milliseconds) {
  const folder = temporaryFolder("many");
  const { each, find, isToldOfAll, close } = await CROWDS[place].open(folder, size);
  try {
    const until = Date.now() + milliseconds;
    const done = await each("work", until);
    const found = await find(Array.from({ length: size }, (_, number) => number));
    return { ...(await compare(done, found, { each, isToldOfAll })), size };
  } finally {
    await close();
  }
}

async function compare(done, found, { each, isToldOfAll }) {
  const sum = (name) => done.reduce((sum, one) => sum + one[name], 0);
  const own = (name) => done.map((one) => one[name]);
  assert.deepEqual(found.findings, []);
  assert.equal(found.updates, sum("updates"), "OAuth updates");
  assert.equal(found.cursor, sum("cursor"), "steps of the cursor");
  assert.deepEqual(found.patches, own("patches"), "patches of labels");
  assert.deepEqual(found.inputs, own("inputs"), "inputs");

  const winners = [];
  done.forEach(({ boundaries }, number) => boundaries.forEach((sequence) => (winners[sequence] = number)));
  assert.equal(winners.length, done.flatMap(({ boundaries }) => boundaries).length, "one wins each boundary");
  assert.deepEqual(found.winners, winners, "boundaries");
  if (winners.length > 0)
    assert.deepEqual(found.session, { number: winners.at(-1), sequence: winners.length - 1 }, "session");

  const claims = done.flatMap(({ claims }) => claims).sort(([a], [b]) => a - b);
  const epochs = claims.map(([epoch]) => epoch);
  assert.deepEqual(
    epochs,
    epochs.map((_, i) => i + 1),
    "each claim has an epoch of its own",
  );
  assert.equal(
    found.claimed?.epoch,
    claims.findLast(([, isWritten]) => isWritten)?.[0],
    "the last claim's session",
  );

  // The last may still be on their way.
  const due = own("patches").map((patches) => (isToldOfAll ? sum("patches") : patches));
  let told;
  for (let tries = 0; tries < 300; tries++) {
    told = await each("told");
    if (told.every((told, number) => told >= due[number])) break;
    await sleep(100);
  }
  assert.deepEqual(told, due, "patches that each was told of");
  const wrote = ["updates", "cursor", "patches", "inputs"].reduce((all, name) => all + sum(name), 0);
  return {
    commits: wrote + winners.length + 2 * claims.length - claims.filter(([, isWritten]) => !isWritten).length,
    refused: sum("refused"),
    told: told.reduce((sum, told) => sum + told, 0),
  };
}

/** Half of them are tabs, and each has a worker beside it. */
async function tabs(folder, size) {
  const server = await serve();
  // They may take longer than Puppeteer waits.
  const browser = await chromium.launch(folder, { protocolTimeout: 0 });
  const pages = [];
  while (2 * pages.length < size) pages.push(await browser.newPage(`${server.url}/tests/soak/tab.html`));
  for (const [number, page] of pages.entries()) {
    await page.waitFor("globalThis.many");
    await page.evaluate((number) => many.start(2 * number), number);
  }
  return {
    isToldOfAll: true,
    each: async (task, argument) =>
      (
        await Promise.all(
          pages.map((page) => page.evaluate((task, argument) => many.both(task, argument), task, argument)),
        )
      ).flat(),
    find: (numbers) => pages[0].evaluate((numbers) => many.find(numbers), numbers),
    async close() {
      await browser.close();
      server.close();
    },
  };
}

/** A watcher is told of its own process. */
async function processes(folder, size) {
  const program = fileURLToPath(new URL("member.mjs", import.meta.url));
  const file = path.join(folder, "burrow.sqlite");
  const children = Array.from({ length: size }, (_, number) =>
    fork(program, [file, String(number)], { execPath: newerNode }),
  );
  const ended = children.map(async (child) => {
    const [code] = await once(child, "exit");
    return [{ error: `a process has ended with ${code}` }];
  });
  const answer = async (child, number) => {
    const [{ error, value }] = await Promise.race([once(child, "message"), ended[number]]);
    if (error) throw new Error(error);
    return value;
  };
  const ask = (child, number, task, argument) => {
    const answered = answer(child, number);
    child.send([task, argument]);
    return answered;
  };
  await Promise.all(children.map(answer));
  return {
    isToldOfAll: false,
    each: (task, argument) =>
      Promise.all(children.map((child, number) => ask(child, number, task, argument))),
    find: (numbers) => ask(children[0], 0, "find", numbers),
    async close() {
      for (const child of children) child.kill();
      await Promise.all(ended);
    },
  };
}

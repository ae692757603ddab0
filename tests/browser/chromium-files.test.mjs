// Random bytes in the files of a profile's IndexedDB, while the browser is closed: LevelDB's tables, its log, its manifest, and the
// files of large values. `BURROW_SEED=N` repeats the one that failed, `BURROW_ROUNDS=N` runs so many: `npm run test:damage`.

import assert from "node:assert/strict";
import { cp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../../scripts/temporary.mjs";
import { chromium } from "../support/browsers.mjs";
import { serve } from "../support/serve.mjs";

const ROUNDS = Number(process.env.BURROW_ROUNDS ?? 3);
const FIRST = Number(process.env.BURROW_SEED ?? Date.now() % 2 ** 32);

/** What the storage may have come to, told with its name. A panic would be `Poisoned`, a fault of burrow's own `Internal`. */
const TOLD = [
  "Decode",
  "ReadFailed",
  "Unopenable",
  "DataLost",
  "WriteFailed",
  "Unsupported",
  "ForeignDatabase",
  "TooLarge",
];

/** Whole numbers below a bound, the same for a seed each time: mulberry32. */
function randomOf(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Damages one to three of the files below a folder; says how. */
async function damage(folder, random) {
  const all = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = all.filter((file) => file.isFile() && !/LOCK|LOG(\.old)?$/.test(file.name));
  const done = [];
  for (let times = 1 + random(3); times > 0; times--) {
    const { parentPath, name } = files[random(files.length)];
    const bytes = await readFile(path.join(parentPath, name));
    if (bytes.length === 0) continue;
    const [at, count] = [random(bytes.length), 1 + random(random(2) === 0 ? 3 : 400)];
    const flipped = bytes.subarray(at, at + count);
    for (const place of flipped.keys()) flipped[place] ^= 1 + random(255);
    await writeFile(path.join(parentPath, name), bytes);
    done.push(`${flipped.length} bytes of ${name} at ${at}`);
  }
  return done.join(", ");
}

/** In a page: fills the store with one of everything, several times, so that some of it lies in tables and some in the log. */
async function fill() {
  const store = await burrow.openStore({ name: "precious" });
  for (let at = 0; at < 12; at++) {
    const runtime = store.runtime(`agent-${at}`);
    const inputs = [await tab.inputOf(at), { ...(await tab.inputOf(at)), current_state: "consumed" }];
    const session = Uint8Array.from({ length: 3 + at * 17_000 }, (_, place) => (place * (at + 7)) >> 4);
    await runtime.commitBoundary({ receipt: await tab.receiptOf(0n), session, inputs });
    await runtime.transition({ from: "initializing", to: "idle" });
    await store.setLabels({ mob: `mob-${at}` }, { env: "dev" });
    await store.setCursor(`mob-${at}`, BigInt(at));
  }
}

/** In a page: reads all of it; each answer in words, or its error's code. */
async function read() {
  const answers = {};
  const told = async (name, call) => {
    const shown = (value) =>
      JSON.stringify(value, (_, part) => (typeof part === "bigint" ? String(part) : part)) ?? "nothing";
    const hash = async (bytes) =>
      `${bytes.length} ${new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).join()}`;
    try {
      const answer = await call();
      answers[name] = ["answer", answer instanceof Uint8Array ? await hash(answer) : shown(answer)];
    } catch (error) {
      answers[name] = ["error", error.code ?? String(error)];
    }
  };
  let store;
  // Where the browser threw the data away, the next one to open the store has an empty one.
  for (const attempt of ["open", "open again"]) {
    await told(attempt, async () => void (store = await burrow.openStore({ name: "precious" })));
    if (store) break;
  }
  if (!store) return answers;
  for (let at = 0; at < 12; at++) {
    const runtime = store.runtime(`agent-${at}`);
    await told(`session ${at}`, () => runtime.session());
    await told(`inputs ${at}`, () => runtime.inputs());
    await told(`live ${at}`, () => runtime.inputs({ live: true, limit: 9 }));
    await told(`receipts ${at}`, () => runtime.receipts());
    await told(`state ${at}`, () => runtime.state());
    await told(`labels ${at}`, () => store.getLabels({ mob: `mob-${at}` }));
    await told(`cursor ${at}`, () => store.getCursor(`mob-${at}`));
  }
  await told("verify", () => store.verify());
  await told("write", () => store.setCursor("after", 1n));
  store.close();
  return answers;
}

test(`${ROUNDS} times damaged files, from seed ${FIRST}: typed errors, and no snapshot that is whole and another`, async (t) => {
  const profile = temporaryFolder("files");
  const [server, kept] = [await serve(), path.join(profile, "kept")];
  const folder = path.join(profile, "profile/Default/IndexedDB");
  const inBrowser = async (what) => {
    const browser = await chromium.launch(path.join(profile, "profile"));
    try {
      const page = await browser.newPage(`${server.url}/tests/in-page/page.html`);
      await page.waitFor("globalThis.check");
      return await page.evaluate(what);
    } finally {
      await browser.close();
    }
  };
  const tally = { equal: 0, gone: 0, other: {}, told: {} };
  try {
    await inBrowser(fill);
    const before = await inBrowser(read);
    assert.deepEqual(
      Object.values(before).filter(([kind]) => kind === "error"),
      [],
    );
    await cp(folder, kept, { recursive: true });
    for (let seed = FIRST; seed < FIRST + ROUNDS; seed++) {
      await rm(folder, { recursive: true, force: true });
      await cp(kept, folder, { recursive: true });
      const how = `seed ${seed}: ${await damage(folder, randomOf(seed))}`;
      for (const [name, [kind, answer]] of Object.entries(await inBrowser(read))) {
        if (kind === "error") {
          assert.ok(TOLD.includes(answer), `${how}: ${name}: ${answer}`);
          tally.told[answer] = (tally.told[answer] ?? 0) + 1;
        } else if (answer === before[name]?.[1]) tally.equal++;
        else if (["nothing", "[]", "{}"].includes(answer)) tally.gone++;
        else {
          assert.ok(!name.startsWith("session"), `${how}: ${name} passed for whole: ${answer}`);
          const [what] = name.split(" ");
          tally.other[what] = (tally.other[what] ?? 0) + 1;
        }
      }
    }
  } finally {
    server.close();
  }
  t.diagnostic(JSON.stringify(tally));
});

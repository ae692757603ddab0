// Where there are no random values, the call that needs some fails, alone.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { start } from "../../examples/edge/start.mjs";
import { connect } from "../../pkg/dist/connect.js";
import { newId, openStore } from "../../pkg/dist/node.js";
import { serve } from "../../pkg/dist/serve.js";
import { fails } from "../support/expect.mjs";
import { temporaryFolder } from "../../scripts/temporary.mjs";

/** Runs `work` with another global `crypto`, or none. */
async function withCrypto(crypto, work) {
  const own = Object.getOwnPropertyDescriptor(globalThis, "crypto");
  delete globalThis.crypto;
  if (crypto) globalThis.crypto = crypto;
  try {
    await work();
  } finally {
    Object.defineProperty(globalThis, "crypto", own);
  }
}

const refusing = {
  getRandomValues() {
    throw new Error("Disallowed operation called within global scope.");
  },
};

for (const [what, crypto, retryable] of [
  ["without crypto", undefined, false],
  ["with a crypto that refuses", refusing, true],
]) {
  test(`${what}, ids and claims are Unsupported, and all else goes on`, async () => {
    const store = await openStore({ backend: "memory" });
    const claimed = await store.runtime("r").claim();
    await withCrypto(crypto, async () => {
      const refused = { name: "BurrowError", code: "Unsupported", retryable };
      await fails(newId(), refused);
      await fails(store.runtime("r").claim(), refused);
      await store.setCursor("m", 1n);
      await claimed.commitSession(new Uint8Array(1));
      await claimed.release();
      await (await openStore({ backend: "memory" })).setCursor("m", 1n);
    });
    assert.equal(await store.getCursor("m"), 1n);
    assert.match(await newId(), /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    assert.equal((await store.runtime("r").claim()).epoch, 3n);
  });
}

test("without random values nothing is connected, and a connected store goes on but for JSON-RPC", async (t) => {
  const kept = await openStore({ backend: "memory" });
  const noted = globalThis.fetch;
  t.after(() => (globalThis.fetch = noted));
  globalThis.fetch = async (_, { body }) => new Response(await serve(kept, new Uint8Array(body)));
  const place = { url: "http://edge.invalid/", token: "t" };
  const store = await connect(place);
  for (const [crypto, retryable] of [
    [undefined, false],
    [refusing, true],
  ]) {
    await withCrypto(crypto, async () => {
      const refused = { name: "BurrowError", code: "Unsupported", retryable };
      await fails(connect(place), refused);
      await fails(store.rpc("{}"), refused);
      await store.setCursor("m", 1n);
    });
  }
  assert.equal(await kept.getCursor("m"), 1n);
});

test("at the module level of a Worker an id is Unsupported and retryable, and within a request it is there", async () => {
  const folder = temporaryFolder("random");
  const entry = new URL("../../pkg/dist/workerd.js", import.meta.url).pathname;
  writeFileSync(
    path.join(folder, "worker.js"),
    `import { newId, openStore } from ${JSON.stringify(entry)};
    const code = ({ code, retryable }) => ({ code, retryable });
    const early = await newId().catch(code);
    const store = await openStore();
    const claim = await store.runtime("r").claim().catch(code);
    export default {
      async fetch() {
        const { epoch } = await store.runtime("r").claim();
        return Response.json({ early, claim, epoch: String(epoch), late: (await newId()).length });
      },
    };`,
  );
  const config = { name: "random", main: "worker.js", compatibility_date: "2026-04-01" };
  writeFileSync(path.join(folder, "wrangler.json"), JSON.stringify(config));
  const { url, close } = await start(folder);
  try {
    const refused = { code: "Unsupported", retryable: true };
    const answer = await (await fetch(url)).json();
    assert.deepEqual(answer, { early: refused, claim: refused, epoch: "1", late: 36 });
  } finally {
    await close();
  }
});

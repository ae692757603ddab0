// The packed package in a page and in a worker, under the strictest policy that lets WebAssembly compile, with trusted types.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { temporaryFolder } from "../../scripts/temporary.mjs";
import { consumer } from "../packaging/consumer.mjs";
import { done } from "../packaging/job.mjs";
import { serve } from "../support/serve.mjs";

const WASM = "script-src 'self' 'wasm-unsafe-eval'";
const FETCH = "connect-src 'self'";
const TYPES = "require-trusted-types-for 'script'";

/** `hasTrustedTypes` says whether this browser has them. */
export function testStrictPolicy({ launch, hasTrustedTypes }) {
  let folder, browser;

  before(async () => {
    ({ folder } = await consumer("plain"));
    browser = await launch(temporaryFolder("policy"));
  });
  after(() => browser?.close());

  /** What the page, or its worker, gives under a policy. */
  async function under(where, ...policy) {
    const headers = { "content-security-policy": ["default-src 'none'", ...policy].join("; ") };
    const server = await serve({ folder, headers });
    const page = await browser.newPage("about:blank");
    try {
      await page.goto(`${server.url}/strict.html${where}`);
      await page.waitFor("await globalThis.result?.then(() => true, () => true)");
      return await page.evaluate("result");
    } finally {
      await page.close();
      server.close();
    }
  }

  // No page that may make no trusted type can start a worker, whatever it runs: so the worker's page has one.
  for (const [name, where, types] of [
    ["a page", "", "trusted-types 'none'"],
    ["a worker", "?worker", "trusted-types app"],
  ]) {
    test(`${name} that trusts nothing but its own scripts and WebAssembly`, async () => {
      const { read, refused, enforces } = await under(where, WASM, FETCH, TYPES, types);
      assert.deepEqual(read.slice(0, 2), [done("indexeddb"), done("indexeddb")]);
      const [, , { length, changes, rpc }] = read;
      assert.deepEqual([length, changes], [100_000, 1]);
      assert.match(rpc, /"error"/);
      assert.deepEqual(refused, []);
      assert.deepEqual(enforces, { eval: true, trustedTypes: hasTrustedTypes });
    });

    test(`${name}: the directive that is missing is named`, async () => {
      const without = async (...policy) => (await under(where, ...policy, TYPES, types)).read;
      const [script] = await without("script-src 'self'", FETCH);
      assert.match(
        script,
        /^LoadFailed false .*Content Security Policy.*script-src needs 'wasm-unsafe-eval'/s,
      );
      const [connect] = await without(WASM);
      assert.match(
        connect,
        /^LoadFailed false .*Content Security Policy's connect-src.*burrow-store\/inline/s,
      );
    });
  }
}

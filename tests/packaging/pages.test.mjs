// Pages without a bundler, in Chromium, under a policy as strict as wasm allows.

import assert from "node:assert/strict";
import { test } from "node:test";
import { chromiumPages } from "./chromium-pages.mjs";
import { consumer } from "./consumer.mjs";
import { done } from "./job.mjs";

const { folder } = await consumer("plain");
const pages = chromiumPages();
const policy = (script) => ({
  "content-security-policy": `default-src 'none'; script-src ${script}; connect-src 'self'`,
});
const headers = policy("'self' 'wasm-unsafe-eval'");

test("a module script", async () => {
  assert.deepEqual(await pages.resultIn(folder, { headers }), done("indexeddb"));
});

test("a module service worker", async () => {
  assert.deepEqual(await pages.resultIn(folder, { page: "worker.html", headers }), done("indexeddb"));
});

test("a policy that forbids wasm is an error that says so", async () => {
  await assert.rejects(
    pages.resultIn(folder, { headers: policy("'self'") }),
    /BurrowError: .*WebAssembly.*Content Security Policy/s,
  );
});

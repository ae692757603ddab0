// Pages without a bundler, in Chromium, under a policy as strict as wasm allows.

import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { serve } from "../support/serve.mjs";
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

test("a policy that forbids wasm, or to fetch it, is an error that names the directive", async () => {
  for (const [policy, said] of [
    ["script-src 'self'; connect-src 'self'", /LoadFailed false .*Content Security Policy.*script-src/s],
    ["script-src 'self' 'wasm-unsafe-eval'; connect-src 'none'", /LoadFailed false .*connect-src.*inline/s],
  ]) {
    const headers = { "content-security-policy": `default-src 'none'; ${policy}` };
    assert.match(await pages.resultIn(folder, { page: "refused.html", headers }), said);
  }
});

test("where the server has only its index page it is an error that says so", async () => {
  const spa = await serve({ folder, instead: "index.html" });
  try {
    await rm(path.join(folder, "node_modules/burrow-store/wasm/burrow_bg.wasm"));
    assert.match(await pages.resultOf(`${spa.url}/refused.html`), /LoadFailed false .*HTML page.*inline/s);
  } finally {
    spa.close();
  }
});

// Frameworks upon Vite: the dev server and the production build. Each renders a page on its server, with the package imported
// there, has a route that uses it, and does the job in the browser.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { chromiumPages } from "./chromium-pages.mjs";
import { consumer, runWith } from "./consumer.mjs";
import { environments, newerNode } from "./environments.mjs";
import { done } from "./job.mjs";
import { started } from "./started.mjs";

const installed = (name) => path.join(environments, "node_modules", name);
const nuxt = [installed("nuxt/bin/nuxt.mjs")];
const astro = [installed("astro/bin/astro.mjs")];
const vite = [installed("vite/bin/vite.js")];
const loopback = ["--host", "127.0.0.1", "--port", "0"];
const env = { ASTRO_TELEMETRY_DISABLED: "1", NUXT_TELEMETRY_DISABLED: "1", HOST: "127.0.0.1", PORT: "0" };

const pages = chromiumPages();

for (const [name, project, { dev, build, serve }] of [
  [
    "SvelteKit",
    "sveltekit",
    {
      dev: [...vite, "dev", ...loopback],
      build: [...vite, "build"],
      serve: [...vite, "preview", ...loopback],
    },
  ],
  [
    "Nuxt",
    "nuxt",
    { dev: [...nuxt, "dev", ...loopback], build: [...nuxt, "build"], serve: [".output/server/index.mjs"] },
  ],
  [
    "Astro",
    "astro",
    { dev: [...astro, "dev", ...loopback], build: [...astro, "build"], serve: ["dist/server/entry.mjs"] },
  ],
]) {
  const expected = { rendered: done("memory"), page: done("indexeddb"), route: done("memory") };

  test(`${name}, the dev server`, async () => {
    const { folder } = await consumer(project, { within: environments });
    assert.deepEqual(await servedBy(folder, dev), expected);
  });

  test(`${name}, the production build`, async () => {
    const { folder } = await consumer(project, { within: environments });
    await runWith(env, folder, newerNode, ...build);
    assert.deepEqual(await servedBy(folder, serve), expected);
  });
}

/** What the page of such a server leaves in `result`. */
async function servedBy(folder, args) {
  const server = await started(folder, [newerNode, ...args], env);
  try {
    return await pages.resultOf(server.url);
  } finally {
    await server.close();
  }
}

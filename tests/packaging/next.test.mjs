// Next.js, app router: a server component, a route handler and a client component, in development and in production, with
// Turbopack and with webpack.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { chromiumPages } from "./chromium-pages.mjs";
import { consumer, runWith } from "./consumer.mjs";
import { environments } from "./environments.mjs";
import { done } from "./job.mjs";
import { started } from "./started.mjs";

const env = { NEXT_TELEMETRY_DISABLED: "1" };
const pages = chromiumPages();

for (const [version, within] of [
  ["15, webpack", path.join(environments, "next15")],
  ["16, Turbopack", environments],
]) {
  const next = [process.execPath, path.join(within, "node_modules/next/dist/bin/next")];
  const major = version.slice(0, 2);

  test(`Next.js ${version}, the dev server`, async () => {
    const { folder } = await consumer("next", { within });
    assert.match(await runWith(env, folder, ...next, "--version"), new RegExp(`v${major}\\.`));
    await hasDoneTheJob(folder, [...next, "dev"]);
  });

  test(`Next.js ${version}, the production build`, async () => {
    const { folder } = await consumer("next", { within });
    await runWith(env, folder, ...next, "build");
    await hasDoneTheJob(folder, [...next, "start"]);
  });
}

async function hasDoneTheJob(folder, command) {
  const server = await started(folder, [...command, "--port", "0", "--hostname", "127.0.0.1"], env);
  try {
    assert.deepEqual(await pages.resultOf(server.url), {
      rendered: done("memory"),
      page: done("indexeddb"),
      worker: done("indexeddb"),
      route: done("memory"),
    });
  } finally {
    await server.close();
  }
}

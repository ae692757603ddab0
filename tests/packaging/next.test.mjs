// Next.js, app router, in production: a server component, a route handler and a client component.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { chromiumPages } from "./chromium-pages.mjs";
import { consumer, runWith } from "./consumer.mjs";
import { environments } from "./environments.mjs";
import { done } from "./job.mjs";

const next = path.join(environments, "node_modules/next/dist/bin/next");
const env = { NEXT_TELEMETRY_DISABLED: "1" };
const { folder } = await consumer("next", { within: environments });
const pages = chromiumPages();

test("Next.js, the production build", async () => {
  await runWith(env, folder, process.execPath, next, "build");
  const server = await started("start");
  try {
    assert.deepEqual(await pages.resultOf(server.url), {
      rendered: done("memory"),
      page: done("indexeddb"),
      route: done("memory"),
    });
  } finally {
    await server.close();
  }
});

/** Next's server, on a port that it picks. */
async function started(command) {
  const { NODE_TEST_CONTEXT, NODE_ENV, ...ours } = process.env;
  const args = [next, command, "--port", "0", "--hostname", "127.0.0.1"];
  const server = spawn(process.execPath, args, { cwd: folder, env: { ...ours, ...env } });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  let printed = "";
  const url = await new Promise((resolve, reject) => {
    const read = (data) => {
      printed += data;
      const [found] = printed.match(/http:\/\/127\.0\.0\.1:\d+/) ?? [];
      if (found) resolve(found);
    };
    server.stdout.setEncoding("utf8").on("data", read);
    server.stderr.setEncoding("utf8").on("data", read);
    ended.then(() => reject(new Error(printed)));
  });
  return {
    url,
    close: () => {
      server.kill();
      return ended;
    },
  };
}

// Vite 5 to 8: the dev server, whose optimiser moves the package's JavaScript away from its wasm, and the production build.

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { chromiumPages } from "./chromium-pages.mjs";
import { consumer } from "./consumer.mjs";
import { fromEnvironments } from "./environments.mjs";
import { done } from "./job.mjs";

const pages = chromiumPages();
const VITES = {
  5: fromEnvironments("vite5"),
  6: fromEnvironments("vite6"),
  7: fromEnvironments("vite7"),
  8: import("vite"),
};
const both = [done("indexeddb"), done("indexeddb")];

for (const [major, loading] of Object.entries(VITES)) {
  // Where NODE_ENV is "production" there is no condition "development", but the optimiser moves the JavaScript all the same.
  for (const [setting, { mode, nodeEnv }] of [
    ["", {}],
    ["--mode production, ", { mode: "production" }],
    ["NODE_ENV=production, ", { nodeEnv: "production" }],
  ]) {
    test(`Vite ${major}, the dev server, ${setting}page and worker`, async () => {
      const { createServer, version } = await loading;
      assert.equal(version.split(".")[0], major);
      setNodeEnv(nodeEnv);
      const { folder } = await consumer("vite");
      const server = await createServer({
        root: folder,
        mode,
        configFile: false,
        logLevel: "error",
        server: { host: "127.0.0.1", port: 0 },
      });
      try {
        await server.listen();
        assert.deepEqual(await pages.resultOf(server.resolvedUrls.local[0]), both);
      } finally {
        await server.close();
      }
    });
  }

  test(`Vite ${major}, the production build, page and worker`, async () => {
    const { build, preview } = await loading;
    setNodeEnv(undefined);
    const { folder } = await consumer("vite");
    const common = { root: folder, configFile: false, logLevel: "error" };
    await build(common);
    const wasm = (await readdir(path.join(folder, "dist"), { recursive: true })).filter((file) =>
      file.endsWith(".wasm"),
    );
    assert.equal(wasm.length, 1);
    const server = await preview({ ...common, preview: { host: "127.0.0.1", port: 0 } });
    try {
      assert.deepEqual(await pages.resultOf(server.resolvedUrls.local[0]), both);
    } finally {
      await server.close();
    }
  });
}

/** What Vite's command line would find. A dev server in the same process leaves one of its own. */
function setNodeEnv(value) {
  if (value === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = value;
}

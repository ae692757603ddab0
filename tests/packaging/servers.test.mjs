// A server's code in one bundle, which is run far from what it was bundled from: no file of the package is there any more.

import assert from "node:assert/strict";
import { mkdir, readdir, rename } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { build as esbuild } from "esbuild";
import webpack from "webpack";
import { compiled } from "./compiled.mjs";
import { consumer, run, tool } from "./consumer.mjs";
import { environments, fromEnvironments } from "./environments.mjs";
import { done } from "./job.mjs";
import { temporaryFolder } from "../../scripts/temporary.mjs";

const { folder } = await consumer("servers");
const elsewhere = temporaryFolder("elsewhere");

let bundles = 0;

/** What the server prints that `bundle` has written to the folder it is given, as `main.cjs` or `main.mjs`. */
async function served(bundle, program = process.execPath) {
  const name = `bundle-${(bundles += 1)}`;
  const built = path.join(folder, name);
  await mkdir(built);
  await bundle(built);
  const moved = path.join(elsewhere, name);
  await rename(built, moved);
  const main = (await readdir(moved)).find((file) => file.startsWith("main."));
  return JSON.parse(await run(moved, program, main));
}

for (const format of ["esm", "cjs"]) {
  for (const entry of ["imported.mjs", "required.cjs"]) {
    test(`esbuild --platform=node --format=${format}, ${entry}`, async () => {
      const printed = await served((built) =>
        esbuild({
          absWorkingDir: folder,
          entryPoints: [entry],
          bundle: true,
          platform: "node",
          format,
          outfile: path.join(built, format === "esm" ? "main.mjs" : "main.cjs"),
          // What CommonJS requires of Node, an ECMAScript module has to get: so esbuild's own manual has it.
          banner:
            format === "esm" && entry === "required.cjs"
              ? {
                  js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
                }
              : {},
          logLevel: "error",
        }),
      );
      assert.deepEqual(printed, done("memory"));
    });
  }
}

for (const [name, bundler] of [
  ["webpack", webpack],
  ["Rspack", (await fromEnvironments("@rspack/core")).rspack],
]) {
  for (const mode of ["production", "development"]) {
    for (const entry of ["./imported.mjs", "./required.cjs"]) {
      test(`${name}, target node with a publicPath, ${mode}, ${entry}`, async () => {
        const printed = await served((built) =>
          compiled(bundler, {
            mode,
            target: "node",
            context: folder,
            entry,
            output: { path: built, filename: "main.cjs", publicPath: "/_assets/" },
          }),
        );
        assert.deepEqual(printed, done("memory"));
      });
    }
  }
}

for (const target of ["node", "bun"]) {
  test(`bun build --target=${target}`, async () => {
    const bundle = (built) =>
      run(folder, tool("bun"), "build", "imported.mjs", `--target=${target}`, `--outfile=${built}/main.mjs`);
    assert.deepEqual(await served(bundle, target === "bun" ? tool("bun") : process.execPath), done("memory"));
  });
}

test("Node 20.0, the first that is supported", async () => {
  const node = path.join(environments, "node_modules/node20/bin/node");
  assert.match(await run(folder, node, "--version"), /^v20\.0\.0/);
  for (const program of ["imported.mjs", "required.cjs"]) {
    // Its require() knows no ECMAScript modules: the job is imported there.
    const args = program === "imported.mjs" ? [program] : ["--eval", REQUIRED];
    assert.deepEqual(JSON.parse(await run(folder, node, ...args)), done("memory"));
  }
});

const REQUIRED = `
  const burrow = require("burrow-store");
  import("./job.mjs").then(async ({ job }) => console.log(JSON.stringify(await job(burrow))));
`;

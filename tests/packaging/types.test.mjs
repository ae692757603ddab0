// A TypeScript program that uses the package, under the strictest settings, as Node resolves it and as bundlers do.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/toolchain.mjs";
import { consumer, run, tool } from "./consumer.mjs";

const { folder } = await consumer("typescript");

const STRICT = {
  target: "ES2022",
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  // The declarations of the package are checked too, not only the program.
  skipLibCheck: false,
  outDir: "out",
};
const RESOLUTIONS = {
  nodenext: { module: "NodeNext", moduleResolution: "NodeNext" },
  bundler: { module: "ESNext", moduleResolution: "Bundler" },
};
const BASE = ["ES2022", "ESNext.Disposable"];
const ENVIRONMENTS = {
  "a page": { lib: [...BASE, "DOM"], types: [] },
  "a worker": { lib: [...BASE, "WebWorker"], types: [] },
  Node: { lib: BASE, types: [path.join(root, "node_modules/@types/node")] },
  "a Worker of Cloudflare's": {
    lib: BASE,
    types: [path.join(root, "node_modules/@cloudflare/workers-types")],
  },
};

for (const [resolution, modules] of Object.entries(RESOLUTIONS)) {
  for (const [environment, types] of Object.entries(ENVIRONMENTS)) {
    test(`${resolution}, ${environment}`, async () => {
      await compile({ ...modules, ...types }, "program.ts", "entries.ts");
      await run(folder, process.execPath, "out/program.js");
    });
  }
}

test("nodenext, Node, CommonJS", async () => {
  await compile({ ...RESOLUTIONS.nodenext, ...ENVIRONMENTS.Node }, "required.cts");
  await run(folder, process.execPath, "out/required.cjs");
});

async function compile(options, ...files) {
  const config = { compilerOptions: { ...STRICT, ...options }, files };
  await writeFile(path.join(folder, "tsconfig.json"), JSON.stringify(config));
  assert.equal(await run(folder, tool("tsc"), "-p", "."), "");
}

// The unit tests of those who use the package, in their test tools: each ends by itself, in memory, on fake-indexeddb, and in Chromium.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { browser } from "../../scripts/toolchain.mjs";
import { CHROMIUM_FLAGS } from "../support/browsers.mjs";
import { consumer, runWith } from "./consumer.mjs";
import { environments } from "./environments.mjs";

const { folder } = await consumer("unit-tests", { within: environments });
const jest = path.join(environments, "node_modules/jest/bin/jest.js");
const vitest = path.join(environments, "node_modules/vitest/vitest.mjs");

for (const [environment, given] of [
  ["node", "node"],
  ["jsdom", "./jsdom-with-clone.cjs"],
]) {
  for (const [modules, file, flags] of [
    ["CommonJS", "common.test.cjs", []],
    ["ECMAScript modules", "module.test.mjs", ["--experimental-vm-modules"]],
  ]) {
    test(`Jest, ${environment}, ${modules}`, async () => {
      const args = [
        "--rootDir",
        folder,
        "--env",
        given,
        "--testMatch",
        `**/${file}`,
        "--json",
        "--transform",
        "{}",
      ];
      assert.deepEqual(await told(folder, {}, ...flags, jest, ...args), [5, 5]);
    });
  }
}

for (const environment of ["node", "jsdom", "happy-dom"]) {
  test(`Vitest, ${environment}`, async () => {
    const args = [
      "run",
      "vitest.test.mjs",
      "--environment",
      environment,
      "--reporter",
      "json",
      "--root",
      folder,
    ];
    assert.deepEqual(await told(folder, {}, vitest, ...args), [5, 5]);
  });
}

test("Vitest, browser mode", async () => {
  const { folder } = await consumer("browser-mode", { within: environments });
  const env = { CHROMIUM: browser().chrome, CHROMIUM_FLAGS: CHROMIUM_FLAGS.join(" ") };
  assert.deepEqual(await told(folder, env, vitest, "run", "--reporter", "json"), [3, 3]);
});

/** How many tests passed, and of how many: the tool says so in a file, since what it prints has lines of others in it, of Vite's too. */
async function told(folder, env, ...command) {
  await runWith(env, folder, process.execPath, ...command, "--outputFile=told.json");
  const { numPassedTests, numTotalTests } = JSON.parse(
    await readFile(path.join(folder, "told.json"), "utf8"),
  );
  return [numPassedTests, numTotalTests];
}

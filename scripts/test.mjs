// Runs what can tell whether the project is sound: style, types, lints, and the tests natively, in Node and in browsers.
// `npm test` runs everything, `npm test -- PART… [PATTERN]` a part; test/suites.mjs lists them. The last line is the sum.

import { chosen, USAGE } from "./test/arguments.mjs";
import { failures, table, total } from "./test/count.mjs";
import { runSuites } from "./test/run.mjs";
import { PARTS, suitesOf } from "./test/suites.mjs";
import "./temporary.mjs";
import { main, run, Stop } from "./toolchain.mjs";

await main(async () => {
  const sum = await test(process.argv.slice(2)).catch((error) => {
    if (!(error instanceof Stop)) throw error;
    console.error(`\n${error.message}`);
    return { passed: 0, failed: 1 };
  });
  console.log(`\n${sum.passed} passed, ${sum.failed} failed`);
  if (sum.failed > 0) process.exitCode = 1;
});

/** Sets up what the parts need and runs their suites; gives how many tests passed and failed. */
async function test(args) {
  const { parts, pattern } = chosen(args);
  const needs = new Set(parts.flatMap((part) => PARTS[part].needs));
  run("node", ["scripts/setup.mjs", ...needs]);

  // Of the suites that take no pattern, only the build is needed by those that do.
  const suites = suitesOf(parts).filter(({ picks, builds }) => picks || builds || !pattern);
  if (suites.length === 0) throw new Stop(`Nothing of ${parts.join(", ")} can be tested on this system.`);
  const results = await runSuites(suites, pattern);
  console.log(`\n${table(results)}`);
  process.stdout.write(failures(results));

  const sum = total(results);
  const { passed, failed } = total(results.filter(({ picks }) => picks));
  if (pattern && passed + failed + sum.failed === 0) {
    throw new Stop(`No test's name matches "${pattern}". ${USAGE}`);
  }
  return sum;
}

// What the suites' outputs come to: how many tests passed and failed, the table of them, and what failed.

/**
 * The tests a suite ran. One without a test runner counts as one, and so does one that broke outside its tests; where
 * tests were picked by a pattern, a runner that found none of them says nothing.
 */
export function count(code, text, picked) {
  const cargo = [...text.matchAll(/^test result: .*?(\d+) passed; (\d+) failed;/gm)];
  const node = [...text.matchAll(/^(?:#|ℹ) pass (\d+)\n(?:#|ℹ) fail (\d+)$/gm)];
  const runners = [...cargo, ...node];
  const sum = (group) => runners.reduce((total, match) => total + Number(match[group]), 0);

  const failed = sum(2) || (code === 0 ? 0 : 1);
  const passed = runners.length === 0 && failed === 0 && !picked ? 1 : sum(1);
  return { passed, failed };
}

/** The sum over all suites. */
export function total(results) {
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  return { passed: sum("passed"), failed: sum("failed") };
}

/** A line for each suite: whether it passed, its time, its tests. */
export function table(results) {
  const width = Math.max(...results.map(({ name }) => name.length));
  const row = ({ name, seconds, passed, failed }) =>
    [
      name.padEnd(width),
      failed === 0 ? "ok    " : "FAILED",
      `${seconds.toFixed(1)} s`.padStart(8),
      `${passed} passed, ${failed} failed`,
    ].join("  ");
  return results.map(row).join("\n");
}

/** What the suites say that failed, each with the end of its output, from where its runner lists the failures if it does. */
export function failures(results) {
  const failed = results.filter((result) => result.failed > 0);
  return failed.map(({ name, text }) => `\n── failed in ${name}:\n\n${endOf(text)}\n`).join("");
}

const LONGEST = 80;

function endOf(text) {
  const start = Math.max(text.lastIndexOf("\n✖ failing tests:"), text.indexOf("\nfailures:\n"));
  const listed = start < 0 ? text.trim().split("\n").slice(-LONGEST) : text.slice(start).trim().split("\n");
  return listed.slice(0, LONGEST).join("\n");
}
